"""What Parlour's REST API refuses."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

TEXT_LIMIT = 2000
FIELDS = {
    "post": {"text", "nonce", "thread", "buttons", "may_mention", "only_for"},
    "edit": {"text", "buttons", "may_mention"},
    "answer": {"kind", "text"},
}
NEEDED = {"post": {"text", "nonce"}, "edit": {"text"}, "answer": {"kind"}}


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.retry_after = status, reason, retry_after


def check(kind: str, body: Any) -> dict[str, Any]:
    """The body, if it holds what it must and nothing else."""
    if not isinstance(body, dict) or set(body) - FIELDS[kind] or NEEDED[kind] - set(body):
        raise Refusal(400, f"{kind} takes {sorted(FIELDS[kind])}, and needs {sorted(NEEDED[kind])}")
    text = body.get("text")
    if text is not None and not (isinstance(text, str) and 0 < len(text.strip()) and len(text) <= TEXT_LIMIT):
        raise Refusal(400, "text has 1 to 2000 characters")
    if "nonce" in body and not (isinstance(body["nonce"], str) and 0 < len(body["nonce"]) <= 64):
        raise Refusal(400, "a nonce has 1 to 64 characters")
    rows = body.get("buttons", [])
    if len(rows) > 5 or any(not 1 <= len(row) <= 5 for row in rows):
        raise Refusal(400, "at most 5 rows of 1 to 5 buttons")
    for button in (button for row in rows for button in row):
        if set(button) != {"label", "id"} or not (
            0 < len(button["label"]) <= 80 and len(button["id"]) <= 100
        ):
            raise Refusal(400, "a button has a label of at most 80 characters and an id of at most 100")
    return body


class Bucket:
    """So many calls in any window; one that is refused is not counted."""

    def __init__(self, calls: int, seconds: float, *, monotonic: Callable[[], float]) -> None:
        self._calls, self._seconds, self._monotonic = calls, seconds, monotonic
        self._taken: deque[float] = deque()

    def take(self) -> None:
        now = self._monotonic()
        while self._taken and now - self._taken[0] >= self._seconds:
            self._taken.popleft()
        if len(self._taken) >= self._calls:
            raise Refusal(429, "slow down", retry_after=self._seconds - (now - self._taken[0]))
        self._taken.append(now)
