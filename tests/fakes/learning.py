"""What planners learn of agents, noted while they go on learning it."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest

from core.planning.ranking import Index


@dataclass(frozen=True)
class Learned:
    """One index that was made: of whom, and on which thread."""

    agents: tuple[str, ...]
    thread: int


def noted(monkeypatch: pytest.MonkeyPatch) -> list[Learned]:
    """Each index that is made from now on."""
    found: list[Learned] = []
    make = Index._learn

    def learn(self: Index, *arguments: object) -> object:
        found.append(Learned(self.names, threading.get_ident()))
        return make(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Index, "_learn", learn)
    return found
