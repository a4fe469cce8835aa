"""A person's yes, through the whole core: asked in the conversation, waited for without a worker, given once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.page.views import Views
from core.approvals.policy import Rules
from core.errors import MessengerUnavailable, RecipientGone
from core.memory.messenger import Message
from core.memory.model import ScriptedModel, calls, says
from core.models import (
    Approval,
    ApprovalPolicy,
    ApprovalState,
    Delegation,
    EventKind,
    Person,
    Press,
    Reply,
    Status,
    StepState,
    Task,
)
from core.rendering import approvals as words
from core.rendering import progress
from tests.scenarios.world import ADA, Scripted, Words, World

EVE = Person(id="memory:w:eve", name="eve")
BOSS = Person(id="memory:w:boss", name="Bo Boss")
ALWAYS = Rules(ApprovalPolicy.ALWAYS)


def world(**options: Any) -> World:
    """Agent `two` changes the world, which always takes a yes here."""
    return World(**{"writes": ("two",), "rules": ALWAYS, "approvers": (BOSS.id,), **options})


async def asked(world: World, text: str = "@two sing") -> tuple[str, Approval]:
    """What was asked for this instruction, once everything stands still."""
    delegation_id = await world.receive(text)
    await world.settle()
    [approval] = await world.approvals.pending(limit=9)
    return delegation_id, approval


async def press(
    world: World, approval: Approval, action: str = "approve", *, person: Person = ADA, key: str = ""
) -> str | None:
    address = world.instruction("x").address
    key = key or f"press-{next(world.keys)}"
    said = await world.reception.press(
        Press(action=action, value=approval.id, person=person, address=address, key=key)
    )
    await world.settle()
    return said


def request(world: World) -> Message:
    """The message that asks, or asked."""
    [message] = [m for m in world.messenger.standing() if "wants to call" in m.part.text]
    return message


async def step(world: World, delegation_id: str, number: int = 0) -> Any:
    return (await world.store.load(delegation_id)).steps[number]


async def pass_by(world: World, seconds: float) -> None:
    """Time goes by, and reconcile looks."""
    await world.clock.advance(seconds)
    await world.reconciler.sweep()
    await world.settle()


async def test_the_step_waits_without_a_worker_and_the_question_stands_in_the_conversation() -> None:
    here = world()
    delegation_id, approval = await asked(here)
    waiting = await step(here, delegation_id)
    assert (waiting.state, waiting.lease_until) == (StepState.WAITING, None)
    assert not here.queue.waiting
    assert not here.queue.running
    assert not here.tool("two").runs
    message = request(here)
    assert [(b.action, b.value) for b in message.part.buttons] == [
        ("approve", approval.id),
        ("always", approval.id),
        ("deny", approval.id),
    ]
    assert "ada asked, and the two agent wants to call two_tool." in message.part.text
    assert "```\ntext: sing\n```" in message.part.text
    [placeholder] = [m for m in here.messenger.standing() if m.id != message.id]
    assert "**two**: waiting for a yes" in placeholder.part.text


async def test_a_yes_runs_exactly_that_call_and_locks_the_question() -> None:
    here = world()
    delegation_id, approval = await asked(here)
    assert await press(here, approval) is None
    assert len(here.tool("two").runs) == 1
    done = await here.store.load(delegation_id)
    assert (done.status, done.steps[0].attempts) == (Status.SUCCESS, 1)
    message = request(here)
    assert message.part.buttons == ()
    assert "Approved by ada (Fri 20 Nov 2026, 09:0" in message.part.text
    kinds = [event.kind for event in await here.store.events(delegation_id)]
    assert kinds.index(EventKind.APPROVAL_REQUESTED) < kinds.index(EventKind.APPROVAL_DECIDED)
    assert len(here.messenger.standing()) == 2


async def test_a_no_ends_the_step_with_one_sentence() -> None:
    here = world()
    delegation_id, approval = await asked(here)
    assert await press(here, approval, "deny") is None
    denied = await step(here, delegation_id)
    assert denied.state is StepState.DENIED
    assert denied.result.error == "two_tool was not called: ada said no."
    assert not here.tool("two").runs
    assert "Denied by ada" in request(here).part.text
    assert (await here.store.load(delegation_id)).status is Status.FAILED


async def test_with_a_model_a_no_is_told_and_the_run_goes_on() -> None:
    model = ScriptedModel(calls(("two_tool", {"text": "sing"})), says("I could not sing."))
    here = world(model=model)
    delegation_id, approval = await asked(here)
    await press(here, approval, "deny")
    model.assert_done()
    assert [m.text for m in model.requests[-1].messages if m.role == "tool"] == [
        "two_tool was not called: ada said no."
    ]
    ended = await step(here, delegation_id)
    assert ended.state is StepState.SUCCEEDED
    assert ended.result.output == "I could not sing.\n\ntwo_tool was not called: ada said no."
    # Whoever looks at the plan's line is not told that it was done.
    assert ended.outcome is StepState.DENIED
    delegation = await here.store.load(delegation_id)
    assert progress.doing(delegation, ended) == "denied"
    assert '<td class="bad">denied</td>' in Views(zone="UTC").turn(delegation).html
    [told] = [e for e in await here.store.events(delegation_id) if e.kind is EventKind.STEP_ENDED]
    assert told.data["state"] == "denied"


async def test_with_a_model_the_run_goes_on_at_that_call_and_pays_no_turn_twice() -> None:
    model = ScriptedModel(calls(("two_tool", {"text": "sing"})), says("Sung."))
    here = world(model=model)
    delegation_id, approval = await asked(here)
    assert len(model.requests) == 1
    await press(here, approval)
    model.assert_done()
    assert len(model.requests) == 2
    assert (await step(here, delegation_id)).result.output == "Sung."
    assert len(here.tool("two").runs) == 1


async def test_of_two_calls_each_waits_for_its_own_yes() -> None:
    both = calls(("two_tool", {"text": "la"}), ("two_tool", {"text": "lo"}))
    here = world(model=ScriptedModel(both, says("Sung, in part.")))
    delegation_id = await here.receive("@two sing")
    await here.settle()
    first, second = sorted(await here.approvals.pending(limit=9), key=lambda one: one.arguments)
    await press(here, first)
    assert len(here.tool("two").runs) == 1
    assert (await step(here, delegation_id)).state is StepState.WAITING
    await press(here, second, "deny")
    assert len(here.tool("two").runs) == 1
    # Something was done.
    assert (await step(here, delegation_id)).outcome is StepState.SUCCEEDED


async def test_always_is_for_the_rest_of_the_run() -> None:
    rounds = [calls(("two_tool", {"text": f"song {n}"})) for n in range(3)]
    here = world(model=ScriptedModel(*rounds, says("Sung.")))
    delegation_id, approval = await asked(here)
    assert await press(here, approval, "always") is None
    assert len(here.tool("two").runs) == 3
    assert (await step(here, delegation_id)).state is StepState.SUCCEEDED
    assert len([t for t in here.messenger.texts() if "wants to call" in t]) == 1
    assert "Approved for every two_tool of this run by ada" in request(here).part.text
    states = [one.state for one in await here.approvals.of([delegation_id])]
    assert states == [ApprovalState.APPROVED] * 3


async def test_after_five_minutes_nobody_can_say_yes_any_more() -> None:
    here = world()
    delegation_id, approval = await asked(here)
    await pass_by(here, 290)
    assert (await step(here, delegation_id)).state is StepState.WAITING
    await pass_by(here, 11)
    expired = await step(here, delegation_id)
    assert expired.state is StepState.DENIED
    assert expired.result.error == "two_tool was not called: nobody approved it within 5 minutes."
    assert "Expired: nobody answered in 5 minutes." in request(here).part.text
    assert not request(here).part.buttons
    assert await press(here, approval) == "Expired: nobody answered in 5 minutes."
    assert not here.tool("two").runs


async def test_a_press_after_its_time_comes_too_late_even_before_anybody_noticed() -> None:
    here = world()
    delegation_id, approval = await asked(here)
    await here.clock.advance(301)
    assert await press(here, approval) == "Expired: nobody answered in 5 minutes."
    assert not here.tool("two").runs
    assert (await step(here, delegation_id)).state is StepState.DENIED
    assert "Expired" in request(here).part.text


async def test_only_who_asked_and_approvers_decide() -> None:
    here = world()
    delegation_id, approval = await asked(here)
    assert await press(here, approval, person=EVE) == words.NOT_YOURS
    assert await press(here, approval, "deny", person=EVE) == words.NOT_YOURS
    assert (await step(here, delegation_id)).state is StepState.WAITING
    assert request(here).part.buttons
    assert await press(here, approval, person=BOSS) is None
    assert "Approved by Bo Boss" in request(here).part.text
    assert len(here.tool("two").runs) == 1


@pytest.mark.parametrize("second", ["approve", "deny", "always"])
async def test_of_two_presses_at_the_same_moment_one_counts(second: str) -> None:
    here = world()
    delegation_id, approval = await asked(here)
    said = await asyncio.gather(press(here, approval), press(here, approval, second, person=BOSS))
    assert [one is None for one in said].count(True) == 1
    decided = await here.approvals.load(approval.id)
    ran = decided.state is ApprovalState.APPROVED
    assert len(here.tool("two").runs) == ran
    assert (await step(here, delegation_id)).state.terminal
    [told] = [one for one in said if one is not None]
    assert told == words.verdict(decided, zone="UTC")


async def test_the_same_press_again_is_no_news() -> None:
    here = world()
    _, approval = await asked(here)
    assert await press(here, approval, key="update-7") is None
    assert await press(here, approval, key="update-7") is None
    assert len(here.tool("two").runs) == 1


async def test_a_press_on_an_unknown_request_is_told_so() -> None:
    here = world()
    _, approval = await asked(here)
    unknown = approval.model_copy(update={"id": "0" * 32})
    assert await press(here, unknown) == words.UNKNOWN


async def test_a_press_on_a_question_of_an_earlier_round_changes_nothing() -> None:
    here = world()
    delegation_id, first = await asked(here)
    await press(here, first, "deny")
    assert await here.store.retry(delegation_id, by=ADA.id, now=here.clock.now())
    await here.coordinator.advance(delegation_id)
    await here.settle()
    [second] = await here.approvals.pending(limit=9)
    assert second.id != first.id
    assert "Denied by ada" in str(await press(here, first))
    assert (await step(here, delegation_id)).state is StepState.WAITING
    assert not here.tool("two").runs
    await press(here, second)
    assert len(here.tool("two").runs) == 1


async def test_a_waiting_step_keeps_nobody_else_waiting() -> None:
    here = world()
    delegation_id = await here.receive("@two sing; @one count")
    await here.settle()
    delegation = await here.store.load(delegation_id)
    assert [s.state for s in delegation.steps] == [StepState.WAITING, StepState.SUCCEEDED]
    assert delegation.reply is None
    [approval] = await here.approvals.pending(limit=9)
    await press(here, approval)
    assert (await here.store.load(delegation_id)).status is Status.SUCCESS


async def test_everything_restarts_while_it_waits_and_the_yes_still_counts() -> None:
    here = world()
    delegation_id, approval = await asked(here)
    here.queue.lose_all()
    for _ in range(3):
        await pass_by(here, 60)
    assert (await step(here, delegation_id)).state is StepState.WAITING
    assert len(here.messenger.standing()) == 2
    # The press is saved, and everything dies before a job is there.
    await here.approvals.decide(approval.id, "approve", by=ADA, key="p", now=here.clock.now())
    for _ in range(2):
        await pass_by(here, 11)
    done = await here.store.load(delegation_id)
    assert done.status is Status.SUCCESS
    assert len(here.tool("two").runs) == 1
    assert "Approved by ada" in request(here).part.text


async def test_who_dies_after_asking_leaves_a_question_that_somebody_else_posts() -> None:
    here = world()
    here.messenger.fail("post", MessengerUnavailable(), times=50)
    delegation_id, _ = await asked(here)
    assert not here.messenger.standing()
    here.messenger._faults.clear()
    await pass_by(here, 11)
    assert request(here).part.buttons
    assert (await step(here, delegation_id)).state is StepState.WAITING


async def test_a_post_whose_answer_was_lost_is_found_and_not_made_again() -> None:
    here = world()
    delegation_id = await here.receive("@two sing")
    await here.queue.run_next(here.work)
    here.messenger.fail("post", MessengerUnavailable(), applied=True)
    await here.settle()
    await pass_by(here, 11)
    assert len([t for t in here.messenger.texts() if "wants to call" in t]) == 1
    [approval] = await here.approvals.of([delegation_id])
    assert approval.message_id == request(here).id


async def test_where_nobody_can_be_written_to_it_can_still_be_decided_elsewhere() -> None:
    here = world()
    here.messenger.fail("post", RecipientGone(), times=50)
    delegation_id, approval = await asked(here)
    here.messenger._faults.clear()
    assert await press(here, approval) is None
    assert (await step(here, delegation_id)).state is StepState.SUCCEEDED


async def test_a_crash_between_the_yes_and_the_run_makes_the_call_once() -> None:
    here = world()
    delegation_id, approval = await asked(here)
    await here.controls.decide(approval.id, "approve", by=ADA, key="p")
    here.queue.lose_all()
    await pass_by(here, 11)
    assert len(here.tool("two").runs) == 1
    assert (await step(here, delegation_id)).state is StepState.SUCCEEDED


class KilledError(BaseException):
    """What a killed worker looks like from inside."""


async def test_a_crash_in_the_middle_of_the_approved_call_never_repeats_it() -> None:
    here = world()
    delegation_id, approval = await asked(here)
    await here.controls.decide(approval.id, "approve", by=ADA, key="p")
    here.tool("two").acts = [lambda _: KilledError()]
    job = here.queue.pop()
    claim = here.store.release_step

    async def nobody(*_: object, **__: object) -> bool:
        return False

    here.store.release_step = nobody  # type: ignore[method-assign]
    with pytest.raises(KilledError):
        await here.work(job)
    here.store.release_step = claim  # type: ignore[method-assign]
    here.queue.lose_all()
    for _ in range(3):
        await pass_by(here, 40)
    ended = await step(here, delegation_id)
    assert len(here.tool("two").runs) == 1
    assert ended.state is StepState.FAILED
    assert "may or may not have happened" in ended.result.error


async def test_cancelling_takes_the_question_back() -> None:
    here = world()
    delegation_id, approval = await asked(here)
    await here.controls.cancel(await here.store.load(delegation_id), by=ADA.id)
    await here.settle()
    assert "No longer asked: its run is over." in request(here).part.text
    assert not request(here).part.buttons
    assert await press(here, approval) == "No longer asked: its run is over."
    assert not here.tool("two").runs
    assert (await here.store.load(delegation_id)).status is Status.CANCELLED


async def test_the_time_of_waiting_is_none_of_the_steps_own() -> None:
    here = world(attempt_seconds=5)
    delegation_id, approval = await asked(here)
    await here.clock.advance(250)
    await press(here, approval)
    ended = await step(here, delegation_id)
    assert ended.state is StepState.SUCCEEDED
    assert ended.execution_time_ms < 5000


async def test_a_step_that_waits_for_nothing_goes_on() -> None:
    here = world()
    delegation_id, approval = await asked(here)
    del here.store.approvals[approval.id]
    await pass_by(here, 11)
    [again] = await here.approvals.pending(limit=9)
    assert again.id == approval.id
    assert (await step(here, delegation_id)).state is StepState.WAITING


async def test_what_is_too_long_for_one_message_is_shown_whole() -> None:
    here = world(splits_at=300)
    song = "la " * 300
    _, approval = await asked(here, f"@two sing {song}")
    asking = [m for m in here.messenger.standing() if m.tag.part >= 1000]
    assert " la" * 300 in "".join(m.part.text for m in asking)
    assert [bool(m.part.buttons) for m in asking] == [False] * (len(asking) - 1) + [True]
    await press(here, approval)
    last = [m for m in here.messenger.standing() if m.tag.part >= 1000][-1]
    assert not last.part.buttons
    assert "Approved by ada" in last.part.text


def quoting(here: World) -> Scripted:
    """Tool `two` sends on what it was given before."""
    tool = here.tool("two")

    def parse(task: Task) -> Words:
        given = [upstream.output for upstream in task.upstream] or [e.answer for e in task.history]
        return Words(text=" ".join([task.text, *given]))

    tool.parse = parse  # type: ignore[method-assign]
    return tool


async def ended(here: World, text: str) -> Delegation:
    delegation_id = await here.receive(text)
    await here.settle()
    return await here.store.load(delegation_id)


async def test_taint_goes_through_the_whole_plan() -> None:
    here = world(reads_outside=("one",), rules=Rules())
    quoting(here)
    delegation = await ended(here, "@one read then @three shorten then @two sing")
    assert [s.state for s in delegation.steps] == [
        StepState.SUCCEEDED,
        StepState.SUCCEEDED,
        StepState.WAITING,
    ]
    [approval] = await here.approvals.pending(limit=9)
    assert approval.sources == ("one: read", "three: shorten")
    assert "Read before that, from outside:" in request(here).part.text


async def test_without_anything_from_outside_nobody_is_asked() -> None:
    here = world(rules=Rules())
    quoting(here)
    delegation = await ended(here, "@one count then @two sing")
    assert delegation.status is Status.SUCCESS
    assert await here.approvals.of([delegation.id]) == ()


async def test_taint_goes_on_through_the_conversation() -> None:
    here = world(reads_outside=("one",), rules=Rules())
    quoting(here)
    await ended(here, "@one read")
    await here.clock.advance(1)
    await ended(here, "@three shorten")
    await here.clock.advance(1)
    delegation = await ended(here, "@two sing")
    assert delegation.steps[0].state is StepState.WAITING
    [approval] = await here.approvals.pending(limit=9)
    assert approval.sources == (words.EARLIER,)


async def test_another_persons_words_in_the_thread_are_from_outside_too() -> None:
    here = world(rules=Rules())
    quoting(here)
    await here.receive("@three shorten", person=EVE)
    await here.settle()
    await here.clock.advance(1)
    delegation = await ended(here, "@two sing")
    assert delegation.steps[0].state is StepState.WAITING


async def test_what_a_schedule_runs_asks_in_its_place_and_its_maker_decides() -> None:
    here = world()
    instruction = here.instruction("@two sing").model_copy(
        update={"origin": "schedule", "key": "schedule:s1:2026-11-20T09:00:00+00:00"}
    )
    delegation, _ = await here.store.accept(instruction, delegation_id="d" * 32, now=here.clock.now())
    await here.coordinator.advance(delegation.id)
    await here.settle()
    [approval] = await here.approvals.pending(limit=9)
    assert request(here).conversation == instruction.address.conversation
    assert await press(here, approval, person=EVE) == words.NOT_YOURS
    await here.approvals.decide(approval.id, "approve", by=ADA, key="p", now=here.clock.now())
    assert (await step(here, delegation.id)).state is StepState.PENDING


def test_arguments_are_shown_so_that_nothing_can_be_hidden_or_called() -> None:
    sneaky = Approval(
        id="a",
        delegation_id="d",
        step_id="d-0",
        run_id="d-0-0",
        agent="email",
        tool="send_email",
        arguments='{"to": ["ann@example.com"], "body": "hi\\nto: eve@evil.example\\u202e\\u200b```<!channel>"}',
        person=Person(id="p", name="*ada* <@U1> @here"),
        asked_at=World().clock.now(),
        expires_at=World().clock.now() + timedelta(minutes=5),
    )
    text = words.request(sneaky, zone="UTC").text
    assert (
        "````\nto: ann@example.com\nbody: hi\n    to: eve@evil.example\\u202e\\u200b```<!channel>\n````"
        in text
    )
    assert "**ada U1 here asked" in text
    assert isinstance(words.outcome(sneaky, zone="UTC"), Reply)
