"""What people (and other bots) do in Slack, and what the app then gets to hear."""

import re
from typing import Any

from tests.counterparts.slack.api import Tokens
from tests.counterparts.slack.errors import BadRecipe, SlackError
from tests.counterparts.slack.events import (
    to_command,
    to_interaction,
    to_mention_event,
    to_press,
    to_submission,
)
from tests.counterparts.slack.feed import Feed
from tests.counterparts.slack.hooks import Hook, Hooks
from tests.counterparts.slack.modals import filled, unfit_answer
from tests.counterparts.slack.outbox import Outbox
from tests.counterparts.slack.record import Answer
from tests.counterparts.slack.responses import respond
from tests.counterparts.slack.state import Channel, Message, User
from tests.counterparts.slack.workspace import Workspace, new_client_msg_id

Json = dict[str, Any]


class People:
    """Actions of people; each raises ``BadRecipe`` when it could not happen in Slack."""

    workspace: Workspace
    outbox: Outbox
    hooks: Hooks
    feed: Feed
    tokens: Tokens
    base_url: str
    problems: list[str]
    message_first: bool

    async def say(
        self, channel: str, user: str, text: str, *, thread_ts: str | None = None, subtype: str | None = None
    ) -> str:
        """A person writes; a mention of the bot goes out as ``app_mention`` and as ``message``.

        ``text`` is in the form of Slack's events: ``<@U…>`` for a mention, ``&``, ``<`` and ``>`` escaped.
        """
        _, place = self.workspace.person(user, channel)
        message = self._new_message(place, user, text, thread_ts=thread_ts)
        message.subtype = subtype
        message.client_msg_id = new_client_msg_id()
        return self._appear(place, message)

    async def bot_says(
        self,
        channel: str,
        text: str,
        *,
        bot_id: str = "B0OTHER",
        user: str = "U0OTHER",
        thread_ts: str | None = None,
    ) -> str:
        """Another app's bot writes."""
        place = self._channel(channel)
        message = self._new_message(place, user, text, thread_ts=thread_ts)
        message.bot_id, message.app_id, message.subtype = bot_id, "A0OTHER", "bot_message"
        return self._appear(place, message)

    async def edit(self, channel: str, ts: str, text: str) -> None:
        """The author of a message changes it."""
        place, message = self._message(channel, ts)
        self.workspace.change(place, message, text=text, blocks=[], by=message.user)

    async def delete(self, channel: str, ts: str) -> None:
        """The author, or an admin, takes a message away; the app's own messages too."""
        place, message = self._message(channel, ts)
        self.workspace.delete(place, message)

    async def join(self, channel: str, user: str) -> str:
        """A person enters a channel."""
        place = self._channel(channel)
        if user not in self.workspace.users:
            raise BadRecipe(f"no user {user}")
        place.members.add(user)
        joined = {"type": "member_joined_channel", "user": user, "channel": channel, "channel_type": "C"}
        self.feed.emit({**joined, "team": self.workspace.identity.team}, place)
        return await self.say(channel, user, f"<@{user}> has joined the channel", subtype="channel_join")

    async def react(self, channel: str, user: str, ts: str, name: str) -> None:
        """A person reacts to a message."""
        place, message = self._message(channel, ts)
        self.workspace.person(user, channel)
        message.reactions.setdefault(name, []).append(user)
        item = {"type": "message", "channel": channel, "ts": ts}
        event = {"type": "reaction_added", "user": user, "reaction": name, "item": item}
        self.feed.emit({**event, "item_user": message.user, "event_ts": self.workspace.new_ts()}, place)

    async def open_home(self, user: str, *, tab: str = "home") -> None:
        """A person opens the app's Home or Messages tab."""
        im = self.workspace.open_im(user)
        event = {"type": "app_home_opened", "user": user, "channel": im.id, "tab": tab}
        self.feed.emit({**event, "event_ts": self.workspace.new_ts()}, None)

    async def stop_session(self, channel: str, thread_ts: str, *, user: str) -> list[str]:
        """A person presses Stop: open streams of the thread end; the app must leave ``processing`` itself."""
        _, place = self.workspace.person(user, channel)
        streaming = [m for m in place.thread(thread_ts) if self.workspace.is_streaming(m)]
        for message in streaming:
            assert message.stream is not None
            message.stream.stopped = True
        event = {
            "type": "agent_session_stopped",
            "channel": channel,
            "thread_ts": thread_ts,
            "user": user,
            "streaming_message_ts": [message.ts for message in streaming],
            "event_ts": self.workspace.new_ts(),
        }
        self.feed.emit(event, place)
        return [message.ts for message in streaming]

    async def uninstall(self) -> None:
        """An admin removes the app: its tokens die."""
        self.tokens.revoked = True
        bots = {"oauth": [], "bot": [self.workspace.identity.bot_user]}
        self.feed.emit({"type": "tokens_revoked", "tokens": bots}, None)
        self.feed.emit({"type": "app_uninstalled"}, None)

    async def command(self, command: str, text: str, *, user: str, channel: str) -> Answer:
        """A person gives a slash command; the app's immediate answer is shown to them."""
        if not command.startswith("/") or " " in command:
            raise BadRecipe(f"{command!r} is no slash command")
        person, place = self.workspace.person(user, channel)
        fields = to_command(
            self.workspace.identity, command=command, text=text.strip(), user=person, channel=place
        )
        hook = self.hooks.new_hook(channel=channel, user=user)
        payload = {
            **fields,
            "response_url": self._hook_url(hook),
            "trigger_id": self.hooks.new_trigger(user),
        }
        answer = await self.outbox.send_and_wait("command", payload, takes_payload=True)
        self._show(answer, hook)
        return answer

    async def press(
        self, *, action_id: str, message_ts: str, user: str, channel: str, value: str | None = None
    ) -> Answer:
        """A person presses a button that stands on a message, at once or long after."""
        person, place = self.workspace.person(user, channel)
        message = self._shown(place, message_ts, user)
        action = find_action(message, action_id, value)
        return await self.send_press(place, message, action, person=person)

    async def send_press(self, channel: Channel, message: Message, action: Json, *, person: User) -> Answer:
        """Send any action on a message, even one that is not on it (a stale or forged press)."""
        payload = {
            **to_interaction(self.workspace.identity, "block_actions", person),
            **to_press(message, channel, action, action_ts=self.workspace.new_ts()),
            "trigger_id": self.hooks.new_trigger(person.id),
            "response_url": self._hook_url(
                self.hooks.new_hook(channel=channel.id, user=person.id, message_ts=message.ts)
            ),
        }
        return await self.outbox.send_and_wait("interactive", payload, takes_payload=False)

    async def submit(self, view_id: str, values: Json) -> Answer:
        """The person who sees a modal submits it; without errors in the answer it closes."""
        view = self.workspace.views.get(view_id)
        if view is None:
            raise BadRecipe(f"no view {view_id}")
        payload = {
            **to_interaction(self.workspace.identity, "view_submission", self.workspace.users[view.user]),
            **to_submission(view, filled(view, values)),
            "trigger_id": self.hooks.new_trigger(view.user),
        }
        answer = await self.outbox.send_and_wait("interactive", payload, takes_payload=True)
        self.problems += unfit_answer(view, answer.payload)
        if answer.accepted and (answer.payload or {}).get("response_action") in (None, "clear"):
            del self.workspace.views[view_id]
        return answer

    def _new_message(self, place: Channel, user: str, text: str, *, thread_ts: str | None) -> Message:
        try:
            root = self.workspace.thread_root(place, thread_ts)
        except SlackError as error:
            raise BadRecipe(f"nobody can reply to {thread_ts}: {error.code}") from None
        return Message(ts=self.workspace.new_ts(), channel=place.id, user=user, text=text, thread_ts=root)

    def _appear(self, place: Channel, message: Message) -> str:
        """Show a message, telling the app twice when it is mentioned outside a direct message."""
        mention = rf"<@{re.escape(self.workspace.identity.bot_user)}[|>]"
        mentioned = re.search(mention, message.text) is not None and place.kind != "im"
        team = self.workspace.identity.team
        if mentioned and not self.message_first:
            self.feed.emit(to_mention_event(message, place, team=team), place)
        self.workspace.add(place, message)
        if mentioned and self.message_first:
            self.feed.emit(to_mention_event(message, place, team=team), place)
        return message.ts

    def _channel(self, channel: str) -> Channel:
        if channel not in self.workspace.channels:
            raise BadRecipe(f"no channel {channel}")
        return self.workspace.channels[channel]

    def _message(self, channel: str, ts: str) -> tuple[Channel, Message]:
        place = self._channel(channel)
        message = place.find(ts)
        if message is None:
            raise BadRecipe(f"no message {ts} in {channel}")
        return place, message

    def _shown(self, place: Channel, ts: str, user: str) -> Message:
        for message in [*place.visible, *place.shown_to(user)]:
            if message.ts == ts:
                return message
        raise BadRecipe(f"{user} sees no message {ts} in {place.id}")

    def _hook_url(self, hook: Hook) -> str:
        root = self.base_url.removesuffix("api/")
        return f"{root}actions/{self.workspace.identity.team}/{hook.token}"

    def _show(self, answer: Answer, hook: Hook) -> None:
        """Show the immediate answer to a command; an unfit one is a problem of the app's."""
        if not answer.accepted:
            return
        body: Any = answer.payload
        if body is None and answer.body.strip():
            body = {"text": answer.body}
        if not body:
            return
        try:
            respond(self.workspace, hook, body)
        except SlackError as error:
            self.problems.append(f"unfit answer to a command: {error.code} {body}")


def find_action(message: Message, action_id: str, value: str | None) -> Json:
    """The action of a button on a message as the payload shows it."""
    for button in message.buttons():
        if button["action_id"] != action_id:
            continue
        choices = [button.get("positive_button"), button.get("negative_button"), button]
        for choice in choices:
            if choice is not None and value in (None, choice.get("value")):
                shown = {key: button[key] for key in ("action_id", "block_id", "type")}
                return {**shown, "text": choice.get("text"), "value": choice.get("value", "")}
    raise BadRecipe(f"no button {action_id} {value or ''} on {message.ts}: {message.buttons()}")
