"""Integrations over the API and from the command line: secrets go in, and come out nowhere."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from adapters.queue.connection import connect
from adapters.sql.integrations import SqlIntegrations
from bot.logging import Masked
from core.rendering import integrations as words
from tests.counterparts.smtp import MailServer, mail_server
from tests.integration.http_harness import TOKEN, Service
from tests.integration.test_cli_command import Flowmate
from tests.services.reading import read_everything

pytest_plugins = ("tests.integration.http_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = "/api/v1/integrations"
SECRET = "invented-password"
"""The one that the mail server takes."""
LOCAL = "local:local"


def smtp(mail: MailServer, **changes: str) -> dict[str, object]:
    fields = {"host": "127.0.0.1", "port": str(mail.port), "user": "ada", "sender": "flowmate@example.org"}
    return {"kind": "smtp", "fields": {**fields, "password": SECRET, **changes}}


async def test_a_service_is_connected_tested_listed_and_revoked(service: Service) -> None:
    async with mail_server(with_login=True) as mail:
        made = await service.post(PATH, smtp(mail))
        assert (made.status, made.body["name"], made.body["workspace"]) == (201, "smtp", LOCAL)
        assert made.body["test"]["passed"]
        assert mail.logins == [("ada", SECRET)]
    one = f"{PATH}/{made.body['id']}"
    tested = await service.post(f"{one}/test")
    assert (tested.status, tested.body["test"]["passed"]) == (200, False)
    listed = await service.get(PATH)
    assert [found["test"]["passed"] for found in listed.body if found["id"] == made.body["id"]] == [False]
    elsewhere = [await service.get(f"{PATH}?workspace=toy:W2")]
    elsewhere += [await service.post(f"{one}/test?workspace=toy:W2")]
    elsewhere += [await service.call("DELETE", f"{one}?workspace=toy:W2")]
    assert [(found.status, found.body) for found in elsewhere[:1]] == [(200, [])]
    assert [found.status for found in elsewhere[1:]] == [404, 404]
    revoked = await service.call("DELETE", one)
    assert revoked.status == 200
    assert (await service.call("DELETE", one)).status == 404
    for reply in (made, tested, listed, revoked, *elsewhere):
        assert SECRET not in reply.text + str(reply.headers)


async def test_the_database_and_the_log_hold_no_secret(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with mail_server(with_login=True) as mail:
            made = await service.post(PATH, smtp(mail, password="invented-and-planted"))
        assert (made.status, made.body["test"]["passed"]) == (201, False)
        logging.getLogger("somebody").info("signing in with %s", "invented-and-planted")
    masked = Masked(logging.Formatter("%(message)s"))
    lines = [masked.format(record) for record in caplog.records if record.name == "somebody"]
    assert lines == ["signing in with ***"]
    assert b"invented-and-planted" not in read_everything(service.folder)
    rows = SqlIntegrations(service.assembly.database)
    assert "invented-and-planted" not in repr(await rows.get(LOCAL, made.body["id"]))
    await service.call("DELETE", f"{PATH}/{made.body['id']}")


async def test_an_agents_mail_goes_over_the_connected_server_and_its_password_nowhere(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    ask = "mail ada@example.org that lunch is at 12"
    with caplog.at_level(logging.DEBUG):
        refused = await service.delegate(ask)
        async with mail_server(with_login=True) as mail:
            made = await service.post(PATH, smtp(mail))
            sent = await service.delegate(ask)
            assert [one["To"] for one in mail.mails] == ["ada@example.org"]
            assert mail.logins == [("ada", SECRET)] * 2
        await service.call("DELETE", f"{PATH}/{made.body['id']}")
        after = await service.delegate(ask)
    assert [reply.body["results"][0]["status"] for reply in (refused, sent, after)] == [
        "denied",
        "succeeded",
        "denied",
    ]
    assert "flowmate integrations connect smtp --workspace local:local" in refused.body["answer"]
    store = service.assembly.store
    events = [await store.events(reply.body["delegationId"]) for reply in (refused, sent, after)]
    denied = [event.data for event in events[0] if event.kind == "tool.denied"]
    assert [(one["tool"], one["integration"]) for one in denied] == [("send_email", "smtp")]
    files = read_everything(service.folder)
    with connect(service.valkey.url) as redis:
        jobs = [redis.dump(key) for key in redis.scan_iter()]
    assert jobs
    assert SECRET not in repr((events, jobs, files, refused.body, sent.body, after.body))
    formatter = Masked(logging.Formatter("%(message)s"))
    assert SECRET not in "".join(map(formatter.format, caplog.records))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "fax"}, "kind"),
        ({"kind": "smtp", "fields": {"host": "h"}}, "fields.sender"),
        ({"kind": "ical", "name": "No Name", "fields": {"url": f"https://example.org/{SECRET}"}}, "name"),
        ({"kind": "ical", "fields": {"url": {"a": SECRET}}}, "fields.url"),
        ({"kind": "ical", "fields": {"url": f"webcal://{SECRET}"}}, "fields.url"),
        ({"kind": "ical", "workspace": "nobody", "fields": {"url": SECRET}}, "workspace"),
        ({"kind": "ical", "token": SECRET}, "token"),
    ],
)
async def test_what_can_not_be_is_refused_by_field_without_repeating_it(
    service: Service, body: dict[str, object], field: str
) -> None:
    reply = await service.post(PATH, body)
    assert (reply.status, reply.fields) == (422, [field])
    assert SECRET not in reply.text


async def test_whoever_is_not_signed_in_gets_nothing(service: Service) -> None:
    for reply in (
        await service.get(PATH, signed_in=False),
        await service.post(PATH, {"kind": "smtp"}, signed_in=False),
    ):
        assert reply.status == 401


async def test_the_kinds_are_listed_with_their_fields(service: Service) -> None:
    kinds = {kind["name"]: kind for kind in (await service.get(f"{PATH}/kinds")).body}
    secret = [field["name"] for field in kinds["smtp"]["fields"] if field["secret"]]
    assert secret == ["password"]


async def test_the_command_reads_secrets_from_standard_input_and_shows_none(
    service: Service, tmp_path: Path
) -> None:
    flowmate = Flowmate(tmp_path, port=service.port)
    environment = {"FLOWMATE_OPERATOR_TOKEN": TOKEN}
    async with mail_server(with_login=True) as mail:
        said = ["host=127.0.0.1", f"port={mail.port}", "user=ada", "sender=flowmate@example.org"]
        sets = [part for one in said for part in ("--set", one)]
        whose = ("--name", "outbox", "--workspace", "toy:W7")
        made = await flowmate.run(
            "integrations",
            "connect",
            "smtp",
            *sets,
            *whose,
            typed=f"password={SECRET}\n",
            environment=environment,
        )
        assert (made.code, made.err) == (0, "")
        assert "works: The mail server lets FlowMate in." in made.out
        assert mail.logins == [("ada", SECRET)]
        wrong = await flowmate.run(
            "integrations", "connect", "smtp", "--set", f"password={SECRET}", environment=environment
        )
        assert wrong.code == 2
        assert "is a secret" in wrong.err
        rest = ("outbox", "--workspace", "toy:W7")
        listed = await flowmate.run(
            "integrations", "list", "--workspace", "toy:W7", "--json", environment=environment
        )
        assert [one["name"] for one in json.loads(listed.out)] == ["outbox"]
        tested = await flowmate.run("integrations", "test", *rest, environment=environment)
        revoked = await flowmate.run("integrations", "revoke", *rest, environment=environment)
        gone = await flowmate.run("integrations", "test", *rest, environment=environment)
    assert (tested.code, revoked.code, gone.code) == (0, 0, 1)
    assert "no integration named outbox" in gone.err
    for ran in (made, wrong, listed, tested, revoked, gone):
        assert SECRET not in ran.out + ran.err


async def test_what_a_chat_understands_of_services_is_understood_in_the_terminal(
    service: Service, tmp_path: Path
) -> None:
    flowmate = Flowmate(tmp_path, port=service.port, token=TOKEN)
    async with mail_server(with_login=True) as mail:
        await service.post(PATH, smtp(mail))
        began = service.assembly.clock.now().isoformat()
        said = ["integrations", "connect smtp", "test smtp", "revoke smtp", "what is 2+2"]
        ran = await flowmate.run("chat", typed="\n".join(said))
    assert (ran.code, ran.err) == (0, "")
    for part in (
        "- **smtp** (smtp): works",
        "`flowmate integrations connect smtp`",
        "smtp works: The mail server lets FlowMate in.",
        "smtp is revoked",
        "4",
    ):
        assert part in ran.out
    asked = await flowmate.run("ask", "integrations", "--json")
    assert json.loads(asked.out) == {"delegationId": "", "status": "success", "answer": words.overview(())}
    after = await service.get("/api/v1/delegations")
    new = [one for one in after.body["delegations"] if one["receivedAt"] >= began]
    assert [one["instruction"] for one in new] == ["what is 2+2"], "nothing else is kept"
