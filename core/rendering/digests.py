"""What leads a digest: what is new since its last run, and which runs were missed."""

from __future__ import annotations

from collections.abc import Sequence

from core.models.schedule import Slot, SlotOutcome
from core.rendering.grammar import counted
from core.rendering.times import run_line

AS_BEFORE = "As before:"


def missed(slots: Sequence[Slot], *, zone: str) -> str:
    """The line above a digest that makes up for runs that were missed; empty where none was."""
    lost = [slot for slot in slots if slot.outcome is SlotOutcome.MISSED]
    if not lost:
        return ""
    since = run_line(min(slot.slot for slot in lost), zone)
    return counted(
        len(lost),
        f"_One run was missed while FlowMate was not running: {since}._",
        f"_{{count}} runs were missed while FlowMate was not running, the first {since}._",
    )


def below(missed_line: str, text: str) -> str:
    """A digest with the line that tells of missed runs above it."""
    return f"{missed_line}\n\n{text}" if missed_line else text


def unchanged(output: str, *, since: str) -> str:
    return f"_Unchanged since {since}._\n\n{output}"


def compared(head: str, *, fresh: Sequence[str], known: Sequence[str], since: str) -> str:
    """A list cut into what is new and what was there before."""
    blocks = [head] if head else []
    if fresh:
        blocks.append(f"**New since {since}**\n\n" + "\n".join(fresh))
    else:
        blocks.append(f"**Nothing new since {since}.**")
    if known:
        blocks.append(f"{AS_BEFORE}\n\n" + "\n".join(known))
    return "\n\n".join(blocks)
