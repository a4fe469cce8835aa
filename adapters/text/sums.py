"""Calculations in plain words, turned into what `arithmetic` evaluates."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from adapters.text.arithmetic import CONSTANT_NAMES, MAX_CHARACTERS, evaluate
from adapters.text.exact import FUNCTION_NAMES, Unreadable
from adapters.text.introductions import pieces
from adapters.text.numbers import NUMBER_WORD, with_digits
from adapters.text.politeness import without_politeness
from adapters.text.stories import shared, to_story
from adapters.text.sum_shapes import SHAPES, Sum
from adapters.text.units import Conversion, to_conversion, to_told_conversion
from adapters.text.words import KEPT, Spelling, compatible, hands_over_content
from core.errors import ToolFailed

SPELLING = Spelling(
    (
        "calculate compute convert percent percentage divided divide multiply multiplied times minus "
        "plus split increase decrease "
        "between people pounds celsius fahrenheit kilometers miles litres gallons square root "
        "average what much many"
    ).split()
)
MOST_CHARACTERS = 400
_HAS_NUMBER = re.compile(
    rf"[\d½⅓⅔¼¾⅛]|\b(?:{NUMBER_WORD}|pi|half|twice|how (?:many|much))\b|\b(?:an?|the) [a-z]+ (?:in|to|into|as)\b",
    re.IGNORECASE,
)
_VETO = re.compile(
    (
        r"\b\d{4}-\d{1,2}-\d{1,2}\b|\b\d{1,2}:\d\d\b|\d ?[ap]\.?m\b|o'clock|\b\d{1,2}/\d{1,2}/\d{4}\b"
        r"|\b\d{1,2}\.\d{1,2}\.\d{4}\b|://|@\w"
        r"|\b(?:days?|weeks?|months?) (?:until|till|before|after|ago|from (?:now|today))\b|\b(?:utc"
        r"|gmt|weekday|tomorrow|yesterday)\b"
        r"|^every [a-z]+ at \d{1,2}\b(?! (?:each|euros?|dollars?|cents?))"
    ),
    re.IGNORECASE,
)
_WRITTEN_OUT = re.compile(r"\d ?[+*×] ?\d|\d - \d")
"""A sum that stands there as it is to be worked out is no story about its last number."""
_CUE = re.compile(
    r"^(?:pay (?=for\b)|(?:the )?(?:tip|tax|vat|discount|total|price|sum|share|answer) ?:|(?:(?:do|would"
    r"|will|must|should|did) )?"
    r"(?:i|we) (?:have to )?(?:pay|owe|get|spend) (?:for|on|from)?"
    r"|what(?:'?s| is| are| was| would be| does| do| will be)?\b|how (?:much|many)(?: is| are"
    r"| would| does| do| will)?\b|calculate\b"
    r"|compute\b|work out\b|figure out\b|evaluate\b|solve\b|find(?: out)?\b|determine\b|give me\b"
    r"|tell me\b|tell us\b|show me\b"
    r"|get me\b|get\b|do the maths?(?: for| on|:)?|the (?:result|value|answer|amount) of\b"
    r"|(?:result|value) of\b|me\b|us\b|for me\b"
    r"|do you know\b|know\b|if\b|that is\b|is\b|are\b|of:|:|=|convert\b|can be\b|check\b|run\b"
    r"|crunch(?:ing)?\b|(?:number[ -])?crunching(?: time)?\b|need\b|(?:this|these|the following)(?: one"
    r"| sum| expression)?:"
    r"|quick maths?\b|maths?:|"
    r"calc\b|calculation:?|(?:i|we) need\b|a calculation\b)[ ,:]*",
    re.IGNORECASE,
)
_END = re.compile(
    r"(?:[ ?!.=:;,]+|(?<=[\w)%]) (?:is|are|makes?|give|gives|be|equals?|equal to|come to|comes to"
    r"|amounts? to|in total|altogether"
    r"|exactly|roughly|approximately|now|then|(?:is|are) (?:that|it|this)|as a number|come out (?:as|to"
    r"|at)))$",
    re.IGNORECASE,
)
_WORDED = (
    (re.compile(r"\bpercent\b|\bper cent\b|\bpct\b"), "%"),
    (re.compile(r"\b(?:to the power of|raised to(?: the power of)?|to the power)\b|\*\*"), "^"),
    (
        re.compile(
            r"(?<=[a-z\d]) (?:an?|per|each) (?:second|minute|hour|day|week|month|year)"
            r"(?= (?:times|multiplied|x|plus|minus|divided|\*)\b)"
        ),
        "",
    ),
    (re.compile(r"\bto the (\d+)(?:st|nd|rd|th)(?: power)?\b"), r"^ \1"),
)
_OPERATORS = tuple(
    (re.compile(pattern, re.IGNORECASE), put)
    for pattern, put in (
        (r"\b(?:multiplied|times) (?:by|with)\b|\btimes\b|[×✕✖·⋅]|(?<=[\d)% ])x(?=[ \d(])", "*"),
        (r"\bdivided (?:by|through)\b|\bover\b|[÷]|(?<=\d):(?=\d)|(?<=\d) : (?=\d)", "/"),
        (r"\bplus\b|\badded to\b", "+"),
        (r"\bminus\b|\bless\b|\bsubtract(?:ed)?\b", "-"),
        (r"\bmodulo\b", "mod"),
        (r"\b(?:the )?square root\b|√", "sqrt"),
        (r"\b(?:the )?(?:cube|cubic|third) root\b", "cbrt"),
        (r"\b(?:twice|double) (?:the )?(?=[\d(])", "2 * "),
        (r"\b(?:triple|thrice) (?:the )?(?=[\d(])", "3 * "),
        (r"²", " squared"),
        (r"³", " cubed"),
        (r"\b(sqrt|cbrt) (?:from|for)\b", r"\1 of"),
    )
)
_LABEL = re.compile(r"^(?:[a-z][a-z-]{1,20} ?){1,3}: ?(?=[\d($€£√]|sqrt|half|the sum|sum )", re.IGNORECASE)
_CONTENT_LABEL = re.compile(
    r"^(?:[a-z'-]+ ){0,3}(?:note|notes|memo|remember|record|reminder|minutes|idea|todo|to-do|subject|text"
    r"|body|log|ticket"
    r"|translate|rewrite|draft|title|version|release|message|fact|self)\b[^:]{0,20}:",
    re.IGNORECASE,
)
_SUM_INSIDE = re.compile(
    r"\b(?:sum|total) of (\d[\d.]*(?:(?:, ?and |, ?| and )\d[\d.]*){1,20})(?= ?[-+*/]| (?:minus|plus"
    r"|times|divided|less))"
)
_PRODUCT = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?) ?(?:x|×|\*|times) ?(\d+(?:\.\d+)?) (?=[a-z])")
_MULTIPLE = re.compile(r",? (?:times|multiplied by|x|\*) (\d{1,6})[ ?.!]*$")
_NOISE = re.compile(
    r"\b(?:the|an?|our|my|this|these|those|all|each|of total|total of|bill of|a bill|bills?|price"
    r"|exactly|number|value|amount|us)\b ?"
)
_LEGAL = FUNCTION_NAMES | CONSTANT_NAMES | {"of", "mod", "squared", "cubed"}
_NUMBER_NOUN = re.compile(
    r"(?<=[\d)%])( ?)([a-z]{2,20})(?: [a-z]{2,20})?(?= ?(?:[-+*/^)]|of\b|%|$))", re.IGNORECASE
)
_OPERATION = re.compile(
    r"(?<=[\w)%!]) ?(?:[+*/^-]|%(?= ?[\d(]))|\d!|%(?= of)|\b(?:of|mod|squared|cubed)\b|\b(?:"
    + "|".join(sorted(FUNCTION_NAMES))
    + r")\b"
)


def requested(text: str) -> str:
    """The calculation in the person's words, without what stands around it."""
    text = without_politeness(SPELLING.mended(compatible(text), first=12))
    for _ in range(6):
        match = _CUE.match(text)
        if match is None or match.end() >= len(text):
            break
        text = without_politeness(text[match.end() :])
    for _ in range(4):
        shorter = text if re.fullmatch(r"\d{1,3}!", text) else _END.sub("", text)
        if shorter == text:
            break
        text = shorter
    return text.strip(' "')


