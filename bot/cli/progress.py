"""The life of a delegation as it can be watched: events in, one line per agent out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from bot.cli.bodies import Answer, Happening
from bot.cli.terminal import is_live, speaks_unicode
from bot.cli.words import Words
from bot.readout import printable
from core.live_words import WORDS
from core.models import EventKind, StepState
from core.rendering import progress as path
from core.rendering import terminal as words
from core.rendering.grammar import listed

REFRESH_SECONDS = 0.1
NARROW_COLUMNS = 64
ENDS = frozenset({EventKind.DELEGATION_ANSWERED, EventKind.DELEGATION_DELIVERED})

MARKS = {
    StepState.PENDING: ("·", ".", "dim"),
    StepState.WAITING: ("?", "?", "yellow"),
    StepState.SUCCEEDED: ("✓", "+", "green"),
    StepState.FAILED: ("✗", "x", "red"),
    StepState.TIMED_OUT: ("✗", "x", "red"),
    StepState.DENIED: ("✗", "x", "red"),
    StepState.CANCELLED: ("–", "-", "yellow"),
}


@dataclass
class Row:
    """One agent's line."""

    agent: str
    task: str = ""
    after: tuple[int, ...] = ()
    state: StepState = StepState.PENDING
    attempt: int = 0
    note: str = ""
    started_at: datetime | None = None
    seen: float = 0.0
    """When we learned that it runs, on our own clock."""
    seconds: float | None = None


class Progress:
    """What is known of one delegation."""

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, *, written: Words | None = None
    ) -> None:
        """`written` takes the answer's words while they come; without it nobody has to send them."""
        self._monotonic = monotonic
        self.written = written
        self.rows: dict[int, Row] = {}
        self.stage = words.PLANNING
        self.ended = False

    def apply(self, event: Happening) -> None:
        """Take one event in, of any kind; those of a later version change nothing."""
        if event.kind == WORDS and self.written is not None:
            self.written.hear(event.data)
        elif event.kind in ENDS:
            self.ended, self.stage = True, ""
        elif event.kind == EventKind.DELEGATION_CANCELLED:
            self.stage = words.CANCELLING
        elif event.kind == EventKind.DELEGATION_RETRIED:
            self.ended, self.stage = False, words.TRYING_AGAIN
        elif event.kind == EventKind.DELEGATION_PLANNED:
            self._plan(event.data)
        elif event.kind in (EventKind.APPROVAL_REQUESTED, EventKind.APPROVAL_DECIDED):
            self._ask(event)
        elif event.kind in (EventKind.STEP_STARTED, EventKind.STEP_RETRYING, EventKind.STEP_ENDED):
            self._step(event)

    def settle(self, answer: Answer) -> None:
        """Take in what the finished delegation says; the events may have been lost on the way."""
        for index, result in enumerate(answer.results):
            row = self.rows.setdefault(index, Row(agent=result.agent))
            row.state = to_state(result.status)
            row.attempt = result.attempts
            row.note = "" if row.state is StepState.SUCCEEDED else result.error or row.note
            row.seconds = result.execution_time_ms / 1000
        self.ended, self.stage = True, ""

    def withdraw(self) -> None:
        """The person cancelled it: whatever had not ended won't."""
        for row in self.rows.values():
            if not row.state.terminal:
                row.seconds, row.state, row.note = self.seconds(row), StepState.CANCELLED, ""
        self.ended, self.stage = True, ""

    def seconds(self, row: Row) -> float | None:
        if row.seconds is not None or row.state is not StepState.RUNNING:
            return row.seconds
        return self._monotonic() - row.seen

    def _plan(self, data: dict[str, Any]) -> None:
        steps = data.get("steps") or []
        self.rows = {
            index: Row(
                agent=str(step.get("agent", "?")),
                task=str(step.get("task", "")),
                after=tuple(step.get("dependsOn") or ()),
            )
            for index, step in enumerate(steps)
        }
        self.stage = "" if steps else words.ANSWERING

    def _ask(self, event: Happening) -> None:
        """A step waits for a yes, or has waited."""
        row = self.rows.get(event.data.get("step", -1))
        if row is not None and not row.state.terminal:
            asked = event.kind == EventKind.APPROVAL_REQUESTED
            row.state, row.note = (
                (StepState.WAITING, path.STATES[StepState.WAITING]) if asked else (StepState.RUNNING, "")
            )

    def _step(self, event: Happening) -> None:
        data = event.data
        index = data.get("step")
        if not isinstance(index, int):
            return
        row = self.rows.setdefault(
            index, Row(agent=str(data.get("agent", "?")), task=str(data.get("task", "")))
        )
        row.attempt = int(data.get("attempt") or row.attempt)
        row.note = str(data.get("error") or "")
        if event.kind == EventKind.STEP_ENDED:
            row.state = to_state(str(data.get("state", "")))
            row.seconds = (event.at - row.started_at).total_seconds() if row.started_at else None
            return
        if row.state is not StepState.RUNNING or row.started_at is None:
            row.started_at, row.seen, row.seconds = row.started_at or event.at, self._monotonic(), None
        row.state = StepState.RUNNING
        if event.kind == EventKind.STEP_RETRYING:
            wait = data.get("retryInSeconds")
            row.note = words.retrying_in(float(wait)) if isinstance(wait, (int, float)) else words.RETRYING


