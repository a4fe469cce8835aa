"""What reading a phrase gives, and the words around one that say nothing about when."""

from __future__ import annotations

import re

from core.models import Frozen
from core.models.schedule import Timing

POLITE = (
    r"(?:(?:hey|hi|hello|please|ok|okay|so|also|and|now|flowmate|thanks)[,!]?\s+"
    r"|(?:can|could|would|will)\s+you\s+(?:please\s+|kindly\s+)?"
    r"|(?:i\s+want|i\s+need|i\s+would\s+like|i'd\s+like|i’d\s+like|we\s+want|we\s+need|we'd\s+like)\s+(?:you\s+)?(?:to\s+)?"
    r"|from\s+now\s+on,?\s+|starting\s+(?:now|today),?\s+|it\s+would\s+be\s+(?:nice|great)\s+if\s+you\s+(?:could\s+)?)*"
)
AFTERWARDS = re.compile(
    r"^\s*(?:[,:;–—-]\s*|then\s+|please\s+|to\s+(?=[a-z])|that\s+you\s+|do\s+this:?\s+|do:?\s+(?=[a-z]+\s))*",
    re.IGNORECASE,
)


class Understood(Frozen):
    """When, and what then: `instruction` is what is left without the words that say when, perhaps nothing."""

    timing: Timing
    zone: str
    instruction: str


class Unclear(Frozen):
    """It is to be a schedule, but one thing is missing or can't be."""

    question: str


Phrase = Understood | Unclear