@lru_cache(maxsize=KEPT)
def to_sum(text: str) -> Sum | Conversion | None:
    """What `text` asks to work out; None where it is no calculation, or one that makes no sense."""
    whole = compatible(text)
    if len(whole) > MOST_CHARACTERS or not _HAS_NUMBER.search(whole) or _VETO.search(whole):
        return None
    return _one(whole) or next((found for piece in pieces(whole) if (found := _one(piece)) is not None), None)


def _one(whole: str) -> Sum | Conversion | None:
    asked = requested(_LABEL.sub("", whole))
    if not asked or _CONTENT_LABEL.match(whole) or hands_over_content(asked):
        return None
    if len(asked) <= MAX_CHARACTERS:
        found = _conversion(whole) or _direct(asked, cued=asked.lower() != whole.lower())
        if found is not None:
            return found
    return _story(whole)


def _conversion(text: str) -> Conversion | None:
    low = with_digits(without_politeness(SPELLING.mended(text)).lower(), money=True)
    low = _PRODUCT.sub(r"(\1*\2) ", low)
    multiple = _MULTIPLE.search(low)
    low = low if multiple is None else low[: multiple.start()]
    for _ in range(4):
        found = to_conversion(low)
        if found is not None:
            return found if multiple is None else replace(found, amount=f"{found.amount}*{multiple.group(1)}")
        match = _CUE.match(low)
        if match is None or low.startswith("how many"):
            return None
        low = without_politeness(low[match.end() :])
    return None


