"""Which test begins when: those that take longest begin first, so that nothing waits for one of them at the end."""

from __future__ import annotations

import gc
import os

import pytest

# What is loaded while tests are collected stays loaded.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal the long ones out to the processes; pytest-xdist gives each of them an equal part of the list to begin with.

    (`WorkStealingScheduling.check_schedule` of pytest-xdist 3.8.)
    """
    long = [item for item in items if item.get_closest_marker("long")]
    others = [item for item in items if not item.get_closest_marker("long")]
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    left = len(items)
    ordered: list[pytest.Item] = []
    for number in range(processes):
        share = left // (processes - number)
        left -= share
        first = long[number::processes][:share]
        ordered += first
        ordered += others[: share - len(first)]
        del others[: share - len(first)]
    items[:] = ordered
