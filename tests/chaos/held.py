"""A worker whose runs stop at given places, and stay there until it is killed: `python -m tests.chaos.held`.

`HELD_PLACES` names a file that says which delegation stops where, `HELD_TOLD` a socket that is told of each place where
one has. A place is a word and a turn's index or a call's key:

    asking 2      the model is about to be asked         turning 2    a turn has come and is not saved
    turned 2      it is saved
    calling 2.0   a call is about to be made             called 2.0   it is known or marked, and the tool not yet run
    ending 2.0    the tool has ended, nothing is saved   ended 2.0    how it ended is saved
    finishing     the result is not saved, nor is the    finished     they are
                  turn that ended the run

At `in turn 2`, `in call 2.0` and `in end 2.0` nothing stops: the process kills itself there, when what belongs to the
turn or the call is written and its transaction is not committed.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.chaos.process import hurry

Place = Callable[..., tuple[str, str]]


def main() -> int:
    haste = float(os.environ["CHAOS_HASTE"])
    # It may find its own work abandoned when the machine is busy: it must not look for any.
    hurry(haste, leases=haste, spared="maintenance")
    hold(Places(json.loads(Path(os.environ["HELD_PLACES"]).read_text()), os.environ["HELD_TOLD"]))
    from bot.processes import run

    return run("worker")


class Places:
    """Where which delegation stops; a run's and a step's id begin with their delegation's."""

    def __init__(self, places: dict[str, str], told: str) -> None:
        self._places = places
        self._told = told

    def here(self, run_id: str, place: str) -> bool:
        delegation_id = run_id.partition("-")[0]
        return self._places.get(delegation_id) == place.strip()

    async def pass_by(self, run_id: str, place: str) -> None:
        if self.here(run_id, place):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as teller:
                teller.sendto(place.strip().encode(), self._told)
            await asyncio.Event().wait()


def hold(places: Places) -> None:
    """Let runs stop in the ports that an agent's loop saves its life through, and in front of its model."""
    from adapters.llm.openai_model import OpenAIModel
    from adapters.sql import runs, store
    from adapters.sql.store import SqlStore

    _around(OpenAIModel, "complete", places, before="asking", after=None, place=_asked)
    _around(runs.SqlRuns, "save_turn", places, before="turning", after="turned", place=_saved)
    _around(runs.SqlRuns, "begin_call", places, before="calling", after="called", place=_saved)
    _around(runs.SqlRuns, "finish_call", places, before="ending", after="ended", place=_saved)
    _around(SqlStore, "end_step", places, before="finishing", after="finished", place=_step)
    for function, word in (("save_turn", "in turn"), ("_begin", "in call"), ("_finish", "in end")):
        setattr(runs, function, _killing(getattr(runs, function), places, word))
    # The end of a step saves its run's last turn.
    vars(store)["save_turn"] = runs.save_turn


def _asked(request: Any, **_: Any) -> tuple[str, str]:
    turn = sum(message.role == "assistant" for message in request.messages)
    return request.spender.run, str(turn)


def _saved(run_id: str, at: int | str, *_: Any) -> tuple[str, str]:
    return run_id, str(at)


def _step(step_id: str, **_: Any) -> tuple[str, str]:
    return step_id, ""


def _around(owner: Any, name: str, places: Places, *, before: str, after: str | None, place: Place) -> None:
    inner: Callable[..., Awaitable[Any]] = getattr(owner, name)

    @functools.wraps(inner)
    async def passing(self: Any, *args: Any, **options: Any) -> Any:
        run_id, at = place(*args, **options)
        await places.pass_by(run_id, f"{before} {at}")
        outcome = await inner(self, *args, **options)
        if after is not None:
            await places.pass_by(run_id, f"{after} {at}")
        return outcome

    setattr(owner, name, passing)


def _killing(inner: Callable[..., Any], places: Places, word: str) -> Callable[..., Any]:
    @functools.wraps(inner)
    def killed(connection: Any, run_id: str, at: int | str, *args: Any) -> Any:
        outcome = inner(connection, run_id, at, *args)
        if places.here(run_id, f"{word} {at}"):
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    return killed


if __name__ == "__main__":
    sys.exit(main())