def _direct(asked: str, *, cued: bool) -> Sum | None:
    plain = with_digits(asked.lower())
    for pattern, put in _WORDED:
        plain = pattern.sub(put, plain)
    plain = _SUM_INSIDE.sub(lambda m: "(" + " + ".join(re.findall(r"\d[\d.]*", m.group(1))) + ")", plain)
    first = plain
    plain = re.sub(r"(?<=\d) +%", "%", re.sub(r" {2,}", " ", _NOISE.sub("", plain))).strip(" ,.?")
    for candidate in dict.fromkeys(
        (first, re.sub(r"^(?:the|an?) ", "", first), plain, _without_nouns(plain))
    ):
        for shape, make in SHAPES:
            match = shape.fullmatch(candidate)
            if match is not None and _readable(found := make(match)):
                return found
    return _plain_expression(plain, cued=cued)


def _without_nouns(text: str) -> str:
    """Nouns right after a number don't change the sum: "250 apples plus 19%"."""
    return _NUMBER_NOUN.sub(
        lambda match: match.group() if match.group(2) in _LEGAL or match.group(2) in _WORDS else "", text
    )


_WORDS = frozenset(
    (
        "people persons ways parts tip tax vat discount off more less than with plus minus times "
        "split divided between among each "
        "per percent percentage and from what increased decreased reduced modulo mod factorial over "
        "raised added higher lower"
    ).split()
)


def _plain_expression(text: str, *, cued: bool) -> Sum | None:
    for pattern, put in _OPERATORS:
        text = pattern.sub(put, text)
    if cued or " * " in text or " / " in text:
        text = _without_nouns(text)
    text = re.sub(r" {2,}", " ", text).strip()
    names = re.findall(r"[^\W\d_]+", re.sub(r"(?<=[\d.])e(?=[+-]?\d)", "", text))
    if (
        any(name not in _LEGAL for name in names)
        or not re.search(r"\d|pi\b", text)
        or not _OPERATION.search(text)
    ):
        return None
    found = Sum(text)
    return found if _readable(found) else None


def _readable(found: Sum) -> bool:
    try:
        evaluate(found.expression)
    except Unreadable:
        return False
    except ToolFailed:
        return True
    return True


def _story(text: str) -> Sum | Conversion | None:
    """A calculation told in a sentence or two."""
    if _WRITTEN_OUT.search(text):
        return None
    plain = with_digits(SPELLING.mended(without_politeness(text))).lower()
    for pattern, put in _WORDED:
        plain = pattern.sub(put, plain)
    plain = re.sub(r"(?<=\d) +%", "%", plain)
    found = shared(plain) or to_story(plain) or to_told_conversion(plain)
    return found if found is None or isinstance(found, Conversion) or _readable(found) else None
