"""Questions about what was noted or said before: they look for notes and never save one."""

from __future__ import annotations

import re

from adapters.text.words import lines, own_words, readable
from core.models import Task

_WHO = r"(?:you|u|we|i|they|anyone|anybody|someone|somebody|the team|flow ?mate)"
_ASK = r"(?:what|which|where|when|who|whom|whose|how|why|if|whether)"
_KEEP = r"(?:remember(?:ed)?|recall(?:ed)?|noted?|write|wrote|written|jot(?:ted)?|keep in mind)(?: down)?"
_TOLD = r"(?:(?:tell|told|ask|asked|want|wanted) (?:you|us|me|flow ?mate) to )"
_SOMETIMES = r"(?:(?:still|even|ever|all|just|already|happen to|supposed to|meant to) )*"
_OF = r"(?: (?:anything|something))?(?: (?:about|on|for|regarding|of|that))?"
_RECALLS = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        rf"(?:do|does|did) {_WHO} {_SOMETIMES}{_TOLD}?{_KEEP}{_OF} (?P<words>.+)",
        rf"(?:have|has|had) {_WHO} {_SOMETIMES}{_TOLD}?{_KEEP}{_OF} (?P<words>.+)",
        rf"who {_SOMETIMES}(?:remembers|recalls|noted|wrote down|jotted down){_OF} (?P<words>.+)",
        (
            rf"{_ASK}(?: all| else| exactly)? (?:did|do|does|have|has|had|was|were|am|are|should|must) "
            rf"{_WHO} {_SOMETIMES}{_TOLD}?{_KEEP}{_OF} (?P<words>.+)"
        ),
        (
            rf"(?:(?:tell|show|remind|give) (?:me|us) )?{_ASK} {_WHO} {_SOMETIMES}{_TOLD}?{_KEEP}{_OF}"
            r" (?P<words>.+)"
        ),
        rf"(?:what|where|when|who)(?:'s| is| was| are| were) (?P<words>.+?) (?:that )?{_WHO} {_TOLD}{_KEEP}",
        rf"(?:can|could) {_WHO} {_SOMETIMES}(?:please )?(?:remember|recall) {_ASK}\b (?P<words>[^:\n]+)",
        (
            rf"(?:can|could) {_WHO} (?:still )?(?:remember|recall)"
            r"(?!.*\b(?:is|are|was|were|has|have|will|moved|changed|costs?)\b)"
            r" (?:the|my|our|his|her|their|[\w-]+'s) (?P<words>[^\W\d][^\d:,.]{1,60})\?"
        ),
    )
)
_GREETING = re.compile(
    r"(?:(?:hi|hello|hey|ok|okay|so|and|also|please|well|now|again|there|flow ?mate|bot)[ ,.!:]+)*"
    r"(?:(?:can|could|would|will) you (?:please )?(?=(?:tell|show|remind|give) )"
    r"|i wonder(?=ed)? |i(?:'d| would) like to know )?",
    re.IGNORECASE,
)
_MIDDLE = re.compile(
    rf"(?:(?:{_ASK}(?: all| else| exactly)? )?(?:do|does|did|have|has|had|was|were|can|could|should) {_WHO}"
    rf"|{_ASK} {_WHO}) {_SOMETIMES}{_TOLD}?$",
    re.IGNORECASE,
)
_SEARCHES = re.compile(
    r"(?:please )?(?:find(?! out)|search(?: for)?|look (?:up|for)|show|list)(?: me| us)?"
    r"(?: (?:the|my|our|for|all|any|some|about))* (?P<words>.+)",
    re.IGNORECASE,
)
_NO_WORDS = re.compile(r"(?:all|everything|them|it|that|those|these|notes?)\b", re.IGNORECASE)


def recalled(text: str) -> str | None:
    """What a question asks to be remembered of: "the wifi password" in "do you remember the wifi password?"."""
    asked = readable(text)
    if len(asked) > 400:
        return None
    asked = _GREETING.sub("", asked, count=1)
    for shape in _RECALLS:
        match = shape.fullmatch(asked) or shape.fullmatch(asked.rstrip(" ?.!"))
        if match is not None:
            return match.group("words").rstrip(" ?.!")
    return None


def searched(text: str) -> str | None:
    """What is looked for in "find retro", said to an agent that has only notes."""
    match = _SEARCHES.fullmatch(readable(text).rstrip(" ?.!"))
    if match is None or _NO_WORDS.fullmatch(match.group("words")):
        return None
    return match.group("words")


def whole_question(task: Task) -> str:
    """The task's own words, with the beginning of the question that a plan may have cut them off."""
    own = own_words(task)
    whole = lines(task.instruction)
    at = whole.find(own) if own else -1
    if at <= 0:
        return own
    before = _MIDDLE.search(whole[max(0, at - 100) : at])
    return own if before is None else before.group() + own
