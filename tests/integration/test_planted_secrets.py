"""Twenty planted secrets, services and crashes that quote them all, and nothing of them anywhere afterwards."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, redirect_stderr
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from rq import Queue
from rq.serializers import JSONSerializer

from adapters.chat import PLATFORMS
from adapters.chat.slack.manifest import EVENTS, SCOPES
from adapters.queue.connection import connect
from bot.logging import configure_logging
from core.errors import ToolFailed, TransientError
from core.integrations.masking import KNOWN, MASK, KnownSecrets
from core.models import Task
from core.ports.tool import ToolOutput
from tests.counterparts.openai_server import Answer, ScriptedOpenAI
from tests.counterparts.slack import SlackServer
from tests.counterparts.smtp import MailServer, mail_server
from tests.counterparts.web import WebServer, web_server
from tests.integration import http_harness
from tests.integration.http_harness import Service, fresh
from tests.integration.planted import (
    ALL,
    CALENDAR,
    DATABASE,
    GITHUB,
    MAILBOX,
    MASTERS,
    PASSWORD,
    SECOND,
    SETTINGS,
    SMTP,
    TOKEN,
    WORDY,
    everything_in,
    forms,
    found_in,
)
from tests.services.reading import read_everything
from tests.services.waiting import eventually

PATH = "/api/v1/integrations"
MARKER = "marker-of-what-is-no-secret"
"""Beside the secrets everywhere: where it isn't found, nothing was looked at."""
QUOTED = MARKER + "\n" + "\n".join(form for secret in ALL for form in sorted(forms(secret)))
LEVER = http_harness.LEVER.replace("examples:", "integrations: [http]\nexamples:")


@dataclass
class Scene:
    """A service with planted secrets, what it logged, and everything that it answered."""

    service: Service
    model: ScriptedOpenAI
    log: io.StringIO
    replies: list[str] = field(default_factory=list)

    async def asks(self, method: str, path: str, body: Any = None) -> Any:
        reply = await self.service.call(
            method,
            path,
            json=body,
            signed_in=False,
            headers={"Authorization": f"Bearer {SETTINGS['FLOWMATE_OPERATOR_TOKEN']}"},
        )
        self.replies.append(f"{reply.text}\n{dict(reply.headers)}")
        return reply.body

    async def delegates(self) -> Any:
        body = await self.asks("POST", http_harness.DELEGATE, {"instruction": "@lever pull the lever"})
        return body["results"][0]

    async def connects(self, kind: str, name: str, **fields: str) -> Any:
        return await self.asks("POST", PATH, {"kind": kind, "name": name, "fields": fields})


def answer(body: dict[str, Any]) -> Answer:
    """A model that calls the tool and repeats what that gave."""
    said = [message["content"] for message in body["messages"] if message["role"] == "tool"]
    return Answer(text=str(said[-1])) if said else Answer(tool_calls=(("pull", "{}"),))


async def quote_everything(request: web.Request) -> web.Response:
    """A service that refuses, and says whatever it was sent and more."""
    return web.Response(status=401, text=f"{request.headers}\n{request.path_qs}\n{QUOTED}", reason=TOKEN)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What goes to stderr, and the process's logging and known secrets as they were afterwards."""
    written = io.StringIO()
    monkeypatch.setattr(http_harness, "LEVER", LEVER)
    for name in ("_forms", "_starts", "_kept"):
        monkeypatch.setattr(KNOWN, name, getattr(KnownSecrets(), name))
    root = logging.getLogger()
    kept = (root.handlers[:], root.level, sys.excepthook, sys.unraisablehook)
    yield written
    root.handlers, sys.excepthook, sys.unraisablehook = kept[0], kept[2], kept[3]
    root.setLevel(kept[1])
    logging.captureWarnings(False)


