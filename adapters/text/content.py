"""What "it", "that" and "the result" stand for: the outputs of earlier steps, else the answer before."""

from __future__ import annotations

import re

from core.models import Task

_NOUN = (
    r"(?:results?|answers?|outputs?|summar(?:y|ies)|list|text|translation|draft|message|digest"
    r"|headlines|article|page|link|file|archive"
    r"|backup|report|version|newsletter|announcement|poem|haiku|tweet|numbers?|amount|total|date"
    r"|time|notes?|conversion|calculation"
    r"|figures?|findings|overview|reply|outcome|content|contents|info|information|details"
    r"|key points|main points|points|gist|quote|above|rest|same)"
)
_REFERENCE = re.compile(
    rf"(?:(?:all|both|each|everything|all of|both of|the whole|a copy of|copy of|the content of"
    rf"|the text of) ?)*"
    r"(?:it|that|this|them|these|those|everything|all|both|(?:(?:the|that|this|these|those|your"
    rf"|his|her|its|both|all) )(?:[\w-]+ ){{0,3}}?{_NOUN}"
    rf"(?: (?:of|from|for|in) (?:it|that|this|them|the [\w ]{{1,30}}))?)"
    rf"(?: (?:over|out|along|on|too|as well|all|together))*",
    re.IGNORECASE,
)
_POINTING = re.compile(
    rf"\b(?:it|that|this|them|these|those|both)\b|\bthe (?:[\w-]+ )?{_NOUN}\b", re.IGNORECASE
)


def is_reference(text: str) -> bool:
    """Whether the words stand for something said before and say nothing themselves."""
    return _REFERENCE.fullmatch(text.strip(" .,:;!?\"'")) is not None


def points_back(text: str) -> bool:
    """Whether something in the words stands for something said before."""
    return _POINTING.search(text) is not None


def from_earlier_steps(task: Task) -> str:
    """What the earlier steps of this plan gave, in their order; empty where none succeeded."""
    outputs = (without_footer(step.output) for step in task.upstream if step.succeeded)
    return "\n\n".join(output for output in outputs if output)


def earlier(task: Task) -> str:
    """What the words may stand for: earlier steps' outputs, else the last answer of the conversation."""
    if task.upstream:
        return from_earlier_steps(task)
    return last_answer(task)


_FOOTER = re.compile(r"\n*^[ \t]*_No model was used(?: for [^\n]{1,400}?)?\._[ \t]*$", re.MULTILINE)
_AGENT = re.compile(r"^(?:- \*\*[a-z][\w-]{0,39}\*\*: |\*\*[a-z][\w-]{0,39}\*\*\n\n)", re.MULTILINE)


def without_footer(text: str) -> str:
    """An answer without the line on which of its agents used no model."""
    return _FOOTER.sub("", text).strip()


def last_answer(task: Task) -> str:
    """What the answer before said, without what it says about its agents; empty where there is none."""
    return _AGENT.sub("", without_footer(task.history[-1].answer)).strip() if task.history else ""
