"""What connections have in common, in memory."""

from __future__ import annotations

from adapters.chat.platform import Shared
from core.memory.admissions import InMemoryAdmissions
from core.memory.limiter import InMemoryLimiter
from core.ports.clock import Clock


def in_memory(clock: Clock) -> Shared:
    """A limiter and admissions of this process's own."""
    return Shared(
        limiter=InMemoryLimiter(clock=clock),
        admissions=InMemoryAdmissions(),
        base_url="http://127.0.0.1:8080",
    )