@asynccontextmanager
async def scene(log: io.StringIO, served: WebServer, mail: MailServer) -> AsyncIterator[Scene]:
    environment = {
        **SETTINGS,
        "INTEGRATION_ENC_KEY": ", ".join(MASTERS),
        "SMTP_URL": f"smtp://ada:planted%2Bmail%2Fbox%25word@127.0.0.1:{mail.port}",
        "SMTP_FROM": "flowmate@example.org",
        "SLACK_API_URL": served.address("/api/"),
        "TELEGRAM_API_URL": served.address("/telegram"),
        "FLOWMATE_FETCH_ALLOW": "127.0.0.1",
        "AGENT_MAX_RETRIES": "1",
        "FLOWMATE_LOG_LEVEL": "DEBUG",
    }
    async with (
        ScriptedOpenAI(default=answer, key=SETTINGS["OPENAI_API_KEY"]) as model,
        fresh(**environment, OPENAI_BASE_URL=model.url) as service,
    ):
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            platforms = [platform.settings() for platform in PLATFORMS]
        with redirect_stderr(log):
            configure_logging("DEBUG", service.assembly.settings, *platforms)
        for name in ("httpx", "httpx2", "openai", "slack_sdk", "rq", "rq.worker", "telegram", "aiohttp"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        yield Scene(service, model, log)


async def connect_everything(on: Scene, served: WebServer, mail: MailServer) -> str:
    """Each is saved, tried and refused; the id of the first by name, which the lever uses."""
    url = served.address("/service")
    made = [
        await on.connects("http", "with-token", url=url, token=TOKEN),
        await on.connects("http", "with-password", url=url, user="ada", password=PASSWORD),
        await on.connects("http", "wordy", url=url, user="bob", password=WORDY),
        await on.connects("http", "second", url=url, token=SECOND),
        await on.connects("github", "github", url=url, token=GITHUB),
        await on.connects("ical", "calendar", url=served.address(CALENDAR)),
        await on.connects(
            "smtp", "smtp", host="127.0.0.1", port=str(mail.port), user="ada", password=SMTP, sender="a@b.org"
        ),
        await on.connects(
            "database", "database", url="postgresql://ada:planted%2Fdatabase%3Apassword@127.0.0.1:9/name"
        ),
    ]
    assert [one["test"]["passed"] for one in made] == [False] * 8
    for one in made:
        await on.asks("POST", f"{PATH}/{one['id']}/test")
    await on.asks("GET", PATH)
    return str(made[3]["id"])


async def crash() -> None:
    """A job that breaks, with everything in its exception."""
    raise RuntimeError(QUOTED)


async def break_a_job(url: str) -> None:
    with connect(url) as redis:
        job = Queue("flowmate", connection=redis, serializer=JSONSerializer).enqueue(crash)
        await eventually(lambda: job.get_status(refresh=True) == "failed")


async def test_nothing_of_twenty_secrets_is_found_anywhere(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(set(ALL)) == 20
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(web_server())
        mail = await stack.enter_async_context(mail_server(with_login=True))
        for path in ("/service", "/service/user", CALENDAR, "/api/auth.test", "/api/apps.connections.open"):
            served.handle(path, quote_everything)
        on = await stack.enter_async_context(scene(log, served, mail))
        service = on.service
        used = await connect_everything(on, served, mail)
        failures: list[Exception | None] = [
            None, ToolFailed(QUOTED), *[TransientError(QUOTED)] * 2, TransientError(QUOTED), RuntimeError(QUOTED)
        ]  # fmt: skip
        given: list[str] = []

        async def pull(arguments: Any, *, task: Task, idempotency_key: str) -> ToolOutput:
            """A tool whose service echoes what it was signed in with, and then breaks in every way."""
            given.append(task.integration)
            await service.assembly.integrations.open(task.workspace, task.integration)
            failure = failures.pop(0)
            if failure is not None:
                raise failure
            return ToolOutput(text=QUOTED[:20_000])

        service.lever.integration = "http"
        monkeypatch.setattr(service.lever, "run", pull)
        results = [await on.delegates() for _ in range(4)]
        assert failures == []
        assert given == [used] * 6
        for connection in service.assembly.connections.values():
            on.replies += [finding.model_dump_json() for finding in await connection.check()]
        await break_a_job(service.valkey.url)
        await break_what_nobody_catches(on, monkeypatch)
        with connect(service.valkey.url) as redis:
            queue = everything_in(redis)
        answers = "\n".join(on.replies) + json.dumps(results)
        prompts = json.dumps([request.body for request in on.model.requests], ensure_ascii=False)
        files = read_everything(service.folder.parent)
        places: dict[str, str | bytes] = {
            "queue": queue,
            "answers": answers,
            "prompts": prompts,
            "files": files,
            "log": log.getvalue(),
        }
        assert {name: found_in(place) for name, place in places.items()} == {name: [] for name in places}
        for place in places.values():
            assert MARKER in (place if isinstance(place, str) else place.decode("utf-8", "replace"))
        assert MASK in results[0]["output"]
        assert mail.logins[-1] == ("ada", SMTP), "the real one was used"


TYPED = {
    "http": ({"token": TOKEN}, {"user": "ada", "password": PASSWORD}, {"user": "bob", "password": WORDY}),
    "github": ({"token": GITHUB},),
    "smtp": ({"host": "127.0.0.1", "port": "9", "user": "ada", "password": SMTP, "sender": "a@b.org"},),
    "database": ({"url": "postgresql://ada:planted%2Fdatabase%3Apassword@127.0.0.1:9/name"},),
}
"""What is written into the forms of a chat."""
WRITTEN = (TOKEN, PASSWORD, WORDY, GITHUB, SMTP, DATABASE)


@asynccontextmanager
async def chatting(log: io.StringIO, *, socket: bool) -> AsyncIterator[tuple[Service, SlackServer]]:
    """A service, logging all that it can, and a Slack in which U1 may connect services."""
    async with SlackServer(scopes=SCOPES, events=EVENTS, retry_seconds=(0.0, 0.01, 0.02), burst=50) as slack:
        slack.add_user("U1", name="ada")
        slack.add_channel("C1", members=["U1", "U0BOT"])
        environment = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": slack.base_url,
            "FLOWMATE_ADMINS": f"slack:{slack.team}:U1",
            "FLOWMATE_FETCH_ALLOW": "127.0.0.1",
            "FLOWMATE_LOG_LEVEL": "DEBUG",
        } | ({"SLACK_APP_TOKEN": slack.app_token} if socket else {})
        async with fresh(**environment) as service:
            with redirect_stderr(log):
                configure_logging("DEBUG", service.assembly.settings)
            for name in ("httpx", "slack_sdk", "slack_bolt", "aiohttp", "asyncio"):
                logging.getLogger(name).setLevel(logging.DEBUG)
            if socket:
                await eventually(lambda: slack.sockets.connections)
            else:
                slack.connect_http(f"http://127.0.0.1:{service.port}/slack/events")
            yield service, slack


@pytest.mark.parametrize("socket", [False, True])
async def test_what_is_typed_into_a_form_in_slack_is_found_nowhere(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch, socket: bool
) -> None:
    async with web_server() as served, chatting(log, socket=socket) as (service, slack):
        quoted = "\n".join(form for secret in WRITTEN for form in sorted(forms(secret)))

        async def quote(request: web.Request) -> web.Response:
            return web.Response(status=401, text=f"{request.headers}\n{quoted}", reason="No")

        for path in ("/service", "/service/user"):
            served.handle(path, quote)
        answers: list[str] = []

        async def fill(kind: str, name: str, values: dict[str, str]) -> Any:
            await slack.command("/flowmate", f"connect {kind} {name}", user="U1", channel="C1")
            where = {"url": served.address("/service")} if kind in ("http", "github") else {}
            answer = await slack.submit(list(slack.workspace.views)[-1], where | values)
            answers.append(f"{answer.body} {answer.payload} {answer.headers}")
            return answer

        count = 0
        for kind, fillings in TYPED.items():
            for values in fillings:
                count += 1
                assert (await fill(kind, f"{kind}-{'abc'[count % 3]}-{MARKER[:6]}", values)).payload is None
        await slack.wait_for(lambda: len(slack.channel("C1").shown_to("U1")) == count)
        wrong = await fill("http", "wrong", {"url": f"ftp://ada:{SMTP}@example.org", "token": TOKEN})
        assert wrong.payload["response_action"] == "errors"

        async def broken(*_: Any, **__: Any) -> Any:
            raise RuntimeError(quoted)

        with monkeypatch.context() as patch:
            patch.setattr(service.assembly.integrations, "connect", broken)
            # Over a socket it would be sent again, seconds apart; what it leads to is the same.
            if not socket:
                assert (await fill("http", "broken", {"token": TOKEN})).status == 500
                assert MASK in log.getvalue()
        with connect(service.valkey.url) as redis:
            queue = everything_in(redis)
        places: dict[str, str | bytes] = {
            "queue": queue,
            "answers": "\n".join(answers),
            "sent": json.dumps([dict(one.arguments) for one in slack.requests], default=str),
            "shown": "\n".join(one.everything for one in slack.channel("C1").shown_to("U1")),
            "files": read_everything(service.folder.parent),
            "log": log.getvalue(),
        }
        assert {name: found_in(place) for name, place in places.items()} == {name: [] for name in places}
        for place in (places["shown"], places["files"], places["sent"]):
            assert MARKER[:6] in (place if isinstance(place, str) else place.decode("utf-8", "replace"))
        assert await service.assembly.store.recent(workspace=slack.team, limit=5) == ()
        workspace = f"slack:{slack.team}"
        listed = {one.name: one.id for one in await service.assembly.integrations.listed(workspace)}
        opened = await service.assembly.integrations.open(workspace, listed[f"github-b-{MARKER[:6]}"])
        assert opened["token"] == GITHUB, "it was sealed all the same"


async def break_what_nobody_catches(on: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request, a task that nobody awaits, a thread's hook and the process's own."""
    error = RuntimeError(QUOTED)

    async def broken(*_: Any, **__: Any) -> Any:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(on.service.assembly.integrations, "listed", broken)
        await on.asks("GET", PATH)
    logging.getLogger("a.library").debug("signing in with %r", {"password": PASSWORD, "all": QUOTED})
    asyncio.get_running_loop().call_exception_handler({"message": MAILBOX, "exception": error})
    for secret in (DATABASE, *ALL):
        sys.excepthook(RuntimeError, RuntimeError(secret), None)
