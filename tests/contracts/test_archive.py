"""The Archive port: whole, checked and restorable, over both databases."""

from __future__ import annotations

import hashlib
import json
import random
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sql.admissions import SqlAdmissions
from adapters.sql.approvals import SqlApprovals
from adapters.sql.archive import EVERYTHING, SqlArchive
from adapters.sql.budgets import SqlBudgets
from adapters.sql.database import Database
from adapters.sql.made_agents import SqlMadeAgents
from adapters.sql.notes import SqlNotes
from adapters.sql.runs import SqlRuns
from adapters.sql.schedules import SqlSchedules
from adapters.sql.store import SqlStore
from core.errors import ToolFailed
from core.memory.clock import ManualClock
from core.models import Agent, Event, EventKind, MadeAgent, Person, Schedule, ScheduleState, StepState, Usage
from core.models.budget import Allowance, Budget, Cap, Charge, Period, Scope, Spender, accounts_of, span_of
from core.models.schedule import Cron, MissedPolicy
from core.ports.archive import Archive
from core.ports.language_model import ModelTurn
from core.ports.runs import CallStatus
from core.ports.tool import Effect
from core.schedules.firing import to_firing
from tests.contracts.samples import HERE, NOW, accepted, at, claimed, failed, instruction, planned
from tests.contracts.test_approvals import approval

W1, W2 = "toy:W1", "toy:W2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def archive(database: Database, folder: Path) -> Archive:
    return SqlArchive(database, folder=folder, agents=folder.parent / "agents", clock=ManualClock())


async def fill(database: Database) -> None:
    """One workspace with everything in it, and another one beside it."""
    store, notes = SqlStore(database), SqlNotes(database, clock=ManualClock())
    await failed(store, "d1")
    await store.attempt_post("d1", part=0)
    await store.record_post("d1", part=0, message_id="m1")
    await accepted(store, "theirs", address=HERE.model_copy(update={"workspace": "W2"}))
    await store.append(Event(delegation_id=None, kind=EventKind.INSTRUCTION_REFUSED, at=NOW))
    for n in range(3):
        await notes.save(W1, text=f"Notiz 🧪 {n}", author="Zoë", key=f"k{n}")
    await notes.save(W2, text="theirs", author="Ann", key="k0")
    await schedule(database, "s1", workspace="W1")
    await schedule(database, "theirs", workspace="W2")
    await agent(database, "digest", workspace="W1")
    await agent(database, "theirs", workspace="W2")
    await spending(database, W1, "w1")
    await spending(database, W2, "theirs")


async def spending(database: Database, workspace: str, mark: str) -> None:
    """A budget of the workspace's, and a model call that counts against it."""
    budgets = SqlBudgets(database, clock=ManualClock())
    await budgets.set(to_budget(workspace), now=NOW)
    spender = Spender(person=f"{workspace}:{mark}", workspace=workspace, agent="writer")
    used = Usage(input_tokens=900, output_tokens=100, cost_usd=0.5)
    await budgets.settle(
        Charge(
            id=mark,
            spender=spender,
            model="m",
            at=NOW,
            expires_at=NOW,
            estimate=used,
            accounts=accounts_of(spender, NOW, zone="UTC"),
        )
    )


def to_budget(workspace: str) -> Budget:
    return Budget(
        scope=Scope.WORKSPACE,
        subject=workspace,
        period=Period.DAY,
        allowance=Allowance(usd=5.0, tokens=9000),
        workspace=workspace,
        set_by="local:local:operator",
    )


async def schedule(database: Database, schedule_id: str, *, workspace: str) -> None:
    """A daily schedule, one of whose slots was missed."""
    schedules = SqlSchedules(database)
    saved = await schedules.save(
        Schedule(
            id=schedule_id,
            text="theirs" if workspace == "W2" else "look around",
            person=Person(id="toy:W1:ada"),
            address=HERE.model_copy(update={"workspace": workspace}),
            timing=Cron(expression="0 9 * * *"),
            zone="Europe/Berlin",
            missed=MissedPolicy.SKIP,
            state=ScheduleState.ACTIVE,
            created_at=NOW,
            next_slot=NOW,
        )
    )
    late = NOW + timedelta(hours=1)
    await schedules.fire([to_firing(saved, now=late)], now=late)


