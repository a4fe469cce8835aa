"""Agents that run by themselves: their files decide, people's pauses stand, and every restart comes to the same."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from core.models import Address, Agent, Person, Schedule, ScheduleState
from core.models.schedule import Cron
from core.schedules.firing import Alarm, pausing
from core.schedules.posting import Posting, to_targets
from core.schedules.routines import RoutineRules, Routines
from tests.scenarios.world import World

OPERATOR = Person(id="memory:w:operator", name="operator")
DAILY = "every day at 9 Europe/Berlin: look around"


def own_place(name: str) -> Address:
    return Address(platform="memory", workspace="w", place=f"agent-{name}")


class Deployment:
    """A world whose agents' files change between restarts."""

    def __init__(self) -> None:
        self.world = World()
        self.problems: tuple[str, ...] = ()

    async def restart(self, **files: str | None) -> None:
        """Start with these schedules of agents; `one_to` is where the agent `one` posts."""
        world = self.world
        post_to = files.pop("one_to", None)
        agents: dict[str, Agent] = {
            name: world.agents[name].model_copy(update={"schedule": schedule})
            for name, schedule in files.items()
        }
        if post_to is not None:
            agents["one"] = agents["one"].model_copy(update={"post_to": post_to})
        posting = Posting(own_place=own_place, targets=to_targets(agents.values()))
        world.alarm = Alarm(schedules=world.schedules, queue=world.queue, clock=world.clock, posting=posting)
        world.delivery._gone = pausing(world.schedules, clock=world.clock, posting=posting)
        routines = Routines(
            schedules=world.schedules,
            clock=world.clock,
            person=OPERATOR,
            posting=posting,
            rules=RoutineRules(platforms=("memory",)),
        )
        self.problems = await routines.settle(agents)

    async def rows(self) -> list[Schedule]:
        return list(await self.world.schedules.of_agents())

    async def row(self) -> Schedule:
        (only,) = await self.rows()
        return only

    async def change(self, state: ScheduleState) -> None:
        row = await self.row()
        moved = row.model_copy(update={"state": state, "next_slot": None})
        assert await self.world.schedules.change(moved, expected=(row.state,), now=self.world.clock.now())

    async def run_due(self) -> int:
        row = await self.row()
        assert row.next_slot is not None
        await self.world.pass_until(row.next_slot)
        begun = await self.world.alarm.ring()
        await self.world.settle()
        return begun


async def test_an_agent_runs_by_itself_and_answers_into_its_own_conversation() -> None:
    deployment = Deployment()
    await deployment.restart(one=DAILY, two=None)
    row = await deployment.row()
    assert (row.agent, row.number, row.state, row.person) == ("one", 1, ScheduleState.ACTIVE, OPERATOR)
    assert await deployment.run_due() == 1
    (run,) = deployment.world.tools["one_tool"].runs
    assert (run.text, run.person.id, run.zone) == ("look around", OPERATOR.id, "Europe/Berlin")
    assert deployment.world.messenger.texts(own_place("one"))[-1].startswith("one_tool did look around")


async def test_restarts_and_several_schedulers_make_one_row_and_keep_its_next_slot() -> None:
    deployment = Deployment()
    await asyncio.gather(*(deployment.restart(one=DAILY, two="every 2 hours") for _ in range(3)))
    before = await deployment.rows()
    assert sorted(row.agent or "" for row in before) == ["one", "two"]
    await deployment.world.pass_until(deployment.world.clock.now() + timedelta(minutes=90))
    await deployment.restart(one=DAILY, two="every 2 hours")
    assert await deployment.rows() == before


async def test_a_changed_schedule_changes_the_row() -> None:
    deployment = Deployment()
    await deployment.restart(one=DAILY)
    before = await deployment.row()
    await deployment.restart(one="every day at 18:30 Asia/Tokyo: look back")
    after = await deployment.row()
    assert (after.id, after.number) == (before.id, before.number)
    assert (after.text, after.zone) == ("look back", "Asia/Tokyo")
    assert after.next_slot != before.next_slot
    assert await deployment.run_due() == 1
    assert [run.text for run in deployment.world.tools["one_tool"].runs] == ["look back"]


