"""Cron expressions, zones and next instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from core.errors import InvalidSchedule
from core.models.schedule import Cron, Interval, Once, Timing
from core.schedules.timing import check_cron, check_minimum, check_zone, following

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
WRONG_CRONS = [
    ("0 9 * * * *", "five fields"),
    ("0 9 * *", "five fields"),
    ("R * * * *", "minute"),
    ("*/61 * * * *", "minute"),
    ("*/0 * * * *", "minute"),
    ("5-1 * * * *", "minute"),
    ("61 * * * *", "minute"),
    ("0 24 * * *", "hour"),
    ("0 0 32 * *", "day of the month"),
    ("0 0 30 2 *", "never comes"),
    ("0 0 1 13 *", "month"),
    ("0 0 * * 8", "day of the week"),
    ("@daily", "five fields"),
    ("", "five fields"),
]
WRONG_ZONES = [
    ("europe/berlin", "Europe/Berlin"),
    ("../../etc/passwd", ""),
    ("UTC+25", "UTC"),
    ("localtime", ""),
    ("Factory", ""),
    ("Europe", "Europe/"),
    ("", "Europe/Berlin"),
]
ZONES = """
    Europe/Berlin Europe/London America/New_York America/St_Johns America/Los_Angeles Australia/Lord_Howe
    Australia/Sydney Asia/Kathmandu Asia/Tokyo Africa/Casablanca America/Havana America/Santiago Pacific/Auckland
    Pacific/Chatham Asia/Tehran Africa/Cairo Asia/Beirut Atlantic/Azores Europe/Dublin UTC
""".split()
CRONS = [
    "0 9 * * 1-5",
    "30 2 * * *",
    "*/15 2 * * *",
    "0 * * * *",
    "15 1,2,3 * * *",
    "0 0 1 * *",
    "5 4 L * *",
    "0 12 * * 1#1",
]


# INPUTS 27
@pytest.mark.parametrize(("expression", "named"), WRONG_CRONS)
def test_a_wrong_cron_expression_is_refused_naming_what_is_wrong(expression: str, named: str) -> None:
    with pytest.raises(InvalidSchedule) as refused:
        check_cron(expression)
    assert named in refused.value.sentence
    assert refused.value.field == "cron"


@pytest.mark.parametrize("expression", [*CRONS, "0  9 * *  MON", "0 0 29 2 *", "0 9 LW * *", "*/59 * * * *"])
def test_a_right_one_passes_with_single_spaces(expression: str) -> None:
    assert check_cron(expression) == " ".join(expression.split())


# INPUTS 29
@pytest.mark.parametrize(("name", "near"), WRONG_ZONES)
def test_what_is_no_zone_is_refused_with_the_nearest_real_names(name: str, near: str) -> None:
    with pytest.raises(InvalidSchedule) as refused:
        check_zone(name)
    assert near in refused.value.sentence
    assert refused.value.field == "zone"


@pytest.mark.parametrize("zone", ZONES)
def test_two_years_of_slots_are_cronsims_own(zone: str) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    end = start + timedelta(days=731)
    for expression in CRONS:
        simulated = CronSim(expression, start.astimezone(ZoneInfo(zone)))
        expected: list[datetime] = []
        while (instant := next(simulated).astimezone(UTC)) <= end:
            if instant not in expected[-4:]:
                expected.append(instant)
        found: list[datetime] = []
        after = start
        while after <= end:
            # Several at once, as a schedule is said back; each run of them begins at another time of the day.
            found += following(Cron(expression=expression), zone=zone, after=after, count=7)
            after = found[-1]
        assert [instant for instant in found if instant <= end] == expected, (zone, expression)


DST: list[tuple[str, str, str, list[str]]] = [
    # 02:30 on the day it doesn't exist runs at once; on the day it comes twice, once.
    (
        "30 2 * * *",
        "Europe/Berlin",
        "2027-03-27T12:00+00:00",
        ["2027-03-28T01:00+00:00", "2027-03-29T00:30+00:00"],
    ),
    (
        "30 2 * * *",
        "Europe/Berlin",
        "2027-10-30T12:00+00:00",
        ["2027-10-31T00:30+00:00", "2027-11-01T01:30+00:00"],
    ),
    (
        "30 1 * * *",
        "America/New_York",
        "2026-11-01T00:00+00:00",
        ["2026-11-01T05:30+00:00", "2026-11-02T06:30+00:00"],
    ),
]


# INPUTS 30
@pytest.mark.parametrize(("expression", "zone", "after", "expected"), DST)
def test_a_skipped_local_time_runs_at_once_and_a_repeated_one_once(
    expression: str, zone: str, after: str, expected: list[str]
) -> None:
    found = following(Cron(expression=expression), zone=zone, after=datetime.fromisoformat(after), count=2)
    assert list(found) == [datetime.fromisoformat(at) for at in expected]


def test_an_interval_counts_from_its_beginning_and_once_comes_once() -> None:
    every = Interval(seconds=5400, since=NOW)
    assert following(every, zone="UTC", after=NOW, count=2) == (
        NOW + timedelta(seconds=5400),
        NOW + timedelta(seconds=10800),
    )
    assert following(every, zone="UTC", after=NOW + timedelta(seconds=5400)) == (
        NOW + timedelta(seconds=10800),
    )
    assert following(every, zone="UTC", after=NOW - timedelta(days=1)) == (NOW + timedelta(seconds=5400),)
    once = Once(at=NOW)
    assert following(once, zone="UTC", after=NOW - timedelta(seconds=1), count=3) == (NOW,)
    assert following(once, zone="UTC", after=NOW) == ()


TOO_OFTEN: list[tuple[Timing, int, bool]] = [
    (Cron(expression="* * * * *"), 60, True),
    (Cron(expression="* * * * *"), 300, False),
    (Cron(expression="0,1 9 * * 1"), 300, False),
    (Cron(expression="*/5 * * * *"), 300, True),
    (Interval(seconds=59, since=NOW), 60, False),
    (Interval(seconds=60, since=NOW), 60, True),
    (Once(at=NOW), 86400, True),
]


# INPUTS 28
@pytest.mark.parametrize(("timing", "minimum", "allowed"), TOO_OFTEN)
def test_more_often_than_the_tier_allows_is_refused_with_the_minimum(
    timing: Timing, minimum: int, allowed: bool
) -> None:
    if allowed:
        check_minimum(timing, zone="UTC", minimum_seconds=minimum, now=NOW)
        return
    with pytest.raises(InvalidSchedule, match="shortest"):
        check_minimum(timing, zone="UTC", minimum_seconds=minimum, now=NOW)
