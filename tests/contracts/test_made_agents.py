"""The MadeAgents port, over every implementation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from adapters.sql.database import Database
from adapters.sql.made_agents import SqlMadeAgents
from adapters.sql.store import SqlStore
from core.errors import NotFound, StoreUnavailable
from core.memory.made_agents import InMemoryMadeAgents
from core.memory.store import InMemoryStore
from core.models import Address, Agent, AgentDraft, DraftTurn, MadeAgent, Person, Visibility
from core.ports.made_agents import MadeAgents
from core.ports.store import Store
from core.roster import Roster
from tests.contracts.conftest import ALL
from tests.contracts.samples import HERE, NOW, accepted, at

ADA, BOB = Person(id="toy:W1:ada", name="Ada"), Person(id="toy:W1:bob")


@dataclass
class Place:
    """The agents, as one process sees them, and the delegations beside them."""

    agents: MadeAgents
    store: Store
    again: Callable[[], MadeAgents]
    """Another process's view of the same rows."""


@pytest.fixture(params=ALL)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "memory":
        store = InMemoryStore()
        agents = InMemoryMadeAgents(store=store)
        yield Place(agents, store, lambda: agents)
        return
    opened: list[Database] = []

    def open_database() -> Database:
        opened.append(Database(request.getfixturevalue(f"{request.param}_url")))
        return opened[-1]

    database = open_database()
    yield Place(SqlMadeAgents(database), SqlStore(database), lambda: SqlMadeAgents(open_database()))
    for one in opened:
        one.close()


async def test_the_names_of_all_workspaces_are_those_of_agents_that_are_there(place: Place) -> None:
    assert await place.agents.names() == frozenset()
    for one in (made("digest"), made("digest", workspace="W2"), made("diary", workspace="W2")):
        assert await place.agents.save(one, expected=None, now=NOW)
    gone = await place.agents.save(made("gone"), expected=None, now=NOW)
    assert gone is not None
    assert await place.agents.delete(gone, by=ADA.id, key="k", now=NOW)
    assert await place.again().names() == {"digest", "diary"}
    assert await place.again().count() == 3


def made(
    name: str = "digest", *, says: str = "Reads the news.", workspace: str = "W1", **more: object
) -> MadeAgent:
    values: dict[str, object] = {
        "platform": "toy",
        "workspace": workspace,
        "agent": Agent(name=name, description=says, tools=("read_feeds",), system_prompt="Größe: 🧪"),
        "owner": ADA,
        "at": NOW,
        **more,
    }
    return MadeAgent.model_validate(values)


async def test_each_change_is_a_version_and_all_of_them_stay(place: Place) -> None:
    first = await place.agents.save(made(), expected=None, now=NOW)
    assert first is not None
    assert (first.version, first.visibility, first.owner) == (1, Visibility.ME, ADA)
    second = await place.agents.save(
        made(says="Reads more.", visibility=Visibility.WORKSPACE), expected=1, now=at(5)
    )
    assert second is not None
    assert (second.version, second.at) == (2, at(5))
    assert [one.agent.description for one in await place.agents.history("toy", "W1", "digest")] == [
        "Reads more.",
        "Reads the news.",
    ]
    assert (await place.again().load("toy", "W1", "digest", 1)).agent == first.agent
    assert (await place.again().roster("toy", "W1")).agents == (second,)
    with pytest.raises(NotFound):
        await place.agents.load("toy", "W1", "digest", 3)
    with pytest.raises(NotFound):
        await place.agents.load("toy", "W2", "digest", 1)


async def test_who_saw_an_older_version_changes_nothing(place: Place) -> None:
    assert await place.agents.save(made(), expected=None, now=NOW)
    assert await place.agents.save(made(says="b"), expected=1, now=NOW)
    assert await place.agents.save(made(says="c"), expected=1, now=NOW) is None
    assert await place.agents.save(made(says="d"), expected=None, now=NOW) is None
    assert not await place.agents.delete(made(), by="x", key="", now=NOW)
    (current,) = (await place.agents.roster("toy", "W1")).agents
    assert current.agent.description == "b"


async def test_a_change_that_is_repeated_finds_itself_done(place: Place) -> None:
    first = await place.agents.save(made(key="k1"), expected=None, now=NOW)
    again = await place.again().save(made(key="k1"), expected=None, now=at(9))
    assert first is not None
    assert again == first
    assert await place.agents.delete(first, by="x", key="k2", now=at(9))
    assert await place.agents.delete(first, by="x", key="k2", now=at(9))
    assert not await place.agents.delete(first, by="x", key="k3", now=at(9))


async def test_a_deleted_agent_stays_readable_and_its_name_goes_on_counting(place: Place) -> None:
    first = await place.agents.save(made(), expected=None, now=NOW)
    assert first is not None
    assert await place.agents.delete(first, by=ADA.id, key="k", now=at(9))
    (gone,) = (await place.agents.roster("toy", "W1")).agents
    assert (gone.name, gone.deleted_at) == ("digest", at(9))
    assert (await place.agents.load("toy", "W1", "digest", 1)).agent == first.agent
    anew = await place.agents.save(made(owner=BOB), expected=None, now=at(10))
    assert anew is not None
    assert (anew.version, anew.owner.id, anew.deleted_at) == (2, BOB.id, None)
    assert [one.owner.id for one in await place.agents.history("toy", "W1", "digest")] == [BOB.id, ADA.id]


