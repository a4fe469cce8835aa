"""Planning without a model: what is understood, what is asked, and what is never guessed."""

from __future__ import annotations

import pytest

from adapters.configured import build_planner
from core.models import MAX_STEPS, Agent
from core.planning import RulePlanner
from core.planning.ranking import Index
from core.rendering import planning as words
from tests.unit.planning_bench import (
    TEAM,
    TOOLS,
    BrokenTool,
    ToyTool,
    built_in,
    plan_built_in,
    shape,
    team_planner,
    to_request,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("brew an espresso", "barista"),
        ("could you please make me a cappuccino? thanks!", "barista"),
        ("find books about glaciers", "librarian"),
        ("brew a coffee and find books about foxes", "barista librarian"),
        ("brew a tea; find a novel by Woolf", "barista librarian"),
        ("- a cappuccino\n- find books about owls", "barista librarian"),
        ("brew a coffee, then bring it to room 7", "barista courier[0]"),
        ("find a book on bees and carry it to room 4", "librarian courier[0]"),
        ("@courier two lattes", "courier"),
    ],
)
async def test_a_teams_own_agents_are_known_by_their_examples_alone(text: str, expected: str) -> None:
    plan = await team_planner().plan(to_request(text))

    assert shape(plan) == expected


async def test_a_tool_that_trips_over_a_text_costs_its_agent_a_vote_and_nothing_else() -> None:
    planner = RulePlanner(tools={**TOOLS, "brew": BrokenTool("brew", "")})

    plan = await planner.plan(to_request("brew an espresso and find books about foxes"))

    assert shape(plan) == "barista librarian"


@pytest.mark.parametrize("text", ["", "   ", "\u200b\u200d \u2060", "\n\n\t"])
async def test_an_empty_message_is_asked_about(text: str) -> None:
    plan = await team_planner().plan(to_request(text))

    assert not plan.steps
    assert plan.question is not None
    assert not plan.answered


@pytest.mark.parametrize(
    "text", ["hello", "Hi there!", "good morning everyone", "thanks a lot!", "ok", "lol", "👍"]
)
async def test_small_talk_is_answered_and_runs_nothing(text: str) -> None:
    plan = await plan_built_in(text)

    assert not plan.steps
    assert plan.answered


@pytest.mark.parametrize("text", ["help", "what can you do?", "Who are you?", "please help me"])
async def test_a_call_for_help_names_the_agents(text: str) -> None:
    plan = await plan_built_in(text)

    assert plan.answered
    assert plan.question is not None
    assert "**calculator**" in plan.question
    assert "**writer**" in plan.question


@pytest.mark.parametrize(
    "text", ["book me a flight", "what's the weather", "restart the server", "play music", "+1"]
)
async def test_where_nothing_fits_nothing_is_guessed(text: str) -> None:
    plan = await plan_built_in(text)

    assert not plan.steps
    assert plan.question is not None


async def test_without_a_model_only_those_who_can_do_something_are_offered_and_a_model_is_named() -> None:
    planner, agents = built_in()
    alone = build_planner(planner._tools, None)
    plan = await alone.plan(to_request("book me a flight", agents=agents))
    assert plan.question is not None
    assert "**writer**" not in plan.question
    assert "**notes**" in plan.question
    assert "finds notes" in plan.question
    assert plan.question.endswith(words.MORE_WITH_A_MODEL)
    helped = await plan_built_in("book me a flight")
    assert "**writer**" in (helped.question or "")
    assert words.MORE_WITH_A_MODEL not in (helped.question or "")


@pytest.mark.parametrize("text", ["book me a flight", "hello", "what can you do", "@nobody go"])
async def test_an_agent_that_is_not_to_be_named_stands_in_no_list(text: str) -> None:
    request = to_request(text)
    for unnamed in (frozenset[str](), frozenset({"barista"})):
        plan = await team_planner().plan(request.model_copy(update={"unnamed": unnamed}))
        assert not plan.steps
        assert "librarian" in (plan.question or "")
        assert ("barista" in (plan.question or "")) is (not unnamed)


