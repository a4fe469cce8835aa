"""Schedules as people talk about them: understood, said back, saved, run, compared, paused and deleted."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from core.models import Address, Agent, Delegation, Press, Reply, ScheduleState
from core.rendering import questions, refusals
from core.rendering import schedules as words
from tests.scenarios.world import ADA, World

BOB = ADA.model_copy(update={"id": "memory:w:bob", "name": "bob"})


def shown(delegation: Delegation) -> Reply:
    assert delegation.reply is not None
    return delegation.reply


async def press(world: World, delegation: Delegation, label: str, *, person: object = ADA) -> str | None:
    button = next(b for b in shown(delegation).buttons if b.label == label)
    said = await world.controls.press(
        Press.model_validate(
            {
                "action": button.action,
                "value": button.value,
                "person": person,
                "address": delegation.instruction.address,
                "key": f"press-{label}-{world.clock.now().isoformat()}",
            }
        )
    )
    await world.settle()
    return said


async def test_what_was_understood_is_said_back_with_three_runs_before_anything_is_saved() -> None:
    world = World()
    asked = await world.ask("every day at 9 @one look around")
    reply = shown(asked)
    assert "every day at 09:00" in reply.text
    assert "> @one look around" in reply.text
    assert reply.text.count("\n- ") == 3
    assert [button.label for button in reply.buttons] == ["Save", "Discard"]
    assert world.tools["one_tool"].runs == []
    assert await world.schedules.listed("memory", "w") == ()
    await world.pass_until(world.clock.now() + timedelta(days=2))
    assert await world.alarm.ring() == 0


@pytest.mark.parametrize(
    ("said", "active", "answer"), [("yes, please", 1, "Saved."), ("no", 0, "Discarded; nothing was saved.")]
)
async def test_a_yes_or_a_no_is_an_answer_to_the_proposal(said: str, active: int, answer: str) -> None:
    world = World()
    await world.ask("every day at 9 @one look around", thread="t1")
    await world.clock.advance(1)
    assert shown(await world.ask(said, thread="t1")).text.startswith(answer)
    assert len(await world.schedules.listed("memory", "w")) == active
    # Where nothing was proposed it is no answer to anything.
    assert "Saved" not in shown(await world.ask(said, thread="t2")).text


async def test_what_could_only_fail_is_not_offered() -> None:
    world = World(more_agents=(Agent(name="talker", description="Talks."),))
    reply = shown(await world.ask("tomorrow at 7 @talker remind me to call Ann"))
    assert "nothing was saved" in reply.text
    assert "needs a language model" in reply.text
    assert reply.buttons == ()


async def test_saved_it_runs_at_its_slot_and_posts_into_the_place_itself() -> None:
    world = World()
    asked = await world.ask("every day at 9 @one look around", thread="t1")
    assert await press(world, asked, "Save") is None
    asked = await world.store.load(asked.id)
    assert shown(asked).text.startswith("Saved.")
    assert [button.label for button in shown(asked).buttons] == ["Pause", "Run now", "Delete"]
    (schedule,) = await world.schedules.listed("memory", "w")
    assert schedule.next_slot is not None
    await world.pass_until(schedule.next_slot)
    assert await world.alarm.ring() == 1
    assert await world.alarm.ring() == 0
    await world.settle()
    (run,) = world.tools["one_tool"].runs
    assert run.text == "look around"
    place = Address(platform="memory", workspace="w", place="p")
    assert world.messenger.texts(place) == ["one_tool did look around\n\n_No model was used._"]


# INPUTS 11
async def test_saving_twice_and_saving_by_somebody_else_change_nothing() -> None:
    world = World()
    asked = await world.ask("every day at 9 @one look around")
    assert await press(world, asked, "Save", person=BOB) == refusals.NOT_YOUR_SCHEDULE
    assert await press(world, asked, "Save") is None
    assert "already" in (await press(world, asked, "Save") or "")
    assert "already" in (await press(world, asked, "Discard") or "")
    (schedule,) = await world.schedules.listed("memory", "w")
    assert schedule.state is ScheduleState.ACTIVE


async def test_a_discarded_proposal_is_gone() -> None:
    world = World()
    asked = await world.ask("every day at 9 @one look around")
    assert await press(world, asked, "Discard") is None
    assert shown(await world.store.load(asked.id)).text == words.DISCARDED
    assert await world.schedules.listed("memory", "w") == ()


async def test_everything_can_be_said_in_words_too() -> None:
    world = World()
    await world.ask("every 2 hours @one look around")
    assert shown(await world.ask("save schedule 1")).text.startswith("Saved.")
    assert "every 2 hours" in shown(await world.ask("list my schedules")).text
    assert "Paused." in shown(await world.ask("please pause schedule 1")).text
    assert "already" in shown(await world.ask("pause schedule 1")).text
    assert "It goes on." in shown(await world.ask("resume schedule 1")).text
    assert "It runs now." in shown(await world.ask("run schedule 1 now")).text
    await world.settle()
    assert len(world.tools["one_tool"].runs) == 1
    assert "Deleted." in shown(await world.ask("delete schedule #1")).text
    assert shown(await world.ask("schedules")).text == words.NONE_YET
    assert shown(await world.ask("pause schedule 7")).text == words.unknown(7)


async def test_the_list_is_brought_up_to_date_by_its_buttons() -> None:
    world = World()
    await world.ask("every 2 hours @one look around")
    await world.ask("save schedule 1")
    listed = await world.ask("list schedules")
    assert [button.label for button in shown(listed).buttons] == ["Pause", "Run now", "Delete"]
    assert await press(world, listed, "Pause") is None
    listed = await world.store.load(listed.id)
    assert "Paused." in shown(listed).text
    assert [button.label for button in shown(listed).buttons] == ["Resume", "Run now", "Delete"]


async def test_only_its_maker_can_change_a_schedule() -> None:
    world = World()
    await world.ask("every 2 hours @one look around")
    await world.ask("save schedule 1")
    assert shown(await world.ask("delete schedule 1", person=BOB)).text == refusals.NOT_YOUR_SCHEDULE
    assert len(await world.schedules.listed("memory", "w")) == 1


async def test_a_missing_time_is_asked_for_and_the_answer_completes_it() -> None:
    world = World()
    asked = await world.ask("every day @one look around", thread="t")
    assert shown(asked).text == "At what time?"
    await world.pass_until(world.clock.now() + timedelta(seconds=5))
    completed = await world.ask("at 18:30", thread="t")
    assert "every day at 18:30" in shown(completed).text
    assert "> @one look around" in shown(completed).text


async def test_a_time_alone_makes_a_schedule_of_what_was_asked_before() -> None:
    world = World()
    await world.ask("@one look around", thread="t")
    asked = await world.ask("every weekday at 9", thread="t")
    assert "> @one look around" in shown(asked).text
    assert shown(await world.ask("every weekday at 9", thread="other")).text == questions.SAY_WHAT


async def test_what_no_agent_can_do_is_not_scheduled() -> None:
    world = World()
    asked = await world.ask("every day at 9: hello")
    assert "Shall I save it" not in shown(asked).text
    assert await world.schedules.listed("memory", "w") == ()
    assert not shown(asked).buttons


# INPUTS 28
async def test_more_often_than_allowed_is_refused_with_the_minimum() -> None:
    world = World(schedule_minimum_seconds=3600)
    asked = await world.ask("every 30 minutes @one look around")
    assert "every hour" in shown(asked).text
    assert not shown(asked).buttons


async def test_a_digest_leads_with_what_is_new() -> None:
    world = World()
    world.tools["one_tool"].acts += [
        lambda task: "- [a](https://x.org/a)\n- [b](https://x.org/b)",
        lambda task: "- [c](https://x.org/c)\n- [a](https://x.org/a)",
        lambda task: "- [c](https://x.org/c)\n- [a](https://x.org/a)",
    ]
    await world.ask("every day at 9 @one look around")
    await world.ask("save schedule 1")
    texts = []
    for _ in range(3):
        (schedule,) = await world.schedules.listed("memory", "w")
        assert schedule.next_slot is not None
        await world.pass_until(schedule.next_slot)
        await world.alarm.ring()
        await world.settle()
        slots = await world.schedules.slots(schedule.id)
        texts.append(shown(await world.store.load(slots[0].delegation_id or "")).text)
    assert "New since" not in texts[0]
    assert (
        texts[1].index("**New since")
        < texts[1].index("x.org/c")
        < texts[1].index("As before")
        < texts[1].index("x.org/a")
    )
    assert "x.org/b" not in texts[1]
    assert "Nothing new since" in texts[2]


async def test_a_run_after_missed_ones_says_how_many() -> None:
    world = World()
    await world.ask("every day at 9 @one look around")
    await world.ask("save schedule 1")
    (schedule,) = await world.schedules.listed("memory", "w")
    assert schedule.next_slot is not None
    await world.pass_until(schedule.next_slot + timedelta(days=3, minutes=20))
    assert await world.alarm.ring() == 1
    await world.settle()
    slots = await world.schedules.slots(schedule.id)
    reply = shown(await world.store.load(slots[0].delegation_id or ""))
    assert reply.text.startswith("_3 runs were missed while FlowMate was not running")


async def test_once_is_over_after_its_run() -> None:
    world = World()
    await world.ask("tomorrow at 7 @one look around")
    await world.ask("save schedule 1")
    (schedule,) = await world.schedules.listed("memory", "w")
    at = schedule.next_slot
    assert isinstance(at, datetime)
    await world.pass_until(at)
    assert await world.alarm.ring() == 1
    assert (await world.schedules.load(schedule.id)).state is ScheduleState.ENDED
    assert await world.schedules.listed("memory", "w") == ()


@pytest.mark.parametrize(
    "text", ["@one what happens every day at 9?", "@one note: standup every weekday at 9"]
)
async def test_content_is_not_taken_for_a_schedule(text: str) -> None:
    world = World()
    await world.ask(text)
    assert len(world.tools["one_tool"].runs) == 1


async def press_again(world: World, delegation: Delegation, *, person: object = ADA) -> None:
    """Press "Make this a schedule" under this answer."""
    pressed = {
        "action": "schedule",
        "value": delegation.id,
        "person": person,
        "address": delegation.instruction.address,
        "key": f"press-{delegation.id}",
    }
    assert await world.reception.press(Press.model_validate(pressed)) == questions.SAY_WHEN
    await world.clock.advance(1)


async def test_the_answer_that_was_pressed_is_what_comes_again_not_the_latest_one() -> None:
    world = World()
    first = await world.ask("@one look around")
    await world.clock.advance(1)
    await world.ask("@two look elsewhere")
    await world.clock.advance(1)
    await press_again(world, first)
    assert "> @one look around" in shown(await world.ask("every weekday at 9")).text


async def test_a_time_that_is_asked_for_after_the_press_still_makes_a_schedule_of_it() -> None:
    world = World()
    first = await world.ask("@one look around")
    await world.clock.advance(1)
    await world.ask("@two look elsewhere")
    await world.clock.advance(1)
    await press_again(world, first)
    assert shown(await world.ask("every weekday")).text == questions.AT_WHAT_TIME
    await world.clock.advance(1)
    completed = shown(await world.ask("at 9")).text
    assert "every weekday at 09:00" in completed
    assert "> @one look around" in completed


async def test_what_was_asked_after_the_press_or_was_pressed_by_others_comes_first() -> None:
    world = World()
    first = await world.ask("@one look around")
    await world.clock.advance(1)
    await press_again(world, first, person=BOB)
    assert "> @one look around" in shown(await world.ask("every weekday at 9")).text
    await world.clock.advance(1)
    await press_again(world, first)
    await world.ask("@two look elsewhere")
    await world.clock.advance(1)
    await press_again(world, first, person=BOB)
    assert "> @two look elsewhere" in shown(await world.ask("every weekday at 9")).text
