"""What the rules make of an instruction."""

from __future__ import annotations

from dataclasses import dataclass

from core.models import Plan


@dataclass(frozen=True, slots=True)
class Decision:
    """A plan, and whether asking a model could not make it better."""

    plan: Plan
    certain: bool = False