async def test_what_is_not_understood_beside_a_task_is_named_and_nothing_runs() -> None:
    plan = await plan_built_in("book me a flight and tell me the time in Tokyo")

    assert not plan.steps
    assert plan.question is not None
    assert "book me a flight" in plan.question


async def test_a_question_quotes_only_a_short_piece_of_a_long_text() -> None:
    plan = await plan_built_in(f"what time is it in Oslo and book {'very ' * 200}long flights")

    assert plan.question is None or len(plan.question) < 1500


async def test_more_tasks_than_a_plan_may_have_are_not_cut_off_silently() -> None:
    text = "\n".join(f"- what is {n} * 7" for n in range(MAX_STEPS + 1))

    plan = await plan_built_in(text)

    assert not plan.steps
    assert plan.question is not None
    assert str(MAX_STEPS) in plan.question


async def test_as_many_tasks_as_a_plan_may_have_are_planned() -> None:
    text = "\n".join(f"- what is {n} * 7" for n in range(MAX_STEPS))

    plan = await plan_built_in(text)

    assert len(plan.steps) == MAX_STEPS


async def test_with_no_agents_at_all_there_is_a_sentence() -> None:
    plan = await team_planner().plan(to_request("brew a coffee", agents=()))

    assert not plan.steps
    assert plan.question is not None


async def test_the_same_request_gives_the_same_plan() -> None:
    text = "summarise https://example.org/a and email it to ann@example.org; what is 3*4 and make a backup"

    plans = {(await plan_built_in(text)).model_dump_json() for _ in range(3)}

    assert len(plans) == 1


async def test_the_order_in_which_agents_are_listed_changes_nothing() -> None:
    planner = team_planner()
    text = "brew a coffee and find books about foxes"

    forward = await planner.plan(to_request(text, agents=TEAM))
    backward = await planner.plan(to_request(text, agents=TEAM[::-1]))

    assert shape(forward) == shape(backward)


async def test_tasks_are_the_persons_own_words() -> None:
    plan = await plan_built_in(
        "Hi! Could you please tell me what 18% of 250 is? Also note: the İstanbul office moved."
    )

    assert "18% of 250" in plan.steps[0].task
    assert "the İstanbul office moved" in plan.steps[1].task


async def test_slips_are_mended_only_in_the_words_of_the_command() -> None:
    plan = await plan_built_in("remeber that teh wifi pasword is hunter2")

    assert shape(plan) == "notes"
    assert plan.steps[0].task.endswith("teh wifi pasword is hunter2")


async def test_an_agent_with_a_name_only_is_still_reached_by_its_name() -> None:
    silent = Agent(name="oracle", description="Knows everything.")

    plan = await team_planner().plan(to_request("@oracle why", agents=(*TEAM, silent)))

    assert shape(plan) == "oracle"
    assert plan.steps[0].task == "why"


async def test_a_tool_is_shown_the_same_words_once_while_a_plan_is_made() -> None:
    brew = ToyTool("brew", r"\bcoffee\b")
    planner = RulePlanner(tools={"brew": brew})
    barista = (TEAM[0],)
    await planner.plan(to_request("brew a tea", agents=barista))

    brew.read = 0
    assert shape(await planner.plan(to_request("brew a coffee", agents=barista))) == "barista"

    assert brew.read == len("brew a coffee")


def test_agents_that_fit_alike_are_ranked_as_they_are_listed() -> None:
    twins = tuple(
        Agent(name=name, description="Paints fences.", examples=("paint the fence red",)) for name in "zxy"
    )
    request = to_request("paint the fence blue", agents=(*TEAM, *twins))
    index = Index(request.agents, tools=TOOLS, task=request.task)
    ranked = index.rank(index.read(request.task.text))
    assert [one.agent for one in ranked][:3] == ["z", "x", "y"]
    assert len({one.score for one in ranked[:3]}) == 1
