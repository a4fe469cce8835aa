"""Which test begins when: those that take longest begin first, so that nothing waits for one of them at the end."""

from __future__ import annotations

import gc
import os
from collections import defaultdict

import pytest

LONG_AS_SLOW = 15
OBJECTS_BETWEEN_COLLECTIONS = 20_000

# What is loaded while tests are collected stays loaded.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    gc.enable()


def _weight(item: pytest.Item) -> int:
    return LONG_AS_SLOW if item.get_closest_marker("long") else 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal the long ones out to half of the processes, the slow ones file by file to all, and fill up with the quick.

    Most of what takes long waits: for the clock, for leases, for a pace. Beside it the others keep the cores at work.

    pytest-xdist gives each process an equal part of the list to begin with, and takes from its end what others do
    instead (`WorkStealingScheduling.check_schedule` of pytest-xdist 3.8): at its end are the quick ones.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    quick: list[pytest.Item] = []
    slow: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("long"):
            slow[item.nodeid].append(item)
        elif item.get_closest_marker("slow"):
            slow[item.nodeid.partition("::")[0]].append(item)
        else:
            quick.append(item)
    together = sorted(slow.values(), key=lambda some: some[0].get_closest_marker("long") is None)
    hands: list[list[pytest.Item]] = [[] for _ in range(processes)]
    for some in together:
        is_long = some[0].get_closest_marker("long") is not None
        these = hands[: max(1, processes // 2)] if is_long else hands
        min(these, key=lambda hand: sum(_weight(item) for item in hand)).extend(some)
    left = len(items)
    ordered: list[pytest.Item] = []
    for number, hand in enumerate(hands):
        share = left // (processes - number)
        left -= share
        wanted = max(0, share - len(hand))
        ordered += hand + quick[:wanted]
        del quick[:wanted]
    items[:] = ordered + quick