async def agent(database: Database, name: str, *, workspace: str) -> None:
    """An agent that somebody made, and changed once."""
    agents = SqlMadeAgents(database)
    made = MadeAgent(
        platform="toy",
        workspace=workspace,
        agent=Agent(name=name, description="Reads the news."),
        owner=Person(id="toy:W1:ada"),
        at=NOW,
    )
    assert await agents.save(made, expected=None, now=NOW)
    assert await agents.save(made, expected=1, now=NOW)


async def empty(database: Database) -> None:
    """Delete everything that an archive can hold."""
    path = ("approvals", "slots", "schedules", "messages", "steps", "events", "delegations", "notes")
    tables = (*path, "budgets", "model_calls", "accounts", "made_agents", "agent_versions")
    await database.write(lambda c: [c.exec_driver_sql(f"DELETE FROM {table}") for table in tables])


async def test_an_archive_holds_one_workspace_and_nothing_else(database: Database, archive: Archive) -> None:
    await fill(database)
    archived = await archive.create(W1, key="k")
    path = Path(archived.artifact.path)
    assert archived.rows == {"notes": 3, "delegations": 1, "steps": 2, "messages": 1, "events": 8} | {
        "turns": 0,
        "calls": 0,
        "approvals": 0,
        "schedules": 1,
        "slots": 1,
        "admissions": 0,
        "made_agents": 1,
        "agent_versions": 2,
        "budgets": 1,
        "model_calls": 1,
    }
    assert path.stat().st_size == archived.artifact.size_bytes
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    with zipfile.ZipFile(path) as content:
        assert "theirs" not in "".join(content.read(name).decode() for name in content.namelist())
        assert json.loads(content.read("manifest.json"))["workspace"] == W1
    assert [found.name for found in path.parent.iterdir()] == [archived.artifact.name]


async def test_what_was_lost_comes_back_field_for_field(database: Database, archive: Archive) -> None:
    await fill(database)
    store, notes = SqlStore(database), SqlNotes(database, clock=ManualClock())
    schedules, agents = SqlSchedules(database), SqlMadeAgents(database)
    planned = await schedules.load("s1"), await schedules.slots("s1")
    made = await agents.roster("toy", "W1"), await agents.history("toy", "W1", "digest")
    before = (
        await store.load("d1"),
        await store.events("d1"),
        await store.posted("d1"),
        await notes.recent(W1),
    )
    archived = await archive.create(W1, key="k")
    await empty(database)
    assert await archive.restore(Path(archived.artifact.path)) == archived.rows
    after = await store.load("d1"), await store.events("d1"), await store.posted("d1"), await notes.recent(W1)
    assert after == before
    assert (await schedules.load("s1"), await schedules.slots("s1")) == planned
    roster, history = await agents.roster("toy", "W1"), await agents.history("toy", "W1", "digest")
    assert (roster.agents, history) == (made[0].agents, made[1])
    assert roster.version > made[0].version, "every process has to look again"


async def test_budgets_come_back_with_what_was_spent_of_them_also_in_another_workspace(
    database: Database, archive: Archive
) -> None:
    await fill(database)
    archived = await archive.create(W1, key="k")
    await empty(database)
    await archive.restore(Path(archived.artifact.path), workspace="toy:W3")
    budgets = SqlBudgets(database, clock=ManualClock())
    assert await budgets.listed() == (to_budget("toy:W3"),)
    cap = Cap(budget=to_budget("toy:W3"), span=span_of(Period.DAY, NOW, zone="UTC"))
    assert [(s.tokens, s.usd) for s in await budgets.standings([cap])] == [(1000, 0.5)]


