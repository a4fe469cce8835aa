"""Texts that nobody writes, and more agents than anybody has: the rules still answer, and never raise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models import MAX_INSTRUCTION_CHARACTERS, MAX_STEPS, Agent
from core.planning import RulePlanner
from core.planning.text import normalise, tokenise
from tests.unit.planning_bench import TEAM, TOOLS, ToyTool, plan_built_in, shape, team_planner, to_request

WORDS = (
    "and then after before once with based using on that it them both the a summary result note email backup @clock"
    " @x https://example.org/a ann@example.org 15% 3 * 4 ( ) : ; , . ? ! \n - 1. 2) > -> “ \" ' < step first finally"
    " when done what time write translate"
).split(" ")


@pytest.mark.parametrize(
    "text",
    [
        "and " * 1250,
        "then " * 1000,
        "@" * 5000,
        "@clock " * 700,
        '"' * 5000,
        "'a" * 2500,
        "“" * 2500 + "”" * 2500,
        "(" * 5000,
        "<" * 5000,
        "a" * 5000,
        "a." * 2500,
        "a@" * 2500,
        "a-" * 2500,
        "1," * 2500,
        "http://" * 700,
        "\n" * 5000,
        "- x\n" * 1250,
        ": " * 2500,
        "note: " * 800,
        "please " * 700,
        "could you " * 500,
        "👩‍👩‍👧‍👦" * 400,
        "שלום " * 900,
        "\u202e\u2066abc" * 1000,
        "e\u0301" * 2500,
        "\x00\x01\ud800" * 1000,
        "2+" * 2500,
        "what is " * 600,
        "that that " * 500,
        "before after once when " * 200,
        "Hi again, two small things:",
    ],
)
async def test_hostile_texts_get_an_answer(text: str) -> None:
    plan = await plan_built_in(text[:MAX_INSTRUCTION_CHARACTERS])

    assert plan.steps or plan.question
    assert len(plan.steps) <= MAX_STEPS


@settings(max_examples=300, deadline=None)
@given(words=st.lists(st.sampled_from(WORDS), max_size=25))
async def test_any_mixture_of_connecting_words_gives_a_valid_plan(words: list[str]) -> None:
    plan = await plan_built_in(" ".join(words))

    assert bool(plan.steps) != bool(plan.question)
    for place, step in enumerate(plan.steps):
        assert step.task.strip()
        assert all(0 <= before < place for before in step.after)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=300))
async def test_any_text_at_all_gives_a_plan_or_a_question(text: str) -> None:
    plan = await team_planner().plan(to_request(text))

    assert bool(plan.steps) != bool(plan.question)


@given(text=st.text(max_size=200))
def test_tokens_lie_in_the_text_in_order_and_never_overlap(text: str) -> None:
    plain = normalise(text)

    tokens = tokenise(plain, correct=str)

    edges = [edge for token in tokens for edge in (token.start, token.end)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= len(plain) for edge in edges)


@pytest.mark.parametrize(
    "unit",
    [
        "and ",
        "then carry it ",
        "find it ",
        "a coffee and ",
        "“a” ",
        "a.b@c ",
        "once it is done, ",
        "@barista ",
    ],
)
async def test_the_work_grows_with_the_length_of_the_text_and_not_with_its_square(unit: str) -> None:
    shown = []
    for times in (1, 4):
        counter = ToyTool("brew", "coffee")
        planner = RulePlanner(tools={**TOOLS, "brew": counter})
        await planner.plan(to_request("a coffee"))
        counter.read = 0
        await planner.plan(to_request((unit * 2000)[: 1200 * times]))
        shown.append(counter.read)

    assert shown[1] <= 8 * shown[0] + 20_000


async def test_five_hundred_agents_are_told_apart() -> None:
    crowd = tuple(
        Agent(
            name=f"keeper-{n}",
            description=f"Keeps the keys of building {n}.",
            examples=(f"open building {n}",),
        )
        for n in range(497)
    )
    planner = team_planner()

    plan = await planner.plan(to_request("brew a coffee and find books about foxes", agents=(*crowd, *TEAM)))

    assert shape(plan) == "barista librarian"


async def test_what_was_learned_of_a_set_of_agents_is_kept() -> None:
    planner = team_planner()
    first = planner._indexes.of(TEAM, task=to_request("x").task)

    again = planner._indexes.of(tuple(list(TEAM)), task=to_request("y").task)

    assert again is first
