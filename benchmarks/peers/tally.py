"""What the benchmark's server counts: answers that arrived, model calls and how long they took, what was used up."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.peers.processes import cpu_seconds, memory_mb

SAID = re.compile(r"quite finished (\d{7})")
AGENTS = 3


@dataclass
class Tally:
    """One burst of delegations, named burst-0, burst-1 …; what belongs to another (the warm-up) is left out.

    An answer is whole when it holds what three calls of this burst said, in words that no other delegation was told.
    """

    name: str = ""
    count: int = 0
    watched: Mapping[str, int] = field(default_factory=dict)
    """Process ids by what the processes are."""

    def __post_init__(self) -> None:
        self.started = time.perf_counter()
        self.arrivals: list[float] = []
        """Seconds after the start, one for each delegation's first whole answer."""
        self.notices = 0
        """What held no whole answer: placeholders, progress."""
        self.mixed = 0
        """Answers with the words of another delegation's agents."""
        self.took: list[float] = []
        """Seconds of each model call, from its request read to its answer written."""
        self.in_flight = self.most_in_flight = 0
        self.memory_mb: dict[str, float] = {}
        """The most of each process, as often as it was looked at."""
        self._answers: dict[str, set[str]] = {}
        self._known: set[str] = set()
        # The asker started the workers, which are looked at on their own.
        self._pids = frozenset(self.watched.values())
        self._told: dict[str, str] = {}
        self._cpu_before = self._cpu()
        self._own_before = time.process_time()
        self._used: dict[str, Any] | None = None

    def arrive(self, delegation: str, message: str, text: str) -> None:
        """This text stands in this message now; without text the message was deleted."""
        name, _, number = delegation.rpartition("-")
        if name != self.name or int(number) >= self.count:
            return
        words = set(SAID.findall(text))
        holding = self._answers.setdefault(delegation, set())
        if len(words) < AGENTS:
            self.notices += 1
            holding.discard(message)
            return
        self.mixed += any(self._told.setdefault(word, delegation) != delegation for word in words)
        holding.add(message)
        if delegation not in self._known:
            self._known.add(delegation)
            self.arrivals.append(time.perf_counter() - self.started)
            if len(self.arrivals) == self.count:
                self._used = self._use()

    def weigh(self) -> None:
        """Look at the memory of all that are watched; takes milliseconds, so not on the loop."""
        for name, pid in self.watched.items():
            self.memory_mb[name] = max(self.memory_mb.get(name, 0.0), memory_mb(pid, but=self._pids))

    def report(self) -> dict[str, Any]:
        """As of now; what was used up is that of the time until the last answer's arrival."""
        return {
            "arrived": len(self.arrivals),
            "first": self.arrivals[0] if self.arrivals else None,
            "lost": self.count - sum(1 for messages in self._answers.values() if messages),
            "doubled": sum(1 for messages in self._answers.values() if len(messages) > 1),
            "mixed": self.mixed,
            "notices": self.notices,
            "calls": len(self.took) + self.in_flight,
            "most_in_flight": self.most_in_flight,
            "call_seconds": [min(self.took), statistics.median(self.took), max(self.took)]
            if self.took
            else None,
            "memory_mb": self.memory_mb,
            **(self._used or self._use()),
        }

    def _use(self) -> dict[str, Any]:
        return {
            "seconds": time.perf_counter() - self.started,
            "cpu_seconds": {name: seconds - self._cpu_before[name] for name, seconds in self._cpu().items()},
            "server_cpu_seconds": time.process_time() - self._own_before,
        }

    def _cpu(self) -> dict[str, float]:
        return {name: cpu_seconds(pid, but=self._pids) for name, pid in self.watched.items()}
