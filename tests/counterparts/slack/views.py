"""views.open, views.update, views.publish."""

import json
from typing import Any

from tests.counterparts.slack.blocks import read_blocks
from tests.counterparts.slack.call import Call
from tests.counterparts.slack.errors import SlackError, invalid_arguments
from tests.counterparts.slack.schema import PLAIN, Shape, anything, boolean, one_of, string, text_object
from tests.counterparts.slack.state import View

Json = dict[str, Any]
VIEW_BYTES = 250_000
COMMON = {
    "callback_id": string(255, low=0),
    "external_id": string(255, low=0),
    "private_metadata": string(3000, low=0),
}
MODAL = Shape(
    required={"title": text_object(24, PLAIN), "blocks": anything},
    optional={
        **COMMON,
        "submit": text_object(24, PLAIN),
        "close": text_object(24, PLAIN),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
HOME = Shape(required={"blocks": anything}, optional=COMMON)
TYPES = one_of("modal", "home")


def open_view(call: Call) -> Json:
    """Show a modal to the person behind a trigger id."""
    content = read_view(call.arguments["view"], kind="modal")
    trigger_id = call.arguments.get("trigger_id") or call.arguments.get("interactivity_pointer")
    if not isinstance(trigger_id, str):
        raise invalid_arguments("missing required field: trigger_id")
    view = new_view(call, call.hooks.take_trigger(trigger_id), content)
    call.workspace.views[view.id] = view
    return {"view": shown(call, view)}


def update_view(call: Call) -> Json:
    """Show something else in an open modal."""
    content = read_view(call.arguments["view"], kind="modal")
    view = call.workspace.views.get(str(call.arguments.get("view_id")))
    if view is None:
        raise SlackError("not_found")
    if call.arguments.get("hash", view.hash) != view.hash:
        raise SlackError("hash_conflict")
    view.content, view.hash = content, call.workspace.new_ts()
    return {"view": shown(call, view)}


def publish(call: Call) -> Json:
    """Show the Home tab of one person."""
    content = read_view(call.arguments["view"], kind="home")
    user = call.string("user_id")
    if user not in call.workspace.users:
        raise invalid_arguments("invalid `user_id`")
    known = call.workspace.homes.get(user)
    wanted = call.arguments.get("hash")
    if wanted is not None and (known is None or wanted != known.hash):
        raise SlackError("hash_conflict")
    view = new_view(call, user, content)
    call.workspace.homes[user] = view
    return {"view": shown(call, view)}


def read_view(view: Any, *, kind: str) -> Json:
    """A checked view of one kind."""
    if not isinstance(view, dict) or view.get("type") != kind:
        raise invalid_arguments(f"must be a view of type {kind} [json-pointer:/view]")
    if len(json.dumps(view).encode()) > VIEW_BYTES:
        raise SlackError("view_too_large")
    problems = (MODAL if kind == "modal" else HOME)(view, "/view")
    if problems:
        raise SlackError("invalid_arguments", response_metadata={"messages": problems})
    try:
        blocks = read_blocks(view["blocks"], surface="modal" if kind == "modal" else "home")
    except SlackError as error:
        messages = error.extra.get("errors", [error.code])
        raise SlackError("invalid_arguments", response_metadata={"messages": messages}) from None
    if any(block["type"] == "input" for block in blocks) and kind == "modal" and "submit" not in view:
        raise invalid_arguments("missing required field: submit [json-pointer:/view]")
    return {**view, "blocks": blocks}


def new_view(call: Call, user: str, content: Json) -> View:
    """A view with its id and hash."""
    return View(id=call.workspace.new_id("V"), user=user, content=content, hash=call.workspace.new_ts())


def shown(call: Call, view: View) -> Json:
    """The view object of an answer."""
    identity = call.workspace.identity
    return {
        **view.content,
        "id": view.id,
        "team_id": identity.team,
        "app_id": identity.app_id,
        "bot_id": identity.bot_id,
        "hash": view.hash,
        "state": {"values": {}},
        "root_view_id": view.id,
    }
