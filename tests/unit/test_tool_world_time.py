"""The clock: places, conversions over daylight saving, and dates in plain words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.text.dates import to_date
from adapters.text.moment import to_time
from adapters.text.places import resolve, zone_of
from core.errors import ToolFailed
from tests.unit.tool_bench import NOW, said, task, tools

TODAY = NOW.date()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("what time is it in Tokyo", "It is **21:00** in Tokyo, Sunday 22 November 2026 (UTC+9)."),
        ("current time", "It is **12:00** (UTC), Sunday 22 November 2026 (UTC+0)."),
        ("time in london right now", "It is **12:00** in London, Sunday 22 November 2026 (UTC+0)."),
        ("what time is it in Parris", "It is **13:00** in Paris, Sunday 22 November 2026 (UTC+1)."),
        ("what time is it in Singapur", "It is **20:00** in Singapur, Sunday 22 November 2026 (UTC+8)."),
        ("what tiem is it in tokio", "It is **21:00** in Tokyo, Sunday 22 November 2026 (UTC+9)."),
        (
            "How late is it now in Singapore?",
            "It is **20:00** in Singapore, Sunday 22 November 2026 (UTC+8).",
        ),
        ("what time is it in Auckland", "It is **01:00** in Auckland, Monday 23 November 2026 (UTC+13)."),
        ("time in India", "It is **17:30** in India, Sunday 22 November 2026 (UTC+5:30)."),
        ("@clock now in Mumbai", "It is **17:30** in Mumbai, Sunday 22 November 2026 (UTC+5:30)."),
        (
            "what time is it in Tokyo and Berlin",
            "- Tokyo: **21:00**, Sunday 22 November 2026 (UTC+9)\n- Berlin: **13:00**, Sunday 22 November 2026 (UTC+1)",
        ),
        ("3pm Berlin in New York", "15:00 in Berlin is **09:00** in New York (today: UTC+1 to UTC-5)."),
        (
            "when it's 9:30 in Tokyo what time is it in London",
            "09:30 in Tokyo is **00:30** in London (today: UTC+9 to UTC+0).",
        ),
        (
            "convert 8am Tokyo time to Los Angeles time",
            "08:00 in Tokyo is **15:00** the day before in Los Angeles (today: UTC+9 to UTC-8).",
        ),
        (
            "what's 14:30 UTC in San Francisco time",
            "14:30 in UTC is **06:30** in San Francisco (today: UTC+0 to UTC-8).",
        ),
        (
            "I'm meeting a client at 9am Singapore time, what time is that in Frankfurt?",
            "09:00 in Singapore is **02:00** in Frankfurt (today: UTC+8 to UTC+1).",
        ),
        (
            "time difference between Berlin and Tokyo",
            "Berlin is **8 hours** behind Tokyo now (Berlin 13:00, Tokyo 21:00).",
        ),
        ("what's the date in 45 days", "**Wednesday 6 January 2027** (2027-01-06, week 1; in 45 days)."),
        ("3 weeks from today", "**Sunday 13 December 2026** (2026-12-13, week 50; in 21 days)."),
        ("what weekday is 2027-03-01", "**Monday 1 March 2027** (2027-03-01, week 9; in 99 days)."),
        ("today's date?", "**Sunday 22 November 2026** (2026-11-22, week 47; today)."),
        ("when is Easter", "**Sunday 28 March 2027** (2027-03-28, week 12; in 126 days)."),
        ("What day was it 100 days ago?", "**Friday 14 August 2026** (2026-08-14, week 33; 100 days ago)."),
        (
            "which day of the week is the 24th of December this year",
            "**Thursday 24 December 2026** (2026-12-24, week 52; in 32 days).",
        ),
        ("how many days until Christmas", "**33 days** until Friday 25 December 2026."),
        ("how many dyas until 1 May", "**160 days** until Saturday 1 May 2027."),
        ("how many weeks until 2027-06-30?", "**31 weeks and 3 days** until Wednesday 30 June 2027."),
        ("how many months until 2027-03-01", "**3 months and 7 days** until Monday 1 March 2027."),
        (
            "How many days are between 2026-02-10 and 2026-05-01?",
            "**80 days** from Tuesday 10 February 2026 to Friday 1 May 2026.",
        ),
        ("how many working days until 2026-12-01", "**6 working days** until Tuesday 1 December 2026."),
        ("how many days since 2026-11-01", "**21 days** since Sunday 1 November 2026."),
        ("how many hours until 5pm", "**5 hours** until 17:00."),
        ("how many days are there in February 2028", "February 2028 has **29 days**."),
        (
            "how many days are left until the migration on 2027-01-15",
            "**54 days** until Friday 15 January 2027.",
        ),
        (
            "what week number is it",
            "This is week **47** of 2026 (Monday 16 November 2026 to Sunday 22 November 2026).",
        ),
        (
            "what week is 2027-01-01 in",
            "Friday 1 January 2027 is in week **53** of 2026 (Monday 28 December 2026 to Sunday 3 January 2027).",
        ),
    ],
)
async def test_plain_questions_are_answered(text: str, answer: str) -> None:
    assert await said(tools()["world_time"], task(text)) == answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "what is 15% of 320",
        "note: the standup moved to 10:30",
        "mail ada@example.org that the call is at 3pm Berlin time",
        "translate 'what time is it' into Spanish",
        "remember that lunch is at noon",
        "what time does the shop open on Sundays",
        "what time is the meeting",
        "write a poem about time",
        "find my notes about today",
        "how many minutes are in 3.5 hours",
        "summarise https://example.org/what-time-is-it",
        "schedule a call at 3pm in Berlin",
        "remind me at 5pm",
        "who won the match last night",
        "the meeting is at 3pm",
        "how are you today?",
        "what's the weather like in Hamburg tomorrow?",
        "good morning everyone",
        "draft a message that we meet on Monday",
        "now",
        "today",
        "what happened on 2026-03-01",
    ],
)
def test_other_requests_are_left_alone(text: str) -> None:
    assert tools()["world_time"].parse(task(text)) is None


async def test_here_is_the_persons_own_zone() -> None:
    tool = tools()["world_time"]
    assert "**13:00** (Europe/Berlin)" in await said(tool, task("what time is it", zone="Europe/Berlin"))
    answer = await said(tool, task("what is 3pm in Tokyo for me", zone="Europe/Berlin"))
    assert answer == "15:00 in Tokyo is **07:00** here (Europe/Berlin) (today: UTC+9 to UTC+1)."


async def test_the_date_is_the_persons_own() -> None:
    late = task("what's the date today", zone="Pacific/Auckland")
    assert (await said(tools()["world_time"], late)).startswith("**Monday 23 November 2026**")


async def test_a_follow_up_keeps_the_question() -> None:
    tool = tools()["world_time"]
    now = task("and in London?", before=("what time is it in Tokyo", "It is 21:00"))
    converted = task(
        "what about Madrid?", before=("3pm Berlin in New York", "15:00 in Berlin is 09:00 in New York")
    )
    assert (await said(tool, now)).startswith("It is **12:00** in London")
    assert (await said(tool, converted)).startswith("15:00 in Berlin is **15:00** in Madrid")
    assert tool.parse(task("and in London?")) is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "what time is it in Qwertyville",
            "I don't know the time zone of Qwertyville; name a city or a zone such as Europe/Berlin",
        ),
        ("what time is it in Atlantis", "I don't know the time zone of Atlantis"),
        ("how many days until the big release", "which date .*the big release.* is"),
    ],
)
async def test_what_is_not_known_is_named(text: str, sentence: str) -> None:
    with pytest.raises(ToolFailed, match=sentence):
        await said(tools()["world_time"], task(text))


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("NYC", "America/New_York"),
        ("sf", "America/Los_Angeles"),
        ("LA", "America/Los_Angeles"),
        ("Germany", "Europe/Berlin"),
        ("EST", "America/New_York"),
        ("CET", "Europe/Paris"),
        ("PT", "America/Los_Angeles"),
        ("São Paulo", "America/Sao_Paulo"),
        ("new delhi", "Asia/Kolkata"),
        ("Reykjavík", "Atlantic/Reykjavik"),
        ("europe/berlin", "Europe/Berlin"),
        ("Kathmandu", "Asia/Kathmandu"),
        ("Londn", "Europe/London"),
        ("san fransisco", "America/Los_Angeles"),
        ("sydny", "Australia/Sydney"),
        ("utc+5:30", "UTC+05:30"),
        ("Trinidad and Tobago", "America/Port_of_Spain"),
        ("kyiv", "Europe/Kyiv"),
        ("München", "Europe/Berlin"),
        ("GMT", "UTC"),
    ],
)
def test_places_are_known_by_many_names(name: str, zone: str) -> None:
    place = resolve(name)
    assert place is not None
    assert place.zone == zone


@pytest.mark.parametrize(
    "name",
    [
        "",
        "lunch",
        "the meeting",
        "Romulus Prime",
        "Factory",
        "localtime",
        "Europe",
        "x" * 500,
        "utc+99",
        "../etc/passwd",
    ],
)
def test_what_is_no_place_is_not_guessed(name: str) -> None:
    assert resolve(name) is None


def test_every_zone_of_the_database_is_known_and_loads() -> None:
    for name in available_timezones() - {"localtime", "Factory"}:
        place = resolve(name)
        assert place is not None, name
        zone_of(place)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1 May", "2027-05-01"),
        ("May 1st, 2028", "2028-05-01"),
        ("the 24th of December this year", "2026-12-24"),
        ("31.12.2026", "2026-12-31"),
        ("2026/12/05", "2026-12-05"),
        ("tomorrow", "2026-11-23"),
        ("the day after tomorrow", "2026-11-24"),
        ("next Friday", "2026-11-27"),
        ("last monday", "2026-11-16"),
        ("Sunday", "2026-11-29"),
        ("30 days after the last backup on 2026-03-14", "2026-04-13"),
        ("two weeks before Christmas", "2026-12-11"),
        ("10 business days", "2026-12-04"),
        ("29 February", "2028-02-29"),
        ("end of the month", "2026-11-30"),
        ("Thanksgiving", "2026-11-26"),
        ("a month from 2027-01-31", "2027-02-28"),
        ("new year's eve", "2026-12-31"),
        ("22 November", "2026-11-22"),
        ("christmas 2030", "2030-12-25"),
        ("2027-02-30", None),
        ("the 35th of May", None),
        ("99999 years from now", None),
        ("someday", None),
        ("", None),
    ],
)
def test_days_are_understood(text: str, day: str | None) -> None:
    found = to_date(text, today=TODAY)
    assert (found.isoformat() if found else None) == day


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("3pm", "15:00"),
        ("12am", "00:00"),
        ("12 pm", "12:00"),
        ("9:30", "09:30"),
        ("3.30 p.m.", "15:30"),
        ("14h30", "14:30"),
        ("9 o'clock", "09:00"),
        ("noon", "12:00"),
        ("25:00", None),
        ("13pm", None),
        ("9:75", None),
        ("soon", None),
    ],
)
def test_times_of_day_are_understood(text: str, time: str | None) -> None:
    found = to_time(text)
    assert (f"{found:%H:%M}" if found else None) == time


async def test_a_skipped_hour_is_converted_without_failing() -> None:
    spring = task("when it's 2:30 in Berlin what time is it in London").model_copy(
        update={"now": datetime(2027, 3, 28, 0, 30, tzinfo=UTC)}
    )
    assert "02:30 in Berlin" in await said(tools()["world_time"], spring)


@given(st.dates(min_value=date(1, 1, 1), max_value=date(9999, 12, 31)))
@settings(max_examples=100, deadline=None)
async def test_any_day_of_the_calendar_is_answered(day: date) -> None:
    answer = await said(tools()["world_time"], task(f"how many days until {day.isoformat()}"))
    away = abs((day - TODAY) // timedelta(days=1))
    assert f"**{away:,} day{'' if away == 1 else 's'}**" in answer
