"""Connecting, testing, opening and revoking services; what is wrong is said, and no secret with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from core.errors import (
    Conflict,
    InvalidIntegration,
    KeyRetired,
    NotFound,
    SealBroken,
    ToolFailed,
    TransientError,
    UnknownKey,
)
from core.integrations import desk
from core.integrations.desk import ATTEMPTS, IntegrationDesk, Wanted
from core.integrations.masking import KnownSecrets
from core.memory.clock import START, ManualClock
from core.memory.integrations import InMemoryIntegrations
from core.memory.vault import InMemoryVault
from core.models.integration import Integration, TestRun
from core.ports.integrations import DEPLOYMENT, Field, Missing
from core.ports.vault import Sealed

W, OTHER = "toy:W1", "toy:W2"
SECRET = "invented-secret-of-the-toy"


class Toy:
    """A service that answers as the test says."""

    title = "A toy"
    fields: tuple[Field, ...] = (
        Field(name="host", title="host"),
        Field(name="user", title="user", required=False),
        Field(name="token", title="token", secret=True),
        Field(name="pin", title="pin", secret=True, required=False),
    )

    def __init__(self, name: str = "toy") -> None:
        self.name = name
        self.fails: Exception | None = None
        self.tested: list[Mapping[str, str]] = []

    def check(self, values: Mapping[str, str]) -> None:
        if values["host"] == "wrong":
            raise InvalidIntegration("That is no host.", field="fields.host")

    async def test(self, values: Mapping[str, str]) -> str:
        self.tested.append(values)
        if self.fails is not None:
            raise self.fails
        return "It answers."


class Bench:
    """A desk on parts in memory."""

    def __init__(self, **options: Any) -> None:
        self.toy = Toy()
        self.rows = InMemoryIntegrations()
        self.vault = InMemoryVault()
        self.known = KnownSecrets()
        self.desk = IntegrationDesk(
            integrations=self.rows,
            vault=self.vault,
            kinds={"toy": self.toy, "mail": Toy("mail")},
            clock=ManualClock(),
            known=self.known,
            **options,
        )

    async def connect(self, name: str = "", *, kind: str = "toy", workspace: str = W, **values: str) -> Any:
        values = {"host": "h", "token": SECRET, **values}
        return await self.desk.connect(
            workspace, Wanted(kind=kind, name=name, values=values), by="toy:W1:ada"
        )


async def test_a_connected_service_is_tested_and_opens_with_all_its_values() -> None:
    bench = Bench()
    made = await bench.connect(user=" ada ", pin="")
    assert made.test == TestRun(at=START, passed=True, note="It answers.")
    assert (made.name, made.kind, made.fields) == ("toy", "toy", {"host": "h", "user": "ada"})
    whole = {"host": "h", "user": "ada", "token": SECRET}
    assert await bench.desk.open(W, made.id) == whole == bench.toy.tested[0]
    assert await bench.desk.listed(W) == (made,)


async def test_what_is_kept_beside_the_seal_holds_no_secret() -> None:
    bench = Bench()
    made = await bench.connect()
    integration, sealed = await bench.rows.get(W, made.id)
    assert SECRET not in integration.model_dump_json() + repr(sealed) + repr(
        Wanted(kind="toy", values={"token": SECRET})
    )


async def test_the_same_name_again_replaces_the_credentials() -> None:
    bench = Bench()
    first = await bench.connect()
    again = await bench.connect(token="invented-newer-secret")
    assert again.id == first.id
    assert (await bench.desk.open(W, first.id))["token"] == "invented-newer-secret"
    with pytest.raises(Conflict, match="of the kind toy"):
        await bench.connect("toy", kind="mail")


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"kind": "fax"}, "kind", "there are mail and toy"),
        ({"name": "No Name"}, "name", "small letters"),
        ({"token": " "}, "fields.token", "without the token"),
        ({"host": "wrong"}, "fields.host", "no host"),
        ({"surprise": SECRET}, "fields.surprise", "there are host, user, token and pin"),
        ({"token": SECRET * 1000}, "fields.token", "longer than 10,000"),
    ],
)
async def test_what_can_not_be_is_said_without_repeating_a_secret(
    changes: dict[str, str], field: str, said: str
) -> None:
    bench = Bench()
    with pytest.raises(InvalidIntegration, match=said) as caught:
        await bench.connect(**changes)
    assert caught.value.field == field
    assert SECRET not in caught.value.sentence
    assert await bench.desk.listed(W) == ()


@pytest.mark.parametrize("failure", [ToolFailed, TransientError])
async def test_a_test_that_fails_is_noted_without_the_secrets_it_quotes(failure: type[Exception]) -> None:
    bench = Bench()
    bench.toy.fails = failure(f"h refuses {SECRET}.")
    made = await bench.connect()
    assert made.test == TestRun(at=START, passed=False, note="h refuses ***.")
    bench.toy.fails = None
    assert (await bench.desk.test(W, made.id)).test == TestRun(at=START, passed=True, note="It answers.")


async def test_a_broken_seal_is_a_failed_test_and_opens_nothing() -> None:
    bench = Bench()
    made = await bench.connect()
    integration, sealed = await bench.rows.get(W, made.id)
    await bench.rows.save(integration, sealed.model_copy(update={"ciphertext": b"changed"}))
    with pytest.raises(SealBroken):
        await bench.desk.open(W, made.id)
    tested = (await bench.desk.test(W, made.id)).test
    assert tested is not None
    assert not tested.passed
    assert "connect the integration again" in tested.note


async def test_a_service_that_never_answers_is_a_failed_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "TEST_SECONDS", 0.01)
    bench = Bench()

    async def hang(values: Mapping[str, str]) -> str:
        await asyncio.Event().wait()
        raise AssertionError("never set")

    monkeypatch.setattr(bench.toy, "test", hang)
    made = await bench.connect()
    assert made.test == TestRun(at=START, passed=False, note="There was no answer within 0.01 seconds.")
    assert await bench.desk.listed(W) == (made,), "it is kept, and can be tested again"


async def test_a_key_that_is_retired_while_something_is_sealed_makes_no_difference() -> None:
    bench = Bench()
    retired = [KeyRetired(), KeyRetired()]
    save = bench.rows.save

    async def retiring(integration: Integration, sealed: Sealed) -> None:
        if retired:
            raise retired.pop()
        await save(integration, sealed)

    bench.rows.save = retiring  # type: ignore[method-assign]
    made = await bench.connect()
    assert (await bench.desk.open(W, made.id))["token"] == SECRET
    retired += [KeyRetired()] * ATTEMPTS
    with pytest.raises(KeyRetired):
        await bench.connect()
    assert retired == []


async def test_a_row_whose_key_is_gone_for_good_is_no_integration_any_more() -> None:
    bench = Bench()
    made = await bench.connect()
    integration, sealed = await bench.rows.get(W, made.id)
    await bench.rows.save(integration, sealed.model_copy(update={"key_id": "lost"}))
    with pytest.raises(UnknownKey):
        await bench.desk.open(W, made.id)
    tested = (await bench.desk.test(W, made.id)).test
    assert tested is not None
    assert not tested.passed


async def test_a_kind_that_is_no_longer_there_is_said_so() -> None:
    bench = Bench()
    made = await bench.connect()
    bench.desk.kinds = {"mail": Toy("mail")}
    with pytest.raises(InvalidIntegration, match="there are mail"):
        await bench.desk.test(W, made.id)
    assert await bench.desk.revoke(W, made.id) == made


async def test_what_is_connected_stays_when_its_new_credentials_can_not_be() -> None:
    bench = Bench()
    made = await bench.connect()
    with pytest.raises(InvalidIntegration):
        await bench.connect(host="wrong", token="invented-newer-secret")
    assert (await bench.desk.open(W, made.id))["token"] == SECRET


async def test_a_row_that_is_copied_into_another_workspace_opens_nothing_there() -> None:
    bench = Bench()
    made = await bench.connect()
    integration, sealed = await bench.rows.get(W, made.id)
    await bench.rows.remove(W, made.id)
    await bench.rows.save(integration.model_copy(update={"workspace": OTHER}), sealed)
    with pytest.raises(SealBroken):
        await bench.desk.open(OTHER, made.id)


async def test_nothing_is_done_to_another_workspaces() -> None:
    bench = Bench()
    made = await bench.connect()
    for attempt in (bench.desk.open, bench.desk.test, bench.desk.revoke):
        with pytest.raises(NotFound):
            await attempt(OTHER, made.id)
    assert await bench.desk.listed(OTHER) == ()


async def test_what_is_revoked_is_gone() -> None:
    bench = Bench()
    made = await bench.connect()
    assert await bench.desk.revoke(W, made.id) == made
    with pytest.raises(NotFound):
        await bench.desk.open(W, made.id)


async def test_a_call_may_use_what_the_agent_was_given_and_the_workspace_has() -> None:
    bench = Bench(provided=frozenset({"mail"}))
    assert await bench.desk.find(W, "toy", given=["toy"]) is Missing.NOT_CONNECTED
    assert await bench.desk.find(W, "mail", given=["mail"]) == DEPLOYMENT
    assert await bench.desk.find(W, "mail", given=["toy"]) is Missing.NOT_GIVEN
    first, second = await bench.connect("alpha"), await bench.connect("beta")
    own = await bench.connect(kind="mail")
    assert await bench.desk.find(W, "toy", given=["toy"]) == first.id
    assert await bench.desk.find(W, "toy", given=["beta"]) == second.id
    assert await bench.desk.find(W, "toy", given=["beta", "toy"]) == second.id
    assert await bench.desk.find(W, "toy", given=[]) is Missing.NOT_GIVEN
    assert await bench.desk.find(W, "mail", given=["mail"]) == own.id
    assert await bench.desk.find(OTHER, "toy", given=["toy"]) is Missing.NOT_CONNECTED


def test_a_known_secret_is_masked_however_it_is_written() -> None:
    known = KnownSecrets()
    secret = 'invented "p/ss" wörd+\n-----invented second line-----'
    known.add(secret, "", "abc")
    for text in (secret, json.dumps({"a": secret}), repr(secret), "see -----invented second line----- there"):
        masked = known.mask(text)
        assert "invented" not in masked, masked
        assert "***" in masked
    known.add("user:invented-password")
    assert known.mask("Basic dXNlcjppbnZlbnRlZC1wYXNzd29yZA==") == "Basic ***"
    assert known.mask("abc is too short") == "abc is too short"


def test_the_password_in_an_address_is_masked_by_itself_too() -> None:
    known = KnownSecrets()
    known.add("postgresql://ada:invented%2Fpassword@db.example.org/name", "https://[invented")
    assert known.mask('user "ada", password "invented/password"') == 'user "ada", password "***"'


def test_of_two_secrets_the_longer_one_is_masked_whole() -> None:
    known = KnownSecrets()
    known.add("invented", "invented-and-longer")
    assert known.mask("invented-and-longer, invented") == "***, ***"


def test_only_so_many_secrets_are_remembered() -> None:
    known = KnownSecrets()
    for number in range(6000):
        known.add(f"invented-{number:06}")
    assert known.mask("invented-005999 invented-000000") == "*** invented-000000"
