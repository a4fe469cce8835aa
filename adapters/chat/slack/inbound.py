"""What Slack sends, translated into instructions and presses; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from html import unescape
from typing import Any

from adapters.chat.slack.identity import Identity
from adapters.chat.text import clean, clean_name
from core.models import Address, Instruction, Person, Press

PLATFORM = "slack"
# Subtypes of messages that a person wrote; every other one is an edit, a join, a bot or housekeeping.
_WRITTEN = frozenset({None, "file_share", "thread_broadcast"})
_ANGLED = re.compile(r"<([^<>\s|][^<>|]*)(?:\|([^<>]*))?>")
_OTHERS_FIRST = re.compile(r"\s*<@([A-Z0-9]+)")
_ENTITY = re.compile("&(?:amp|lt|gt);")

Json = Mapping[str, Any]


class Audience(StrEnum):
    """Whom a message is for."""

    NOBODY = "nobody"
    MENTION = "mention"
    DIRECT = "direct"
    THREAD = "thread"
    """A reply in a thread: for FlowMate if it takes part there."""


@dataclass(frozen=True)
class Profile:
    """What is known about a person; the zone is an IANA name."""

    name: str = ""
    zone: str | None = None


def to_team(body: Json) -> tuple[str, str]:
    """The workspace and the organisation for which Slack sent this; empty where it names none."""
    for authorization in body.get("authorizations") or ():
        return _string(authorization, "team_id"), _string(authorization, "enterprise_id")
    team = body.get("team")
    inner = team if isinstance(team, Mapping) else {}
    user = body.get("user")
    team_id = (
        _string(body, "team_id")
        or _string(inner, "id")
        or _string(user if isinstance(user, Mapping) else {}, "team_id")
    )
    enterprise = body.get("enterprise")
    enterprise_id = _string(body, "enterprise_id") or _string(inner, "enterprise_id")
    return team_id, enterprise_id or _string(enterprise if isinstance(enterprise, Mapping) else {}, "id")


def to_audience(event: Json, *, who: Identity) -> Audience:
    """Whom an `app_mention` or `message` event is for; never FlowMate's own or another bot's words."""
    user = _string(event, "user")
    by_bot = bool(event.get("bot_id")) or user in ("", who.user, "USLACKBOT")
    incomplete = not (_string(event, "channel") and _string(event, "ts"))
    if by_bot or incomplete or event.get("hidden") or event.get("subtype") not in _WRITTEN:
        return Audience.NOBODY
    if _is_direct(event):
        return Audience.DIRECT
    if event.get("type") == "app_mention" or f"<@{who.user}" in _string(event, "text"):
        return Audience.MENTION
    if begins_thread(event):
        return Audience.NOBODY
    first = _OTHERS_FIRST.match(_string(event, "text"))
    # A reply that begins with somebody's name is for them.
    return Audience.NOBODY if first else Audience.THREAD


def begins_thread(event: Json) -> bool:
    """Whether a thread would begin under this message, in which nobody has answered yet."""
    return event.get("thread_ts") in (None, event.get("ts"))


def to_instruction(event: Json, *, who: Identity, team: str, profile: Profile) -> Instruction:
    """A mention or a message as an instruction; keyed by the message, so that both events are the same one."""
    channel, ts = _string(event, "channel"), _string(event, "ts")
    return Instruction(
        key=f"{PLATFORM}:{team}:{channel}:{ts}",
        text=to_text(_string(event, "text"), own_user=who.user),
        person=to_person(team, _string(event, "user"), profile=profile),
        address=Address(platform=PLATFORM, workspace=team, place=channel, thread=_thread(event)),
        origin=PLATFORM,
    )


def from_command(body: Json, *, who: Identity, team: str, profile: Profile) -> Instruction:
    """A slash command as an instruction; the answer goes to the channel itself, for commands know no threads."""
    name = profile.name or _string(body, "user_name")
    return Instruction(
        key=f"{PLATFORM}:{team}:command:{_string(body, 'trigger_id')}",
        text=to_text(_string(body, "text"), own_user=who.user),
        person=to_person(team, _string(body, "user_id"), profile=Profile(name=name, zone=profile.zone)),
        address=Address(
            platform=PLATFORM,
            workspace=team,
            place=_string(body, "channel_id"),
            via=_string(body, "response_url"),
        ),
        origin=PLATFORM,
    )


def to_press(body: Json, *, team: str, profile: Profile) -> Press:
    """The first action of a `block_actions` payload as a press; a press has one."""
    action = body["actions"][0]
    container, channel, user = (body.get(key) or {} for key in ("container", "channel", "user"))
    message = body.get("message") or {}
    name = profile.name or _string(user, "username")
    return Press(
        action=_string(action, "action_id").split(".")[1],
        value=_string(action, "value"),
        person=to_person(team, _string(user, "id"), profile=Profile(name=name, zone=profile.zone)),
        address=Address(
            platform=PLATFORM,
            workspace=team,
            place=_string(channel, "id") or _string(container, "channel_id"),
            thread=_string(message, "thread_ts") or _string(container, "thread_ts"),
        ),
        key=f"{PLATFORM}:{team}:press:{_string(body, 'trigger_id') or _string(action, 'action_ts')}",
    )


def to_person(team: str, user: str, *, profile: Profile) -> Person:
    return Person(id=f"{PLATFORM}:{team}:{user}", name=clean_name(profile.name), zone=profile.zone)


def to_text(raw: str, *, own_user: str) -> str:
    """Slack's markup as plain text, without FlowMate's own name."""
    own = rf"<@{re.escape(own_user)}(?:\|[^<>]*)?>"
    text = re.sub(rf"^\s*(?:{own}[\s:,]*)+", "", raw)
    text = re.sub(rf"[ \t]*{own}", "", text)
    text = _ANGLED.sub(_unwrapped, text)
    # Slack encodes these three and no others.
    return clean(_ENTITY.sub(lambda match: unescape(match[0]), text))


def _unwrapped(match: re.Match[str]) -> str:
    target, label = match[1], (match[2] or "").strip()
    if target[0] in "@#":
        return target[0] + (label or target[1:]).removeprefix(target[0])
    if target[0] == "!":
        name = target[1:].partition("^")[0]
        return label or ("" if name in ("date", "subteam") else f"@{name}")
    bare = target.partition(":")[2] if target.startswith(("mailto:", "tel:")) else target
    if label.removesuffix("/") in ("", bare.removesuffix("/"), bare.partition("://")[2].removesuffix("/")):
        return bare
    return f"{label} ({bare})"


def _is_direct(event: Json) -> bool:
    return event.get("channel_type") == "im" or _string(event, "channel").startswith("D")


def _thread(event: Json) -> str:
    """In a channel a mention starts a thread; a direct message is one conversation but for threads people open."""
    return _string(event, "thread_ts") or ("" if _is_direct(event) else _string(event, "ts"))


def _string(values: Json, key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) else ""
