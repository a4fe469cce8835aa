"""Requests among statements: "I'm off in an hour, so back up everything; the laptop makes noises"."""

from __future__ import annotations

import re
from functools import lru_cache

from adapters.text.politeness import without_politeness
from adapters.text.words import KEPT, hands_over_content

MOST = 5
_BREAK = re.compile(
    r"(?:[.!;?…]+|(?<=\w):|,| -+| –)[ \n]+|\n+"
    r"| (?:and |so |but )+(?=(?:please|can|could|would|make|back|create|run|take|get|kick|what|how|which"
    r"|i'd like to)\b)",
    re.IGNORECASE,
)
_STATES = re.compile(
    r"(?:i|we|it|there|that|he|she|they|you|since|because|cause|cos|as|while|until|unless|after|before"
    r"|tonight|tomorrow"
    r"|today|my|our|the|his|her|their|its|big|for|just in case|in case|to be|this|these|those|a|an|one"
    r"|release"
    r"|deployment|maintenance|everyone|everybody|somebody|someone|nobody|no one|now that|given|if|when"
    r"|whenever|though"
    r"|although|heads[ -]up|fyi|urgent|important|ok|okay|no|not|never|yes|ugh|argh|oh|dear|sorry|so|well"
    r"|wow|damn|phew|help"
    r"|morning|jet lag|lazy|silly|stupid|quick|curious|asking|got|been|feeling|worried|\d+ [a-z]+"
    r"|[a-z]+ (?:is|are|was|were|has|have|had|says|said|needs|keeps|wants|weighs|costs|got|gives|gave"
    r"|gets))(?:['’]\w+)?\b",
    re.IGNORECASE,
)
_WANTS = re.compile(
    r"(?:i|we)(?:'d| would|'ll| will|'m| am|'re| are)? (?:really |also |just |still )*(?:need|want|like"
    r"|love|could use"
    r"|require|wonder|wanna|have to|must|prefer|appreciate)\b(?! (?:it|this|that)\b)"
    r"|(?:the|a|an|one|some|any) (?:e-?mail|mail|note|back-?up|poem|haiku|slogan|text|letter|message"
    r"|summary|list|limerick"
    r"|time|date|day|headlines?|toast|tagline)\b"
    r"|(?:my|our|the|all|these|those) notes?\b|it is to\b|for (?:the record|the minutes|the notes|later)\b",
    re.IGNORECASE,
)
_REQUESTS = re.compile(
    r"\b(?:please|remind|remember|translate|summari[sz]e|draft|compose|rewrite|calculate|convert"
    r"|e-?mail [\w.]+@"
    r"|write|jot|note down|note that|back up|headlines|send|save|what time|how many|how much)\b",
    re.IGNORECASE,
)
_EXPLAINS = re.compile(
    r"(?:i|we|my|our|it|it's|because|since|just in case|in case|as|before|so that|so i|so we|for (?:a|an"
    r"|the|my|our|us)"
    r"|to be|the|this|that|he|she|they|there|need it|need this|asking for|no rush|no hurry|thanks|that's"
    r"|in a hurry"
    r"|everyone|somebody|a colleague|and be quick|thats|[a-z]+ (?:is|are|was|has))(?:['’]\w+)?\b",
    re.IGNORECASE,
)


_PLANS = re.compile(
    r"(?:i|we)(?:'d| would)? (?:want|need|have|like|love|must|prefer)(?: to)? (?:be|know|call|e-?mail|meet|catch"
    r"|plan|join|make"
    r"|get|talk|ring|phone|sleep|feel|leave|prepare|arrive|reach)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=KEPT)
def pieces(text: str) -> tuple[str, ...]:
    """What may be the request itself, the whole text left out: after a statement, before an explanation, or both."""
    if len(text) > 600:
        return ()
    breaks = list(_BREAK.finditer(text))[:MOST]
    starts = [found.end() for found in breaks if _is_statement(text[: found.start()])]
    found = [(start, len(text)) for start in starts]
    ends = [mark.start() for mark in breaks if _explains(text[mark.end() :])]
    found += [(start, end) for start in (0, *starts) for end in ends if end > start + 3]
    return tuple(
        dict.fromkeys(piece for start, end in found[: 2 * MOST] if (piece := text[start:end].strip(" ,;-")))
    )


def _is_statement(text: str) -> bool:
    """Whether the words only tell something, so that what follows is the request."""
    head = without_politeness(text) or text
    if "@" in text or "://" in text or "?" in text or '"' in text:
        return False
    if _WANTS.match(head) or _REQUESTS.search(head) or hands_over_content(head):
        return False
    return _STATES.match(text) is not None or _STATES.match(head) is not None


def _explains(text: str) -> bool:
    """Whether the words only give the reason for a request before them."""
    if "@" in text or "://" in text or "?" in text or re.search(r"\d", text):
        return False
    wants = _WANTS.match(text) is not None and _PLANS.match(text) is None
    return _EXPLAINS.match(text) is not None and not wants and not _REQUESTS.search(text)
