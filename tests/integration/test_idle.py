"""What FlowMate holds in memory while nobody asks anything."""

from __future__ import annotations

import pytest

from benchmarks.idle import measure

MOST_MB = 320


@pytest.mark.slow
def test_everything_together_stays_small_while_idle() -> None:
    idle = measure(settle_seconds=3.0)
    assert [held.name for held in idle.processes].count("worker") == 2
    assert [held.name for held in idle.processes].count("template") == 1
    # Shared pages counted once: the processes are forks of the template.
    assert idle.pss_mb <= MOST_MB, idle
