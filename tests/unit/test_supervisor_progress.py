"""The lines that show how a delegation goes."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from bot.cli.bodies import AgentResult, Answer, Happening
from bot.cli.progress import Progress, ProgressView
from core.models import StepState

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
STEPS = [
    {"agent": "research", "task": "find it", "dependsOn": []},
    {"agent": "writer", "task": "w", "dependsOn": [0]},
]


def event(kind: str, *, seconds: float = 0.0, **data: Any) -> Happening:
    return Happening(kind=kind, at=START + timedelta(seconds=seconds), data=data)


def watched(*events: Happening) -> Progress:
    progress = Progress(monotonic=lambda: 100.0)
    progress.apply(event("delegation.planned", planner="rules", steps=STEPS))
    for one in events:
        progress.apply(one)
    return progress


def drawn(progress: Progress, *, width: int = 100) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=True, color_system=None)
    console.print(ProgressView(progress, console).render())
    return out.getvalue()


def test_a_step_takes_its_time_from_the_events() -> None:
    progress = watched(
        event("step.started", step=0, agent="research", attempt=1, state="running"),
        event("step.retrying", step=0, agent="research", attempt=1, retryInSeconds=2.0, seconds=1),
        event("step.started", step=0, agent="research", attempt=2, state="running", seconds=3),
        event("step.ended", step=0, agent="research", attempt=2, state="succeeded", seconds=4.5),
    )

    row = progress.rows[0]
    assert (row.state, row.attempt, row.seconds, row.note) == (StepState.SUCCEEDED, 2, 4.5, "")
    assert progress.rows[1].state is StepState.PENDING


def test_a_retry_says_when_it_comes() -> None:
    text = drawn(watched(event("step.retrying", step=0, agent="research", attempt=1, retryInSeconds=2.0)))

    assert "again in 2 s" in text
    assert "waiting for research" in text


def test_what_the_events_missed_comes_from_the_answer() -> None:
    progress = watched()

    progress.settle(
        Answer(
            delegation_id="d",
            status="partial",
            results=(
                AgentResult(
                    agent="research", status="failed", error="No page.", attempts=4, execution_time_ms=1500
                ),
                AgentResult(agent="writer", status="succeeded", attempts=1, execution_time_ms=20),
            ),
        )
    )

    assert [(row.state, row.note) for row in progress.rows.values()] == [
        (StepState.FAILED, "No page."),
        (StepState.SUCCEEDED, ""),
    ]
    assert "attempt 4, No page." in drawn(progress)
    assert progress.ended


def test_what_a_person_said_no_to_is_drawn_as_denied() -> None:
    progress = watched()
    denied = AgentResult(agent="research", status="denied", output="I sent nothing.", attempts=1)

    progress.settle(Answer(delegation_id="d", status="success", results=(denied,)))

    [line] = [line for line in drawn(progress).splitlines() if line.split()[1:2] == ["research"]]
    assert line.startswith("✗")
    assert "denied" in line


def test_a_cancelled_delegation_has_nothing_running() -> None:
    progress = watched(event("step.started", step=0, agent="research", attempt=1, state="running"))

    progress.withdraw()

    assert {row.state for row in progress.rows.values()} == {StepState.CANCELLED}


@pytest.mark.parametrize("kind", ["delegation.answered", "delegation.delivered"])
def test_the_answer_ends_the_watching(kind: str) -> None:
    assert watched(event(kind)).ended


@pytest.mark.parametrize(
    "odd",
    [event("step.dreamt", step=0), event("step.started"), event("step.ended", step=0, state="unheard-of")],
)
def test_events_of_another_version_break_nothing(odd: Happening) -> None:
    drawn(watched(odd))


@pytest.mark.parametrize("width", [20, 44, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    progress = watched(event("step.retrying", step=0, agent="research", attempt=1, retryInSeconds=2.0))
    progress.rows[0].task = "a very long task " * 20

    assert max(map(len, drawn(progress, width=width).splitlines())) <= width


def test_a_task_cannot_steer_the_terminal() -> None:
    progress = watched()
    progress.rows[0].task = "clear\x1b[2J"

    assert "\x1b" not in drawn(progress)
