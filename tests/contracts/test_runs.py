"""The Runs port, over every implementation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import event

from adapters.sql.database import Database
from adapters.sql.prepared import WATCHED
from adapters.sql.runs import SqlRuns
from core.memory.runs import InMemoryRuns
from core.models import Artifact, Usage
from core.ports.language_model import FinishReason, ModelTurn, ToolCall
from core.ports.runs import CallOutcome, CallState, CallStatus, OutcomeKind, Runs, SavedTurn
from core.ports.tool import Effect
from tests.contracts.conftest import ALL

RUN, CALL = "d1-0-0", "0:1"
TURN = ModelTurn(
    text="Ich prüfe das 🧪",
    tool_calls=(ToolCall(id="c1", name="fetch", arguments='{"url": "x\\u0000'),),
    finish=FinishReason.TOOL_CALLS,
    usage=Usage(input_tokens=3, output_tokens=4, cost_usd=None),
    model="m",
)
FILE = Artifact(name="a", path="/a", media_type="text/plain", size_bytes=1)
DONE = CallOutcome(kind=OutcomeKind.DONE, text="done\x00", artifacts=(FILE,))
FAILED = CallOutcome(kind=OutcomeKind.FAILED, text="no")
NEW, ATTEMPTING = CallState(status=CallStatus.NEW), CallState(status=CallStatus.ATTEMPTING)


@pytest.fixture(params=ALL)
def open_runs(request: pytest.FixtureRequest) -> Iterator[Callable[[], Runs]]:
    """Opens the same runs, as often as it is called."""
    if request.param == "memory":
        only = InMemoryRuns()
        yield lambda: only
        return
    url = request.getfixturevalue(f"{request.param}_url")
    opened: list[Database] = []

    def open_database() -> Runs:
        opened.append(Database(url))
        return SqlRuns(opened[-1])

    yield open_database
    for database in opened:
        database.close()


@pytest.fixture
def runs(open_runs: Callable[[], Runs]) -> Runs:
    return open_runs()


@pytest.fixture
def other(open_runs: Callable[[], Runs], runs: Runs) -> Runs:
    return open_runs()


async def test_turns_read_back_field_for_field_in_their_order(runs: Runs, other: Runs) -> None:
    turns = [TURN, ModelTurn(text="two"), ModelTurn(text="three", finish=FinishReason.LENGTH)]
    for index in (2, 0, 1):
        assert await runs.save_turn(RUN, index, turns[index]) == turns[index]
    assert await other.turns(RUN) == tuple(SavedTurn(index=n, turn=turn) for n, turn in enumerate(turns))
    assert await other.turns("another-0") == ()


async def test_the_first_turn_of_an_index_stays(runs: Runs, other: Runs) -> None:
    mine, yours = ModelTurn(text="mine"), ModelTurn(text="yours")
    saved = await asyncio.gather(runs.save_turn(RUN, 0, mine), other.save_turn(RUN, 0, yours))
    assert saved[0] == saved[1]
    assert await runs.save_turn(RUN, 0, TURN) == saved[0]
    assert await runs.turns(RUN) == (SavedTurn(index=0, turn=saved[0]),)


async def test_a_write_is_new_once_and_attempting_after_that(runs: Runs, other: Runs) -> None:
    assert await runs.begin_call(RUN, CALL, Effect.WRITE) == NEW
    assert await other.begin_call(RUN, CALL, Effect.WRITE) == ATTEMPTING
    assert await runs.begin_call(RUN, "0:2", Effect.WRITE) == NEW
    assert await runs.begin_call("another-0", CALL, Effect.WRITE) == NEW


async def test_of_many_that_begin_a_write_at_once_one_is_told_that_it_is_new(runs: Runs, other: Runs) -> None:
    states = await asyncio.gather(
        *((runs, other)[n % 2].begin_call(RUN, CALL, Effect.WRITE) for n in range(20))
    )
    assert states.count(NEW) == 1
    assert states.count(ATTEMPTING) == 19


async def test_a_read_may_begin_again_and_again(runs: Runs) -> None:
    for _ in range(2):
        assert (await runs.begin_call(RUN, CALL, Effect.READ)).status is not CallStatus.DONE


@pytest.mark.parametrize("effect", list(Effect))
async def test_a_call_that_is_done_brings_its_outcome(runs: Runs, other: Runs, effect: Effect) -> None:
    await runs.begin_call(RUN, CALL, effect)
    await runs.finish_call(RUN, CALL, DONE)
    assert await other.begin_call(RUN, CALL, effect) == CallState(status=CallStatus.DONE, outcome=DONE)


async def test_the_first_outcome_stays(runs: Runs, other: Runs) -> None:
    await runs.begin_call(RUN, CALL, Effect.WRITE)
    await asyncio.gather(runs.finish_call(RUN, CALL, DONE), other.finish_call(RUN, CALL, FAILED))
    first = (await runs.begin_call(RUN, CALL, Effect.WRITE)).outcome
    await runs.finish_call(RUN, CALL, FAILED if first == DONE else DONE)
    assert (await runs.begin_call(RUN, CALL, Effect.WRITE)).outcome == first


async def test_a_call_can_end_that_never_began(runs: Runs) -> None:
    await runs.finish_call(RUN, CALL, FAILED)
    assert (await runs.begin_call(RUN, CALL, Effect.WRITE)).outcome == FAILED


async def test_a_mark_that_is_taken_back_leaves_the_call_new(runs: Runs) -> None:
    await runs.begin_call(RUN, CALL, Effect.WRITE)
    await runs.abandon_call(RUN, CALL)
    await runs.abandon_call(RUN, CALL)
    assert await runs.begin_call(RUN, CALL, Effect.WRITE) == NEW


async def test_a_call_that_is_done_stays_done(runs: Runs) -> None:
    await runs.begin_call(RUN, CALL, Effect.WRITE)
    await runs.finish_call(RUN, CALL, DONE)
    await runs.abandon_call(RUN, CALL)
    assert (await runs.begin_call(RUN, CALL, Effect.WRITE)).outcome == DONE


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_each_of_them_takes_one_statement(database: str, request: pytest.FixtureRequest) -> None:
    """Of what a turn and a call cost, most is by the statement."""
    opened = Database(request.getfixturevalue(f"{database}_url"))
    opened.engine.update_execution_options(**{WATCHED: True})
    runs, made = SqlRuns(opened), list[str]()

    @event.listens_for(opened.engine, "before_cursor_execute")
    def _note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            made.append(statement.split()[0])

    await runs.save_turn(RUN, 0, TURN)
    await runs.begin_call(RUN, CALL, Effect.WRITE)
    await runs.finish_call(RUN, CALL, DONE)
    await runs.finish_call(RUN, "0:2", DONE)
    opened.close()
    assert made == ["INSERT"] * 4
