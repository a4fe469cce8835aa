"""The state of the pretended workspace, and the rules of what the bot may see and touch."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.counterparts.slack.errors import BadRecipe, SlackError
from tests.counterparts.slack.events import to_changed_event, to_deleted_event, to_message_event
from tests.counterparts.slack.state import (
    Channel,
    Identity,
    Message,
    Ping,
    UploadedFile,
    User,
    View,
)

Json = dict[str, Any]
STATUS_SECONDS = 120.0
STREAM_SECONDS = 300.0


@dataclass(frozen=True)
class Status:
    """A "… is thinking" line under a thread."""

    text: str
    loading_messages: tuple[str, ...]
    until: float


@dataclass
class Workspace:
    """Everything that exists in one Slack team; methods raise the error that Slack documents."""

    identity: Identity
    monotonic: Callable[[], float]
    wall: Callable[[], float]
    emit: Callable[[Json, Channel | None], None]
    stream_seconds: float = STREAM_SECONDS
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    pings: list[Ping] = field(default_factory=list)
    statuses: dict[tuple[str, str], Status] = field(default_factory=dict)
    titles: dict[tuple[str, str], str] = field(default_factory=dict)
    prompts: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    sessions: dict[tuple[str, str], str] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)
    files: dict[str, UploadedFile] = field(default_factory=dict)
    _last_us: int = 0
    _ids: int = 0

    def new_ts(self) -> str:
        """A message timestamp later than all before it."""
        self._last_us = max(int(self.wall() * 1_000_000), self._last_us + 1)
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def new_id(self, prefix: str) -> str:
        """An identifier that looks like Slack's."""
        self._ids += 1
        return f"{prefix}0{self._ids:08d}"

    def channel_for_bot(self, channel_id: Any) -> Channel:
        """A conversation that the bot can see, else ``channel_not_found``."""
        channel = self.channels.get(channel_id) if isinstance(channel_id, str) else None
        if channel is None or (channel.kind != "channel" and not channel.bot_is_member):
            raise SlackError("channel_not_found")
        return channel

    def writable(self, channel_id: Any, scopes: frozenset[str]) -> Channel:
        """A conversation that the bot may write into; a user's id stands for their direct message."""
        if isinstance(channel_id, str) and channel_id in self.users:
            return self.open_im(channel_id)
        channel = self.channel_for_bot(channel_id)
        if channel.archived:
            raise SlackError("is_archived")
        if not channel.bot_is_member and "chat:write.public" not in scopes:
            raise SlackError("not_in_channel")
        return channel

    def open_im(self, user_id: str) -> Channel:
        """The direct message with a person, made when there is none."""
        user = self.users.get(user_id)
        if user is None:
            raise SlackError("user_not_found")
        if user.is_bot or user.deleted:
            raise SlackError("cannot_dm_bot" if user.is_bot else "user_disabled")
        for channel in self.channels.values():
            if channel.kind == "im" and user_id in channel.members:
                return channel
        channel = Channel(id=self.new_id("D"), kind="im", members={user_id})
        self.channels[channel.id] = channel
        return channel

    def thread_root(self, channel: Channel, thread_ts: Any) -> str | None:
        """The timestamp of an existing thread, which must be its root's and not a reply's."""
        if thread_ts is None:
            return None
        if not is_timestamp(thread_ts):
            raise SlackError("invalid_thread_ts")
        root = next((message for message in channel.messages if message.ts == thread_ts), None)
        if root is None or (root.deleted and not channel.has_replies(root.ts)):
            raise SlackError("thread_not_found")
        if not root.is_root:
            raise SlackError("cannot_reply_to_message")
        return root.ts

    def own_message(self, channel: Channel, ts: Any, *, otherwise: str) -> Message:
        """One of the bot's own messages; ``otherwise`` is the error for somebody else's."""
        if not isinstance(ts, str):
            raise SlackError("message_not_found")
        message = channel.find(ts)
        if message is None:
            raise SlackError("message_not_found")
        if message.bot_id != self.identity.bot_id:
            raise SlackError(otherwise)
        return message

    def add(self, channel: Channel, message: Message) -> Message:
        """Put a message into its channel and tell the app about it."""
        channel.messages.append(message)
        if message.bot_id == self.identity.bot_id:
            self.statuses.pop((channel.id, message.thread_ts or ""), None)
        self.emit(to_message_event(message, channel, team=self.identity.team), channel)
        return message

    def new_bot_message(self, channel: Channel, text: str, **more: Any) -> Message:
        """A message of the app's own bot, not yet put anywhere."""
        return Message(
            ts=self.new_ts(),
            channel=channel.id,
            user=self.identity.bot_user,
            text=text,
            bot_id=self.identity.bot_id,
            app_id=self.identity.app_id,
            **more,
        )

    def change(self, channel: Channel, message: Message, *, text: str, blocks: list[Json], by: str) -> None:
        """Edit a message and tell the app about it."""
        previous = message.to_api()
        ts = self.new_ts()
        message.change(text=text, blocks=blocks, edited_by=by, edited_ts=ts)
        self.emit(to_changed_event(message, channel, previous=previous, ts=ts), channel)

    def delete(self, channel: Channel, message: Message) -> None:
        """Take a message away and tell the app about it."""
        message.deleted = True
        self.emit(to_deleted_event(message, channel, ts=self.new_ts()), channel)

    def note_pings(self, targets: list[str], message: Message, *, method: str) -> None:
        """Remember who was notified by a message, each once."""
        known = {
            ping.target for ping in self.pings if (ping.channel, ping.ts) == (message.channel, message.ts)
        }
        for target in dict.fromkeys(targets):
            if target not in known:
                self.pings.append(Ping(target=target, channel=message.channel, ts=message.ts, method=method))

    def status(self, channel_id: str, thread_ts: str) -> str | None:
        """The status line under a thread now; it goes by itself after two minutes."""
        status = self.statuses.get((channel_id, thread_ts))
        return status.text if status is not None and self.monotonic() < status.until else None

    def is_streaming(self, message: Message) -> bool:
        """Whether text may still be appended to a message."""
        stream = message.stream
        return (
            stream is not None
            and not stream.stopped
            and not message.deleted
            and self.monotonic() - stream.started_at < self.stream_seconds
        )

    def person(self, user_id: str, channel_id: str) -> tuple[User, Channel]:
        """Somebody and a channel they are in; ``BadRecipe`` when a test made neither."""
        user, channel = self.users.get(user_id), self.channels.get(channel_id)
        if user is None or channel is None:
            raise BadRecipe(f"no user {user_id} or no channel {channel_id}: call add_user, add_channel first")
        if user_id not in channel.members:
            raise BadRecipe(f"{user_id} is not in {channel_id}")
        return user, channel


def is_timestamp(value: Any) -> bool:
    """Whether a value has the form ``1503435956.000247``."""
    if not isinstance(value, str):
        return False
    seconds, dot, micros = value.partition(".")
    return bool(dot) and seconds.isascii() and seconds.isdigit() and micros.isdigit() and len(micros) == 6


def new_client_msg_id() -> str:
    """The id that a person's client gives to a message."""
    return str(uuid.uuid4())
