"""One peer's runs, and what is made of them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.peers.roster import Peer

MOST_FAILURES = 2


@dataclass
class Runs:
    """What the server counted, one report for each round that went well, and why others did not."""

    peer: Peer
    count: int
    """Delegations in each round."""
    reports: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def out(self) -> bool:
        """Whether it has failed too often for another round."""
        return len(self.failures) >= MOST_FAILURES

    @property
    def seconds(self) -> list[float]:
        """Of each round, extrapolated to what the others did."""
        return [float(report["seconds"]) / self.peer.share for report in self.reports]

    @property
    def per_second(self) -> float:
        return self.count / statistics.median(float(report["seconds"]) for report in self.reports)

    @property
    def memory_mb(self) -> float:
        """The most that its workers took together, in the median round."""
        return statistics.median(
            sum(float(mb) for name, mb in report["memory_mb"].items() if name.startswith("worker"))
            for report in self.reports
        )

    @property
    def cpu_ms(self) -> dict[str, float]:
        """Of each process for one delegation, in the median round."""
        names = self.reports[-1]["cpu_seconds"]
        return {
            name: statistics.median(report["cpu_seconds"][name] for report in self.reports)
            / self.count
            * 1000
            for name in names
        }

    def times(self, other: Runs) -> float:
        """How many times the other's seconds it takes: the median of the rounds, each with its own neighbour."""
        mine, theirs = self._by_round(), other._by_round()
        return statistics.median(mine[number] / theirs[number] for number in mine.keys() & theirs.keys())

    def _by_round(self) -> dict[int, float]:
        rounds = (report["round"] for report in self.reports)
        return dict(zip(rounds, self.seconds, strict=True))


def named(everybody: Sequence[Runs], name: str) -> Runs | None:
    """That peer's runs, where it ran."""
    return next((runs for runs in everybody if runs.peer.name == name and runs.reports), None)
