"""A worker is killed with a run at every boundary of six turns: each goes on, writes nothing and pays nothing twice.

One run stands at each of them when SIGKILL comes: what a boundary leaves behind is that run's alone.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import socket
from collections import Counter
from collections.abc import Iterable

import pytest
from sqlalchemy import Engine, select

from adapters.sql import tables
from core.models import Result
from tests.chaos.campaign import Campaign, World, ask, quiet, waiting, world
from tests.chaos.checks import Verdict, check_doors, check_rows
from tests.chaos.doors import Asked
from tests.chaos.fleet import Fleet
from tests.chaos.rounds import (
    CALLS,
    COURIER,
    CUTS,
    DOUBT,
    MAILS,
    TOKENS,
    TURNS,
    Counterparts,
    Round,
)
from tests.services.forking import Forked

pytestmark = [pytest.mark.slow, pytest.mark.long]
D, S = tables.delegations.c, tables.steps
HELD_SECONDS = 30.0
SLACK_TAKES = 6
"""One in so many goes through Slack, which takes fifty edits a minute."""
KILLED = {"FLOWMATE_STEPS_PER_PERSON": "1000", "CHAOS_HASTE": "20"}
"""Of the worker that is killed: nobody else is there while it lives, and then nobody waits long for its leases."""
SURVIVING = {**KILLED, "CHAOS_LEASES": "1"}
"""However busy the machine is, these two don't take each other for dead."""
THIRD_TURN = tuple(cut for cut in CUTS if cut.partition(" ")[2] in ("2", "2.0", ""))


@pytest.mark.parametrize(
    ("database", "cuts"),
    [("sqlite", (*CUTS, "in turn 3")), ("postgresql", (*THIRD_TURN, "in end 1.0"))],
    ids=["sqlite", "postgresql"],
)
async def test_a_run_that_is_killed_anywhere_goes_on_from_there(database: str, cuts: tuple[str, ...]) -> None:
    rounds = [Round(number, cut) for number, cut in enumerate(cuts)]
    there = Counterparts(rounds, last=rounds[-1])
    campaign = Campaign(
        "every boundary",
        seed=1,
        per_second=500.0,
        database=database,
        roles=("web",),
        model=there.model,
        agents={"courier": COURIER},
    )
    asked = [Asked(one, "api" if one.number % SLACK_TAKES else "slack") for one in rounds]
    async with world(campaign, random.Random(campaign.seed)) as here:
        here.mail.gate = there.mail
        await ask(campaign, here, asked)
        await _kill_with_all_held(here, there)
        rest = Fleet({**here.fleet.environment, **SURVIVING}, here.fleet.folder, ("worker", "scheduler"))
        await rest.start()
        try:
            assert await quiet(here, seconds=campaign.quiet_seconds), waiting(here)
        finally:
            killed = await rest.stop()
        verdict = Verdict()
        verdict.expect(not killed and not rest.unasked, f"{killed} {rest.unasked}")
        for question in asked:
            await here.doors[question.door].read(question)
        check_doors(verdict, asked)
        check_rows(verdict, here.engine, asked)
        for one in rounds:
            _check_asked(verdict, there, one)
        _check_saved(verdict, here.engine, rounds)
    assert not verdict.broken, "\n".join(verdict.broken)
    assert verdict.counts["answered as asked"] == len(rounds)


async def _kill_with_all_held(here: World, there: Counterparts) -> None:
    """Let a worker go until each run is where it is to be cut, and the last one has killed it from the inside."""
    places, told, log = (here.fleet.folder / name for name in ("places", "told", "held.log"))
    places.write_text(json.dumps(_places(here.engine, there.rounds.values())))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(told))
        listener.setblocking(False)
        environment = {
            **here.fleet.environment,
            **KILLED,
            "HELD_PLACES": str(places),
            "HELD_TOLD": str(told),
        }
        worker = Forked("tests.chaos.held", [], environment=environment, out=log, err=log)
        listening = asyncio.create_task(_listen(listener, there))
        try:
            async with asyncio.timeout(HELD_SECONDS):
                assert await worker.wait() == -signal.SIGKILL, log.read_text()[-2000:]
        except TimeoutError:
            pytest.fail(f"never came to {sorted(there.awaited)}: {log.read_text()[-2000:]}")
        finally:
            worker.kill()
            listening.cancel()


async def _listen(listener: socket.socket, there: Counterparts) -> None:
    loop = asyncio.get_running_loop()
    while True:
        there.hold((await loop.sock_recv(listener, 100)).decode())


def _places(engine: Engine, rounds: Iterable[Round]) -> dict[str, str]:
    """Which delegation is cut where."""
    with engine.connect() as connection:
        ids = {row.text: row.id for row in connection.execute(select(D.id, D.text))}
    return {ids[one.text]: one.cut for one in rounds}


def _check_asked(verdict: Verdict, there: Counterparts, one: Round) -> None:
    """What the model was asked and the mail server got: nothing saved is asked again, no mail is sent again."""
    for turn in range(TURNS):
        times = there.asked[one.number, turn]
        verdict.expect(times == one.asked(turn), f"{one.cut}: asked {times} times for turn {turn}")
    for key in MAILS:
        times = there.mails[one.number, key]
        verdict.expect(times == one.sent(key), f"{one.cut}: the mail {key} was sent {times} times")
    told = dict(zip(CALLS, there.told[one.number, TURNS - 1], strict=True))
    for key in MAILS:
        expected = DOUBT if key == one.doubtful else f"E-mail sent to {key}-{one.number}@"
        verdict.expect(told[key].startswith(expected), f"{one.cut}: of {key} the model was told {told[key]}")


def _check_saved(verdict: Verdict, engine: Engine, rounds: Iterable[Round]) -> None:
    """What stands in the rows: six turns, one note, and a result that says what can't be known."""
    with engine.connect() as connection:
        found = {row.text: row for row in connection.execute(select(D.text, S).join(tables.steps))}
        turns = Counter(connection.execute(select(tables.turns.c.run_id)).scalars())
        paid = Counter(connection.execute(select(tables.model_calls.c.delegation)).scalars())
        notes = Counter(connection.execute(select(tables.notes.c.text)).scalars())
    for one in rounds:
        step = found[one.text]
        result = Result.model_validate(step.result)
        verdict.expect(result.output == "\n\n".join(one.wanted), f"{one.cut}: {result.output}")
        spent = (result.usage.input_tokens, result.usage.output_tokens)
        verdict.expect(spent == (TURNS * TOKENS[0], TURNS * TOKENS[1]), f"{one.cut}: {spent}")
        counts = (turns[f"{step.id}-0"], paid[step.delegation_id], notes[one.note])
        verdict.expect(counts == (TURNS, TURNS, 1), f"{one.cut}: {counts} turns, calls paid, notes")
        crashes = 0 if one.cut == "finished" else 1
        verdict.expect(step.crashes == crashes, f"{one.cut}: {step.crashes} crashes")
