"""What people see in the pretended workspace: users, channels, messages, pings, views and files."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
ChannelKind = Literal["channel", "group", "im", "mpim"]
StreamState = Literal["streaming", "stopped", "expired"]


@dataclass(frozen=True)
class Identity:
    """The names of the workspace, the app and its bot."""

    team: str
    bot_user: str
    bot_id: str = "B0BOT"
    app_id: str = "A0APP"
    bot_name: str = "flowmate"
    domain: str = "invented"


@dataclass(frozen=True)
class User:
    """A person, or a bot, of the workspace."""

    id: str
    name: str
    tz: str = "Europe/London"
    tz_offset: int = 0
    is_bot: bool = False
    deleted: bool = False

    def to_api(self, team: str) -> Json:
        """The ``user`` object of users.info."""
        return {
            "id": self.id,
            "team_id": team,
            "name": self.name,
            "real_name": self.name.title(),
            "deleted": self.deleted,
            "tz": self.tz,
            "tz_label": self.tz,
            "tz_offset": self.tz_offset,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "locale": "en-GB",
            "profile": {"display_name": self.name, "real_name": self.name.title(), "team": team},
        }


@dataclass(frozen=True)
class Version:
    """What a message showed before an edit."""

    text: str
    blocks: tuple[Json, ...]


@dataclass(frozen=True)
class Ping:
    """Somebody whom the bot notified; ``target``: a user, a group, ``channel``, ``here`` or ``everyone``."""

    target: str
    channel: str
    ts: str
    method: str


@dataclass
class Stream:
    """The streaming side of a message; ``mode`` is fixed by the first content."""

    started_at: float
    mode: Literal["markdown_text", "chunks"] | None = None
    stopped: bool = False
    tasks: dict[str, Json] = field(default_factory=dict)
    plan_title: str | None = None


@dataclass
class Message:
    """One message with everything it ever showed; ``shown_to`` names the only reader of an ephemeral one."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    subtype: str | None = None
    client_msg_id: str | None = None
    metadata: Json | None = None
    unfurl_links: bool | None = None
    unfurl_media: bool | None = None
    broadcast: bool = False
    files: list[Json] = field(default_factory=list)
    edits: list[Version] = field(default_factory=list)
    edited: Json | None = None
    deleted: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    stream: Stream | None = None
    shown_to: str | None = None
    username: str | None = None

    @property
    def is_root(self) -> bool:
        """Whether it stands in the channel rather than in a thread."""
        return self.thread_ts is None or self.thread_ts == self.ts

    @property
    def everything(self) -> str:
        """All text that it shows, from its text and its blocks."""
        return "\n".join([self.text, *texts_in(self.blocks), *texts_in(self.attachments)])

    def buttons(self) -> list[Json]:
        """Every interactive element, with the ``block_id`` of its block."""
        return [
            {**element, "block_id": block.get("block_id")}
            for block in self.blocks
            for element in elements_of(block)
            if "action_id" in element
        ]

    def change(self, *, text: str, blocks: list[Json], edited_by: str, edited_ts: str) -> None:
        """Show something else, remembering what was shown."""
        self.edits.append(Version(text=self.text, blocks=tuple(self.blocks)))
        self.text, self.blocks = text, blocks
        self.edited = {"user": edited_by, "ts": edited_ts}

    def to_api(self, *, with_metadata: bool = False) -> Json:
        """The message object of events and answers."""
        shown: Json = {"type": "message", "user": self.user, "text": self.text, "ts": self.ts}
        optional = {
            "subtype": self.subtype,
            "client_msg_id": self.client_msg_id,
            "bot_id": self.bot_id,
            "app_id": self.app_id,
            "username": self.username,
            "thread_ts": self.thread_ts,
            "edited": self.edited,
            "blocks": self.blocks,
            "attachments": self.attachments,
            "files": self.files,
            "reactions": [
                {"name": name, "users": users, "count": len(users)} for name, users in self.reactions.items()
            ],
            "metadata": self.metadata if with_metadata else None,
        }
        shown.update({key: value for key, value in optional.items() if value})
        return shown


@dataclass
class Channel:
    """A channel or direct message, and what stands in it."""

    id: str
    kind: ChannelKind = "channel"
    name: str = ""
    members: set[str] = field(default_factory=set)
    bot_is_member: bool = True
    archived: bool = False
    messages: list[Message] = field(default_factory=list)
    ephemerals: list[Message] = field(default_factory=list)

    @property
    def visible(self) -> list[Message]:
        """Everything that stands there now, threads included, oldest first."""
        return [message for message in self.messages if not message.deleted]

    @property
    def roots(self) -> list[Message]:
        """What stands in the channel itself."""
        return [message for message in self.visible if message.is_root or message.broadcast]

    @property
    def texts(self) -> list[str]:
        """The texts that stand there now."""
        return [message.text for message in self.visible]

    def thread(self, ts: str) -> list[Message]:
        """The replies that stand under a message now."""
        return [message for message in self.visible if message.thread_ts == ts and message.ts != ts]

    def by(self, user: str) -> list[Message]:
        """What somebody wrote that stands there now."""
        return [message for message in self.visible if message.user == user]

    def shown_to(self, user: str) -> list[Message]:
        """Ephemeral messages that one person sees now."""
        return [message for message in self.ephemerals if message.shown_to == user and not message.deleted]

    def find(self, ts: str) -> Message | None:
        """A message that stands there, or None."""
        return next((message for message in self.visible if message.ts == ts), None)

    def has_replies(self, ts: str) -> bool:
        """Whether a thread hangs under a message."""
        return bool(self.thread(ts))


@dataclass
class View:
    """A modal or a Home tab that the app shows to one person."""

    id: str
    user: str
    content: Json
    hash: str


@dataclass
class UploadedFile:
    """A file on its way: ``content`` is None until the bytes came, ``shared`` once it was completed."""

    id: str
    name: str
    length: int
    ticket: str
    content: bytes | None = None
    title: str | None = None
    shared: bool = False


def elements_of(block: Json) -> Iterator[Json]:
    """The elements of a block, wherever its type keeps them."""
    for key in ("accessory", "element"):
        if isinstance(block.get(key), dict):
            yield block[key]
    for element in block.get("elements", []):
        if isinstance(element, dict):
            yield element


def texts_in(value: Any) -> list[str]:
    """Every string under a ``text``, ``title``, ``fallback`` or ``pretext`` key, in order."""
    if isinstance(value, list):
        return [text for item in value for text in texts_in(item)]
    if not isinstance(value, dict):
        return []
    found: list[str] = []
    for key, item in value.items():
        if key in ("text", "title", "fallback", "pretext") and isinstance(item, str):
            found.append(item)
        else:
            found.extend(texts_in(item))
    return found
