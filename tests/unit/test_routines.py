"""What an agent's `schedule` and `post_to` say, as tables."""

from __future__ import annotations

import pytest

from core.catalog import to_agent
from core.errors import ConfigurationError
from core.memory.clock import START
from core.models import Agent
from core.models.schedule import Cron, Interval, Timing
from core.schedules.routines import RoutineRules, read_routines, to_routine

RULES = RoutineRules(platforms=("toy",), minimum_seconds=60, default_zone="Europe/Berlin")
WEEKDAYS = Cron(expression="0 9 * * 1-5")
NINE = Cron(expression="0 9 * * *")


def agent(schedule: str, *, name: str = "news", post_to: str | None = None) -> Agent:
    return Agent(name=name, description="Gives the news.", schedule=schedule, post_to=post_to)


GOOD: list[tuple[str, Timing, str, str]] = [
    ("every weekday at 9", WEEKDAYS, "Europe/Berlin", "Gives the news."),
    ("every weekday at 9 America/New_York", WEEKDAYS, "America/New_York", "Gives the news."),
    ("every weekday at 9 (Asia/Tokyo): headlines", WEEKDAYS, "Asia/Tokyo", "headlines"),
    ("weekdays at 9 London time: headlines", WEEKDAYS, "Europe/London", "headlines"),
    ("every day at 9:00 UTC:", NINE, "UTC", "Gives the news."),
    ("every day at 9: @news read https://example.org: all", NINE, "Europe/Berlin", "read https://example.org: all"),
    ("every 2 hours", Interval(seconds=7200, since=START), "Europe/Berlin", "Gives the news."),
    ("0 9 * * 1-5", WEEKDAYS, "Europe/Berlin", "Gives the news."),
    ("0  9 * * 1-5 Asia/Tokyo : headlines", WEEKDAYS, "Asia/Tokyo", "headlines"),
    ("*/5 * * * *: headlines", Cron(expression="*/5 * * * *"), "Europe/Berlin", "headlines"),
    ("0 9 1 1 1: headlines", Cron(expression="0 9 1 1 1"), "Europe/Berlin", "headlines"),
]  # fmt: skip


@pytest.mark.parametrize(("schedule", "timing", "zone", "text"), GOOD)
def test_when_where_the_clock_stands_and_what_is_asked(
    schedule: str, timing: Timing, zone: str, text: str
) -> None:
    routine = to_routine(agent(schedule), now=START, rules=RULES)
    assert (routine.timing, routine.zone, routine.text) == (timing, zone, text)


BAD: list[tuple[str, str]] = [
    ("", "Say when"),
    ("sometimes", "Say when"),
    ("every day", "At what time?"),
    ("every day at 25:00", "no such time of day"),
    ("every 10 seconds", "every minute is the shortest"),
    ("tomorrow at 7", "has to come again"),
    ("every day at 9 headlines", '"headlines" is no time zone'),
    ("every day at 9 the headlines", "says nothing about when"),
    ("0 9 * * * *", "exactly five fields"),
    ("R * * * *", "The minute (R)"),
    ("*/61 * * * *: headlines", "The minute (*/61)"),
    ("5-1 * * * *", "The minute (5-1)"),
    ("0 0 30 2 *", "never comes"),
    ("0 9 * * 1-5 europe/berlin", "Europe/Berlin"),
    ("every day at 9 europe/berlin: headlines", "Europe/Berlin"),
    ("every day at 9 ../../etc/passwd", "no time zone"),
    ("every day at 9 UTC+25", "near to it are UTC"),
    ("every day at 9 localtime", "no time zone"),
    ("every day at 9 Factory", "no time zone"),
    ("every day at 9 Europe", "near to it are Europe/"),
    ("every weekday at 9 Europe/Berln: headlines", "Europe/Berlin"),
    (f"*/{'9' * 4400} * * * *", "a step that is no number from 1 to 59"),
]


# INPUTS 27, 29
@pytest.mark.parametrize(("schedule", "said"), BAD)
def test_what_can_not_be_is_a_sentence_that_names_the_agent(schedule: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        to_routine(agent(schedule), now=START, rules=RULES)
    assert "The agent news " in caught.value.sentence
    assert said in caught.value.sentence


# INPUTS 28
def test_more_often_than_allowed_is_refused_with_the_minimum() -> None:
    hourly = RoutineRules(platforms=(), minimum_seconds=3600)
    with pytest.raises(ConfigurationError, match="every hour"):
        to_routine(agent("every 30 minutes"), now=START, rules=hourly)


@pytest.mark.parametrize(
    "post_to", ["fax:W1:general", "toy:W1", "toy:W1:general:more", "toy::general", "general"]
)
def test_answers_go_to_a_platform_that_there_is(post_to: str) -> None:
    to_routine(agent("every day at 9", post_to="toy:W1:general"), now=START, rules=RULES)
    with pytest.raises(ConfigurationError, match="post_to"):
        to_routine(agent("every day at 9", post_to=post_to), now=START, rules=RULES)


def test_one_that_can_not_be_does_not_hinder_the_others() -> None:
    agents = [agent("sometimes", name="bad"), agent("every day at 9", name="good")]
    routines, problems = read_routines(agents, now=START, rules=RULES)
    assert list(routines) == ["good"]
    assert list(problems) == ["bad"]


def test_front_matter_without_the_quotes_it_needs_says_so() -> None:
    text = "---\nname: news\ndescription: News.\nschedule: {}\n---\nGive the news."
    for value in ("every day at 9: headlines", "*/5 * * * *"):
        with pytest.raises(ConfigurationError, match="quotes"):
            to_agent(text.format(value), source="news.md")
        assert to_agent(text.format(f'"{value}"'), source="news.md").schedule == value
