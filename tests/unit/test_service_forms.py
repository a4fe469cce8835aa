"""Connecting a service through a form: who gets one, what becomes of what was filled in, and what is said of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import NoReturn

import pytest

from core.errors import Conflict, InvalidIntegration, StoreUnavailable, ToolFailed
from core.integrations import commands
from core.models import Instruction, Person
from core.models.form import Form, Submission
from core.models.integration import Integration
from core.rendering import integrations as words
from tests.unit.test_integration_desk import SECRET, Toy
from tests.unit.test_service_commands import ADA, BOB, PLACE, Hall

W = "toy:W1"


def form(hall: Hall, text: str, *, by: Person = ADA) -> Form | None:
    return hall.commands.form(Instruction(key="k", text=text, person=by, address=PLACE, origin="toy"))


def filled(service: str = "toy spare", *, by: Person = ADA, key: str = "f1", **values: str) -> Submission:
    values = {"host": "h", "token": SECRET, **values}
    return Submission(values=values, person=by, address=PLACE, key=key, origin="toy", service=service)


class Later:
    """Hears what is said in the end."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self._told = asyncio.Event()

    def __call__(self, sentence: str) -> None:
        self.said.append(sentence)
        self._told.set()

    async def all(self) -> list[str]:
        """Everything that was said, once something is."""
        async with asyncio.timeout(5):
            await self._told.wait()
        return self.said


async def connect(hall: Hall, submission: Submission) -> list[str]:
    """What is said later, once it is said."""
    later = Later()
    await hall.commands.connect(submission, later=later)
    return await later.all()


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("connect toy", "toy toy"),
        ("/connect the Toy spare", "toy spare"),
        ("integrations connect mail", "mail mail"),
    ],
)
async def test_whoever_may_connect_gets_a_form_for_all_that_the_kind_needs(text: str, service: str) -> None:
    found = form(Hall(), text)
    assert found is not None
    assert (found.service, found.submit) == (service, words.CONNECT)
    assert [(one.name, one.needed, one.secret) for one in found.fields] == [
        ("host", True, False),
        ("user", False, False),
        ("token", True, True),
        ("pin", False, True),
    ]
    assert f"It will be called {service.split()[1]}." in found.lead
    assert form(Hall(), text, by=BOB) is None


@pytest.mark.parametrize(
    "text",
    [
        "connect",
        "connect fax",
        "connect toy spare please",
        f"connect toy {SECRET}",
        "connect me with Ada",
        "integrations",
        "test toy",
        "",
        "please connect toy",
    ],
)
async def test_everything_else_has_no_form(text: str) -> None:
    assert form(Hall(), text) is None


async def test_what_was_filled_in_is_sealed_tried_and_told_once() -> None:
    hall = Hall()
    assert await connect(hall, filled()) == ["spare works: It answers."]
    [made] = await hall.desk.listed(W)
    assert (made.name, made.kind, made.connected_by) == ("spare", "toy", ADA.id)
    assert (await hall.desk.open(W, made.id))["token"] == SECRET
    said: list[str] = []
    await hall.commands.connect(filled(), later=said.append)
    assert len(hall.toy.tested) == 1, "the same form, sent again"
    assert said == []
    assert SECRET not in repr(filled()) + str(filled())


@pytest.mark.parametrize(
    ("submission", "field", "sentence"),
    [
        (filled(host="wrong"), "fields.host", "That is no host."),
        (filled(token=" "), "fields.token", "It can't do without the token."),
        (filled(service="fax spare"), "kind", "no kind of integration called 'fax'"),
        (filled(service="toy SPARE"), "name", words.WRONG_NAME),
        (filled(by=BOB), "", "Only those who look after FlowMate"),
    ],
)
async def test_what_has_to_be_mended_is_said_at_its_field_and_may_be_sent_again(
    submission: Submission, field: str, sentence: str
) -> None:
    hall = Hall()
    for _ in range(2):
        with pytest.raises(InvalidIntegration) as refused:
            await hall.commands.connect(submission, later=pytest.fail)
        assert (refused.value.field, sentence in refused.value.sentence) == (field, True)
    assert await hall.desk.listed(W) == ()
    assert await connect(hall, filled()) == ["spare works: It answers."]


async def test_a_name_that_another_kind_has_and_a_database_that_is_out_are_said() -> None:
    hall = Hall()
    await hall.connect("spare", kind="mail")
    with pytest.raises(Conflict):
        await hall.commands.connect(filled(), later=pytest.fail)

    async def out(workspace: str) -> NoReturn:
        raise StoreUnavailable()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hall.rows, "listed", out)
        with pytest.raises(StoreUnavailable):
            await hall.commands.connect(filled(service="toy other"), later=pytest.fail)
    assert await connect(hall, filled(service="toy other")) == ["other works: It answers."]


async def test_a_service_that_takes_its_time_is_sealed_at_once_and_told_of_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commands, "PATIENCE_SECONDS", 0.01)
    hall = Hall()
    tried, answers = asyncio.Event(), asyncio.Event()

    async def slow(self: Toy, values: Mapping[str, str]) -> str:
        tried.set()
        await answers.wait()
        raise ToolFailed(f"h refuses {SECRET}.")

    monkeypatch.setattr(Toy, "test", slow)
    later = Later()
    await hall.commands.connect(filled(), later=later)
    await tried.wait()
    assert [one.name for one in await hall.desk.listed(W)] == ["spare"]
    assert later.said == []
    await hall.commands.connect(filled(), later=pytest.fail)
    answers.set()
    assert await later.all() == ["spare does not work: h refuses ***."]


async def test_what_nobody_expected_is_told_in_a_sentence_and_logged_without_the_secret(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(commands, "PATIENCE_SECONDS", 0.01)
    hall = Hall()
    breaks = asyncio.Event()

    async def broken(integration: Integration, sealed: object) -> NoReturn:
        await breaks.wait()
        raise RuntimeError("The disk is on fire.")

    monkeypatch.setattr(hall.rows, "save", broken)
    later = Later()
    with caplog.at_level(logging.DEBUG):
        await hall.commands.connect(filled(), later=later)
        breaks.set()
        assert await later.all() == [words.NOT_CONNECTED]
    assert "on fire" in caplog.text
    assert SECRET not in caplog.text


async def test_a_kind_that_breaks_over_what_was_filled_in_finds_it_known_as_a_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hall = Hall()

    def broken(self: Toy, values: Mapping[str, str]) -> NoReturn:
        raise RuntimeError(f"can't read {values}")

    monkeypatch.setattr(Toy, "check", broken)
    with pytest.raises(RuntimeError) as broke:
        await hall.commands.connect(filled(), later=pytest.fail)
    assert SECRET not in hall.known.mask(str(broke.value))


async def test_forms_are_not_remembered_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "KEPT_ANSWERS", 3)
    hall = Hall()
    for number in range(6):
        await connect(hall, filled(key=f"f{number}"))
    assert len(hall.commands._connecting) == 3
