"""What the benchmark of turns and calls makes of given spans."""

from __future__ import annotations

import pytest

from benchmarks import loop
from benchmarks.report import Cell
from benchmarks.timed_worker import Span

LATENCY = 0.1


def run() -> list[Span]:
    """Each turn: 1 ms before the model, 104 of it and its client, 2 of saving; then a call of 40 ms, 30 the tool's."""
    spans: list[Span] = []

    def note(name: str, began: int, ended: int, cpu: float = 0.0) -> None:
        spans.append((name, began / 1000, ended / 1000, cpu, cpu + 0.001))

    at = 0
    for number in range(loop.CALLS + 1):
        note("model", at + 1, at + 105, cpu=number * 0.010)
        note("save", at + 105, at + 107)
        note("turn", at, at + 107)
        if number < loop.CALLS:
            note("begin", at + 110, at + 111)
            note("tool", at + 112, at + 142)
            # Side by side: four milliseconds in all.
            note("end", at + 143, at + 146)
            note("event", at + 144, at + 147)
            note("call", at + 108, at + 148)
        at += 150
    return spans


def test_what_is_neither_the_model_s_nor_the_tool_s_is_ours() -> None:
    found = loop.parts([run()], latency=LATENCY)
    assert {name: round(taken[0], 3) for name, taken in found.items()} == {
        loop.WHOLE: 16.0,
        loop.TURN: 3.0,
        "· saving it": 2.0,
        "· budgets, masks and the rest": 1.0,
        loop.READING: 10.0,
        "· begin": 1.0,
        "· end and event": 4.0,
        "· checks and the rest": 5.0,
        loop.CHANGING: 10.0,
        "· begin (changing)": 1.0,
        "· end and event (changing)": 4.0,
        "· checks and the rest (changing)": 5.0,
        "openai client and HTTP": 4.0,
        loop.CPU: 9.0,
    }
    assert [len(found[name]) for name in (loop.WHOLE, loop.TURN, loop.READING)] == [6, 7, 3]


def test_a_run_that_lost_a_turn_is_not_counted_as_a_quick_one() -> None:
    with pytest.raises(AssertionError, match="a run of 6 turns"):
        loop.parts([[span for span in run() if not (span[0] == "model" and span[3] == 0.0)]], latency=0.0)


def test_the_target_holds_for_a_turn_and_for_each_kind_of_call_on_both_databases() -> None:
    def row(part: str, sqlite: float, postgresql: float) -> list[Cell]:
        return [part, sqlite, 9.0, 9.0, postgresql, 9.0, 9.0]

    table = [row(loop.WHOLE, 5.0, 5.0), row(loop.TURN, 2.9, 3.1), row(loop.READING, 3.5, 1.0)]
    assert loop.misses(table) == [
        "MISSED: a turn takes 3.1 ms with PostgreSQL (p50), the target 3 ms",
        "MISSED: a call that reads takes 3.5 ms with SQLite (p50), the target 3 ms",
    ]
