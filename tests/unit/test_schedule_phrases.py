"""Schedules in plain words, and timings said back in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from benchmarks.schedule_phrases import outcomes
from core.models.schedule import Cron, Interval, Once, Timing
from core.rendering.timings import in_words
from core.schedules.commands import Command, read_command, read_reply
from core.schedules.phrases import read
from core.schedules.understanding import Unclear, Understood

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(("name", "least"), [("schedules_tuning", 1.0), ("schedules_held_out", 0.95)])
def test_phrases_are_understood_and_none_is_guessed_wrong(name: str, least: float) -> None:
    found = list(outcomes(name))
    assert not [outcome.text for outcome in found if outcome.wrong_guess]
    assert sum(outcome.right for outcome in found) / len(found) >= least


@pytest.mark.parametrize(
    "text",
    [
        "draft an \u0131nv\u0131tat\u0131on for Fr\u0131day at 18:00",
        "every th\u0131rd Tuesday at 9 send me a digest",
        "every \u017funday at 9 send me a digest",
        "\u017fecond Tuesday of the month at 9 send me a digest",
        "every wee\u212a at 9 send me a digest",
        "every day at m\u0130dnight send me a digest",
    ],
)
def test_letters_that_only_look_like_those_of_a_day_name_none(text: str) -> None:
    """`re` takes them for i, s and k where case is ignored, and no table has them."""
    understood = read(text, now=NOW, zone="UTC")
    assert understood is None or isinstance(understood, Unclear)


ASKED_AGAIN: list[tuple[str, str | None, str]] = [
    ("what is 2+2 every day at 8", "0 8 * * *", "what is 2+2"),
    ("what's 5 + 5 every morning at 7", "0 7 * * *", "what's 5 + 5"),
    ("what is 100 - 30 every monday at 10", "0 10 * * 1", "what is 100 - 30"),
    ("how much is 15% of 80 every friday at 17:00 please", "0 17 * * 5", "how much is 15% of 80"),
    ("2+2 every day at 8", "0 8 * * *", "2+2"),
    ("what time is it in Oslo every day at 8", "0 8 * * *", "what time is it in Oslo"),
    ("what's the weather in Oslo every morning at 7", "0 7 * * *", "what's the weather in Oslo"),
    ("what is the plan for every monday at 9", None, ""),
    ("what is open every day at 8", None, ""),
    ("what time is it in Oslo at 8", None, ""),
    ("5 every day at 8", None, ""),
    ("we drink 2 coffees every day at 3 euros, what is that a week", None, ""),
]


@pytest.mark.parametrize(("text", "cron", "instruction"), ASKED_AGAIN)
def test_a_question_with_nothing_else_about_time_is_asked_again_and_again(
    text: str, cron: str | None, instruction: str
) -> None:
    understood = read(text, now=NOW, zone="UTC")
    if cron is None:
        assert understood is None
    else:
        assert understood == Understood(timing=Cron(expression=cron), zone="UTC", instruction=instruction)


WORDS: list[tuple[Timing, str]] = [
    (Cron(expression="0 9 * * 1-5"), "every weekday at 09:00 (UTC)"),
    (Cron(expression="30 18 * * *"), "every day at 18:30 (UTC)"),
    (Cron(expression="0 12 * * 1,4"), "every Monday and Thursday at 12:00 (UTC)"),
    (Cron(expression="0 10 * * 0,6"), "every Saturday and Sunday at 10:00 (UTC)"),
    (Cron(expression="0 8 1,15 * *"), "on the 1st and 15th of every month at 08:00 (UTC)"),
    (Cron(expression="0 23 L * *"), "on the last day of every month at 23:00 (UTC)"),
    (Cron(expression="0 10 * * 1#1"), "on the first Monday of every month at 10:00 (UTC)"),
    (Cron(expression="0 16 * * 5L"), "on the last Friday of every month at 16:00 (UTC)"),
    (Cron(expression="0 9,12,17 * * *"), "every day at 09:00, 12:00 and 17:00 (UTC)"),
    (Cron(expression="0 9-17 * * 1-5"), "every hour, on the hour from 09:00 to 17:00, every weekday (UTC)"),
    (Cron(expression="*/20 * * * 1-5"), "every 20 minutes, every weekday (UTC)"),
    (Cron(expression="0 9 1 3 *"), "on the 1st of March at 09:00 (UTC)"),
    (Cron(expression="7-20/3 */5 * 2 *"), "`7-20/3 */5 * 2 *` (UTC)"),
    (Interval(seconds=5400, since=NOW), "every 90 minutes"),
    (Interval(seconds=3600, since=NOW), "every hour"),
    (Once(at=NOW), "once, on Mon 23 Nov 2026, 10:00"),
]


@pytest.mark.parametrize(("timing", "words"), WORDS)
def test_a_timing_is_said_in_words(timing: Timing, words: str) -> None:
    assert in_words(timing, "UTC") == words


COMMANDS: list[tuple[str, Command | None]] = [
    ("list my schedules", Command(change="list")),
    ("Schedules", Command(change="list")),
    ("show me all schedules please", Command(change="list")),
    ("what schedules are there?", Command(change="list")),
    ("pause schedule 2", Command(change="pause", number=2)),
    ("please stop the schedule #12.", Command(change="pause", number=12)),
    ("run schedule 3 now", Command(change="run", number=3)),
    ("delete schedule number 4", Command(change="delete", number=4)),
    ("resume schedule 4, please", Command(change="resume", number=4)),
    ("show schedule 1", Command(change="show", number=1)),
    ("schedule a backup at 9", None),
    ("send my schedule to ann@example.org", None),
    ("pause schedule", None),
    ("write about schedules", None),
]


@pytest.mark.parametrize(("text", "command"), COMMANDS)
def test_commands_about_schedules_are_the_whole_text(text: str, command: Command | None) -> None:
    assert read_command(text) == command


REPLIES: list[tuple[str, str | None]] = [
    ("yes", "save"),
    ("Yes, please!", "save"),
    ("yes save it", "save"),
    ("ok, do it, thanks", "save"),
    ("please do it", "save"),
    ("save it", "save"),
    ("sure.", "save"),
    ("go ahead", "save"),
    ("no", "discard"),
    ("No, thank you.", "discard"),
    ("no, discard it", "discard"),
    ("cancel", "discard"),
    ("don\u2019t save it", "discard"),
    ("never mind", "discard"),
    ("thanks", None),
    ("please", None),
    ("", None),
    ("yes, and what is 2+2", None),
    ("what is 2+2", None),
    ("save that as a note: yes", None),
    ("no idea what time it is in Tokyo", None),
]


@pytest.mark.parametrize(("text", "change"), REPLIES)
def test_a_yes_or_a_no_to_a_proposal_is_the_whole_text(text: str, change: str | None) -> None:
    command = read_reply(text, number=3)
    assert (None if command is None else command.change) == change
    assert command is None or command.number == 3
