"""What a few words mean after an instruction, and what they don't mean."""

from __future__ import annotations

import pytest

from core.models import Exchange
from tests.unit.planning_bench import NOW, built_in, plan_built_in, to_request

SUM, TIME = ("what is 12 * 12", "12 × 12 = 144"), ("what time is it in Tokyo", "It is 09:00.")
MAIL = ("send an email to bob@example.org saying hello", "Sent.")

MEANT = [
    (SUM, "and plus 6?", "calculator: plus 6?"),
    (SUM, "plus 6", "calculator: plus 6"),
    (SUM, "times 2", "calculator: times 2"),
    (SUM, "and 13?", "calculator: what is 12 * 13"),
    (SUM, "what about 20", "calculator: what is 12 * 20"),
    (TIME, "and in London?", "clock: what time is it in London"),
    (TIME, "how about Paris?", "clock: what time is it in Paris"),
    (TIME, "Lima?", "clock: what time is it in Lima"),
    (MAIL, "how about carol@example.org", "email: send an email to carol@example.org saying hello"),
]
NOT_MEANT = [
    (MAIL, "how old are you"),
    (MAIL, "how is that"),
    (MAIL, "why"),
    (MAIL, "really"),
    (MAIL, "what is that"),
    (TIME, "how is that"),
    (TIME, "how old are you"),
    (TIME, "and you"),
    (TIME, "what now"),
    (TIME, "plus 6"),
]


@pytest.mark.parametrize(("before", "text", "expected"), MEANT)
async def test_a_follow_up_stands_for_the_whole_instruction(
    before: tuple[str, str], text: str, expected: str
) -> None:
    plan = await plan_built_in(text, before=before)
    assert [f"{step.agent}: {step.task}" for step in plan.steps] == [expected]


@pytest.mark.parametrize(("before", "text"), NOT_MEANT)
async def test_a_question_of_its_own_is_no_follow_up(before: tuple[str, str], text: str) -> None:
    """Least of all one that would write something somewhere."""
    assert (await plan_built_in(text, before=before)).steps == ()


async def test_a_follow_up_of_a_follow_up_means_what_that_one_meant() -> None:
    planner, agents = built_in()
    request = to_request("and what about Paris?", agents=agents)
    said = [TIME[0], "and in London?", "Lima?"]
    history = tuple(Exchange(instruction=text, answer="It is 09:00.", at=NOW) for text in said)
    task = request.task.model_copy(update={"history": history})
    plan = await planner.plan(request.model_copy(update={"task": task}))
    assert [step.task for step in plan.steps] == ["what time is it in Paris"]
