"""Amounts, prices and commands as people write them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from adapters.clock import SystemClock
from adapters.llm.prices import Prices, read_prices
from adapters.settings import Settings
from core.budgets.amounts import misread, read_amounts
from core.budgets.commands import ChangeBudget, ShowBudgets, ShowUsage, Unread, read_command
from core.models.budget import Allowance, Period, Scope
from core.rendering import budgets as words
from core.tokens import estimated, fitting

DAY, MONTH = Period.DAY, Period.MONTH
AMOUNTS: list[tuple[str, dict[Period, Allowance] | None]] = [
    ("5 usd a day", {DAY: Allowance(usd=5)}),
    ("$5/day", {DAY: Allowance(usd=5)}),
    ("$ 2.50 per month", {MONTH: Allowance(usd=2.5)}),
    ("1,000 dollars monthly", {MONTH: Allowance(usd=1000)}),
    ("200k tokens daily", {DAY: Allowance(tokens=200_000)}),
    ("1.5m tokens each month", {MONTH: Allowance(tokens=1_500_000)}),
    ("1 usd or 200k tokens a day", {DAY: Allowance(usd=1, tokens=200_000)}),
    ("5 usd a day, 100 usd a month", {DAY: Allowance(usd=5), MONTH: Allowance(usd=100)}),
    (" 5 usd a day ; 5 tokens a day ", {DAY: Allowance(usd=5, tokens=5)}),
    ("5", None),
    ("5 usd", None),
    ("5 eur a day", None),
    ("0 usd a day", None),
    ("-5 usd a day", None),
    ("5 usd a week", None),
    ("5 usd a day please", None),
    ("", None),
    ("9999999999 usd a day", None),
]


@pytest.mark.parametrize(("text", "amounts"), AMOUNTS)
def test_amounts_are_read_or_refused(text: str, amounts: dict[Period, Allowance] | None) -> None:
    assert read_amounts(text) == amounts


MISREAD = [
    ("5", words.NO_AMOUNT),
    ("", words.NO_AMOUNT),
    ("much", words.NO_AMOUNT),
    ("5 eur a day", words.NO_AMOUNT),
    ("5 usd", words.NO_PERIOD),
    ("5 usd a day and 9k tokens", words.NO_PERIOD),
    ("0 usd a day", words.OUT_OF_RANGE),
    ("-5 usd a day", words.OUT_OF_RANGE),
    ("9999999999 usd a day", words.OUT_OF_RANGE),
    ("5 usd a week", words.not_understood("a week")),
    ("5 usd a day please", words.not_understood("please")),
]


@pytest.mark.parametrize(("text", "problem"), MISREAD)
def test_why_an_amount_is_refused_is_said(text: str, problem: str) -> None:
    assert misread(text) == problem
    assert read_command(f"budget set agent writer {text}") == Unread(problem=problem)


def change(verb: str, scope: Scope, subject: str, **amounts: Allowance | None) -> ChangeBudget:
    return ChangeBudget.model_validate(
        {
            "verb": verb,
            "scope": scope,
            "subject": subject,
            "amounts": {Period(p): a for p, a in amounts.items()},
        }
    )


COMMANDS: list[tuple[str, object]] = [
    ("usage", ShowUsage()),
    ("Usage?", ShowUsage()),
    ("show me usage by agent", ShowUsage(by="agent")),
    ("usage per person last 30 days", ShowUsage(days=30)),
    ("usage 3 days by schedule", ShowUsage(by="schedule", days=3)),
    ("usage 999 days", ShowUsage(days=90)),
    ("budget", ShowBudgets()),
    ("list budgets", ShowBudgets()),
    ("budget list", ShowBudgets()),
    ("budget set workspace 5 usd a day", change("set", Scope.WORKSPACE, "", day=Allowance(usd=5))),
    ("budget set agent writer: $5 a month", change("set", Scope.AGENT, "writer", month=Allowance(usd=5))),
    ("budget set person U2 9k tokens a day", change("set", Scope.PERSON, "U2", day=Allowance(tokens=9000))),
    ("budget set schedule 3 1 usd a day", change("set", Scope.SCHEDULE, "3", day=Allowance(usd=1))),
    ("budget remove workspace day", change("remove", Scope.WORKSPACE, "", day=None)),
    ("budget remove person @ada a month", change("remove", Scope.PERSON, "@ada", month=None)),
    ("budget set everybody 5 usd a day", Unread()),
    ("budget set workspace", Unread(problem=words.NO_AMOUNT)),
    ("budget remove workspace", Unread()),
    ("our usage report", None),
    ("usage report for the last 30 days", None),
    ("what is the usage of this word", None),
    ("budget for the trip: 500 usd", None),
    ("set the budget of the trip", None),
]


@pytest.mark.parametrize(("text", "command"), COMMANDS)
def test_commands_are_the_whole_text(text: str, command: object) -> None:
    assert read_command(text) == command


@pytest.mark.parametrize("text", ["llama", "llama=1", "llama=1/x", "=1/2", "llama=-1/2", "llama=nan/1"])
def test_a_price_that_is_none_is_a_wrong_setting(text: str) -> None:
    with pytest.raises(ValidationError, match="is no price"):
        Settings(_env_file=None, flowmate_model_prices=text)


async def test_prices_that_were_set_hold_for_any_server_and_before_those_that_are_known() -> None:
    own = read_prices("llama3.2 = 0.1/0.4, qwen:7b=1/2,*=3/6")
    prices = Prices("http://127.0.0.1:1/v1", clock=SystemClock(), own=own)
    assert await prices("llama3.2", input_tokens=1_000_000, output_tokens=1_000_000) == pytest.approx(0.5)
    assert await prices("other", input_tokens=1_000_000, output_tokens=0) == 3
    assert prices.cost_usd("llama3.2-x", asked="llama3.2", input_tokens=0, output_tokens=1_000_000) == 0.4
    openai = Prices("https://api.openai.com/v1", clock=SystemClock(), own=read_prices("gpt-5-mini=100/100"))
    assert await openai("gpt-5-mini", input_tokens=1_000_000, output_tokens=0) == 100
    known = await openai("gpt-5-nano", input_tokens=1_000_000, output_tokens=0)
    assert known is not None
    assert 0 < known < 1
    assert (
        await Prices("http://127.0.0.1:1/v1", clock=SystemClock())(
            "llama3.2", input_tokens=1, output_tokens=1
        )
        is None
    )


def test_defaults_are_read_from_the_settings_and_checked() -> None:
    settings = Settings(
        _env_file=None,
        flowmate_budget_person="1 usd a day, 10 usd a month",
        flowmate_operators="a:b:c, d:e:f",
    )
    assert settings.budgets == {
        (Scope.PERSON, DAY): Allowance(usd=1),
        (Scope.PERSON, MONTH): Allowance(usd=10),
    }
    assert settings.operators == {"a:b:c", "d:e:f"}
    with pytest.raises(ValidationError, match="must look like"):
        Settings(_env_file=None, flowmate_budget_agent="much")


TEXTS = [
    "The quick brown fox jumps over the lazy dog. " * 20,
    '{"a": [1, 2, 3], "b": "c"}' * 20,
    "日本語の文章" * 50,
    "é" * 100,
]


@pytest.mark.parametrize("text", TEXTS)
def test_what_fits_is_the_longest_beginning_that_does(text: str) -> None:
    for tokens in (0, 1, 7, 100):
        kept = fitting(text, tokens)
        assert estimated(text[:kept]) <= tokens
        assert kept == len(text) or estimated(text[: kept + 1]) > tokens