def to_state(name: str) -> StepState:
    try:
        return StepState(name)
    except ValueError:
        return StepState.FAILED


class ProgressView:
    """Draws a progress on a terminal for the length of an `async with`; anywhere else it draws nothing."""

    def __init__(self, progress: Progress, console: Console) -> None:
        self._progress = progress
        self._console = console
        self._still = False
        self._unicode = speaks_unicode(console)
        self._spinner = Spinner("dots" if self._unicode else "line", style="cyan")

    async def __aenter__(self) -> Self:
        self._live: Live | None = None
        if is_live(self._console):
            # Redrawn by a task of our own instead of rich's thread.
            self._live = Live(console=self._console, auto_refresh=False)
            self._live.start()
            self._ticking = asyncio.create_task(self._tick(self._live))
        return self

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is redrawn meanwhile: somebody types."""
        self._still = True
        if self._live is not None:
            self._live.update(self.render(), refresh=True)
            self._live.stop()
        try:
            yield
        finally:
            if self._live is not None:
                self._live.start()
            self._still = False

    async def __aexit__(self, *_: object) -> None:
        if self._live is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
            self._live.update(self.render(), refresh=True)
            self._live.stop()

    async def _tick(self, live: Live) -> None:
        while True:
            if not self._still:
                live.update(self.render(), refresh=True)
            await asyncio.sleep(REFRESH_SECONDS)

    def render(self) -> RenderableType:
        parts: list[RenderableType] = []
        if self._progress.rows:
            parts.append(self._table())
        if self._progress.stage:
            line = Table.grid(padding=(0, 1))
            line.add_row(self._spinner, Text(self._progress.stage, style="dim"))
            parts.append(line)
        if self._progress.written is not None and not self._progress.ended:
            beside = len(self._progress.rows) + 1
            parts += filter(None, [self._progress.written.shown(self._console, beside=beside)])
        return Group(*parts)

    def _table(self) -> Table:
        wide = self._console.width >= NARROW_COLUMNS
        table = Table.grid(padding=(0, 2, 0, 0), expand=False)
        table.add_column(width=1)
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=24 if wide else 16)
        if wide:
            table.add_column(no_wrap=True, overflow="ellipsis", max_width=self._console.width // 3)
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=self._console.width // 3)
        table.add_column(justify="right", no_wrap=True, min_width=6)
        for row in self._progress.rows.values():
            cells: list[RenderableType] = [self._mark(row), Text(printable(row.agent), style="bold")]
            if wide:
                cells.append(Text(one_line(row.task), style="dim"))
            seconds = self._progress.seconds(row)
            cells += [self._note(row), Text("" if seconds is None else f"{seconds:.1f} s", style="dim")]
            table.add_row(*cells)
        return table

    def _mark(self, row: Row) -> RenderableType:
        if row.state is StepState.RUNNING:
            return self._spinner
        sign, plain, style = MARKS[row.state]
        return Text(sign if self._unicode else plain, style=style)

    def _note(self, row: Row) -> Text:
        if row.state is StepState.PENDING:
            names = listed(self._progress.rows[i].agent for i in row.after if i in self._progress.rows)
            waiting = path.waiting_for(printable(names)) if names else path.STATES[row.state]
            return Text(waiting, style="dim")
        notes = [] if row.attempt <= 1 else [words.attempt(row.attempt)]
        if row.state in (StepState.TIMED_OUT, StepState.DENIED) and not row.note:
            notes.append(path.STATES[row.state])
        notes += [one_line(row.note)] if row.note else []
        style = (
            "yellow" if row.state in (StepState.RUNNING, StepState.WAITING) else "red" if row.note else "dim"
        )
        return Text(", ".join(notes), style=style)


def one_line(text: str) -> str:
    return " ".join(printable(text).split())