async def test_the_roster_counts_the_changes_of_its_own_workspace(place: Place) -> None:
    assert await place.agents.roster_version("toy", "W1") == 0
    first = await place.agents.save(made(), expected=None, now=NOW)
    one = await place.again().roster_version("toy", "W1")
    assert one > 0
    await place.agents.save(made(workspace="W2"), expected=None, now=NOW)
    assert await place.agents.roster_version("toy", "W1") == one
    assert first is not None
    await place.agents.delete(first, by="x", key="", now=NOW)
    assert await place.agents.roster_version("toy", "W1") > one
    assert (await place.agents.roster("toy", "W1")).version == await place.agents.roster_version("toy", "W1")


async def test_a_delegation_is_read_with_the_version_of_its_workspaces_roster(place: Place) -> None:
    await accepted(place.store, "d1")
    assert (await place.store.load_to_plan("d1", exchanges=0))[1] == 0
    assert (await place.store.load_to_plan("d1", exchanges=0))[0] == await place.store.load("d1")
    await place.agents.save(made(workspace="W2"), expected=None, now=NOW)
    assert (await place.store.load_to_plan("d1", exchanges=0))[1] == 0
    await place.agents.save(made(), expected=None, now=NOW)
    assert (await place.store.load_to_plan("d1", exchanges=0))[1] == await place.agents.roster_version(
        "toy", "W1"
    )


async def test_of_many_that_make_one_name_at_once_exactly_one_does(place: Place) -> None:
    views = [place.again() for _ in range(4)]
    tries = [view.save(made(says=f"no. {n}"), expected=None, now=NOW) for n, view in enumerate(views * 3)]
    saved = [one for one in await asyncio.gather(*tries) if one is not None]
    assert len(saved) == 1
    assert (await place.agents.roster("toy", "W1")).agents == (saved[0],)


async def test_agents_move_along_with_their_workspace(place: Place) -> None:
    await place.agents.save(made(), expected=None, now=NOW)
    await place.agents.save(made("taken"), expected=None, now=NOW)
    await place.agents.save(made("taken", workspace="W9", says="here first"), expected=None, now=NOW)
    new = Address(platform="toy", workspace="W9", place="W9")
    before = await place.agents.roster_version("toy", "W9")
    assert await place.agents.move(HERE, to=new) == 1
    assert await place.agents.move(HERE, to=new) == 0
    assert await place.agents.roster_version("toy", "W9") > before
    assert [a.agent.description for a in (await place.agents.roster("toy", "W9")).agents] == [
        "Reads the news.",
        "here first",
    ]
    assert (await place.agents.load("toy", "W9", "digest", 1)).name == "digest"
    assert [one.name for one in (await place.agents.roster("toy", "W1")).agents] == ["taken"]


async def test_a_draft_is_one_persons_in_one_conversation(place: Place) -> None:
    draft = AgentDraft(
        address=HERE,
        person_id=ADA.id,
        given={"name": "digest"},
        turns=(DraftTurn(key="k", field="description", text="reads 🧪", accepted=True),),
        at=NOW,
    )
    await place.agents.save_draft(draft, forget_before=NOW)
    later = draft.model_copy(update={"closed_by": "k2", "at": at(1)})
    await place.agents.save_draft(later, forget_before=NOW)
    assert await place.again().draft(HERE, ADA.id) == later
    assert await place.agents.draft(HERE, BOB.id) is None
    assert await place.agents.draft(HERE.model_copy(update={"thread": "other"}), ADA.id) is None
    other = draft.model_copy(update={"person_id": BOB.id, "at": at(60)})
    await place.agents.save_draft(other, forget_before=NOW + timedelta(seconds=30))
    assert await place.agents.draft(HERE, ADA.id) is None


async def test_a_worker_knows_of_a_change_with_the_next_delegation_it_plans(place: Place) -> None:
    """The door and the worker are processes of their own, with the database between them."""
    worker = Roster(files={}, made=place.again())
    await accepted(place.store, "d1")
    delegation, version, _ = await place.store.load_to_plan("d1", exchanges=0)
    assert (await worker.crew(delegation, version=version)).usable_by(ADA.id) == ()
    first = await place.agents.save(made(), expected=None, now=NOW)
    assert first is not None
    for says, visibility, ada, bob in (
        ("Reads the news.", Visibility.ME, 1, 0),
        ("Reads more.", Visibility.WORKSPACE, 1, 1),
    ):
        await place.agents.save(made(says=says, visibility=visibility), expected=first.version, now=NOW)
        delegation, version, _ = await place.store.load_to_plan("d1", exchanges=0)
        crew = await worker.crew(delegation, version=version)
        assert [len(crew.usable_by(who)) for who in (ADA.id, BOB.id)] == [ada, bob]
        first = first.model_copy(update={"version": first.version + 1})
    assert await place.agents.delete(first, by=ADA.id, key="", now=NOW)
    delegation, version, _ = await place.store.load_to_plan("d1", exchanges=0)
    crew = await worker.crew(delegation, version=version)
    assert crew.usable_by(ADA.id) == ()
    assert crew.missed("@digest go") is not None


async def test_a_database_that_is_out_is_said_so() -> None:
    store = InMemoryStore()
    store.available = False
    with pytest.raises(StoreUnavailable):
        await InMemoryMadeAgents(store=store).roster("toy", "W1")
    gone = SqlMadeAgents(Database("sqlite:////nowhere/at/all.db"))
    with pytest.raises(StoreUnavailable):
        await gone.roster("toy", "W1")