async def test_other_words_for_the_instruction_do_not_lose_a_slot_that_is_due() -> None:
    deployment = Deployment()
    await deployment.restart(one=DAILY)
    slot = (await deployment.row()).next_slot
    assert slot is not None
    await deployment.world.pass_until(slot + timedelta(seconds=30))
    await deployment.restart(one="every day at 9 Europe/Berlin: look back")
    assert (await deployment.row()).next_slot == slot
    assert await deployment.world.alarm.ring() == 1


async def test_what_a_person_paused_or_deleted_stands_until_the_file_changes() -> None:
    for state in (ScheduleState.PAUSED, ScheduleState.DELETED):
        deployment = Deployment()
        await deployment.restart(one=DAILY)
        await deployment.change(state)
        await deployment.restart(one=DAILY)
        assert (await deployment.row()).state is state
        await deployment.restart(one=f"{DAILY} again")
        row = await deployment.row()
        assert row.state is ScheduleState.ACTIVE
        assert row.next_slot is not None


async def test_without_a_schedule_or_an_agent_the_row_ends_and_it_can_come_back() -> None:
    for gone in ({"one": None}, {}):
        deployment = Deployment()
        await deployment.restart(one=DAILY)
        await deployment.restart(**gone)
        row = await deployment.row()
        assert (row.state, row.next_slot) == (ScheduleState.ENDED, None)
        assert await deployment.world.schedules.listed("memory", "w") == ()
        await deployment.restart(one=DAILY)
        assert (await deployment.row()).state is ScheduleState.ACTIVE


async def test_a_schedule_that_can_not_be_ends_its_row_and_leaves_the_others_alone() -> None:
    deployment = Deployment()
    await deployment.restart(one=DAILY, two=DAILY)
    await deployment.restart(one="every blue moon", two=DAILY)
    assert [sentence.partition(",")[0] for sentence in deployment.problems] == [
        "The agent one does not run by itself"
    ]
    states = {row.agent: row.state for row in await deployment.rows()}
    assert states == {"one": ScheduleState.ENDED, "two": ScheduleState.ACTIVE}
    await deployment.restart(one=DAILY, two=DAILY)
    assert deployment.problems == ()
    assert {row.state for row in await deployment.rows()} == {ScheduleState.ACTIVE}


async def test_its_answers_go_where_the_file_says_while_it_is_listed_at_home() -> None:
    deployment = Deployment()
    await deployment.restart(one=DAILY, one_to="memory:elsewhere:general")
    general = Address(platform="memory", workspace="elsewhere", place="general")
    assert await deployment.run_due() == 1
    assert deployment.world.messenger.texts(general)[-1].startswith("one_tool did look around")
    assert deployment.world.messenger.texts(own_place("one")) == []
    assert [row.agent for row in await deployment.world.schedules.listed("memory", "w")] == ["one"]
    await deployment.world.delivery._gone(general, "blocked")
    assert (await deployment.row()).state is ScheduleState.PAUSED


async def test_the_list_names_the_agent() -> None:
    deployment = Deployment()
    await deployment.restart(one=DAILY)
    listed = await deployment.world.ask("list schedules", person=OPERATOR)
    assert listed.reply is not None
    assert "every day at 09:00 (Europe/Berlin): @one look around" in listed.reply.text


async def test_a_schedule_may_post_elsewhere_and_runs_in_the_workspace_that_it_posts_to() -> None:
    deployment = Deployment()
    await deployment.restart(one=None)
    world = deployment.world
    general = Address(platform="memory", workspace="elsewhere", place="general")
    made = Schedule(
        id="s1",
        text="@one look around",
        person=OPERATOR,
        address=own_place("schedules"),
        post_to=general.spelled,
        timing=Cron(expression="0 9 * * *"),
        zone="Europe/Berlin",
        created_at=world.clock.now(),
    )
    await world.desk.create(made)
    row = await world.schedules.load("s1")
    assert row.next_slot is not None
    await world.pass_until(row.next_slot)
    assert await world.alarm.ring() == 1
    await world.settle()
    assert world.messenger.texts(general)[-1].startswith("one_tool did look around")
    assert world.messenger.texts(own_place("schedules")) == []
    assert [run.workspace for run in world.tools["one_tool"].runs] == ["memory:elsewhere"]

    listed = await world.ask("list schedules", person=OPERATOR)
    assert listed.reply is not None
    assert "Its answers go to memory:elsewhere:general." in listed.reply.text
    await world.delivery._gone(general, "blocked")
    assert (await world.schedules.load("s1")).state is ScheduleState.PAUSED
