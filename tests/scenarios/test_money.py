"""Budgets as people meet them: the note at four fifths, the stop, and what they can ask and set in a chat."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import NotFound
from core.memory.model import ScriptedModel, calls, says
from core.models import Agent, Person, Status, StepState, Usage
from core.models.budget import Allowance, Period, Scope
from core.ports.language_model import ModelTurn
from tests.scenarios.world import World

WRITER = Agent(name="writer", description="Writes things.", examples=("write a line",))
BOSS = Person(id="memory:w:boss", name="Boss")
DAY, MONTH = Period.DAY, Period.MONTH


def said(text: str, tokens: int) -> ModelTurn:
    return says(text, usage=Usage(input_tokens=0, output_tokens=tokens, cost_usd=tokens / 1000))


def world(*turns: Any, **options: Any) -> World:
    limits: dict[tuple[Scope, Period], Allowance] = options.pop("limits", {})
    model = ScriptedModel(*turns) if turns else None
    return World(
        model=model,
        more_agents=(WRITER,),
        budgets_by_default=limits,
        operators=(BOSS.id,),
        **options,
    )


def text(delegation: Any) -> str:
    assert delegation.reply is not None
    return str(delegation.reply.text)


async def test_the_note_comes_once_below_the_answer_that_crosses_four_fifths() -> None:
    here = world(
        said("One.", 3000),
        said("Two.", 6000),
        limits={(Scope.PERSON, DAY): Allowance(tokens=11_000)},
    )
    first, second, third = [await here.ask("@writer write a line") for _ in range(3)]
    assert "_" not in text(first).replace("_No model was used._", "")
    assert text(second) == "Two.\n\n_82% of your budget for today is spent: 9,000 of 11,000 tokens._"
    assert third.status is Status.FAILED
    assert "Your budget for today has no room for another model call (9,000 of 11,000 tokens)" in text(third)
    assert "82%" not in text(third)


async def test_a_budget_that_is_used_up_stops_with_one_sentence_and_opens_the_next_day() -> None:
    here = world(said("One.", 4000), said("Two.", 10), limits={(Scope.WORKSPACE, DAY): Allowance(usd=4.0)})
    assert (await here.ask("@writer write a line")).status is Status.SUCCESS
    stopped = await here.ask("@writer write a line")
    assert stopped.status is Status.FAILED
    sentence = (
        "This workspace's budget for today is used up ($4.00 of $4.00); it opens again on Sat 21 Nov 2026, 00:00 "
        "(UTC), and the operator can raise it."
    )
    assert sentence in text(stopped)
    await here.clock.advance(24 * 3600)
    assert text(await here.ask("@writer write a line")) == "Two."


async def test_agents_whose_tools_can_do_it_alone_still_work() -> None:
    here = world(said("One.", 9000), limits={(Scope.WORKSPACE, DAY): Allowance(tokens=9000)})
    await here.ask("@writer write a line")
    answer = await here.ask("@one do it")
    assert answer.status is Status.SUCCESS
    assert text(answer) == "one_tool did do it\n\n_No model was used._"


async def test_the_run_that_hits_it_ends_with_what_it_has_and_says_so() -> None:
    call = calls(("one_tool", {"text": "leaves"}))
    dear = call.model_copy(update={"usage": Usage(input_tokens=4000, output_tokens=0, cost_usd=4.0)})
    here = world(dear, limits={(Scope.AGENT, MONTH): Allowance(tokens=4500)})
    answer = await here.ask("@one do it")
    (step,) = answer.steps
    assert step.result is not None
    assert (step.state, step.result.partial) == (StepState.SUCCEEDED, True)
    assert text(answer).startswith("one_tool did leaves\n\nThe one agent's budget for this month has no room")
    assert "it opens again on Tue 1 Dec 2026, 00:00" in text(answer)
    assert text(answer).endswith(
        "_89% of the one agent's budget for this month is spent: 4,000 of 4,500 tokens._"
    )


async def test_usage_tells_who_spent_what_and_how_much_is_left() -> None:
    here = world(
        said("One.", 1200),
        said("Two.", 300),
        limits={(Scope.PERSON, DAY): Allowance(tokens=5000), (Scope.WORKSPACE, MONTH): Allowance(usd=100.0)},
    )
    await here.ask("@writer write a line")
    await here.ask("@writer write a line", person=BOSS)
    for command in ("usage", "usage by person", "usage last 7 days"):
        answer = await here.ask(command)
        assert answer.status is Status.SUCCESS
        assert text(answer) == (
            "**$1.50, 1,500 tokens in 2 model calls in the last 7 days**\n"
            "\n"
            "| person | calls | tokens | cost | budget |\n"
            "| --- | ---: | ---: | ---: | --- |\n"
            "| ada | 1 | 1,200 | $1.20 | 3,800 of 5,000 tokens left today |\n"
            "| Boss | 1 | 300 | $0.30 | 4,700 of 5,000 tokens left today |\n"
            "\n"
            "- workspace memory:w (the default): $98.50 of $100.00 left this month"
        )
    assert "| writer | 2 | 1,500 | $1.50 | none |" in text(await here.ask("usage by agent"))
    assert "| asked by people | 2 |" in text(await here.ask("usage per schedule 30 days"))
    assert text(await world().ask("usage 1 day")) == "No model was used today."


async def test_the_operator_sets_lists_and_removes_budgets_in_a_chat() -> None:
    here = world(said("One.", 1000), said("Two.", 1000))
    await here.ask("@writer write a line")
    answer = await here.ask("budget set person @ada $2 or 5k tokens a day, 30 usd a month", person=BOSS)
    assert text(answer) == (
        "Set: person memory:w:ada, $2.00 or 5,000 tokens a day; $1.00 of $2.00 and 4,000 of 5,000 tokens left today.\n"
        "Set: person memory:w:ada, $30.00 a month; $29.00 of $30.00 left this month."
    )
    assert text(await here.ask("budget set workspace 1k tokens per day", person=BOSS)).startswith(
        "Set: workspace"
    )
    listed = text(await here.ask("list budgets", person=BOSS))
    assert listed.splitlines() == [
        "- workspace memory:w: 0 of 1,000 tokens left today",
        "- person memory:w:ada: $1.00 of $2.00 and 4,000 of 5,000 tokens left today",
        "- person memory:w:ada: $29.00 of $30.00 left this month",
    ]
    assert (await here.ask("@writer write a line")).status is Status.FAILED
    assert text(await here.ask("budget remove workspace day", person=BOSS)) == "Removed."
    assert (await here.ask("budget remove workspace day", person=BOSS)).status is Status.FAILED
    assert "used up" not in text(await here.ask("list budgets", person=BOSS))


async def test_dollars_of_a_model_without_a_known_price_are_said_not_to_be_counted() -> None:
    free = says("One.", usage=Usage(input_tokens=0, output_tokens=1000, cost_usd=None))
    here = world(free, priced=False, limits={(Scope.PERSON, DAY): Allowance(usd=1.0)})
    assert text(await here.ask("budget set agent writer 5 usd a day, 9k tokens a month", person=BOSS)) == (
        "Set: agent writer, $5.00 a day. But scripted, the model in use, has no known price, so dollars are not "
        "counted: set tokens, or let the operator name its price (FLOWMATE_MODEL_PRICES=scripted=INPUT/OUTPUT, "
        "US dollars a million tokens).\n"
        "Set: agent writer, 9,000 tokens a month; 9,000 of 9,000 tokens left this month."
    )
    await here.ask("@writer write a line")
    both = text(await here.ask("budget set workspace 5 usd or 9k tokens a day", person=BOSS))
    assert "so only tokens are counted: leave it so, or let the operator name its price" in both
    assert text(await here.ask("budgets", person=BOSS)).splitlines() == [
        "- workspace memory:w: 8,000 of 9,000 tokens left today, $5.00 a day not counted (scripted has no known price)",
        "- agent writer: $5.00 a day not counted (scripted has no known price)",
        "- agent writer: 8,000 of 9,000 tokens left this month",
    ]
    shown = text(await here.ask("usage by person", person=BOSS))
    assert (
        "| ada | 1 | 1,000 | no known price | $1.00 a day not counted (scripted has no known price) |"
        in shown
    )


async def test_nobody_else_sets_budgets_or_sees_those_of_others() -> None:
    here = world()
    await here.ask("budget set person U7 1 usd a day", person=BOSS)
    await here.ask("budget set person me 1 usd a day", person=BOSS)
    refused = await here.ask("budget set workspace 1000 usd a day")
    assert refused.status is Status.FAILED
    assert "Only the operator" in text(refused)
    assert text(await here.ask("budgets")).startswith("There are no budgets.")
    assert len(text(await here.ask("budgets", person=BOSS)).splitlines()) == 2


async def test_agents_that_people_made_have_budgets_and_near_names_are_those_that_all_may_use() -> None:
    here = world(said("One.", 1000))
    await here.ask("agent new for everyone digest: counts the news; tools: one_tool")
    await here.ask("agent new diary: writes things down")
    with pytest.raises(NotFound):
        await here.accounting.named(Scope.AGENT, "digest", workspace="memory:elsewhere")
    assert await here.accounting.named(Scope.AGENT, "digest", workspace="") == ("digest", "")
    for name in ("digest", "@Diary"):
        answer = await here.ask(f"budget set agent {name} 1k tokens a day", person=BOSS)
        assert text(answer).startswith(f"Set: agent {name.lstrip('@').lower()}, 1,000 tokens a day")
    wrong = await here.ask("budget set agent digst 1 usd a day", person=BOSS)
    assert (wrong.status, text(wrong)) == (
        Status.FAILED,
        "There is no agent called digst. Do you mean digest?",
    )
    assert text(await here.ask("budget set agent diry 1 usd a day", person=BOSS)) == (
        "There is no agent called diry."
    )
    listed = text(await here.ask("budgets"))
    assert "agent digest" in listed
    assert "agent diary" not in listed, "it is one person's alone"
    assert "agent diary" in text(await here.ask("budgets", person=BOSS))
    await here.ask("agent delete digest")
    assert text(await here.ask("budget remove agent digest day", person=BOSS)) == "Removed."
    assert "There is no agent called digest" in text(
        await here.ask("budget set agent digest 1 usd a day", person=BOSS)
    )


async def test_a_made_agent_stops_at_its_budget() -> None:
    here = world(said("One.", 1000))
    await here.ask("agent new diary: writes things down")
    await here.ask("budget set agent diary 5k tokens a day", person=BOSS)
    assert (await here.ask("@diary rain")).status is Status.SUCCESS
    await here.ask("budget set agent diary 1k tokens a day", person=BOSS)
    assert "The diary agent's budget for today is used up" in text(await here.ask("@diary rain"))


WRONG = [
    ("budget set workspace lots", "There is no amount of dollars or tokens in it. Say it like"),
    ("budget set", "Say it like"),
    ("budget set workspace 0 usd a day", "Say it like"),
    ("budget set agent nobody 1 usd a day", "There is no agent called nobody."),
    ("budget set schedule 7 1 usd a day", "schedule"),
    ("budget set person Zoe 1 usd a day", 'Nobody here is known as "Zoe"'),
    ("budget remove agent one month", "No such budget was set"),
]


@pytest.mark.parametrize(("command", "sentence"), WRONG)
async def test_what_can_not_be_set_is_said_and_why(command: str, sentence: str) -> None:
    answer = await world().ask(command, person=BOSS)
    assert answer.status is Status.FAILED
    assert sentence in text(answer)


OTHER_THINGS = ["@one budget for the trip", "tell one about our usage of paper", "one: budget set"]


@pytest.mark.parametrize("words", OTHER_THINGS)
async def test_instructions_that_only_hold_such_words_are_left_alone(words: str) -> None:
    answer = await world().ask(words)
    assert answer.steps
    assert "budget set workspace" not in text(answer)


async def test_a_schedule_has_a_budget_of_its_own() -> None:
    here = world(said("One.", 9000), limits={(Scope.SCHEDULE, DAY): Allowance(tokens=9000)})
    await here.ask("every 2 hours @writer write a line")
    await here.ask("save schedule 1")
    for _ in range(2):
        await here.ask("run schedule 1")
    answers = [d for d in await here.store.recent(workspace="w") if d.instruction.origin == "schedule"]
    assert len(answers) == 2
    assert "This schedule's budget for today is used up (9,000 of 9,000 tokens)" in text(answers[0])
    overview = await here.accounting.overview(workspace="memory:w", days=1, by="schedule")
    assert [(row.name, row.output_tokens) for row in overview.spending.rows] == [
        (answers[0].instruction.schedule_id, 9000)
    ]
    assert "| 1: @writer write a line | 1 | 9,000 |" in text(await here.ask("usage by schedule"))
