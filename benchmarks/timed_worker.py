"""The worker process, with a stopwatch in it: `python -m benchmarks.timed_worker FILE` (see benchmarks/loop.py).

Appends to FILE, at the end of each agent's run, a JSON list of [what, began, ended, CPU at the beginning, CPU at the
end], in seconds. Two tools more can be called, which do nothing. All else is `flowmate worker`. Meant for one run at a
time: spans of several would be mixed.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from adapters.llm.openai_model import OpenAIModel
from adapters.sql.runs import SqlRuns
from adapters.sql.store import SqlStore
from benchmarks.tools import Idle, beside_the_real_ones
from bot import processes
from core.agent_loop.calls import ToolCalls
from core.agent_loop.loop import AgentLoop

Span = tuple[str, float, float, float, float]
TIMED: tuple[tuple[str, type[Any], str], ...] = (
    ("turn", AgentLoop, "_turn"),
    ("model", OpenAIModel, "complete"),
    ("save", SqlRuns, "save_turn"),
    ("call", ToolCalls, "make"),
    ("tool", Idle, "run"),
    ("begin", SqlRuns, "begin_call"),
    ("end", SqlRuns, "finish_call"),
    ("event", SqlStore, "append"),
)


def timed(name: str, owner: type[Any], method: str, spans: list[Span]) -> None:
    """Note when this method begins and ends, from now on."""
    plain: Callable[..., Awaitable[Any]] = getattr(owner, method)
    # Asking for the CPU time takes longer than all the rest of this: it is asked for around model calls only.
    cpu = time.process_time if owner is OpenAIModel else _unknown

    @functools.wraps(plain)
    async def noted(*given: Any, **named: Any) -> Any:
        began, used = time.perf_counter(), cpu()
        try:
            return await plain(*given, **named)
        finally:
            spans.append((name, began, time.perf_counter(), used, cpu()))

    setattr(owner, method, noted)


def _unknown() -> float:
    return float("nan")


def written(file: Path, spans: list[Span]) -> None:
    """Write what was noted at the end of each run."""
    plain: Callable[..., Awaitable[Any]] = AgentLoop.run

    @functools.wraps(plain)
    async def run(*given: Any, **named: Any) -> Any:
        spans.clear()
        result = await plain(*given, **named)
        with file.open("a") as out:
            out.write(json.dumps(spans) + "\n")
        return result

    setattr(AgentLoop, "run", run)  # noqa: B010


def main() -> int:
    """Run the worker; returns its exit code."""
    beside_the_real_ones()
    spans: list[Span] = []
    for name, owner, method in TIMED:
        timed(name, owner, method, spans)
    written(Path(sys.argv[1]), spans)
    return processes.run("worker")


if __name__ == "__main__":
    sys.exit(main())
