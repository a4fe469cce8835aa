"""``SlackServer``: the pretended Slack of one test, listening on a loopback port of its own."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

from tests.counterparts.slack.api import Api, Tokens
from tests.counterparts.slack.errors import BadRecipe
from tests.counterparts.slack.faults import Fault, Faults
from tests.counterparts.slack.feed import ALL_EVENTS, Feed
from tests.counterparts.slack.hooks import Hooks
from tests.counterparts.slack.http_route import HttpRoute
from tests.counterparts.slack.limits import Limits
from tests.counterparts.slack.outbox import Outbox
from tests.counterparts.slack.people import People
from tests.counterparts.slack.record import Answer, Attempt, Changes, Delivery, Request
from tests.counterparts.slack.signing import JSON_TYPE, json_body, signed_headers
from tests.counterparts.slack.socket_mode import Reason, Sockets
from tests.counterparts.slack.state import Channel, ChannelKind, Identity, Ping, User
from tests.counterparts.slack.workspace import STREAM_SECONDS, Workspace

Json = dict[str, Any]
T = TypeVar("T")
SHOWN_IN_FAILURES = 60
ALL_SCOPES = frozenset(
    "app_mentions:read assistant:write channels:history channels:read chat:write commands files:write "
    "groups:history groups:read im:history im:read im:write metadata.message:read mpim:history mpim:read "
    "mpim:write reactions:read reactions:write users:read".split()
)


@dataclass(kw_only=True, eq=False)
class SlackServer(People):
    """One workspace with one installed app; see the package's docstring.

    ``monotonic`` drives rate limits, streams, triggers and response URLs; ``wall`` dates messages and
    signatures. ``retry_seconds`` are the pauses before the first, second and third resend.
    """

    signing_secret: str = "invented-signing-secret"
    bot_token: str = "xoxb-invented"
    app_token: str = "xapp-invented"
    team: str = "T0001"
    bot_user: str = "U0BOT"
    scopes: Iterable[str] = ALL_SCOPES
    events: Iterable[str] = ALL_EVENTS
    burst: int = 1
    posts_per_second: float = 1.0
    per_minute: Mapping[str, int] = field(default_factory=dict)
    ack_seconds: float = 3.0
    retry_seconds: tuple[float, ...] = (0.0, 0.05, 0.1)
    stream_seconds: float = STREAM_SECONDS
    echo_own_messages: bool = True
    message_first: bool = False
    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        scopes = frozenset(self.scopes)
        identity = Identity(team=self.team, bot_user=self.bot_user)
        self.base_url = ""
        self._changes = Changes(self.describe)
        self.tokens = Tokens(bot=self.bot_token, app=self.app_token, bot_scopes=scopes)
        self.faults = Faults()
        self.hooks = Hooks(monotonic=self.monotonic)
        self.sockets = Sockets(
            app_id=identity.app_id,
            ack_seconds=self.ack_seconds,
            received=self._ack,
            changed=self._changes.touch,
        )
        self.problems = self.sockets.problems
        self.outbox = Outbox(
            sockets=self.sockets, retry_seconds=self.retry_seconds, changed=self._changes.touch
        )
        self.feed = Feed(
            identity, self.outbox, self.wall, scopes, frozenset(self.events), self.echo_own_messages
        )
        self.workspace = Workspace(
            identity,
            self.monotonic,
            self.wall,
            self._emit,
            stream_seconds=self.stream_seconds,
        )
        self.add_user(self.bot_user, name=identity.bot_name, is_bot=True)
        self.api = Api(
            workspace=self.workspace,
            hooks=self.hooks,
            limits=Limits(
                monotonic=self.monotonic,
                burst=self.burst,
                posts_per_second=self.posts_per_second,
                per_minute=self.per_minute,
            ),
            faults=self.faults,
            tokens=self.tokens,
            new_socket_url=self._new_socket_url,
            changed=self._changes.touch,
        )

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self.api.call)
        app.router.add_post("/upload/v1/{ticket}", self.api.upload)
        app.router.add_post("/actions/{team}/{token}", self.api.response_url)
        app.router.add_get("/link", self.sockets.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.base_url = self.api.base_url = f"http://{host}:{port}/api/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.outbox.close()
        await self.sockets.close()
        await self._runner.cleanup()

    def add_user(
        self,
        user: str,
        *,
        name: str = "",
        tz: str = "Europe/London",
        tz_offset: int = 0,
        is_bot: bool = False,
    ) -> User:
        """Make a person known."""
        made = User(id=user, name=name or user.lower(), tz=tz, tz_offset=tz_offset, is_bot=is_bot)
        self.workspace.users[user] = made
        return made

    def add_channel(
        self,
        channel: str,
        *,
        members: Iterable[str] = (),
        bot_is_member: bool = True,
        kind: ChannelKind = "channel",
        archived: bool = False,
    ) -> Channel:
        """Make a conversation; a private one that the bot is not in does not exist for it."""
        made = Channel(
            id=channel,
            kind=kind,
            name=channel.lower(),
            members=set(members),
            bot_is_member=bot_is_member,
            archived=archived,
        )
        self.workspace.channels[channel] = made
        return made

    def add_im(self, channel: str, user: str) -> Channel:
        """Make the direct message between a person and the app."""
        return self.add_channel(channel, members=[user], kind="im")

    def channel(self, channel: str) -> Channel:
        """What stands in a conversation now."""
        return self._channel(channel)

    @property
    def requests(self) -> list[Request]:
        """Everything received from the app, in order."""
        return self.api.requests

    @property
    def pings(self) -> list[Ping]:
        """Everybody the bot notified, in order."""
        return self.workspace.pings

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything sent to the app, in order."""
        return self.outbox.deliveries

    def calls(self, method: str) -> list[Request]:
        """The requests of one method, in order."""
        return [request for request in self.requests if request.method == method]

    def connect_http(self, url: str) -> None:
        """Send events, commands and interactions to this URL from now on; call it once."""
        if self.outbox.http is not None:
            raise BadRecipe("already connected: change outbox.http.url instead")
        self.outbox.http = HttpRoute(
            url=url, secret=self.signing_secret, wall=self.wall, ack_seconds=self.ack_seconds
        )

    async def verify_url(self) -> bool:
        """The ``url_verification`` handshake: whether the app gave the challenge back."""
        payload = {"type": "url_verification", "token": "invented", "challenge": "invented-challenge"}
        answer = await self.deliver_raw(json_body(payload))
        given = (answer.payload or {}).get("challenge", answer.body.strip())
        return answer.accepted and bool(given == "invented-challenge")

    async def deliver_raw(
        self,
        body: bytes | str,
        *,
        headers: Mapping[str, str | None] | None = None,
        timestamp: str | None = None,
        signature: str | None = None,
        content_type: str = JSON_TYPE,
    ) -> Answer:
        """Post any body once, signed rightly unless told otherwise; a header that is None is left out."""
        raw = body.encode() if isinstance(body, str) else body
        stamp = str(int(self.wall())) if timestamp is None else timestamp
        sent = signed_headers(self.signing_secret, raw, timestamp=stamp, content_type=content_type)
        if signature is not None:
            sent["X-Slack-Signature"] = signature
        changes = dict(headers or {})
        lowered = {name.lower() for name in changes}
        kept = {name: value for name, value in sent.items() if name.lower() not in lowered}
        kept |= {name: value for name, value in changes.items() if value is not None}
        return (await self._http().send_exactly(raw, kept)).answer

    async def deliver_event(
        self, event: Json, *, team: str | None = None, event_id: str | None = None, copies: int = 1
    ) -> list[Delivery]:
        """Deliver any event, several copies at once if asked, and wait until all are settled."""
        payload = self.feed.envelope(event, event_id=event_id, team=team)
        sent = [self.outbox.send_event(payload) for _ in range(copies)]
        await self.settle()
        return sent

    async def replay(self, delivery: Delivery) -> Attempt:
        """Post the first attempt of a delivery again, byte for byte, with its old timestamp and signature."""
        first = delivery.attempts[0]
        return await self._http().send_exactly(first.body, first.headers)

    async def settle(self) -> None:
        """Wait until every delivery was accepted or given up."""
        await self.outbox.settle()

    async def disconnect_sockets(self, *, reason: Reason = "refresh_requested") -> int:
        """Ask the clients to reconnect; how many were asked."""
        return await self.sockets.disconnect(reason=reason)

    def drop_sockets(self) -> None:
        """Cut the clients off without a word."""
        self.sockets.drop()

    def fail_next(
        self, method: str, kind: str | int, *, times: int = 1, retry_after: int = 1, seconds: float = 0.0
    ) -> None:
        """Order a fault for the next calls of a method (``*``, ``upload``, ``response_url`` too)."""
        self.faults.order(Fault(method, str(kind), retry_after, seconds), times=times)

    def wait_for(self, predicate: Callable[[], T], timeout: float = 5) -> Awaitable[T]:
        """The first true value of a predicate that is asked after each change; fails with the record."""
        return self._changes.until(predicate, within_seconds=timeout)

    def describe(self) -> str:
        """The record as text, for failures."""
        lines = [str(request) for request in self.requests[-SHOWN_IN_FAILURES:]]
        sent = [str(delivery) for delivery in self.deliveries[-SHOWN_IN_FAILURES:]]
        return "\n".join(["received:", *lines, "sent:", *sent, "problems:", *self.problems])

    def _http(self) -> HttpRoute:
        if self.outbox.http is None:
            raise BadRecipe("call connect_http first")
        return self.outbox.http

    def _emit(self, event: Json, channel: Channel | None) -> None:
        self.feed.emit(event, channel)
        self._changes.touch()

    def _ack(self, method: str, message: Json) -> None:
        self.api.note(method, message).outcome = "ok"

    def _new_socket_url(self) -> str:
        root = self.base_url.removesuffix("api/").replace("http://", "ws://", 1)
        return f"{root}link?ticket={self.sockets.new_ticket()}"
