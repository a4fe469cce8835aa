"""Subordinate clauses that turn the order around: "after creating a backup", "before you mail …", "using <page>"."""

from __future__ import annotations

from itertools import pairwise

from core.planning.courtesy import without_opening
from core.planning.judging import STRONG, Judge
from core.planning.sequencing import starts_with
from core.planning.text import SHAPES, Kind, Token, ends_like_a_past
from core.planning.words import DONE, HANDING_ON, IRREGULAR, TRANSFORMING

_PHRASES = {
    "after": "after|once|as soon as|having|upon|following the",
    "before": "before|prior to|ahead of",
    "when": "when",
    "while": "while",
    "with": "using|based on|from|with|given",
}
_SUBORDINATORS = tuple(
    (tuple(phrase.split()), kind) for kind, all_ in _PHRASES.items() for phrase in all_.split("|")
)
_FIRST = frozenset(phrase[0] for phrase, _ in _SUBORDINATORS)
_SUBJECT = frozenset({"you", "i", "we", "have", "has", "had", "having", "are", "is", "there"})
_PERFECT = frozenset({"is", "are", "was", "were", "has", "have", "been"})
_DOING = HANDING_ON | TRANSFORMING
ONLY = frozenset(
    "but and only just not even right immediately directly straight shortly though however please , do so it"
    " that".split()
)
"""Words before a subordinate clause that keep it one: "…, but only after …"."""


def subordinator(tokens: tuple[Token, ...], place: int) -> tuple[str, int]:
    """What kind of subordinate clause begins here, and how many words say so."""
    if tokens[place].word not in _FIRST:
        return "", 0
    for phrase, kind in _SUBORDINATORS:
        if starts_with(tokens, place, phrase) and (kind != "with" or not place):
            return kind, len(phrase)
    return "", 0


def source_and_work(tokens: tuple[Token, ...]) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    """The two tasks of "from <page> write a tweet" and "use the headlines of <feed> to draft a digest";"
    " empty elsewhere."""
    if tokens[0].word not in _FROM_SOURCES:
        return (), ()
    page = max((place for place, token in enumerate(tokens) if token.kind is Kind.URL), default=0)
    if not page:
        return (), ()
    verb = page + 1
    while verb < len(tokens) and tokens[verb].word in _TO:
        verb += 1
    if verb == len(tokens) or tokens[verb].word not in _MAKING:
        return (), ()
    return tokens[2 if tokens[1].word in ("on", "of") else 1 : page + 1], tokens[verb:]


_FROM_SOURCES = frozenset("from using use take with given based out".split())
_MAKING = frozenset("write draft make create compose craft prepare formulate produce build".split())
_TO = frozenset("to and , please then".split())


def bare(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """The task of a subordinate clause without its subject: "you have created a backup"."""
    start = 0
    while start < len(tokens) - 1 and set(tokens[start].word.split()) <= _SUBJECT:
        start += 1
    ended = start and tokens[start].word in ("finished", "completed") and len(tokens) > start + 2
    return tokens[start + 1 if ended and tokens[start + 1].word in ("the", "your", "a") else start :]


def names_work(tokens: tuple[Token, ...], word: str, *, judge: Judge) -> bool:
    """Whether a subordinate clause names work: "creating a backup", "the backup has been created"."""
    words = [token.word for token in tokens]
    perfect = any(
        a in _PERFECT and (b in DONE or b in IRREGULAR or ends_like_a_past(b)) for a, b in pairwise(words)
    )
    finished = perfect or not DONE.isdisjoint(words)
    if word == "while":
        return words[0].endswith("ing") and judge.fits(tokens)
    if word == "when":
        return finished and judge.fits(tokens)
    if word == "with":
        return judge.fits(tokens) and (tokens[-1].kind is Kind.URL or words[0] in ("the", "my", "our"))
    if len(words) == 1 and words[0] not in _DOING and not words[0].endswith("ing"):
        return False  # "before I leave", "once we start"
    if judge.fits(tokens) and (judge.commands(tokens) or finished):
        return True
    thing = words[0] in ("the", "a", "your", "that") and len(words) <= 4
    return thing and all(token.kind not in SHAPES for token in tokens) and judge.fits(tokens, least=STRONG)


def main_clause(tokens: tuple[Token, ...], *, judge: Judge) -> tuple[Token, ...]:
    """The request behind a subordinate clause without a comma: "the backup is through I'd like …"; else empty."""
    for place in range(2, len(tokens) - 1):
        rest = tokens[place:]
        opened = len(without_opening(rest)) < len(rest) and not judge.declares(rest)
        done = tokens[place - 1].word in DONE and judge.commands(rest)
        if (opened or done) and judge.fits(rest) and judge.fits(tokens[:place]):
            return rest
    return ()
