"""Decisions, as tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import InvalidInstruction, ModelUnavailable, StepFailed, TransientError
from core.intake import check_instruction
from core.models import (
    Address,
    Delegation,
    DelegationState,
    Instruction,
    Person,
    Status,
    Step,
    StepState,
)
from core.policies import (
    due,
    redelivery_delay,
    retry_delay,
    status_of,
    step_timeout_seconds,
)

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
LATER, BEFORE = NOW + timedelta(seconds=20), NOW - timedelta(seconds=1)
P, R, S, F, C = (
    StepState.PENDING,
    StepState.RUNNING,
    StepState.SUCCEEDED,
    StepState.FAILED,
    StepState.CANCELLED,
)


def instruction(text: str = "do it") -> Instruction:
    return Instruction(
        key="k",
        text=text,
        person=Person(id="memory:w:p"),
        address=Address(platform="memory", workspace="w", place="p"),
        origin="api",
    )


def step(index: int, state: StepState, *after: int, lease: datetime | None = None) -> Step:
    return Step(
        id=f"d-{index}",
        delegation_id="d",
        index=index,
        agent="a",
        task="t",
        after=after,
        state=state,
        lease_until=lease,
    )


def delegation(state: DelegationState, *steps: Step) -> Delegation:
    return Delegation(id="d", instruction=instruction(), state=state, steps=steps, received_at=NOW)


@pytest.mark.parametrize(
    ("steps", "run", "skip", "finish"),
    [
        pytest.param([step(0, P), step(1, P)], [0, 1], [], False, id="independent steps run side by side"),
        pytest.param([step(0, P), step(1, P, 0)], [0], [], False, id="a step waits for the one before"),
        pytest.param([step(0, S), step(1, P, 0)], [1], [], False, id="and runs after it succeeded"),
        pytest.param([step(0, F), step(1, P, 0)], [], [1], False, id="and is skipped where it failed"),
        pytest.param([step(0, C), step(1, P, 0)], [], [1], False, id="or was cancelled"),
        pytest.param(
            [step(0, F), step(1, S), step(2, P, 0, 1)], [2], [], False, id="one of two inputs is enough"
        ),
        pytest.param(
            [step(0, StepState.WAITING), step(1, P, 0)],
            [],
            [],
            False,
            id="what waits for a yes is left alone",
        ),
        pytest.param(
            [step(0, StepState.WAITING), step(1, P), step(2, S)],
            [1],
            [],
            False,
            id="and keeps no other waiting",
        ),
        pytest.param([step(0, StepState.WAITING), step(1, S)], [], [], False, id="nor is it an end"),
        pytest.param(
            [step(0, R, lease=LATER), step(1, P, 0)], [], [], False, id="a held step is left to its holder"
        ),
        pytest.param([step(0, R, lease=BEFORE)], [0], [], False, id="a step whose lease ran out runs again"),
        pytest.param([step(0, S), step(1, F)], [], [], True, id="all ended: finish"),
        pytest.param([step(0, S), step(1, R, lease=LATER)], [], [], False, id="one is still running"),
        pytest.param([], [], [], True, id="nothing to run: finish"),
    ],
)
def test_what_is_due_is_read_off_the_rows(
    steps: list[Step], run: list[int], skip: list[int], finish: bool
) -> None:
    found = due(delegation(DelegationState.PLANNED, *steps), now=NOW)
    assert [one.index for one in found.steps] == run
    assert [one.index for one in found.skip] == skip
    assert found.finish == finish
    assert not found.plan
    assert not found.deliver


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        (DelegationState.RECEIVED, "plan"),
        (DelegationState.ANSWERED, "deliver"),
        (DelegationState.DELIVERED, "nothing"),
    ],
)
def test_each_state_has_its_stage(state: DelegationState, wanted: str) -> None:
    found = due(delegation(state, step(0, P)), now=NOW)
    assert {name for name in ("plan", "deliver", "finish", "nothing") if getattr(found, name)} == {wanted}


@pytest.mark.parametrize(
    ("states", "cancelled", "status"),
    [
        ([S, S], False, Status.SUCCESS),
        ([S, F], False, Status.PARTIAL),
        ([S, C], False, Status.PARTIAL),
        ([F, StepState.TIMED_OUT], False, Status.FAILED),
        ([StepState.DENIED], False, Status.FAILED),
        ([S, C], True, Status.CANCELLED),
        ([], False, Status.SUCCESS),
    ],
)
def test_status_is_aggregated(states: list[StepState], cancelled: bool, status: Status) -> None:
    assert status_of([step(i, state) for i, state in enumerate(states)], cancelled=cancelled) is status


@pytest.mark.parametrize(
    ("error", "attempt", "jitter", "delay"),
    [
        pytest.param(TransientError(), 1, 0.0, 1.0, id="1 s"),
        pytest.param(TransientError(), 2, 0.0, 2.0, id="2 s"),
        pytest.param(TransientError(), 3, 0.0, 4.0, id="4 s"),
        pytest.param(TransientError(), 4, 0.0, 8.0, id="8 s"),
        pytest.param(TransientError(), 5, 0.0, None, id="then it gives up"),
        pytest.param(TransientError(), 1, 1.0, 1.25, id="jitter is up to a quarter, on top"),
        pytest.param(ModelUnavailable(retry_after_seconds=7), 1, 0.0, 7.0, id="Retry-After is honoured"),
        pytest.param(
            ModelUnavailable(retry_after_seconds=0.1), 2, 0.0, 2.0, id="but never shortens the wait"
        ),
        pytest.param(ModelUnavailable(retry_after_seconds=121), 1, 0.0, None, id="nobody waits that long"),
        pytest.param(StepFailed("no"), 1, 0.0, None, id="permanent errors are not retried"),
        pytest.param(RuntimeError("bug"), 1, 0.0, None, id="nor are bugs"),
    ],
)
def test_retries_are_a_pure_decision(
    error: Exception, attempt: int, jitter: float, delay: float | None
) -> None:
    assert retry_delay(error, attempt=attempt, max_retries=4, jitter=lambda: jitter) == delay


def test_a_step_job_outlives_all_its_attempts_and_waits() -> None:
    assert step_timeout_seconds(attempt_seconds=30, max_retries=3) > 4 * 30 + 3 * 120


@pytest.mark.parametrize(("waited", "delay"), [(0, 5), (20, 10), (3600, 300)])
def test_an_undelivered_answer_is_tried_less_and_less_often(waited: int, delay: int) -> None:
    assert redelivery_delay(timedelta(seconds=waited)) == timedelta(seconds=delay)


@pytest.mark.parametrize("text", ["", "   \n\t", "\u200b\u200d\ufeff \u2060", "\u00ad"])
def test_nothing_visible_is_nothing_to_do(text: str) -> None:
    with pytest.raises(InvalidInstruction, match="There is nothing to do in that message"):
        check_instruction(instruction(text))


@pytest.mark.parametrize("length", [1, 5000])
def test_up_to_5000_characters_are_taken(length: int) -> None:
    check_instruction(instruction("x" * length))


# INPUTS 22
def test_5001_characters_are_refused_with_the_limit() -> None:
    with pytest.raises(InvalidInstruction, match=r"5,001 characters.*5,000 at most"):
        check_instruction(instruction("x" * 5001))
