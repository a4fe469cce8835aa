"""What is not taken or not done, and what to do about it."""

from __future__ import annotations

from datetime import datetime

from core.models import Verdict
from core.rendering.grammar import counted
from core.rendering.times import wait

NOT_YOURS = "Only the person who asked can do that."
NOT_YOUR_SCHEDULE = "Only the person who made that schedule can change it."
TOO_LATE_TO_CANCEL = "It is finished already; there is nothing left to cancel."
TOO_LATE_TO_RETRY = "That was too long ago to be tried again; ask anew, please."
NOTHING_TO_RETRY = "There is nothing to try again: nothing failed there, or it is running already."
NOTHING_RUNS = "Nothing of yours is running here."
GONE = "That is no longer known here; ask again, please."
STARTS_LATE = "Saved. The queue can't be reached just now, so it will start a little late."
TAKES_LONGER = "That takes a little longer; press again in a moment if nothing changes."
WORDS_PLEASE = "I can only read words; write what you want, please."
CAME_TOO_LATE = (
    "That message came more than a day late, so it was not run. Send it again if you still want it."
)


def in_line(waited_seconds: float) -> str:
    """How long the line is that work stands in; nothing in it is lost."""
    return (
        f"Saved. There is a line just now: what begins at this moment has waited {wait(waited_seconds)}. "
        "Yours keeps its place and will be answered."
    )


def in_own_line(waited_seconds: float) -> str:
    """The same where the line is this person's own."""
    return (
        "Saved. It waits behind what you asked for before, so that others needn't: what begins for you at this moment "
        f"has waited {wait(waited_seconds)}. Yours keeps its place and will be answered."
    )


def too_long(*, characters: int, limit: int) -> str:
    return (
        f"That is {characters:,} characters; an instruction may have {limit:,} at most. "
        "Shorten it, or send it in parts."
    )


def rate_limited(verdict: Verdict, *, now: datetime) -> str:
    """Which limit, and when to try again."""
    window = wait(verdict.window_seconds)
    at = verdict.reset_at.strftime("%H:%M:%S UTC")
    left = wait(max(1.0, (verdict.reset_at - now).total_seconds()))
    asked = counted(verdict.limit, "{count} instruction", "{count} instructions")
    return f"That is more than {asked} in {window}, the most for one person. Try again in {left} (at {at})."


def address_limited(verdict: Verdict, *, setting: str) -> str:
    """The same where requests are counted by the address they come from, and which setting says how many."""
    window = wait(verdict.window_seconds)
    left = wait(max(1.0, verdict.retry_after_seconds))
    asked = counted(verdict.limit, "{count} request", "{count} requests")
    return (
        f"That is more than {asked} in {window}, the most for one address ({setting}). Try again in {left}."
    )
