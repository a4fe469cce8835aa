"""Faults that a test orders for the next calls of a method."""

from dataclasses import dataclass

BEFORE = frozenset({"429", "500", "503", "reset", "html_200", "slow"})
AFTER = frozenset({"reset_after", "cut_after"})


@dataclass(frozen=True)
class Fault:
    """One ordered fault: ``kind`` is one of ``BEFORE``, ``AFTER``, or a Slack error code.

    ``reset`` drops the connection before the call is looked at. ``reset_after`` and ``cut_after`` apply
    the call first: the first loses the whole answer, the second half of its body.
    """

    method: str
    kind: str
    retry_after: int = 1
    seconds: float = 0.0

    @property
    def applies_call(self) -> bool:
        """Whether the call takes effect although the client may not learn of it."""
        return self.kind in AFTER or self.kind == "slow"


class Faults:
    """A queue of ordered faults, taken in order by the method they name (``*`` is any)."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def order(self, fault: Fault, *, times: int) -> None:
        """Queue a fault for so many calls."""
        self._waiting.extend([fault] * times)

    def take(self, method: str) -> Fault | None:
        """The fault for this call, if one is due."""
        for index, fault in enumerate(self._waiting):
            if fault.method in (method, "*"):
                return self._waiting.pop(index)
        return None

    @property
    def unused(self) -> tuple[Fault, ...]:
        """Faults that no call has met yet."""
        return tuple(self._waiting)
