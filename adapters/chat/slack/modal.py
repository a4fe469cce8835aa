"""Forms as modals, and what comes back from them; pure. Limits: docs.slack.dev, "modals" and "input block"."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from adapters.chat.slack.inbound import PLATFORM, Profile, to_person
from adapters.chat.text import clean
from core.models import Address, Instruction
from core.models.form import Field, Form, Submission

CALLBACK = "flowmate.form"
SERVICE_CALLBACK = "flowmate.service"
"""Of forms that hold secrets: what comes back from them has a way of its own."""
INPUT = "input"
MOST_CHOICES = 100
MOST_CHARACTERS = 3000

Json = Mapping[str, Any]


def to_view(form: Form, *, asked: Instruction) -> dict[str, Any]:
    """The modal; where its answer goes travels with it."""
    address = asked.address
    where = {
        "place": address.place,
        "via": address.via,
        "fields": [field.name for field in form.fields],
        "secret": [field.name for field in form.fields if field.secret],
        "service": form.service,
    }
    lead = [{"type": "section", "text": _plain(form.lead)}] if form.lead else []
    return {
        "type": "modal",
        "callback_id": SERVICE_CALLBACK if form.service else CALLBACK,
        "title": _plain(form.title),
        "submit": _plain(form.submit),
        "private_metadata": json.dumps(where),
        "blocks": [*lead, *(_block(field) for field in form.fields)],
    }


def to_submission(body: Json, *, team: str, profile: Profile) -> Submission:
    """A `view_submission` payload."""
    view = body.get("view") or {}
    user = body.get("user") or {}
    where = _where(view)
    secret = where.get("secret")
    name = profile.name or str(user.get("username") or user.get("name") or "")
    return Submission(
        values=_values(view, exact=secret if isinstance(secret, list) else ()),
        person=to_person(team, str(user.get("id") or ""), profile=Profile(name=name, zone=profile.zone)),
        address=Address(
            platform=PLATFORM,
            workspace=team,
            place=str(where.get("place") or ""),
            via=str(where.get("via") or ""),
        ),
        key=f"{PLATFORM}:{team}:form:{view.get('id')}",
        origin=PLATFORM,
        service=str(where.get("service") or ""),
    )


def to_errors(body: Json, problems: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Each sentence below the field that it is about; what belongs to none stands below the first."""
    known = [str(name) for name in _where(body.get("view") or {}).get("fields") or ()] or ["name"]
    errors: dict[str, str] = {}
    for field, sentence in problems:
        root = field.partition(".")[0]
        place = root if root in known else known[0]
        errors[place] = f"{errors[place]} {sentence}" if place in errors else sentence
    return errors


def _where(view: Json) -> dict[str, Any]:
    try:
        where = json.loads(view.get("private_metadata") or "{}")
    except (TypeError, ValueError):
        return {}
    return where if isinstance(where, dict) else {}


def _values(view: Json, *, exact: Collection[str]) -> dict[str, str]:
    """What was filled in, cleaned but for what has to stay exactly as it is."""
    state = view.get("state")
    values = state.get("values") if isinstance(state, Mapping) else None
    found = {}
    for name, actions in values.items() if isinstance(values, Mapping) else ():
        given = actions.get(INPUT) if isinstance(actions, Mapping) else None
        if isinstance(given, Mapping):
            value = _value(given)
            found[str(name)] = value if name in exact else clean(value)
    return found


def _value(given: Json) -> str:
    chosen = given.get("selected_options") or [given.get("selected_option")]
    options = [
        one["value"] for one in chosen if isinstance(one, Mapping) and isinstance(one.get("value"), str)
    ]
    value = given.get("value")
    return value if isinstance(value, str) else ",".join(options)


def _block(field: Field) -> dict[str, Any]:
    block: dict[str, Any] = {
        "type": "input",
        "block_id": field.name,
        "label": _plain(field.label),
        "optional": not field.needed,
        "element": _choice(field) if field.choices else _text(field),
    }
    return {**block, "hint": _plain(field.hint)} if field.hint else block


def _text(field: Field) -> dict[str, Any]:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": INPUT,
        "multiline": field.long,
        "max_length": min(field.most, MOST_CHARACTERS),
    }
    return {**element, "initial_value": field.value} if field.value else element


def _choice(field: Field) -> dict[str, Any]:
    options = {
        value: {"text": _plain(label[:75]), "value": value} for value, label in field.choices[:MOST_CHOICES]
    }
    chosen = [options[value] for value in field.value.split(",") if value in options]
    element: dict[str, Any] = {
        "type": "multi_static_select" if field.many else "static_select",
        "action_id": INPUT,
        "options": list(options.values()),
    }
    if not chosen:
        return element
    return {**element, "initial_options": chosen} if field.many else {**element, "initial_option": chosen[0]}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}
