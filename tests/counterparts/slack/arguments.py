"""The arguments of a Web API call, as clients send them: query, form, multipart or JSON.

Source: docs.slack.dev/apis/web-api ("Basics: POST bodies", "Evaluating responses").
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Json = dict[str, Any]
STRUCTURED = {
    "blocks": "invalid_blocks_format",
    "attachments": "invalid_attachments",
    "metadata": "invalid_metadata_format",
    "chunks": "invalid_chunks",
    "view": "invalid_arguments",
    "prompts": "invalid_arguments",
    "files": "invalid_arguments",
    "loading_messages": "invalid_arguments",
}
BOOLEANS = frozenset(
    "as_user inclusive include_all_metadata include_locale include_num_members link_names mrkdwn "
    "prevent_creation reply_broadcast return_im unfurl_links unfurl_media".split()
)
INTEGERS = frozenset({"limit", "length"})
TRUTH = {"1": True, "true": True, "True": True, "0": False, "false": False, "False": False, "": False}
SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass
class Arguments:
    """What a client sent; ``problem`` is the Slack error for a body that cannot be read."""

    values: Json = field(default_factory=dict)
    token: str | None = None
    problem: str | None = None


async def read_arguments(request: web.Request, *, json_allowed: bool) -> Arguments:
    """The arguments of a request with decoded values, and its token."""
    found = Arguments(values=dict(request.query))
    found.values.pop("token", None)
    if request.method == "POST":
        await read_body(request, found, json_allowed=json_allowed)
    body_token = found.values.pop("token", None)
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    found.token = bearer.strip() if scheme == "Bearer" and bearer.strip() else body_token
    if found.problem is None:
        found.problem = decode_values(found.values)
    return found


async def read_body(request: web.Request, found: Arguments, *, json_allowed: bool) -> None:
    """Add what the body holds."""
    if request.content_type == "multipart/form-data":
        await read_form(request, found)
        return
    raw = await request.read()
    if not raw:
        return
    if "Content-Type" not in request.headers:
        found.problem = "missing_post_type"
    elif request.content_type == "application/json":
        # Methods that only read take no JSON: Slack does not look into the body.
        if json_allowed:
            read_json(raw, found)
    elif request.content_type == "application/x-www-form-urlencoded":
        await read_form(request, found)
    else:
        found.problem = "invalid_post_type"


async def read_form(request: web.Request, found: Arguments) -> None:
    """Add the fields of a form."""
    try:
        form = await request.post()
    except ValueError:
        found.problem = "invalid_form_data"
        return
    found.values.update({name: value for name, value in form.items() if isinstance(value, str)})


def read_json(raw: bytes, found: Arguments) -> None:
    """Add the members of a JSON object; anything outside strict JSON is refused."""
    try:
        body = json.loads(raw, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        found.problem = "invalid_json"
        return
    if not isinstance(body, dict):
        found.problem = "json_not_object"
        return
    if SURROGATE.search(json.dumps(body, ensure_ascii=False)):
        found.problem = "invalid_json"
        return
    found.values.update(body)


def refuse_constant(name: str) -> None:
    """``NaN`` and ``Infinity`` are no JSON."""
    raise ValueError(name)


def decode_values(values: Json) -> str | None:
    """Decode what forms carry as text, in place; the error of the first that cannot be decoded."""
    for name, value in list(values.items()):
        if value is None:
            del values[name]
        elif isinstance(value, str) and (problem := decode_text(values, name, value)):
            return problem
        elif name in BOOLEANS and not isinstance(values[name], bool):
            return "invalid_arguments"
    return None


def decode_text(values: Json, name: str, value: str) -> str | None:
    """Decode one text in place by what its name stands for."""
    if name in STRUCTURED:
        try:
            values[name] = json.loads(value, parse_constant=refuse_constant)
        except (ValueError, RecursionError):
            return STRUCTURED[name]
    elif name in BOOLEANS:
        if value not in TRUTH:
            return "invalid_arguments"
        values[name] = TRUTH[value]
    elif name in INTEGERS:
        if not re.fullmatch(r"[0-9]{1,9}", value):
            return "invalid_arguments"
        values[name] = int(value)
    return None
