"""What Telegram sends, translated; pure. Updates are taken as the JSON objects that they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from adapters.chat.text import clean, clean_name
from core.models import Address, Frozen, Instruction, Person, Press

PLATFORM = "telegram"
TOO_OLD = timedelta(hours=24)
COMMANDS = ("start", "help", "agents", "schedules", "integrations", "cancel", "flowmate")
LIST_SCHEDULES = "list my schedules"
LIST_AGENTS = "list my agents"
# Service messages: nobody said anything.
_SERVICE = (
    "new_chat_members", "left_chat_member", "new_chat_title", "new_chat_photo", "delete_chat_photo", "pinned_message",
    "group_chat_created", "supergroup_chat_created", "migrate_to_chat_id", "migrate_from_chat_id",
    "forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened",
    "video_chat_started", "video_chat_ended", "message_auto_delete_timer_changed",
)  # fmt: skip
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]+))?(?:\s+|$)(.*)", re.DOTALL)

Json = Mapping[str, Any]


class Kind(StrEnum):
    """What an update wants."""

    NOTHING = "nothing"
    INSTRUCTION = "instruction"
    HELP = "help"
    START = "start"
    """`text` holds the pairing code, if one came along."""
    CANCEL = "cancel"
    HINT = "hint"
    """In private something without words came."""
    LATE = "late"


class Heard(Frozen):
    """An update, understood."""

    kind: Kind
    text: str = ""
    instruction: Instruction | None = None
    person: Person | None = None
    address: Address | None = None
    username: str = ""


class Me(Frozen):
    """The bot itself."""

    id: int
    username: str


def to_heard(update: Json, *, me: Me, now: datetime) -> Heard:
    """What a message update wants; edits, channel posts and words for others want nothing."""
    message = update.get("message")
    sender = message.get("from") if isinstance(message, Mapping) else None
    if not isinstance(message, Mapping) or not isinstance(sender, Mapping) or sender.get("is_bot"):
        return Heard(kind=Kind.NOTHING)
    chat = message.get("chat") or {}
    private = chat.get("type") == "private"
    if chat.get("type") not in ("private", "group", "supergroup") or message.get("sender_chat"):
        return Heard(kind=Kind.NOTHING)
    person, address = to_person(sender), to_address(message)
    about = {"person": person, "address": address, "username": str(sender.get("username") or "").lower()}
    text = message.get("text") or message.get("caption")
    if not isinstance(text, str):
        service = any(key in message for key in _SERVICE)
        return Heard(kind=Kind.HINT if private and not service else Kind.NOTHING, **about)
    spoken = _addressed(message, text, me=me, private=private)
    if spoken is None:
        return Heard(kind=Kind.NOTHING)
    if now - datetime.fromtimestamp(int(message.get("date") or 0), UTC) > TOO_OLD:
        return Heard(kind=Kind.LATE, **about)
    kind, words = spoken
    instruction = None
    if kind is Kind.INSTRUCTION:
        key = f"{PLATFORM}:{me.id}:{update['update_id']}"
        instruction = Instruction(key=key, text=clean(words), person=person, address=address, origin=PLATFORM)
    return Heard(kind=kind, text=words, instruction=instruction, **about)


def to_press(update: Json, *, me: Me) -> Press | None:
    """A pressed inline button."""
    query = update.get("callback_query")
    if not isinstance(query, Mapping):
        return None
    action, _, value = str(query.get("data") or "").partition(":")
    message = query.get("message")
    address = (
        to_address(message)
        if isinstance(message, Mapping)
        else Address(platform=PLATFORM, workspace="", place="")
    )
    return Press(
        action=action,
        value=value,
        person=to_person(query["from"]),
        address=address,
        key=f"{PLATFORM}:{me.id}:press:{query['id']}",
    )


def to_move(update: Json) -> tuple[Address, Address] | None:
    """A group that became a supergroup: its old address and its new one."""
    message = update.get("message")
    target = message.get("migrate_to_chat_id") if isinstance(message, Mapping) else None
    if not isinstance(message, Mapping) or not isinstance(target, int):
        return None
    old, new = str(message["chat"]["id"]), str(target)
    return (
        Address(platform=PLATFORM, workspace=old, place=old),
        Address(platform=PLATFORM, workspace=new, place=new),
    )


def to_person(user: Json) -> Person:
    """A Telegram user; the Bot API tells no time zone."""
    name = " ".join(str(user.get(key) or "") for key in ("first_name", "last_name"))
    return Person(id=f"{PLATFORM}:user:{user['id']}", name=clean_name(name))


def to_address(message: Json) -> Address:
    """A chat, or a topic of a forum; `via` names the message that the answer replies to."""
    chat_id = str(message["chat"]["id"])
    topic = message.get("message_thread_id") if message.get("is_topic_message") else None
    return Address(
        platform=PLATFORM,
        workspace=chat_id,
        place=chat_id,
        thread=str(topic) if topic else "",
        via=str(message.get("message_id") or ""),
    )


def _addressed(message: Json, text: str, *, me: Me, private: bool) -> tuple[Kind, str] | None:
    """What is asked of the bot, or None where the words are for somebody else."""
    command = _COMMAND.fullmatch(text.strip())
    if command is not None:
        name, target, rest = command[1].lower(), (command[2] or "").lower(), command[3].strip()
        if target and target != me.username.lower():
            return None
        if name in COMMANDS:
            return _command(name, rest)
        return (Kind.INSTRUCTION, text) if private or target else None
    mention = re.compile(rf"(?<![\w@])@{re.escape(me.username)}\b[,:]?\s*", re.IGNORECASE)
    if private:
        return Kind.INSTRUCTION, mention.sub("", text)
    if mention.search(text):
        return Kind.INSTRUCTION, mention.sub("", text)
    return (Kind.INSTRUCTION, text) if _is_reply_to(message, me) else None


def _command(name: str, rest: str) -> tuple[Kind, str]:
    match name:
        case "start":
            return Kind.START, rest
        case "help":
            return Kind.HELP, ""
        case "agents":
            return Kind.INSTRUCTION, LIST_AGENTS
        case "cancel":
            return Kind.CANCEL, ""
        case "integrations":
            return Kind.INSTRUCTION, f"integrations {rest}".strip()
        case "schedules":
            return Kind.INSTRUCTION, LIST_SCHEDULES
        case _:
            return (Kind.INSTRUCTION, rest) if rest and rest.lower() != "help" else (Kind.HELP, "")


def _is_reply_to(message: Json, me: Me) -> bool:
    replied = message.get("reply_to_message")
    if not isinstance(replied, Mapping) or "forum_topic_created" in replied:
        # In a topic that the bot made everything replies to the message that created it.
        return False
    return bool((replied.get("from") or {}).get("id") == me.id)
