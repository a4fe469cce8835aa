"""One instruction through the whole core, well and badly."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from core.errors import (
    InvalidInstruction,
    ModelUnavailable,
    QueueUnavailable,
    RateLimited,
    StepFailed,
    TransientError,
)
from core.memory.model import ScriptedModel, calls, says
from core.models import DelegationState, EventKind, Person, Press, Status, StepState
from core.policies import LEASE_SECONDS
from core.progress_edits import FIRST_SECONDS
from tests.scenarios.world import ADA, World

BOTH = "@one count; @two sing"
CHAIN = "@one count then @two sing"


async def test_two_agents_give_one_answer_in_the_thread_they_were_asked_in() -> None:
    world = World()
    delegation = await world.ask(BOTH)
    assert delegation.status is Status.SUCCESS
    assert delegation.state is DelegationState.DELIVERED
    [message] = world.messenger.standing()
    assert message.part.text == delegation.reply.text if delegation.reply else ""
    assert "count" in message.part.text
    assert "sing" in message.part.text
    assert "No model was used" in message.part.text
    assert message.conversation == ("memory", "w", "p", "t1")


async def test_the_placeholder_comes_first_and_is_edited_into_the_answer() -> None:
    world = World()
    await world.receive(BOTH)
    await world.queue.run_next(world.work)
    [placeholder] = world.messenger.standing()
    assert "On it" in placeholder.part.text
    assert [button.action for button in placeholder.part.buttons] == ["cancel"]
    await world.settle()
    [answer] = world.messenger.standing()
    assert answer.id == placeholder.id
    assert "On it" not in answer.part.text
    assert not answer.part.buttons


async def test_then_means_after_with_the_earlier_output() -> None:
    world = World()
    delegation = await world.ask(CHAIN)
    assert delegation.status is Status.SUCCESS
    [task] = world.tool("two").runs
    assert [up.agent for up in task.upstream] == ["one"]
    assert "count" in task.upstream[0].output


async def test_every_transition_is_an_event_in_order() -> None:
    world = World()
    delegation = await world.ask("@one count")
    kinds = [event.kind for event in await world.store.events(delegation.id)]
    wanted = [
        EventKind.INSTRUCTION_RECEIVED,
        EventKind.DELEGATION_PLANNED,
        EventKind.STEP_STARTED,
        EventKind.STEP_ENDED,
        EventKind.DELEGATION_ANSWERED,
        EventKind.DELEGATION_DELIVERED,
    ]
    assert [kind for kind in kinds if kind is not EventKind.STEP_TOOL] == wanted


async def test_the_same_event_again_is_the_same_delegation() -> None:
    world = World()
    receipts = await asyncio.gather(
        *(world.reception.receive(world.instruction(BOTH, key="event-1")) for _ in range(4))
    )
    await world.settle()
    assert len({receipt.delegation_id for receipt in receipts}) == 1
    assert sum(receipt.created for receipt in receipts) == 1
    assert len(world.messenger.standing()) == 1


async def test_one_failing_of_two_gives_a_partial_answer_that_says_what_is_missing() -> None:
    world = World()
    world.tool("two").acts = [lambda _: StepFailed("The choir is on holiday.")]
    delegation = await world.ask(BOTH)
    assert delegation.status is Status.PARTIAL
    text = world.messenger.texts()[0]
    assert "count" in text
    assert "**two**: The choir is on holiday." in text
    assert delegation.id[:8] in text


async def test_what_waits_for_a_failed_step_is_not_run() -> None:
    world = World()
    world.tool("one").acts = [lambda _: StepFailed("No.")]
    delegation = await world.ask(CHAIN)
    assert delegation.status is Status.FAILED
    assert not world.tool("two").runs
    assert [step.state for step in delegation.steps] == [StepState.FAILED, StepState.CANCELLED]
    assert "Not run, since one did not succeed" in world.messenger.texts()[0]


async def test_transient_errors_are_retried_after_1_2_4_seconds() -> None:
    world = World()
    world.tool("one").acts = [lambda _: TransientError("Busy.")] * 3
    delegation = await world.ask("@one count")
    assert delegation.status is Status.SUCCESS
    assert delegation.steps[0].attempts == 4
    slept = [seconds for seconds in world.clock.slept if seconds >= 1]
    slept.remove(FIRST_SECONDS)
    assert slept == [1.0, 2.0, 4.0]
    retries = [e for e in await world.store.events(delegation.id) if e.kind is EventKind.STEP_RETRYING]
    assert [event.data["retryInSeconds"] for event in retries] == [1.0, 2.0, 4.0]


async def test_retry_after_is_honoured() -> None:
    world = World()
    world.tool("one").acts = [lambda _: TransientError("Busy.", retry_after_seconds=9)]
    await world.ask("@one count")
    assert 9.0 in world.clock.slept


async def test_retries_end_with_a_sentence() -> None:
    world = World()
    world.tool("one").acts = [lambda _: TransientError("The page did not answer.")] * 4
    delegation = await world.ask("@one count")
    assert delegation.status is Status.FAILED
    assert "The page did not answer. It was tried 4 times." in world.messenger.texts()[0]


async def test_a_bug_in_an_agent_is_one_sentence_with_a_reference() -> None:
    world = World()
    world.tool("one").acts = [lambda _: RuntimeError("secret internals")]
    delegation = await world.ask("@one count")
    text = world.messenger.texts()[0]
    assert delegation.status is Status.FAILED
    assert f"Something went wrong inside one (reference {delegation.id[:8]})" in text
    assert "secret internals" not in text


async def test_a_hanging_agent_times_out_and_leaves_the_others_alone() -> None:
    world = World(attempt_seconds=0.05)
    world.tool("two").acts = [lambda _: asyncio.Event().wait()]
    delegation = await world.ask(BOTH)
    assert [step.state for step in delegation.steps] == [StepState.SUCCEEDED, StepState.TIMED_OUT]
    assert delegation.status is Status.PARTIAL
    assert "took longer than" in world.messenger.texts()[0]


async def test_nothing_fits_is_said_and_nothing_runs() -> None:
    world = World()
    delegation = await world.ask("hello")
    assert delegation.state is DelegationState.DELIVERED
    assert not delegation.steps
    assert all(not tool.runs for tool in world.tools.values())
    assert len(world.messenger.standing()) == 1


async def test_cancelling_ends_the_rest_and_says_what_was_done() -> None:
    world = World()
    delegation_id = await world.receive(CHAIN)
    await world.queue.run_next(world.work)
    await world.queue.run_next(world.work)
    press = Press(
        action="cancel",
        value=delegation_id,
        person=ADA,
        address=world.instruction("x").address,
        key="press-1",
    )
    assert await world.reception.press(press) is None
    await world.settle()
    delegation = await world.store.load(delegation_id)
    assert delegation.status is Status.CANCELLED
    text = world.messenger.texts()[0]
    assert text.startswith("Cancelled. Finished before that: one.")
    assert not world.tool("two").runs


# INPUTS 11
@pytest.mark.parametrize(
    ("action", "person", "sentence"),
    [
        ("cancel", ADA, "It is finished already; there is nothing left to cancel."),
        ("cancel", Person(id="memory:w:eve"), "Only the person who asked can do that."),
        ("retry", ADA, "There is nothing to try again: nothing failed there, or it is running already."),
        ("retry", Person(id="memory:w:eve"), "Only the person who asked can do that."),
    ],
)
async def test_a_late_or_foreign_press_changes_nothing(action: str, person: Person, sentence: str) -> None:
    world = World()
    delegation = await world.ask(BOTH)
    before = await world.store.events(delegation.id)
    press = Press(
        action=action,
        value=delegation.id,
        person=person,
        address=delegation.instruction.address,
        key="press-1",
    )
    assert await world.reception.press(press) == sentence
    assert await world.store.events(delegation.id) == before


async def test_try_again_runs_only_what_failed_and_edits_the_same_message() -> None:
    world = World()
    world.tool("two").acts = [lambda _: StepFailed("Not today.")]
    delegation = await world.ask(BOTH)
    [message] = world.messenger.standing()
    assert [button.action for button in message.part.buttons] == ["retry"]
    press = Press(
        action="retry", value=delegation.id, person=ADA, address=delegation.instruction.address, key="press-1"
    )
    assert await world.reception.press(press) is None
    assert (
        await world.reception.press(press)
        == "There is nothing to try again: nothing failed there, or it is running already."
    )
    await world.settle()
    again = await world.store.load(delegation.id)
    assert again.status is Status.SUCCESS
    assert len(world.tool("one").runs) == 1
    assert len(world.tool("two").runs) == 2
    assert [one.id for one in world.messenger.standing()] == [message.id]


async def test_try_again_expires_after_a_day() -> None:
    world = World()
    world.tool("two").acts = [lambda _: StepFailed("Not today.")]
    delegation = await world.ask(BOTH)
    await world.clock.advance(25 * 3600)
    press = Press(
        action="retry", value=delegation.id, person=ADA, address=delegation.instruction.address, key="press-1"
    )
    assert await world.reception.press(press) == "That was too long ago to be tried again; ask anew, please."


async def test_follow_ups_know_what_was_said_in_their_thread_and_nothing_else() -> None:
    world = World()
    await world.ask("@one count to three", thread="t1")
    await world.ask("@one count to nine", thread="t2")
    await world.ask("@two sing", thread="t1")
    [task] = world.tool("two").runs
    assert [exchange.instruction for exchange in task.history] == ["@one count to three"]
    assert "count to three" in task.history[0].answer


async def test_the_hundred_and_first_request_is_refused_with_limit_and_time() -> None:
    world = World(requests=2)
    await world.receive("@one a")
    await world.receive("@one b")
    with pytest.raises(
        RateLimited, match=r"more than 2 instructions in 15 minutes, the most for one person\. Try again in"
    ) as refused:
        await world.receive("@one c")
    assert refused.value.verdict.limit == 2
    assert refused.value.verdict.retry_after_seconds > 0
    await world.receive("@one d", person=Person(id="memory:w:bob"))


async def test_a_resend_does_not_count_against_the_limit() -> None:
    world = World(requests=2)
    first = await world.receive("@one a", key="same")
    for _ in range(4):
        await world.receive("@one a", key="same")
    await asyncio.gather(*(world.receive("@one a", key="same") for _ in range(4)))
    await world.receive("@one b")
    with pytest.raises(RateLimited):
        await world.receive("@one c")
    assert await world.receive("@one a", key="same") == first


async def test_an_empty_message_is_refused_and_leaves_one_event() -> None:
    world = World()
    with pytest.raises(InvalidInstruction):
        await world.receive("\u200b ")
    assert not world.queue.enqueued


async def test_a_queue_that_is_out_delays_the_work_and_loses_nothing() -> None:
    world = World()
    world.queue.available = False
    receipt = await world.reception.receive(world.instruction(BOTH))
    assert receipt.notice == "Saved. The queue can't be reached just now, so it will start a little late."
    await world.clock.advance(11)
    with pytest.raises(QueueUnavailable):
        await world.reconciler.sweep()
    world.queue.available = True
    assert await world.reconciler.sweep() == 1
    await world.settle()
    assert (await world.store.load(receipt.delegation_id)).status is Status.SUCCESS


@pytest.mark.parametrize("lost_after", range(4))
async def test_a_queue_that_forgets_everything_is_rebuilt_from_the_rows(lost_after: int) -> None:
    world = World()
    delegation_id = await world.receive(CHAIN)
    for _ in range(lost_after):
        if world.queue.waiting:
            await world.queue.run_next(world.work)
    world.queue.lose_all()
    for _ in range(4):
        await world.clock.advance(31)
        await world.reconciler.sweep()
        await world.settle()
    delegation = await world.store.load(delegation_id)
    assert delegation.status is Status.SUCCESS
    assert len(world.messenger.standing()) == 1
    assert [len(world.tool(name).runs) for name in ("one", "two")] == [1, 1]


async def test_reconcile_leaves_living_work_alone() -> None:
    world = World()
    await world.receive("@one count")
    await world.clock.advance(11)
    assert await world.reconciler.sweep() == 0
    assert len(world.queue.enqueued) == 1


async def test_a_step_that_kills_its_worker_three_times_is_given_up() -> None:
    world = World()
    delegation_id = await world.receive("@one count")
    await world.queue.run_next(world.work)
    step = (await world.store.load(delegation_id)).steps[0]
    for _ in range(4):
        now = world.clock.now()
        await world.store.claim_step(step.id, now=now, lease_until=now + timedelta(seconds=30))
        await world.clock.advance(31)
    await world.reconciler.sweep()
    await world.settle()
    delegation = await world.store.load(delegation_id)
    assert delegation.status is Status.FAILED
    assert not world.tool("one").runs
    assert "the worker died" in world.messenger.texts()[0]


async def test_a_worker_that_lost_its_claim_cannot_save_its_result() -> None:
    world = World()
    release = asyncio.Event()
    world.tool("one").acts = [lambda _: release.wait(), lambda _: "the second worker's"]
    delegation_id = await world.receive("@one count")
    await world.queue.run_next(world.work)
    slow = asyncio.create_task(world.queue.run_next(world.work))
    await world.tool("one").started.wait()
    await world.clock.advance(31)
    world.queue.lose_all()
    await world.reconciler.sweep()
    await world.settle()
    release.set()
    await slow
    await world.settle()
    delegation = await world.store.load(delegation_id)
    assert delegation.steps[0].result is not None
    assert delegation.steps[0].result.output == "the second worker's"
    assert len(world.messenger.standing()) == 1


async def test_a_worker_that_stops_hands_its_step_back() -> None:
    world = World()
    world.tool("one").acts = [lambda _: asyncio.Event().wait()]
    delegation_id = await world.receive("@one count")
    await world.queue.run_next(world.work)
    running = asyncio.create_task(world.queue.run_next(world.work))
    await world.tool("one").started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    step = (await world.store.load(delegation_id)).steps[0]
    assert step.state is StepState.PENDING
    await world.reconciler.sweep()
    await world.settle()
    delegation = await world.store.load(delegation_id)
    assert delegation.status is Status.SUCCESS
    assert delegation.steps[0].crashes == 0


async def test_a_model_that_stays_away_leaves_the_tools_to_answer() -> None:
    class Away:
        name = "away"

        async def complete(self, request: object, *, on_text: object = None) -> object:
            raise ModelUnavailable("The model did not answer.")

        async def aclose(self) -> None: ...

    world = World(model=Away())  # type: ignore[arg-type]
    delegation = await world.ask("@one count")
    assert delegation.status is Status.SUCCESS
    assert delegation.reply is not None
    assert "No model was used" in delegation.reply.text


async def test_a_run_that_was_cut_off_continues_from_its_saved_turn() -> None:
    """The worker stops while the tool is at it: whoever claims the step next pays for no turn again."""
    turn = calls(("one_tool", {"text": "count"}))
    async with ScriptedModel(turn, says("done")) as model:
        world = World(model=model)
        world.tool("one").acts.append(lambda _: asyncio.Event().wait())
        delegation_id = await world.receive("@one count")
        await world.coordinator.plan(delegation_id)
        [step] = (await world.store.load(delegation_id)).steps
        running = asyncio.create_task(world.coordinator.run_step(step.id))
        await world.tool("one").started.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await world.coordinator.run_step(step.id)
        delegation = await world.store.load(delegation_id)
    assert delegation.reply is not None
    assert "done" in delegation.reply.text
    assert delegation.usage.input_tokens == 200


async def test_a_turn_whose_step_could_not_be_ended_is_not_paid_for_again() -> None:
    """The worker stops while the end is being saved, with the turn that is to be saved along with it."""
    async with ScriptedModel(says("done")) as model:
        world = World(model=model)
        delegation_id = await world.receive("@one count")
        await world.coordinator.plan(delegation_id)
        [step] = (await world.store.load(delegation_id)).steps
        saving, end_step = asyncio.Event(), world.store.end_step

        async def never_saved(*_: Any, **__: Any) -> None:
            saving.set()
            await asyncio.Event().wait()

        world.store.end_step = never_saved  # type: ignore[method-assign]
        running = asyncio.create_task(world.coordinator.run_step(step.id))
        await saving.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        world.store.end_step = end_step  # type: ignore[method-assign]
        await world.clock.sleep(LEASE_SECONDS + 1)
        await world.coordinator.run_step(step.id)
        delegation = await world.store.load(delegation_id)
    assert delegation.reply is not None
    assert "done" in delegation.reply.text
    assert delegation.usage.input_tokens == 100


async def test_what_a_run_that_came_to_nothing_cost_is_counted() -> None:
    async with ScriptedModel(says(""), says("")) as model:
        world = World(model=model)
        delegation = await world.ask("@one count")
    assert delegation.status is Status.FAILED
    assert delegation.usage.input_tokens == 200


async def test_the_last_step_of_a_chain_knows_all_that_came_before() -> None:
    world = World()
    await world.ask("@one count then @two sing then @three dance")
    [task] = world.tool("three").runs
    assert [up.agent for up in task.upstream] == ["one", "two"]
