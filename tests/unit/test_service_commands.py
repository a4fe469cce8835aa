"""What may be said about connected services in a chat, by whom, and what is left to be an instruction."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from datetime import timedelta

import pytest

from adapters.settings import Settings
from core.errors import StoreUnavailable, ToolFailed
from core.integrations import commands
from core.integrations.commands import LINK_LASTS, ServiceCommands, Told
from core.memory.clock import START, ManualClock
from core.memory.invitations import InMemoryInvitations
from core.models import Address, Instruction, Person
from core.models.integration import Integration
from core.ports.invitations import Invitation
from tests.unit.test_integration_desk import SECRET, Bench

ADA, BOB = Person(id="toy:W1:ada", name="Ada"), Person(id="toy:W1:bob", name="Bob")
PLACE = Address(platform="toy", workspace="W1", place="hall")
ELSEWHERE = Address(platform="toy", workspace="W2", place="hall")
LINK = "https://flow.example.org/connect?link=1"


class Hall(Bench):
    """A place where Ada may connect services, and Bob may ask."""

    def __init__(self, *, refuses: str = "") -> None:
        super().__init__()
        self.keys = itertools.count()
        self.invitations = InMemoryInvitations(refuses=refuses)
        self.commands = ServiceCommands(
            desk=self.desk,
            invitations=self.invitations,
            clock=ManualClock(),
            admins=frozenset({ADA.id}),
            by_command=frozenset({"shell"}),
        )

    async def told(
        self, text: str, *, by: Person = ADA, at: Address = PLACE, key: str | None = None, origin: str = "toy"
    ) -> Told | None:
        """The answer to a new message, or to the one with this key."""
        key = key or f"key-{next(self.keys)}"
        return await self.commands.answer(
            Instruction(key=key, text=text, person=by, address=at, origin=origin)
        )

    async def said(self, text: str, **where: object) -> str:
        told = await self.told(text, **where)  # type: ignore[arg-type]
        assert told is not None
        assert told.link == ""
        return told.text


async def test_whoever_asks_sees_what_is_connected_and_whether_it_works() -> None:
    hall = Hall()
    assert "Nothing is connected yet" in await hall.said("integrations", by=BOB)
    await hall.connect("alpha")
    hall.toy.fails = ToolFailed("h.internal.example.org refuses.")
    await hall.connect("beta")
    for text in ("integrations", "Integrations", "list integrations", "integrations list"):
        assert (await hall.said(text, by=BOB)).splitlines() == [
            "**Connected services**",
            "",
            "- **alpha** (toy): works",
            "- **beta** (toy): did not work when it was last tried",
        ]
    assert "Nothing is connected yet" in await hall.said("integrations", at=ELSEWHERE)


async def test_connecting_gives_a_link_for_this_service_of_this_workspace() -> None:
    hall = Hall()
    told = await hall.told("connect toy")
    assert told is not None
    assert told.link == LINK
    assert told.markdown.endswith(f"[Open the form]({LINK})")
    await hall.told("integrations connect TOY spare", at=ELSEWHERE)
    until = START + LINK_LASTS
    assert hall.invitations.issued == [
        Invitation(workspace="toy:W1", kind="toy", name="toy", by=ADA.id, until=until),
        Invitation(workspace="toy:W2", kind="toy", name="spare", by=ADA.id, until=until),
    ]
    assert timedelta(minutes=5) <= LINK_LASTS <= timedelta(minutes=30)


@pytest.mark.parametrize(
    "text",
    [
        f"connect toy token={SECRET}",
        f"connect toy name {SECRET}",
        f"connect toy {SECRET}!",
        f"connect toy {SECRET}",
        f"connect to our toy with {SECRET}",
        f"Connect the TOY, token: {SECRET}",
        f"/connect toy {SECRET} please",
    ],
)
async def test_a_secret_that_is_typed_into_a_chat_is_taken_nowhere(text: str) -> None:
    hall = Hall()
    said = await hall.said(text)
    assert SECRET not in said
    assert "delete that message" in said
    assert hall.invitations.issued == []


@pytest.mark.parametrize(
    "token",
    [
        "invt_" + "Ab3" * 11,
        "invt_" + "ab3" * 11,
        "INVENTED",
        "a1b2c3d4e5f6a7b8",
        "invented-token-of-nobody-at-all",
    ],
)
async def test_what_looks_like_a_token_is_no_name(token: str) -> None:
    hall = Hall()
    said = await hall.said(f"connect toy {token}")
    assert "delete that message" in said
    assert token.lower() not in said.lower()
    assert hall.invitations.issued == []


@pytest.mark.parametrize(
    "text", ["connect my toy", "connect to the toy.", "/connect toy", "Connect toy", "connect with a Toy!"]
)
async def test_a_kind_is_found_behind_little_words(text: str) -> None:
    told = await Hall().told(text)
    assert told is not None
    assert told.link == LINK


async def test_the_same_message_again_gets_the_same_answer_and_does_nothing_more() -> None:
    hall = Hall()
    await hall.connect("alpha")
    first, second = await asyncio.gather(
        hall.told("revoke alpha", key="m1"), hall.told("revoke alpha", key="m1")
    )
    assert first == second == await hall.told("revoke alpha", key="m1")
    assert first is not None
    assert "alpha is revoked" in first.text
    assert await hall.told("revoke alpha", key="m2") is None, "another message is looked at anew"
    for _ in range(2):
        await hall.told("connect toy", key="m3")
    assert len(hall.invitations.issued) == 1


async def test_a_message_that_failed_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    hall = Hall()

    async def out(workspace: str) -> tuple[Integration, ...]:
        raise StoreUnavailable()

    with monkeypatch.context() as patch:
        patch.setattr(hall.desk, "listed", out)
        with pytest.raises(StoreUnavailable):
            await hall.told("integrations", key="m1")
    assert await hall.told("integrations", key="m1") is not None


async def test_answers_are_not_remembered_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "KEPT_ANSWERS", 3)
    hall = Hall()
    for number in range(10):
        await hall.told("integrations", key=f"m{number}")
        await hall.told("test nothing", key=f"n{number}")
    assert len(hall.commands._answers) == 3


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("connect", "- `mail`: A toy"),
        ("connect fax", "there are mail and toy"),
        ("integrations connect fax", "there are mail and toy"),
        ("integrations test", "`test NAME`"),
        ("integrations please", "`test NAME`"),
        ("integrations test nothing", "no integration named nothing"),
        ("integrations revoke nothing", "no integration named nothing"),
    ],
)
async def test_what_is_missing_is_said(text: str, part: str) -> None:
    assert part in await Hall().said(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "test the login page",
        "test nothing",
        "revoke nothing",
        "revoke alpha and beta",
        "connect me with Ada",
        "what do integrations cost in our plan for the next year",
        "list my schedules",
        "integrations of our product should be described for the newsletter",
    ],
)
async def test_everything_else_is_an_instruction(text: str) -> None:
    hall = Hall()
    await hall.connect("alpha")
    assert await hall.told(text) is None


@pytest.mark.parametrize("text", ["connect toy", "test alpha", "revoke alpha", "integrations revoke alpha"])
async def test_only_admins_change_anything_and_others_are_told_how_to_become_one(text: str) -> None:
    hall = Hall()
    made = await hall.connect("alpha")
    hall.toy.tested.clear()
    assert f"`{BOB.id}` in FLOWMATE_ADMINS" in await hall.said(text, by=BOB)
    assert await hall.desk.listed("toy:W1") == (made,)
    assert hall.toy.tested == []
    assert hall.invitations.issued == []


async def test_a_service_is_tested_and_revoked_by_name() -> None:
    hall = Hall()
    await hall.connect("alpha")
    assert await hall.said("test alpha") == "alpha works: It answers."
    hall.toy.fails = ToolFailed(f"h refuses {SECRET}.")
    assert await hall.said("integrations test Alpha") == "alpha does not work: h refuses ***."
    assert await hall.told("revoke alpha", at=ELSEWHERE) is None, "nothing has that name there"
    assert "alpha is revoked" in await hall.said("revoke alpha")
    assert await hall.desk.listed("toy:W1") == ()


async def test_a_test_that_takes_long_goes_on_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "PATIENCE_SECONDS", 0.01)
    hall = Hall()
    await hall.connect("alpha")
    answers = asyncio.Event()

    async def slow(values: Mapping[str, str]) -> str:
        await answers.wait()
        raise ToolFailed("Too late.")

    monkeypatch.setattr(hall.toy, "test", slow)
    assert "has not answered yet" in await hall.said("test alpha")
    [task] = hall.commands._testing
    answers.set()
    await task
    assert "alpha** (toy): did not work" in await hall.said("integrations")


async def test_without_a_safe_address_there_is_no_link() -> None:
    assert await Hall(refuses="Set FLOWMATE_BASE_URL.").said("connect toy") == "Set FLOWMATE_BASE_URL."


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("connect toy", "Run `flowmate integrations connect toy` in a terminal"),
        ("integrations connect toy mine", "`flowmate integrations connect toy --name mine`"),
        ("connect toy ghp_R2d2C3po0123456789", "replace it"),
    ],
)
async def test_where_commands_are_at_hand_one_is_named_and_no_link_is_made(text: str, part: str) -> None:
    hall = Hall(refuses="Set FLOWMATE_BASE_URL.")
    said = await hall.said(text, origin="shell")
    assert part in said
    assert "ghp_" not in said
    assert hall.invitations.issued == []


def test_admins_are_whom_the_settings_name() -> None:
    settings = Settings(flowmate_admins=" slack:T1:U1, telegram:user:7,,")
    assert settings.admins == {"slack:T1:U1", "telegram:user:7"}
    assert Settings(_env_file=None).admins == frozenset()
