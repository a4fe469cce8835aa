"""Integrations over the API and from the command line, where something is wrong: said plainly, with the right code."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from adapters.settings import Settings
from bot.cli import integrations
from bot.cli.client import CallFailed
from bot.cli.integrations import Connecting
from core.errors import StoreUnavailable
from tests.counterparts.smtp import mail_server
from tests.integration.http_harness import TOKEN, Service
from tests.integration.test_cli_command import Flowmate

pytest_plugins = ("tests.integration.http_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = "/api/v1/integrations"
SECRET = "invented-password"
WORKSPACE = "toy:W8"
CALENDAR = {"kind": "ical", "workspace": WORKSPACE, "fields": {"url": f"https://127.0.0.1:9/{SECRET}"}}


async def test_a_name_is_one_services_alone(service: Service) -> None:
    made = await service.post(PATH, {**CALENDAR, "name": "team"})
    assert (made.status, made.body["test"]["passed"]) == (201, False)
    other = await service.post(
        PATH, {"kind": "github", "name": "team", "workspace": WORKSPACE, "fields": {"token": SECRET}}
    )
    assert other.status == 409
    assert "named team already, of the kind ical" in other.problem
    again = await service.post(PATH, {**CALENDAR, "name": "team"})
    assert (again.status, again.body["id"]) == (201, made.body["id"])
    assert len((await service.get(f"{PATH}?workspace={WORKSPACE}")).body) == 1
    await service.call("DELETE", f"{PATH}/{made.body['id']}?workspace={WORKSPACE}")


async def test_what_is_not_there_is_not_found(service: Service) -> None:
    for method, path in (("POST", f"{PATH}/{'0' * 16}/test"), ("DELETE", f"{PATH}/{'0' * 16}")):
        reply = await service.call(method, path)
        assert (reply.status, reply.problem) == (404, "There is no such integration.")


@pytest.mark.parametrize("workspace", ["nobody", "Toy:W1", "toy:", "toy:W 1", "toy:" + "W" * 120])
async def test_a_workspace_that_can_not_be_is_refused(service: Service, workspace: str) -> None:
    reply = await service.get(PATH, params={"workspace": workspace})
    assert (reply.status, reply.fields) == (422, ["workspace"])


async def test_without_the_database_nothing_is_said_to_be_connected(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def out(*_: object, **__: object) -> None:
        raise StoreUnavailable()

    monkeypatch.setattr(service.assembly.integrations, "connect", out)
    reply = await service.post(PATH, CALENDAR)
    assert reply.status == 503
    assert "Retry-After" in reply.headers
    assert SECRET not in reply.text


def settings_for(service: Service, folder: Path) -> Settings:
    said = {
        "flowmate_data_dir": folder,
        "flowmate_port": service.port,
        "flowmate_operator_token": TOKEN,
    }
    return Settings.model_validate(said)


WRONG = [
    (Connecting("fax"), "", 2, "no kind of integration called 'fax'"),
    (Connecting("smtp", ("host",)), "", 2, "--set takes FIELD=VALUE; the fields are host, port"),
    (Connecting("smtp", ("colour=red",)), "", 2, "--set takes FIELD=VALUE"),
    (Connecting("smtp", (f"password={SECRET}",)), "", 2, "is a secret"),
    (Connecting("smtp"), f"{SECRET}\n", 2, "Standard input takes FIELD=VALUE"),
    (Connecting("smtp"), f"token={SECRET}\n", 2, "Standard input takes FIELD=VALUE"),
    (Connecting("smtp"), f"password={SECRET}\n", 1, "can't do without the mail server"),
    (Connecting("ical", name="No Name"), f"url=https://x.org/{SECRET}\n", 1, "A name has up to 40"),
]


@pytest.mark.parametrize(("wanted", "typed", "code", "said"), WRONG)
async def test_a_command_that_can_not_be_says_why(
    service: Service,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wanted: Connecting,
    typed: str,
    code: int,
    said: str,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    with pytest.raises(CallFailed, match=re.escape(said)) as caught:
        await integrations.connect(settings_for(service, tmp_path), wanted)
    assert caught.value.exit_code == code
    assert SECRET not in caught.value.sentence


@pytest.mark.parametrize("command", [integrations.test, integrations.revoke])
async def test_what_is_not_connected_can_be_neither_tested_nor_revoked(
    service: Service, tmp_path: Path, command: Callable[[Settings, str, str], Awaitable[int]]
) -> None:
    with pytest.raises(CallFailed, match="no integration named nothing"):
        await command(settings_for(service, tmp_path), "nothing", WORKSPACE)


async def test_what_does_not_work_is_shown_and_ends_with_one(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(service, tmp_path)
    assert await integrations.list_integrations(settings, WORKSPACE, as_json=False) == 0
    assert "Nothing is connected yet" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO(f"url=https://127.0.0.1:9/{SECRET}\n"))
    assert await integrations.connect(settings, Connecting("ical", workspace=WORKSPACE)) == 1
    assert await integrations.test(settings, "ical", WORKSPACE) == 1
    shown = capsys.readouterr().out
    assert shown.count("does not work") == 2
    assert await integrations.list_integrations(settings, WORKSPACE, as_json=True) == 0
    listed = capsys.readouterr().out
    [card] = json.loads(listed)
    assert (card["name"], card["test"]["passed"], "url" in card["fields"]) == ("ical", False, False)
    assert await integrations.revoke(settings, "ical", WORKSPACE) == 0
    revoked = capsys.readouterr().out
    assert "Revoked: ical" in revoked
    assert SECRET not in shown + listed + revoked


async def test_the_kinds_are_told_with_what_is_secret(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await integrations.list_kinds(settings_for(service, tmp_path)) == 0
    told = capsys.readouterr().out
    for line in ("smtp  E-mail over SMTP", "password: password (secret, optional)", "bucket: bucket"):
        assert line in told


async def test_without_the_service_the_command_says_so(tmp_path: Path) -> None:
    found = await Flowmate(tmp_path, port=9).run("integrations", "list")
    assert found.code == 3


class Typing:
    """Standard input at a terminal, answering what is asked."""

    def __init__(self, *lines: str) -> None:
        self.lines = [f"{line}\n" for line in lines]

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        return self.lines.pop(0)


async def test_at_a_terminal_it_asks_and_hides_the_secret(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden: list[str] = []

    def getpass(prompt: str) -> str:
        hidden.append(prompt)
        return SECRET

    settings = settings_for(service, tmp_path)
    monkeypatch.setattr("getpass.getpass", getpass)
    async with mail_server(with_login=True) as mail:
        typing = Typing("127.0.0.1", "ada", "flowmate@example.org")
        monkeypatch.setattr("sys.stdin", typing)
        wanted = Connecting(kind="smtp", given=(f"port={mail.port}",), workspace=WORKSPACE)
        assert await integrations.connect(settings, wanted) == 0
        assert mail.logins == [("ada", SECRET)]
    assert typing.lines == []
    assert hidden == ["Password (may be empty): "]
    shown = capsys.readouterr()
    assert "works: The mail server lets FlowMate in." in shown.out
    assert SECRET not in shown.out + shown.err
    assert await integrations.revoke(settings, "smtp", WORKSPACE) == 0
