"""Cutting an instruction into clauses: one clause, one task."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from core.planning.boundaries import Piece, Strength, pieces
from core.planning.chat import is_chat
from core.planning.content import Content
from core.planning.courtesy import without_opening
from core.planning.judging import FITS, STRONG, Judge
from core.planning.leadins import (
    besides,
    held_back,
    knowing,
    notes_and_work,
    without_not_only,
    without_waiting,
)
from core.planning.openings import Opening, only_things, opens
from core.planning.sequencing import Link, only_orders, waits_for_what_came_before
from core.planning.subordinates import ONLY, bare, main_clause, names_work, source_and_work, subordinator
from core.planning.text import Kind, Token
from core.planning.words import QUESTION, SUBORDINATE

MAX_PIECES = 400
"""No instruction has more connecting words than this; the rest of a text that has is left whole."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One task in the person's own words. `context` are words before the task that are told along with it."""

    tokens: tuple[Token, ...]
    link: Link = Link.BESIDE
    strength: Strength = Strength.LINE
    context: int | None = None
    """Where the text that belongs to the task begins, if earlier than the task's own first word."""
    anchor: int | None = None
    """Which clause the link means, if not the one before."""
    told: bool = True
    """Whether it may turn out to be a mere statement; a subordinate clause that names work is none."""
    said: str = ""
    """What the task says, where the person's words go on with another task in their midst."""

    def plus(self, piece: Piece) -> Clause:
        return replace(self, tokens=self.tokens + piece.tokens)


