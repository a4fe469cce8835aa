"""What the benchmark against peers says of given numbers, and what it counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.delegations import checked
from benchmarks.peers import plot
from benchmarks.peers.environments import CannotRun
from benchmarks.peers.report import as_json, cpu_table, markdown, table
from benchmarks.peers.roster import PEERS, Peer
from benchmarks.peers.runs import Runs
from benchmarks.peers.tally import Tally

SAID = "quite finished {:07d}"


def peer(name: str) -> Peer:
    return next(one for one in PEERS if one.name == name)


def counted(seconds: float, *, workers: int = 2, **changed: Any) -> dict[str, Any]:
    report = {
        "seconds": seconds,
        "workers": workers,
        "calls": 300,
        "call_seconds": [0.1998, 0.2, 0.21],
        "memory_mb": {"asker": 90.0, "worker 1": 100.0, "worker 2": 110.0},
        "cpu_seconds": {"asker": 0.2, "worker 1": 0.4, "worker 2": 0.5},
        "server_cpu_seconds": 0.1,
        "versions": {"python": "3.11.7"},
    }
    return {**report, **changed}


def ran(name: str, *seconds: float, count: int = 100, **changed: Any) -> Runs:
    return Runs(peer(name), count, [counted(each, round=n, **changed) for n, each in enumerate(seconds, 1)])


def cells(text: str) -> dict[str, list[str]]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return {row[0]: row[1:] for row in rows}


def test_the_table_has_medians_and_the_fastest_first() -> None:
    text = table([ran("flowmate-sqlite", 1.0, 3.0, 2.0), ran("bullmq", 0.5, 1.5, 1.0)])
    rows = cells(text)

    assert list(rows)[2:] == ["BullMQ flow", "FlowMate, SQLite"]
    assert rows["FlowMate, SQLite"][:7] == ["2.00", "1.00 to 3.00", "1.00", "50.0", "2", "210", "11.0"]
    assert rows["BullMQ flow"][:4] == ["1.00", "0.50 to 1.50", "0.50", "100.0"]


def test_times_are_those_of_neighbours_in_one_round() -> None:
    """A round in which the machine was busy slows both, and says nothing of either."""
    assert ran("bullmq", 1.0, 20.0, 3.0).times(ran("flowmate-sqlite", 2.0, 40.0, 6.0)) == 0.5


def test_a_round_that_failed_is_said_and_has_no_neighbour() -> None:
    ours, theirs = ran("flowmate-sqlite", 1.0, 1.0, 1.0), ran("celery", 9.0, 2.0, 3.0)
    del ours.reports[0]
    ours.failures.append("1 answers lost")

    assert theirs.times(ours) == 2.5
    assert "FlowMate, SQLite: 2 rounds went well; 1 did not: 1 answers lost." in markdown(
        "head", [ours, theirs]
    )


def test_who_did_fewer_is_extrapolated_and_it_is_said() -> None:
    stock = ran("rq", 10.0, count=5, workers=7, calls=15)
    text = markdown("head", [ran("flowmate-sqlite", 2.0), stock])

    assert cells(text)["RQ, depends_on"][:4] == ["about 200.00", "200.00 to 200.00", "100.00", "0.5"]
    assert "RQ, depends_on: measured with 5 delegations; its seconds are extrapolated." in text
    assert "(210 MB for FlowMate's workers, 210 MB for 7 of RQ's) FlowMate is 100 times as fast" in text


def test_who_did_not_run_is_named_with_the_reason() -> None:
    text = markdown(
        "head", [ran("flowmate-sqlite", 1.0), Runs(peer("dbos"), 100, failures=["no such wheel"])]
    )

    assert cells(text)["DBOS, PostgreSQL"][0] == "not run: no such wheel"
    assert cells(text)["DBOS, PostgreSQL"][-1] == peer("dbos").kept


def test_calls_that_were_made_again_are_said() -> None:
    assert "made 301 model calls in its rounds, where 300 would do" in markdown(
        "head", [ran("celery", 1.0, calls=301)]
    )


def test_cpu_time_is_shown_by_process_for_flowmate_alone() -> None:
    rows = cells(cpu_table([ran("flowmate-sqlite", 1.0, 1.0), ran("celery", 1.0)]))

    assert rows["FlowMate, SQLite"] == ["2.00", "4.00", "5.00"]
    assert "Celery chord, gevent" not in rows


def test_numbers_and_picture_can_be_kept(tmp_path: Path) -> None:
    everybody = [ran("flowmate-sqlite", 1.0, 1.2), Runs(peer("dbos"), 100, failures=["no such wheel"])]
    plot.draw("Delegations a second", everybody, tmp_path)

    assert json.loads(json.dumps(as_json("head", everybody)))["peers"][0]["seconds"] == [1.0, 1.2]
    assert "FlowMate, SQLite" in (tmp_path / "delegations.svg").read_text()
    assert (tmp_path / "delegations.png").read_bytes().startswith(b"\x89PNG")


ANSWER = " ".join(SAID.format(number) for number in (1, 2, 3))
OTHER = " ".join(SAID.format(number) for number in (4, 5, 6))


@pytest.mark.parametrize(
    ("arrived", "found"),
    [
        ([("burst-0", "a", ANSWER), ("burst-1", "b", OTHER)], {}),
        ([("burst-0", "a", "On it."), ("burst-0", "a", ANSWER), ("burst-1", "b", OTHER)], {"notices": 1}),
        ([("burst-0", "a", ANSWER), ("burst-0", "a", ANSWER), ("burst-1", "b", OTHER)], {}),
        ([("burst-0", "a", ANSWER), ("burst-0", "c", ANSWER), ("burst-1", "b", OTHER)], {"doubled": 1}),
        ([("burst-0", "a", ANSWER), ("warm-1", "b", OTHER)], {"lost": 1, "arrived": 1}),
        ([("burst-0", "a", ANSWER), ("burst-1", "b", ANSWER)], {"mixed": 1}),
        (
            [("burst-0", "a", ANSWER), ("burst-1", "b", SAID.format(4) * 3)],
            {"lost": 1, "arrived": 1, "notices": 1},
        ),
        (
            [("burst-0", "a", ANSWER), ("burst-1", "b", OTHER), ("burst-1", "b", "On it.")],
            {"lost": 1, "notices": 1},
        ),
    ],
    ids=[
        "whole",
        "placeholder",
        "edited again",
        "posted again",
        "missing",
        "mixed up",
        "one said thrice",
        "undone",
    ],
)
def test_answers_are_counted_as_a_conversation_shows_them(
    arrived: list[tuple[str, str, str]], found: dict[str, int]
) -> None:
    tally = Tally(name="burst", count=2)
    for delegation, message, text in arrived:
        tally.arrive(delegation, message, text)
    report = tally.report()

    wanted = {"arrived": 2, "lost": 0, "doubled": 0, "mixed": 0, "notices": 0, **found}
    assert {name: report[name] for name in wanted} == wanted
    if any(found.get(what) for what in ("lost", "doubled", "mixed")):
        with pytest.raises(CannotRun):
            checked(report)
    else:
        assert checked(report) is report
