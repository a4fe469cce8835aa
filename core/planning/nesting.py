"""One sentence, two tasks: "email a summary of <page> to …" has something made first, and then handed on."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from core.planning.clauses import Clause
from core.planning.content import Content
from core.planning.courtesy import without_opening
from core.planning.judging import STRONG, Judge
from core.planning.leadins import without_waiting
from core.planning.sequencing import Link
from core.planning.text import Kind, Token
from core.planning.thesaurus import GROUPS
from core.planning.words import DERIVED

_HANDS_ON = frozenset(
    "let tell inform send email mail forward save store put add share stash file shoot deliver pass".split()
)
_WRITES = frozenset({"write", "make", "create", "compose", "add"})
_MESSAGES = frozenset({"email", "mail", "message", "note"})
_GIVES = frozenset("send shoot pass share deliver post text message drop bring fetch get".split())
"""What somebody asks for who only wants to be told, with "me" or "us" behind it."""
_TOWARDS_SOMEBODY = frozenset("to in into as by via on".split())
_CHATS = frozenset("channel group chat".split())
_TELLING = frozenset({"let", "tell", "inform"})
_TOWARDS = frozenset("to in into as under over at".split())
_PLACES = frozenset("note notes notebook".split())
_BEFORE_A_PAGE = frozenset("of from on in at off behind feed".split())
_PAGE_ITSELF = frozenset("link url address page site".split())
_POINTING = frozenset("it them both those these".split())
_LEAST_WORDS = 3
_MADE = frozenset().union(*(group for group in GROUPS if not group.isdisjoint(("poem", "slogan"))))
"""What has to be written before it can be sent."""


def taken_apart(clause: Clause, agent: str, *, judge: Judge) -> list[Clause]:
    """The clause that makes the thing and the clause that hands it on, if it goes to anybody but whoever asks; only the
    clause itself where it is one task."""
    tokens = without_opening(clause.tokens)
    if judge.named(tokens):
        return [clause]
    if filled := _filled(clause, tokens, agent, judge=judge):
        return filled
    if (thing := _for_whoever_asks(tokens)) and _is_a_task(thing, "", judge=judge):
        return [replace(clause, tokens=thing)]
    if not tokens or tokens[0].word not in _HANDS_ON:
        return [clause]
    content = Content(tokens, judge=judge)
    if content.colon or content.that or content.infinitive:
        return [clause]
    start, addressed = _start(tokens)
    if tokens[0].word in _TELLING and not addressed:
        return [clause]
    tokens = without_waiting(tokens, start=start)
    end = len(tokens) if addressed else _end(tokens, start)
    thing, rest = tokens[start:end], tokens[1:start] if addressed else tokens[end:]
    if not rest or not _is_a_task(thing, agent, judge=judge):
        return [clause]
    if tokens[0].word in _TELLING:
        rest = tuple(token for token in rest if token.word != "know")
    verb = "mail" if tokens[0].word in _TELLING else judge.written(tokens[:1])
    said = f"{verb} it {'to ' if addressed else ''}{judge.written(rest)}"
    handed_on = Clause((tokens[0], *rest), Link.THEN, clause.strength, said=said)
    return [replace(clause, tokens=thing), handed_on]


def _for_whoever_asks(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """The thing of "send me the time in Oslo", which is only to be answered; empty where it goes anywhere else."""
    words = [token.word for token in tokens]
    if words[:1] == ["post"] and words[1:2] not in (["me"], ["us"]):
        thing = tokens[1:]
    elif words and words[0] in _GIVES and words[1:2] in (["me"], ["us"]):
        thing = tokens[2:]
    else:
        return ()
    said = {token.word for token in thing}
    elsewhere = not said.isdisjoint(_TOWARDS_SOMEBODY) and not said.isdisjoint(_PLACES | _MESSAGES | _CHATS)
    elsewhere = elsewhere or any(token.kind is Kind.ADDRESS or token.word.startswith("#") for token in thing)
    return () if elsewhere else thing


def _filled(clause: Clause, tokens: tuple[Token, ...], agent: str, *, judge: Judge) -> list[Clause]:
    """The two clauses of "send an email to … with the headlines of <page>"; none where it is something else."""
    words = [token.word for token in tokens]
    place = words.index("with") if "with" in words[2:] else 0
    if (
        not place
        or words[0] not in _HANDS_ON | _WRITES
        or words[place + 1 : place + 2] not in (["the"], ["a"])
    ):
        return []
    if _MESSAGES.isdisjoint(words[1:place]) or not _is_a_task(tokens[place + 1 :], agent, judge=judge):
        return []
    to = tuple(token for token in tokens[:place] if token.kind is Kind.ADDRESS)
    noted = "save it as a note" if "note" in words[1:place] else "mail it"
    said = f"mail it to {judge.written(to)}" if to else noted
    handed_on = Clause(to or tokens[:place], Link.THEN, clause.strength, said=said)
    return [replace(clause, tokens=tokens[place + 1 :]), handed_on]


def _start(tokens: tuple[Token, ...]) -> tuple[int, bool]:
    """Where the thing begins, and whether whom it goes to stands before it: "mail a@b.org and c@d.org the time"."""
    place = 2 if tokens[1:2] and tokens[1].word in ("me", "us") else 1
    first = place
    while place < len(tokens) and (tokens[place].kind is Kind.ADDRESS or tokens[place].word in ("and", ",")):
        place += 1
    addressed = place > first
    place += (
        1
        if addressed
        and tokens[0].word == "let"
        and tokens[place : place + 1]
        and tokens[place].word == "know"
        else 0
    )
    return place, addressed


def _end(tokens: tuple[Token, ...], start: int) -> int:
    """Where the words begin that say where the thing goes; the end where none do."""
    for place in range(len(tokens) - 1, start, -1):
        following = tokens[place + 1 : place + 4]
        if tokens[place].word in _TOWARDS and any(
            t.kind is Kind.ADDRESS or t.word in _PLACES for t in following
        ):
            return place
    return len(tokens)


def _is_a_task(thing: tuple[Token, ...], agent: str, *, judge: Judge) -> bool:
    words = [token.word for token in thing]
    if len(thing) < _LEAST_WORDS or any(token.kind in (Kind.ADDRESS, Kind.QUOTE) for token in thing):
        return False
    if any(before == "of" and word in _POINTING for before, word in pairwise(words)):
        return False
    if words[0] == "the" and words[2] == "of" and words[3:4] == ["the"] and DERIVED.issuperset(words[1:5:3]):
        return False  # "the result of the sum" is there already
    pages = [place for place, token in enumerate(thing) if token.kind is Kind.URL]
    if pages and (words[pages[0] - 1] not in _BEFORE_A_PAGE or not _PAGE_ITSELF.isdisjoint(words)):
        return False
    best = judge.best(thing)
    made = words[0] in ("a", "an") and not _MADE.isdisjoint(words[1:4])
    return (best.parsed or made) and best.agent != agent and best.score >= STRONG
