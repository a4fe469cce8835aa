"""A new agent as a form, for platforms that can show one; what is filled in becomes an instruction like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.catalog import to_file
from core.making.commands import Wish, to_integrations, to_name, to_tools
from core.models import Agent, Visibility
from core.models.form import Field, Form
from core.rendering import making_questions as words

PROMPT_CHARACTERS = 3000
"""With the rest it has to fit into one instruction."""


def new_agent(
    wish: Wish, *, tools: Sequence[str], services: Mapping[str, Sequence[str]] | None = None
) -> Form:
    """The form for a new agent, with what was said already; `services`: by tool, what is connected for it."""
    uses = services or {}
    connected = list(dict.fromkeys(name for names in uses.values() for name in names))
    given = {**wish.given, "visibility": (wish.visibility or Visibility.ME).value}
    given["tools"] = ",".join(name for name in to_tools(given.get("tools", "")) if name in tools)
    named = to_integrations(given.get("integrations", ""))
    given["integrations"] = ",".join(name for name in named if name in connected)
    asked = (
        Field(name="name", label=words.NAME, hint=words.NAME_HINT, most=40, needed=True),
        Field(name="description", label=words.DOES, hint=words.DOES_HINT, most=500, needed=True),
        Field(
            name="system_prompt", label=words.TOLD, hint=words.TOLD_HINT, most=PROMPT_CHARACTERS, long=True
        ),
        Field(name="tools", label=words.TOOLS, many=True, choices=tuple((name, name) for name in tools)),
        Field(
            name="integrations",
            label=words.SERVICES,
            hint=words.services_hint(uses),
            many=True,
            choices=tuple((name, name) for name in connected),
        ),
        Field(name="visibility", label=words.WHO, choices=tuple(words.WHO_MAY.items())),
    )
    fields = tuple(
        field.model_copy(update={"value": given.get(field.name, "")[: field.most or None]})
        for field in asked
        if field.name != "integrations" or connected
    )
    return Form(title=words.FORM_TITLE, submit=words.FORM_SUBMIT, fields=fields)


def to_fields(values: Mapping[str, str]) -> dict[str, Any]:
    """What was said about an agent, as the fields that are checked."""
    fields: dict[str, Any] = {k: v for k, v in values.items() if k in ("description", "system_prompt") and v}
    if values.get("name"):
        fields["name"] = to_name(values["name"])
    fields["tools"] = to_tools(values.get("tools", ""))
    if values.get("integrations"):
        fields["integrations"] = to_integrations(values["integrations"])
    return fields


def to_text(agent: Agent, *, shared: bool) -> str:
    """The instruction that makes exactly this agent."""
    head = "agent new for everyone" if shared else "agent new"
    return "\n".join([head, to_file(agent)])