async def test_restoring_again_adds_nothing(database: Database, archive: Archive) -> None:
    await fill(database)
    archived = await archive.create(W1, key="k")
    assert set((await archive.restore(Path(archived.artifact.path))).values()) == {0}


async def test_versions_of_an_agent_that_was_made_anew_since_are_left_alone(
    database: Database, archive: Archive
) -> None:
    await fill(database)
    archived = await archive.create(W1, key="k")
    await empty(database)
    agents = SqlMadeAgents(database)
    anew = MadeAgent(
        platform="toy",
        workspace="W1",
        agent=Agent(name="digest", description="Anew."),
        owner=Person(id="toy:W1:bob"),
        at=NOW,
    )
    assert await agents.save(anew, expected=None, now=NOW)
    restored = await archive.restore(Path(archived.artifact.path))
    assert (restored["made_agents"], restored["agent_versions"]) == (0, 0)
    assert await agents.save(anew, expected=1, now=NOW), "its next version is free"


async def test_what_was_restored_goes_on_where_it_was(database: Database, archive: Archive) -> None:
    await fill(database)
    archived = await archive.create(W1, key="k")
    await empty(database)
    await archive.restore(Path(archived.artifact.path))
    store, notes = SqlStore(database), SqlNotes(database, clock=ManualClock())
    assert await store.retry("d1", by="u", now=NOW)
    assert [event.sequence for event in await store.events("d1")] == list(range(1, 10))
    assert (await notes.save(W1, text="new", author="a", key="new")).number == 4


async def test_an_archive_can_be_restored_into_another_workspace(
    database: Database, archive: Archive
) -> None:
    await fill(database)
    archived = await archive.create(W1, key="k")
    await empty(database)
    assert await archive.restore(Path(archived.artifact.path), workspace="other:W9") == archived.rows
    address = (await SqlStore(database).load("d1")).instruction.address
    assert (address.platform, address.workspace) == ("other", "W9")
    notes = SqlNotes(database, clock=ManualClock())
    assert (await notes.count(W1), await notes.count("other:W9")) == (0, 3)


async def test_notes_that_are_there_keep_their_numbers(database: Database, archive: Archive) -> None:
    await fill(database)
    archived = await archive.create(W1, key="k")
    await empty(database)
    notes = SqlNotes(database, clock=ManualClock())
    await notes.save(W1, text="newer", author="a", key="newer")
    await archive.restore(Path(archived.artifact.path))
    kept = {note.number: note.text for note in await notes.recent(W1)}
    assert kept[1] == "newer"
    assert sorted(kept.values()) == ["Notiz 🧪 0", "Notiz 🧪 1", "Notiz 🧪 2", "newer"]
    assert sorted(kept) == [1, 2, 3, 4]


async def test_an_instruction_that_came_again_meanwhile_is_not_doubled(
    database: Database, archive: Archive
) -> None:
    store = SqlStore(database)
    await store.accept(instruction(key="once"), delegation_id="old", now=NOW)
    archived = await archive.create(W1, key="k")
    await empty(database)
    await store.accept(instruction(key="once"), delegation_id="new", now=NOW)
    assert set((await archive.restore(Path(archived.artifact.path))).values()) == {0}
    assert [delegation.id for delegation in await store.recent(workspace="W1")] == ["new"]
    assert await store.events("old") == ()


async def test_the_same_key_brings_the_first_archive_while_it_exists(
    database: Database, archive: Archive
) -> None:
    await fill(database)
    first = await archive.create(W1, key="k")
    assert await archive.create(W1, key="k") == first
    Path(first.artifact.path).unlink()
    again = await archive.create(W1, key="k")
    assert Path(again.artifact.path).is_file()
    assert again.rows == first.rows


async def test_archives_of_one_moment_never_meet(database: Database, archive: Archive, folder: Path) -> None:
    await fill(database)
    made = [
        await archive.create(W1, key="a"),
        await archive.create(W1, key="b"),
        await archive.create("toy-W1", key="a"),
    ]
    assert len({archived.artifact.path for archived in made}) == 3
    assert [archived.rows["notes"] for archived in made] == [3, 3, 0]
    assert len(list(folder.iterdir())) == 3


