"""Questions about how much FlowMate is used here, how well it does, what it costs: in any words that say only that."""

from __future__ import annotations

import re

from adapters.text.politeness import without_politeness
from adapters.text.words import readable

SPAN = (
    r"(?P<span>today|yesterday|(?:this|last|past)\s+(?:(?P<count>\d{1,3})\s+)?(?P<unit>days?|weeks?|months?))"
)
_SPAN = re.compile(rf"\b(?:(?:over|for|of|in|from|during|since) )?(?:the )?{SPAN}\b")
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)?")
_MOST_WORDS = 24


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FLOWMATE = _set("flowmate flowmates bot bots")
_HERE = _FLOWMATE | _set("workspace agents agent delegations delegation tokens token")
_USE = _set("use uses used using usage utilisation utilization")
_COST = _set("pay pays paying paid cost costs costing costed spend spent spending bill expensive")
_FIGURES = _USE | _COST | _set("tokens token statistics stats numbers figures chart graph activity rate")
_WORK = _set(
    "delegations delegation requests request instructions instruction tasks task jobs job agents agent"
)
_OUTCOMES = _set(
    "fail fails failed failing failure failures succeed succeeds succeeded success successes successful wrong"
)
_DOING = _set("well working doing performing performed busy reliable")
_ASKING = _set("how what which who did do does is are have has whats")
_SHOWING = _set(
    "show give get pull see tell let fetch display need want would like look check bring create make draw plot"
    " generate prepare run take use"
)
_AROUND = _set(
    "a an the my our your their us we i me it all of for on by in to at from with and or per this that these here"
    " there been be was were had got getting much many often lot more most least less than day days daily week weekly"
    " month monthly year lately recently overall altogether total actually really so far now currently team people"
    " everyone everybody users user person members colleagues company each up know report reports overview summary"
    " summarised went go goes gone right anything something through out any kind latest burn"
    " burned burnt burning eat eaten consume consumed ask asked send sent run running ran working work works long take"
    " took average share"
    " percentage number amount high better worse doubt low popular heavily frequently whole entire just still"
    " yet even again s ve re d"
)
_VOCABULARY = _HERE | _FIGURES | _WORK | _OUTCOMES | _DOING | _ASKING | _SHOWING | _AROUND | {"you"}
_HELP = re.compile(r"how (?:(?:do|can|could|should|would|must|may) (?:i|we|you|one|people)|to)\b")
"""Asks for a manual, not for figures."""


def asked_span(text: str) -> re.Match[str] | str | None:
    """The days that such a question names, empty where it names none; None where it is no such question."""
    asked = without_politeness(readable(text)).lower().replace("'", " ")
    if not 2 <= len(asked.split()) <= _MOST_WORDS or _HELP.match(asked):
        return None
    span = _SPAN.search(asked)
    rest = _SPAN.sub(" ", asked)
    words = _WORD.findall(rest)
    if re.search(r"[^a-z ,.?!-]", rest) or not words or not _VOCABULARY.issuperset(words):
        return None
    begins = words[0] in _ASKING | _SHOWING | _HERE | _FIGURES | _OUTCOMES | {
        "the",
        "our",
        "a",
        "daily",
        "weekly",
    }
    return (span or "") if begins and _is_about_use(frozenset(words), words[0]) else None


_OURS = _set("our we us my i team")


def _is_about_use(words: frozenset[str], first: str) -> bool:
    """Whether what is used and what is asked of it are both there."""
    if words & _HERE and (words & _FIGURES) - (words & _HERE):
        return True
    if words & {"tokens", "token", "delegations"} and words & _OURS and first in _ASKING | {"number"}:
        return True
    if "usage" in words and words & _OURS:
        return True
    if words & _OUTCOMES and (words & _FLOWMATE or (words & _WORK and words & _OURS)):
        return True
    if words & (_FLOWMATE | {"agents"}) and words & _DOING and first in _ASKING:
        return True
    us = words & {"we", "us", "i", "people", "everyone", "team"}
    return "you" in words and bool(us and words & (_USE | _COST)) and first in ("how", "what")
