"""What FlowMate adds to a model's turn and to a tool call: `python -m benchmarks.loop [--quick] [--tool 0.02]`.

A worker process runs an agent that makes six tool calls, one a turn, three that read and three that change something,
and then answers. From one model call to the next a turn is saved, a call made and the next turn begun. The model is a
scripted server that answers after a set time, the tools do nothing (or wait for `--tool` seconds); all else is real:
the openai client, the queue, SQLite and PostgreSQL. A stopwatch in the worker (benchmarks/timed_worker.py) says where
the time goes that is neither the model's nor a tool's. The databases take turns; each figure is the median of what the
rounds gave.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.assembly import Assembly, assembled
from benchmarks import report
from benchmarks.asking import milliseconds
from benchmarks.peers.services import database, postgresql
from benchmarks.service import service
from benchmarks.timed_worker import Span
from benchmarks.tools import SECONDS, beside_the_real_ones
from tests.counterparts.openai_server import KEY, Answer, ScriptedOpenAI

CALLS = 6
TOOLS = ("look_at_nothing", "change_nothing")
AGENT = f"""---
name: busy
description: Calls tools for the benchmark.
tools: [{", ".join(TOOLS)}]
---
Call the tools until you are told that it is enough.
"""
ROUNDS, RUNS = 5, 40
QUICK_ROUNDS, QUICK_RUNS = 2, 10
WARM = 5
PATIENCE_SECONDS = 30.0
TARGET_MS = 3.0
PERCENTS = (50, 95, 99)
WHOLE = "from one model call to the next"
TURN, READING, CHANGING = "a turn", "a call that reads", "a call that changes something"
AIMED = (TURN, READING, CHANGING)
"""What the target is for, each by itself; as the 50th percentile."""
CPU = "CPU from one model call to the next"
PARTS = (
    WHOLE,
    TURN,
    "· saving it",
    "· budgets, masks and the rest",
    READING,
    "· begin",
    "· end and event",
    "· checks and the rest",
    CHANGING,
    "· begin (changing)",
    "· end and event (changing)",
    "· checks and the rest (changing)",
    "openai client and HTTP",
    CPU,
)
DATABASES = ("sqlite", "postgresql")
HEADER = ("ms", *(f"{name} p{percent}" for name in ("SQLite", "PostgreSQL") for percent in PERCENTS))
Times = dict[str, list[float]]


@dataclass(frozen=True)
class Options:
    rounds: int
    runs: int
    latency: float
    tool: float


@dataclass(frozen=True)
class Stage:
    """A worker over one database, and what its stopwatch wrote."""

    assembly: Assembly
    file: Path

    async def spans(self, runs: int) -> list[list[Span]]:
        """What that many runs took, one after the other."""
        read = len(_lines(self.file))
        await milliseconds(
            self.assembly,
            "@busy call the tools",
            person="bench",
            count=runs,
            patience_seconds=PATIENCE_SECONDS,
        )
        return [json.loads(line) for line in _lines(self.file)[read:]]


def answered(body: dict[str, Any]) -> Answer:
    """The model: another call until there were enough, reading and changing in turn."""
    made = sum(message["role"] == "tool" for message in body["messages"])
    if made >= CALLS:
        return Answer(text="It is enough.")
    return Answer(tool_calls=((TOOLS[made % 2], json.dumps({"number": made})),))


async def measure(options: Options) -> dict[str, list[Times]]:
    """By database, the times of each round in ms, by part."""
    beside_the_real_ones()
    rounds: dict[str, list[Times]] = {name: [] for name in DATABASES}
    async with AsyncExitStack() as stack:
        server, _ = stack.enter_context(postgresql())
        model = await stack.enter_async_context(ScriptedOpenAI(latency=options.latency, default=answered))
        stages = {}
        for name in DATABASES:
            url = stack.enter_context(database("postgresql", server)) if name == "postgresql" else ""
            stages[name] = await stack.enter_async_context(_stage(model.url, url, options))
        for stage in stages.values():
            await stage.spans(WARM)
        for number in range(options.rounds):
            # Whoever comes first has the machine as the other left it.
            for name in DATABASES if number % 2 == 0 else DATABASES[::-1]:
                rounds[name].append(parts(await stages[name].spans(options.runs), latency=options.latency))
                model.requests.clear()
    return rounds


@asynccontextmanager
async def _stage(model: str, url: str, options: Options) -> AsyncIterator[Stage]:
    settings = {
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": model,
        "RATE_LIMIT_MAX_REQUESTS": "1000000",
        SECONDS: str(options.tool),
        # Of the caller's own environment nothing may take part, nor of the other database's.
        "DATABASE_URL": url,
    }
    async with service(settings, agents={"busy": AGENT}) as running:
        file = running.folder / "spans"
        async with (
            running.worker(str(file), module="benchmarks.timed_worker"),
            assembled(running.settings, runs_agents=False) as assembly,
        ):
            yield Stage(assembly, file)


def parts(runs: Iterable[list[Span]], *, latency: float) -> Times:
    """What each part took, in ms; `latency` is what the model itself takes, in seconds."""
    found: Times = {name: [] for name in PARTS}
    for spans in runs:
        by = {name: sorted(_named(spans, name), key=lambda span: span[1]) for name in _NAMES}
        assert len(by["model"]) == CALLS + 1, f"a run of {len(by['model'])} turns"
        for turn, model in zip(by["turn"], by["model"], strict=True):
            saved = _within(turn, by["save"])
            found[TURN].append(_length(turn) - _length(model))
            found["· saving it"].append(saved)
            found["· budgets, masks and the rest"].append(_length(turn) - _length(model) - saved)
            found["openai client and HTTP"].append(_length(model) - latency)
        for number, (call, tool) in enumerate(zip(by["call"], by["tool"], strict=True)):
            before, after = by["model"][number : number + 2]
            found[WHOLE].append(after[1] - before[2] - _length(tool))
            found[CPU].append(after[3] - before[4])
            _add_call(found, by, call, tool, changing=number % 2 == 1)
    return {name: [seconds * 1000 for seconds in taken] for name, taken in found.items()}


def _add_call(found: Times, by: dict[str, list[Span]], call: Span, tool: Span, *, changing: bool) -> None:
    suffix = " (changing)" if changing else ""
    own = _length(call) - _length(tool)
    begin, rest = _within(call, by["begin"]), _within(call, [*by["end"], *by["event"]])
    found[CHANGING if changing else READING].append(own)
    found[f"· begin{suffix}"].append(begin)
    found[f"· end and event{suffix}"].append(rest)
    found[f"· checks and the rest{suffix}"].append(own - begin - rest)


_NAMES = ("turn", "model", "save", "call", "tool", "begin", "end", "event")


def _named(spans: Iterable[Span], name: str) -> list[Span]:
    return [span for span in spans if span[0] == name]


def _length(span: Span) -> float:
    return span[2] - span[1]


def _within(outer: Span, spans: Sequence[Span]) -> float:
    """How much of a span these fill, which may overlap one another."""
    filled, until = 0.0, outer[1]
    for _, began, ended, *_ in sorted(spans, key=lambda span: span[1]):
        if began >= outer[1] and ended <= outer[2] and ended > until:
            filled += ended - max(began, until)
            until = ended
    return filled


def rows(rounds: dict[str, list[Times]]) -> list[list[report.Cell]]:
    """A row for each part, its percentiles over both databases."""
    return [
        [
            part,
            *(
                statistics.median(report.cut(times[part], percent) for times in rounds[name])
                for name in DATABASES
                for percent in PERCENTS
            ),
        ]
        for part in PARTS
    ]


def misses(table: list[list[report.Cell]]) -> list[str]:
    """Where the target was not reached, in sentences."""
    return [
        f"MISSED: {row[0]} takes {float(row[1 + place * len(PERCENTS)]):.1f} ms with {name} (p50), "
        f"the target {TARGET_MS:.0f} ms"
        for row in table
        if row[0] in AIMED
        for place, name in enumerate(("SQLite", "PostgreSQL"))
        if float(row[1 + place * len(PERCENTS)]) > TARGET_MS
    ]


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def main() -> None:
    """Measure and say what was missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds of {QUICK_RUNS} runs")
    parser.add_argument("--latency", type=float, default=0.02, help="seconds until the model answers")
    parser.add_argument("--tool", type=float, default=0.0, help="seconds that a tool takes")
    given = parser.parse_args()
    rounds, runs = (QUICK_ROUNDS, QUICK_RUNS) if given.quick else (ROUNDS, RUNS)
    options = Options(rounds=rounds, runs=runs, latency=given.latency, tool=given.tool)
    table = rows(asyncio.run(measure(options)))
    title = (
        f"Agents' runs of {CALLS + 1} turns and {CALLS} tool calls, model {given.latency * 1000:.0f} ms, "
        f"tools {given.tool * 1000:.0f} ms, one at a time; medians of {rounds} rounds of {runs} runs"
    )
    note = "PostgreSQL is on the same machine and doesn't sync its log; its own CPU is not counted."
    report.publish("loop", title, HEADER, table, notes=[*(misses(table) or ["The target is met."]), note])


if __name__ == "__main__":
    main()
