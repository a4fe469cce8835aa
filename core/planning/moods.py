"""Words that name work and still ask for none: refusals, mere reports, praise."""

from __future__ import annotations

from core.planning.text import SHAPES, Kind, Token
from core.planning.words import PAST, QUESTION

_REFUSALS = tuple(
    tuple(phrase.split())
    for phrase in (
        "do not|does not|no need|no more|never|never mind|forget|forget about|stop|not|no longer|nobody|please do not"
        "|you do not|you need not|i do not|we do not|no email|no mail|no note|no notes|no backup|no time"
        "|there is no need|you should not|must not|ignore|skip"
    ).split("|")
)
_REFUSING = frozenset(phrase[0] for phrase in _REFUSALS)
_STILL_ASKS = frozenset("forget hesitate lose miss why but just instead know".split())
"""After "don't" these make a request of it: "don't forget that …", "I don't know what …"."""
_OWNERS = frozenset(
    "my our his her their the your this that i we he she they it nobody somebody someone everybody".split()
)
_REPORTED = frozenset(
    "failed fails broke broken bounced crashed lost wrong late slow down dead stuck gone worked went stopped died"
    " hung missing annoying annoyed hated hate hates love loved loves liked disappeared vanished sucks rocks"
    " rocked arrived finished happened expired exploded already yesterday was were been kept forgot".split()
)
_LAUGHS = frozenset(
    "haha hahaha hehe lol lmao rofl omg wow yay ugh ack well oh ah aha phew nope yep cool ok okay".split()
)
_AWAY = frozenset("this it now that on out in up off there soon today later tonight".split())
_PRAISE = frozenset(
    "nice good great lovely love loved like liked cool awesome amazing brilliant beautiful funny excellent"
    " fantastic wonderful perfect superb neat sweet solid terrible awful bad boring".split()
)
_ASKING = frozenset(
    "please need needs want wants should must can could would will may due time let have has to more another how"
    " what which who when where why find show make get give create run send write put do".split()
)


def refuses(tokens: tuple[Token, ...]) -> bool:
    """Whether it says that something is not to be done: "don't create a backup", "no need to translate it"."""
    first = next((token.word for token in tokens if token.kind is Kind.WORD), "")
    if first.partition(" ")[0] not in _REFUSING:
        return False
    words = _words(tokens)[:9]
    size = max((len(p) for p in _REFUSALS if tuple(words[: len(p)]) == p), default=0)
    if not size or len(words) == size:
        return False
    if words[0] == "forget" and words[1:2] == ["not"]:
        return False
    return _STILL_ASKS.isdisjoint(words[size : size + 3]) and not any(
        token.kind is Kind.URL for token in tokens
    )


def reports(tokens: tuple[Token, ...]) -> bool:
    """Whether it only says how things are: "our backup failed last night", "nice poem!"."""
    if any(token.kind in SHAPES or token.word in (":", "?") for token in tokens):
        return False
    words = _words(tokens)
    while words and words[0] in _LAUGHS:
        words = words[1:]
    if not words:
        return False
    if words[0].endswith("ing") and len(words) <= 3 and words[-1] in _AWAY:
        return True
    if words[0] in ("you", "thank", "thanks"):
        return _ASKING.isdisjoint(words)
    if words[0] in _PRAISE:
        return len(words) <= 4 and _ASKING.isdisjoint(words)
    if (
        words[0] in ("i", "we")
        and words[1:2] != []
        and (words[1] in PAST or words[1] in ("left", "lost", "forgot"))
    ):
        return _ASKING.isdisjoint(words) and words[1] not in ("read", "put", "run")
    if words[0] not in _OWNERS or words[0] in QUESTION or not _ASKING.isdisjoint(words):
        return False
    return not _REPORTED.isdisjoint(words[1:8])


def _words(tokens: tuple[Token, ...]) -> list[str]:
    return [part for token in tokens if token.kind is Kind.WORD for part in token.word.split()]