async def test_a_folder_that_can_not_be_written_is_said(database: Database, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    archive = SqlArchive(database, folder=tmp_path / "taken", agents=tmp_path, clock=ManualClock())
    with pytest.raises(ToolFailed, match="taken"):
        await archive.create(W1, key="k")


def damage(number: int) -> Callable[[bytes], bytes]:
    def flipped(content: bytes) -> bytes:
        where = random.Random(number).randrange(len(content))
        return content[:where] + bytes([content[where] ^ 0xFF]) + content[where + 1 :]

    return flipped


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "nothing in it": lambda content: b"",
    "no zip": lambda content: b"something else",
    "cut short": lambda content: content[: len(content) // 2],
    "without its end": lambda content: content[:-30],
}


@pytest.mark.parametrize("name", DAMAGES)
async def test_a_damaged_file_is_refused_and_nothing_is_written(
    database: Database, archive: Archive, tmp_path: Path, name: str
) -> None:
    await fill(database)
    content = Path((await archive.create(W1, key="k")).artifact.path).read_bytes()
    await empty(database)
    broken = tmp_path / "broken.zip"
    broken.write_bytes(DAMAGES[name](content))
    with pytest.raises(ToolFailed):
        await archive.restore(broken)
    assert await SqlStore(database).recent(workspace="W1") == ()


async def test_whichever_byte_is_wrong_it_is_whole_or_refused(
    sqlite_url: str, folder: Path, tmp_path: Path
) -> None:
    database = Database(sqlite_url)
    archive = SqlArchive(database, folder=folder, agents=tmp_path, clock=ManualClock())
    try:
        await fill(database)
        archived = await archive.create(W1, key="k")
        content = Path(archived.artifact.path).read_bytes()
        broken, refused = tmp_path / "broken.zip", 0
        for number in range(150):
            broken.write_bytes(damage(number)(content))
            try:
                # Everything is there, so a whole archive restores nothing.
                assert set((await archive.restore(broken)).values()) == {0}
            except ToolFailed:
                refused += 1
        assert refused > 100
    finally:
        database.close()


@pytest.mark.parametrize(
    "manifest",
    [
        "[]",
        "{}",
        "null",
        '{"format": "flowmate-archive-2"}',
        '{"format": "flowmate-archive-1", "tables": []}',
        "\xff",
    ],
)
async def test_another_zip_is_no_archive(archive: Archive, tmp_path: Path, manifest: str) -> None:
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as content:
        content.writestr("manifest.json", manifest.encode("latin-1"))
    with pytest.raises(ToolFailed):
        await archive.restore(other)


async def test_a_path_without_an_archive_is_said(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="no file"):
        await archive.restore(tmp_path / "missing.zip")
    with pytest.raises(ToolFailed):
        await archive.restore(tmp_path)


async def test_an_archive_of_everything_holds_all_workspaces_and_unfinished_runs(
    database: Database, archive: Archive
) -> None:
    await fill(database)
    store, runs, admissions = SqlStore(database), SqlRuns(database), SqlAdmissions(database)
    (first, _) = await planned(store, "open")
    await claimed(store, first.id)
    turn = ModelTurn(text="thinking")
    run = f"{first.id}-0"
    await runs.save_turn(run, 0, turn)
    await runs.begin_call(run, "call-1", Effect.WRITE)
    (ended, *_) = (await store.load("d1")).steps
    await runs.save_turn(f"{ended.id}-0", 0, turn)
    await admissions.issue("toy", "code", expires_at=NOW + timedelta(days=1))
    await admissions.redeem("toy", "code", "toy:W1:U1", now=NOW)

    archived = await archive.create(EVERYTHING, key="k")
    await empty(database)
    await database.write(
        lambda c: [c.exec_driver_sql(f"DELETE FROM {table}") for table in ("turns", "calls", "admissions")]
    )
    restored = await archive.restore(Path(archived.artifact.path))

    assert restored == archived.rows
    assert (restored["turns"], restored["calls"], restored["admissions"]) == (1, 1, 1)
    assert await archive.restore(Path(archived.artifact.path)) == dict.fromkeys(archived.rows, 0)
    assert (await store.load("theirs")).instruction.address.workspace == "W2"
    # What may have been done is not done again: it is known that it was tried.
    assert (await runs.begin_call(run, "call-1", Effect.WRITE)).status is CallStatus.ATTEMPTING
    assert [saved.turn for saved in await runs.turns(run)] == [turn]
    assert await admissions.admitted("toy", "toy:W1:U1")


async def test_what_waits_for_a_yes_waits_for_it_where_it_is_restored_too(
    database: Database, archive: Archive
) -> None:
    store, approvals = SqlStore(database), SqlApprovals(database)
    (first, _) = await planned(store, "d1")
    step = await claimed(store, first.id)
    asked = await approvals.ask(approval(check_at=NOW))
    assert await approvals.wait(step.id, token=step.token, approval_ids=[asked.id], now=NOW)
    archived = await archive.create(W1, key="k")
    await empty(database)
    restored = await archive.restore(Path(archived.artifact.path))

    assert restored["approvals"] == 1
    assert await approvals.load(asked.id) == asked
    assert (await store.load_step(step.id))[1].state is StepState.WAITING
    assert (await approvals.decide(asked.id, "approve", by=asked.person, key="p", now=at(2))).won
    assert (await store.load_step(step.id))[1].state is StepState.PENDING


async def test_an_archive_of_everything_is_not_put_into_one_workspace(
    database: Database, archive: Archive
) -> None:
    archived = await archive.create(EVERYTHING, key="k")
    with pytest.raises(ToolFailed, match="holds all workspaces"):
        await archive.restore(Path(archived.artifact.path), workspace="toy:W9")


async def test_a_teams_own_agents_come_back_and_none_is_written_over(
    database: Database, archive: Archive, tmp_path: Path
) -> None:
    agents = tmp_path / "agents"
    agents.mkdir()
    (agents / "scribe.md").write_text("the scribe")
    (agents / "herald.md").write_text("the herald")
    archived = await archive.create(EVERYTHING, key="k")
    (agents / "scribe.md").unlink()
    (agents / "herald.md").write_text("changed since")

    assert (await archive.restore(Path(archived.artifact.path)))["agents"] == 1
    assert (agents / "scribe.md").read_text() == "the scribe"
    assert (agents / "herald.md").read_text() == "changed since"


async def test_the_agents_belong_to_no_workspace(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "scribe.md").write_text("the scribe")
    archived = await archive.create(W1, key="k")
    assert "agents" not in archived.rows
    with zipfile.ZipFile(archived.artifact.path) as content:
        assert not any("scribe" in name for name in content.namelist())


@pytest.mark.parametrize(
    "name", ["../outside.md", "/tmp/outside.md", "a/b.md", "run.sh", ".hidden.md", "a\\b.md"]
)
async def test_an_agents_file_lands_in_its_folder_or_nowhere(
    archive: Archive, tmp_path: Path, name: str
) -> None:
    archived = await archive.create(EVERYTHING, key="k")
    forged = tmp_path / "forged.zip"
    with zipfile.ZipFile(archived.artifact.path) as whole, zipfile.ZipFile(forged, "w") as copy:
        for one in whole.namelist():
            content = whole.read(one)
            if one == "manifest.json":
                digest = hashlib.sha256(b"text").hexdigest()
                content = json.dumps(json.loads(content) | {"agents": {name: digest}}).encode()
            copy.writestr(one, content)
        copy.writestr(f"agents/{name}", "text")
    with pytest.raises(ToolFailed, match="damaged"):
        await archive.restore(forged)
    assert not (tmp_path / "agents").exists()