class Cutter:
    """Walks over the pieces once and decides for each: a task of its own, or more of the one before."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._done: list[Clause] = []
        self._pending = Link.BESIDE
        self._scope: tuple[Link, int] | None = None
        """ "Before X, do Y and Z": what the rest of the sentence is told as well, and which clause X is."""
        self._lead = Link.BESIDE
        """What the clause after the next one is told: "after creating a backup, …"."""

    def cut(self) -> list[Clause]:
        tokens = without_not_only(self._judge.tokens)
        cut = pieces(tokens)
        if len(cut) > MAX_PIECES:
            kept, rest = cut[: MAX_PIECES - 1], cut[MAX_PIECES - 1 :]
            cut = [*kept, replace(rest[0], tokens=tuple(t for piece in rest for t in piece.tokens))]
        for piece in cut:
            for named in self._at_mentions(piece):
                for part in [named] if self._waits(named) else self._subordinate(named):
                    self._take(part)
        return self._done

    def _at_mentions(self, piece: Piece) -> list[Piece]:
        """The piece, cut before every `@agent` but its first."""
        names = self._judge.index.known
        places = [i for i, t in enumerate(piece.tokens) if t.kind is Kind.MENTION and t.word[1:] in names][1:]
        if not places:
            return [piece]
        edges = [0, *places, len(piece.tokens)]
        parts = [piece.tokens[a:b] for a, b in pairwise(edges)]
        return [replace(piece, tokens=parts[0]), *(Piece(part, Strength.SEMICOLON) for part in parts[1:])]

    def _take(self, piece: Piece) -> None:
        rest = self._after_lead_in(piece.tokens)
        if rest is not piece.tokens and not only_things(rest):
            piece = replace(piece, tokens=rest)
        if is_chat(piece, judge=self._judge) and not self._holds(piece):
            return
        if self._waits(piece):
            self._pending = Link.AFTER_ALL if _OF_ALL.intersection(piece.words) else Link.THEN
            if "before" in piece.words:
                self._pending = Link.EARLIER
            return
        waits = self._pending is not Link.BESIDE and not only_things(piece.tokens)
        if waits and piece.link is Link.BESIDE and self._done:
            piece = replace(piece, link=self._pending)
        if not self._done:
            self._begin(piece)
        elif self._is_bare_page(self._done) and self._uses_a_page(piece):
            self._done[-1] = self._done[-1].plus(piece)
        elif Opening(self._judge, self._done[-1].tokens, first=len(self._done) == 1).begins(piece):
            self._begin(piece)
        else:
            self._done[-1] = self._done[-1].plus(piece)

    def _is_bare_page(self, done: list[Clause]) -> bool:
        """Whether nothing was said yet but an address: "<page> -> summarise"."""
        return len(done) == 1 and len(done[0].tokens) == 1 and done[0].tokens[0].kind is Kind.URL

    def _uses_a_page(self, piece: Piece) -> bool:
        bare_verb = len(without_opening(piece.tokens)) == 1
        return not only_things(piece.tokens) and (bare_verb or not self._judge.fits(piece.tokens))

    def _waits(self, piece: Piece) -> bool:
        """Whether these words only put what follows behind what came before."""
        return bool(self._done) and (only_orders(piece.tokens) or waits_for_what_came_before(piece.tokens))

    def _holds(self, piece: Piece) -> bool:
        """Whether the clause before is content that goes on, so that even "thanks" may belong to it."""
        if not self._done or piece.strength > Strength.AND:
            return False
        return Content(self._done[-1].tokens, judge=self._judge).open

    def _begin(self, piece: Piece) -> None:
        link = self._pending if piece.link is Link.BESIDE else piece.link
        anchor = None
        if self._scope is not None and link is Link.BESIDE and piece.strength <= Strength.AND:
            link, anchor = self._scope
        elif (
            piece.strength >= Strength.SENTENCE and self._lead is Link.BESIDE and self._pending is Link.BESIDE
        ):
            self._scope = None
        if self._lead is not Link.BESIDE:
            self._scope = (self._lead, len(self._done))
        self._pending, self._lead = self._lead, Link.BESIDE
        tokens, context = piece.tokens, None
        last = self._done[-1] if self._done else None
        if last is not None and (
            self._is_context(last) or self._leads_up_to(last, piece) or self._tells(last, piece)
        ):
            # "We're upgrading tonight, please create a backup": told along with the task, and no task of its own
            self._done.pop()
            if last.tokens[-1].word != ":":
                context = last.tokens[0].start if last.context is None else last.context
            link = last.link if link is Link.BESIDE else link
            tokens = self._with_what_was_told(last.tokens, tokens)
        self._done.append(Clause(tokens, link, piece.strength, context, anchor, told=not piece.work))

    def _with_what_was_told(self, told: tuple[Token, ...], tokens: tuple[Token, ...]) -> tuple[Token, ...]:
        """The request with what it needs of the words before it: "Ann sent me <page>. Can you summarise it?" """
        alone, together = self._judge.best(tokens), self._judge.best(told + tokens)
        if together.score >= FITS and together.score > alone.score + 0.1:
            return told + tokens
        pages = tuple(token for token in told if token.kind is Kind.URL)
        return tokens if any(token.kind is Kind.URL for token in tokens) else pages + tokens

    def _is_context(self, clause: Clause) -> bool:
        judge, tokens = self._judge, without_opening(clause.tokens) or clause.tokens
        if not clause.told:
            return False
        leads = tokens[0].word in _LEADING and not (len(tokens) > 1 and tokens[1].word in QUESTION)
        leads = leads and (tokens[0].word == "when" or not any(token.kind is Kind.URL for token in tokens))
        if tokens[0].word in SUBORDINATE or leads or judge.declares(clause.tokens):
            return True
        if clause.tokens[0].word.split()[0] in ("we", "i") and not judge.fits(tokens, least=STRONG):
            return True
        if judge.fits(tokens):
            return False
        return not (judge.commands(tokens) or judge.asks(tokens))

    def _leads_up_to(self, clause: Clause, piece: Piece) -> bool:
        """Whether words without a verb only name what is asked about next: "the 31st, which weekday is that"."""
        judge = self._judge
        stated = not (judge.commands(clause.tokens) or judge.asks(clause.tokens))
        if (
            piece.strength > Strength.COMMA
            or piece.link is not Link.BESIDE
            or not stated
            or not opens(piece, judge=judge)
        ):
            return False
        points_on = {"this", "that", "it"}.intersection(token.word for token in clause.tokens)
        points_back = judge.asks(piece.tokens) and {"that", "it"}.intersection(piece.words)
        best = judge.best(clause.tokens)
        return (bool(points_on) and not best.parsed) or (
            bool(points_back) and judge.best(piece.tokens).agent == best.agent
        )

    def _tells(self, clause: Clause, piece: Piece) -> bool:
        """Whether a statement only gives the amounts that are asked about next."""
        judge, tokens = self._judge, clause.tokens
        if judge.commands(tokens) or judge.asks(tokens) or not judge.asks(piece.tokens):
            return False
        return any(token.kind is Kind.NUMBER for token in tokens) and not judge.best(tokens).parsed

    def _after_lead_in(self, tokens: tuple[Token, ...]) -> tuple[Token, ...]:
        """Without words before a colon that are no task: "Two questions: …"."""
        for place, token in enumerate(tokens[:14]):
            if token.word == ":" and token.kind is Kind.MARK and place + 1 < len(tokens):
                if not {"this", "following", "these"}.isdisjoint(
                    t.word for t in tokens[:place]
                ) and self._judge.commands(tokens):
                    break
                whole, rest = self._judge.best(tokens), self._judge.best(tokens[place + 1 :])
                if not self._judge.fits(tokens[:place]) and rest.score > max(whole.score, FITS):
                    return tokens[place + 1 :]
                break
        return tokens

    def _subordinate(self, piece: Piece) -> list[Piece]:
        """The piece, cut where "after", "once" or "before" turns the order around."""
        rest = self._after_lead_in(piece.tokens)
        if rest is not piece.tokens and not only_things(rest):
            piece = replace(piece, tokens=rest)
        firm = piece.tokens[0].word in ("but", "only")
        if (
            self._done
            and piece.strength <= Strength.SEMICOLON
            and not firm
            and self._open(self._done[-1].tokens)
        ):
            return [piece]
        if parts := self._two_tasks(piece):
            return parts
        for place in range(len(piece.tokens)):
            word, size = subordinator(piece.tokens, place)
            rest = bare(piece.tokens[place + size :]) if size else ()
            word = "after" if place and piece.tokens[place - 1].word == "not" else word
            word = "after" if word == "when" and len(rest) < len(piece.tokens) - place - size else word
            if not rest or not names_work(rest, word, judge=self._judge):
                continue
            link = Link.THEN if word == "before" else Link.EARLIER
            if self._trails(piece, place):
                if word == "with" and rest[-1].kind is not Kind.URL:
                    continue
                return [replace(piece, tokens=rest, link=link, strength=Strength.SEMICOLON, work=True)]
            if all(token.word in ONLY for token in piece.tokens[:place]):
                return self._leading(piece, rest, word)
            if self._judge.fits(piece.tokens[:place]) and not self._open(piece.tokens[:place]):
                return [
                    replace(piece, tokens=piece.tokens[:place]),
                    Piece(rest, Strength.SEMICOLON, link, work=True),
                ]
        return [piece]

    def _two_tasks(self, piece: Piece) -> list[Piece]:
        """The two tasks of a sentence without a mark between them, or the one that the next one waits for."""
        tokens, judge = piece.tokens, self._judge
        if (shorter := without_waiting(tokens)) != tokens and not self._open(shorter):
            link = Link.THEN if piece.link is Link.BESIDE else piece.link
            return [replace(piece, tokens=shorter, link=link)]
        for first, second, link in (
            (*source_and_work(tokens), Link.THEN),
            (*notes_and_work(tokens), Link.THEN),
            (*besides(tokens, judge=judge), Link.BESIDE),
            (*held_back(tokens, judge=judge), Link.THEN),
        ):
            if second:
                work = piece.work or tokens[0].word not in ("from", "using", "with", "based")
                return [
                    replace(piece, tokens=first, work=work),
                    Piece(second, Strength.SEMICOLON, link, work=work),
                ]
        if found := knowing(tokens, judge=judge):
            return self._leading(piece, found, "after")
        return []

    def _trails(self, piece: Piece, place: int) -> bool:
        """Whether "…, but only after creating a backup" ends a sentence and belongs to the clause before it."""
        if not self._done or piece.strength > Strength.AND or len(piece.whole) > len(piece.tokens):
            return False
        return all(token.word in ONLY for token in piece.tokens[:place])

    def _leading(self, piece: Piece, rest: tuple[Token, ...], word: str) -> list[Piece]:
        """ "After creating a backup, …": a task, or a reference to one that was asked for before."""
        best = self._judge.best(rest).agent
        points = any(token.word in ("it", "that", "this") for token in rest)
        if any(self._judge.best(clause.tokens).agent == best for clause in self._done) and (
            word != "before" or points
        ):
            self._pending = Link.EARLIER if word == "before" else Link.THEN
            return []
        if word == "while":
            return [replace(piece, tokens=rest, work=True)]
        self._lead = Link.EARLIER if word == "before" else Link.THEN
        if main := main_clause(rest, judge=self._judge):
            work = replace(piece, tokens=rest[: len(rest) - len(main)], work=True)
            return [work, Piece(main, Strength.COMMA, whole=main)]
        return [replace(piece, tokens=rest, work=True)]

    def _open(self, tokens: tuple[Token, ...]) -> bool:
        content = Content(tokens, judge=self._judge)
        return content.colon or content.that or content.infinitive


_OF_ALL = frozenset({"both", "all", "everything", "these", "they"})
_LEADING = frozenset("when in on at for from about regarding as given considering".split())
