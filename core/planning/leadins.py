"""Words before a task that lead up to it: "with what you learn, …", "when you know …", "besides a backup I need …"."""

from __future__ import annotations

from core.planning.courtesy import without_opening
from core.planning.judging import STRONG, Judge
from core.planning.sequencing import waits_for_what_came_before
from core.planning.subordinates import bare, names_work, subordinator
from core.planning.text import Kind, Token

_NEEDS = frozenset("need want require would".split())
_BESIDES = tuple(
    tuple(phrase.split())
    for phrase in "besides|apart from|aside from|in addition to|on top of|as well as".split("|")
)
_BESIDES_FIRST = frozenset(phrase[0] for phrase in _BESIDES)
_KNOWING = frozenset("know have got have_got found learned obtained received worked figured".split())
_PARTICLES = frozenset("out up hold of that".split())
_UNTIL = frozenset("until till before unless".split())
_NEGATED = (
    ("do not",),
    ("do", "not"),
    ("never",),
    ("wait", "with"),
    ("hold", "back"),
    ("hold", "off", "with"),
)

_NEGATED_FIRST = frozenset(phrase[0] for phrase in _NEGATED)


def without_not_only(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """ "Not only X but also Y" asks for both; the words that say so are no refusal."""
    words = [token.word for token in tokens]
    for place in range(len(words) - 1):
        if words[place : place + 2] == ["not", "only"] and "but" in words[place + 2 :]:
            return tokens[:place] + tokens[place + 2 :]
    return tokens


def without_waiting(tokens: tuple[Token, ...], *, start: int = 1) -> tuple[Token, ...]:
    """Without "as soon as you have looked it up" at the end: that the thing comes first is plain."""
    for place in range(start + 1, len(tokens) - 1):
        if tokens[place].word in ("once", "when", "after", "as") and waits_for_what_came_before(
            tokens[place:]
        ):
            return tokens[:place]
    return tokens


def besides(tokens: tuple[Token, ...], *, judge: Judge) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    """The two tasks of "besides a backup I need a haiku"; empty elsewhere."""
    if tokens[0].word not in _BESIDES_FIRST:
        return (), ()
    words = [token.word for token in tokens]
    size = next((len(p) for p in _BESIDES if tuple(words[: len(p)]) == p), 0)
    if not size:
        return (), ()
    for place in range(size + 1, len(words) - 1):
        wish = words[place].split() + words[place + 1].split()
        if wish[0] in ("i", "we") and not _NEEDS.isdisjoint(wish[1:3]):
            parts = tokens[size:place], tokens[place:]
            return parts if all(judge.fits(part) for part in parts) else ((), ())
    return (), ()


def knowing(tokens: tuple[Token, ...], *, judge: Judge) -> tuple[Token, ...]:
    """What has to be found out first: "as soon as you know what 7*8 is"; empty elsewhere."""
    word, size = subordinator(tokens, 0)
    if word not in ("after", "when") or len(without_opening(tokens)) < len(tokens):
        return ()
    said = [part for token in tokens[size : size + 3] for part in token.word.split()]
    if said[:1] not in (["you"], ["we"], ["i"]) or _KNOWING.isdisjoint(said[1:3]):
        return ()
    place = size
    while place < len(tokens) and (
        set(tokens[place].word.split()) <= _KNOWING | {"you", "we", "i", "have"}
        or tokens[place].word in _PARTICLES
    ):
        place += 1
    rest = tokens[place:]
    best = judge.best(rest) if len(rest) > 1 else None
    return rest if best is not None and best.parsed and best.score >= STRONG else ()


def held_back(tokens: tuple[Token, ...], *, judge: Judge) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    """The work and what waits for it in "don't mail … until the backup is finished"; empty elsewhere."""
    start = 1 if tokens[0].word == "please" else 0
    if start >= len(tokens) or tokens[start].word not in _NEGATED_FIRST:
        return (), ()
    words = [token.word for token in tokens]
    size = next((len(p) for p in _NEGATED if tuple(words[start : start + len(p)]) == p), 0)
    if not size:
        return (), ()
    for place in range(start + size + 1, len(tokens) - 1):
        if words[place] in _UNTIL:
            rest, held = bare(tokens[place + 1 :]), tokens[start + size : place]
            works = names_work(rest, "after", judge=judge) and judge.fits(held, least=STRONG)
            return (rest, held) if works else ((), ())
    return (), ()


def notes_and_work(tokens: tuple[Token, ...]) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    """The two tasks of "based on the notes about Berlin write a packing list"; empty elsewhere."""
    if tokens[0].word not in ("from", "using", "based", "with", "given"):
        return (), ()
    words = [token.word for token in tokens]
    start = 2 if words[1:2] in (["on"], ["upon"]) else 1
    if words[start : start + 1] not in (["the"], ["my"], ["our"]):
        return (), ()
    if words[start + 1 : start + 2] not in (["notes"], ["note"]):
        return (), ()
    for place in range(start + 2, len(words) - 1):
        if words[place] in _MAKING and tokens[place].kind is Kind.WORD:
            end = place - 1 if words[place - 1] in ("to", "please") else place
            return tokens[start:end], tokens[place:]
    return (), ()


_MAKING = frozenset("write draft make create compose craft prepare formulate produce build".split())
