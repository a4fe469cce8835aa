"""Whether words after a boundary are a task of their own, or more of the one before."""

from __future__ import annotations

from itertools import pairwise

from core.planning.boundaries import Piece, Strength
from core.planning.content import Content
from core.planning.continuing import continues
from core.planning.courtesy import core_of, without_opening
from core.planning.judging import FITS, STRONG, Judge
from core.planning.passives import active
from core.planning.ranking import Ranked
from core.planning.sequencing import Link
from core.planning.text import SHAPES, Kind, Token, stem
from core.planning.words import EXTRACTING, IMPERATIVES, IRREGULAR, OPERATORS, TOPIC, TRANSFORMING


class Opening:
    """Decides after one clause, as far as it has been read, what the next piece is."""

    def __init__(self, judge: Judge, current: tuple[Token, ...], *, first: bool) -> None:
        self._judge = judge
        self._current = current
        self._first = first

    def begins(self, piece: Piece) -> bool:
        """Whether this piece is a task of its own."""
        judge = self._judge
        if only_things(piece.tokens) and not judge.named(piece.tokens):
            return piece.link is Link.THEN and judge.fits(piece.tokens)
        if judge.named(piece.tokens):
            return True
        if judge.named(self._current) and not self._leaves_a_mention(piece):
            return False
        if judge.named(self._current) and len(without_opening(self._current)) == 1:
            return False
        if continues(self._current, piece, judge=judge):
            return False
        content = Content(self._current, judge=judge)
        if content.colon:
            return self._leaves_quoted_content(piece)
        if piece.strength is Strength.LINE or piece.strength is Strength.SEMICOLON:
            return self._after_hard_mark(piece, content)
        if piece.strength is Strength.SENTENCE:
            return self._after_sentence(piece)
        return self._after_soft_mark(piece, content)

    def _leaves_a_mention(self, piece: Piece) -> bool:
        """After "@agent …" the rest of the sentence is that agent's, unless something else is plainly asked."""
        if not self._judge.fits(piece.tokens, least=STRONG) or not opens(piece, judge=self._judge):
            return False
        plain = piece.also or piece.link is Link.THEN or piece.strength >= Strength.SENTENCE
        return plain or (self._judge.asks(piece.tokens) and self._judge.best(piece.tokens).parsed)

    def _leaves_quoted_content(self, piece: Piece) -> bool:
        """After "note: …" nearly everything is content; only a plain new request ends it."""
        judge = self._judge
        if piece.strength is Strength.LINE:
            if self._lists_after_colon():
                return False
            ended = self._current[-1].word != ":" and (piece.blank or "\n" in judge.text)
            named = piece.blank and judge.fits(piece.tokens, least=STRONG)
            return ended and judge.fits(piece.tokens) and (named or opens(piece, judge=self._judge))
        if not judge.fits(piece.tokens, least=STRONG) or not opens(piece, judge=self._judge):
            return False
        if piece.link is Link.THEN or piece.also:
            return len(core_of(piece.tokens)) > 1
        kept = self._judge.best(self._current).parsed
        return (
            piece.strength >= Strength.SENTENCE
            and kept
            and judge.asks(piece.tokens)
            and judge.best(piece.tokens).parsed
        )

    def _lists_after_colon(self) -> bool:
        """Whether the content is itself a list on one line: "note: 1) back up 2) translate"."""
        text = self._judge.text
        colon = next((token for token in self._current if token.word == ":"), None)
        listed = colon is not None and text[colon.end :].lstrip().startswith(("1)", "1.", "a)"))
        return listed and "\n" not in text

    def _after_hard_mark(self, piece: Piece, content: Content) -> bool:
        judge = self._judge
        if self._fits(piece) or judge.foreign(piece.tokens):
            return True
        held = content.that or content.infinitive or judge.head(piece.tokens) in EXTRACTING
        return not held and (judge.commands(piece.tokens) or judge.asks(piece.tokens) or piece.blank)

    def _fits(self, piece: Piece) -> bool:
        return self._judge.fits(piece.tokens) or (
            len(piece.whole) > len(piece.tokens) and self._judge.fits(piece.whole)
        )

    def _after_sentence(self, piece: Piece) -> bool:
        judge = self._judge
        if judge.declares(piece.tokens):
            return False
        if self._fits(piece):
            return True
        return judge.foreign(piece.tokens) or not judge.fits(self._current)

    def _after_soft_mark(self, piece: Piece, content: Content) -> bool:
        judge, tokens = self._judge, piece.tokens
        if judge.declares(tokens) or self._tells_on(piece, content):
            return False
        if judge.foreign(tokens) and not content.open:
            return piece.strength > Strength.COMMA and judge.fits(self._current)
        operator = tokens[0].word in OPERATORS and piece.link is not Link.THEN
        if operator or (self._lone_verb() and piece.strength <= Strength.AND):
            return False
        best = judge.best(tokens)
        if len(core_of(tokens)) == 1 and not (piece.also or piece.link is Link.THEN or self._another(best)):
            alone = judge.head(tokens) in TRANSFORMING and self._other(best)
            return alone and not content.open and judge.fits(tokens)
        if not opens(piece, judge=self._judge):
            return not content.that and self._without_a_verb(piece, content)
        if not content.open and judge.asks(tokens) and self._fits(piece):
            return True
        return judge.fits(tokens, least=STRONG if content.that else FITS)

    def _tells_on(self, piece: Piece, content: Content) -> bool:
        """Whether it goes on with what is told, or with a row of gerunds: "about sending mails and making …"."""
        judge, tokens = self._judge, piece.tokens
        if content.infinitive and not (piece.also or piece.link is Link.THEN or judge.asks(tokens)):
            return True
        if (
            piece.link is Link.THEN
            and self._another(judge.best(tokens))
            and _has_content(tokens, judge=judge)
        ):
            return False
        shown = judge.head(tokens) in _SHOWING and piece.words[1:2] == ["me"] and judge.best(tokens).parsed
        if content.that and content.modal and not (piece.also or judge.asks(tokens) or shown):
            return True
        if content.that and (active(tokens) is not tokens or _is_past(judge.head(tokens))):
            return True
        rowed = _is_gerund(tokens[0].word) and piece.link is Link.BESIDE
        return rowed and _ends_with_a_gerund(self._current)

    def _without_a_verb(self, piece: Piece, content: Content) -> bool:
        best = self._judge.best(piece.tokens)
        if piece.also and best.score >= (STRONG if best.parsed else FITS) and self._other(best):
            return True
        whole_sum = _sums(piece.tokens) and not (content.colon or content.that)
        determined = piece.tokens[0].word in _DETERMINERS
        listed = content.topic and self._another(best) and (determined or whole_sum)
        page = self._another(best) and any(token.kind is Kind.URL for token in piece.tokens)
        whole = not content.open or listed or page
        return whole and not content.infinitive and self._names_a_task(piece)

    def _another(self, best: Ranked) -> bool:
        return best.parsed and self._other(best)

    def _other(self, best: Ranked) -> bool:
        return best.agent != self._judge.best(self._current).agent

    def _names_a_task(self, piece: Piece) -> bool:
        """Whether words without a verb still say a whole task: "latest headlines from …", "17% of 40"."""
        judge, tokens = self._judge, piece.tokens
        if only_things(tokens):
            return False
        first = tokens[0]
        if self._lone_verb() or self._unfinished() or first.kind in (Kind.URL, Kind.ADDRESS, Kind.QUOTE):
            return False
        best = judge.best(tokens)
        if not best.parsed and len(piece.whole) > len(tokens) and judge.best(piece.whole).parsed:
            best = judge.best(piece.whole)  # "the average of 12, 13 and 14" goes on behind its commas
        if piece.link is Link.THEN:
            return best.score >= FITS
        if first.kind in SHAPES or first.word in ("(", "sqrt"):
            return best.parsed and best.score >= FITS and judge.fits(self._current)
        things = (
            any(token.kind in SHAPES and token.kind is not Kind.ADDRESS for token in tokens) or best.parsed
        )
        other = best.agent != judge.best(self._current).agent
        if first.word not in _DETERMINERS:
            return best.score >= STRONG and (
                other or best.parsed or any(token.kind is Kind.URL for token in tokens)
            )
        if piece.strength is Strength.COMMA and not things:
            listed = self._current[0].word in _DETERMINERS or judge.best(self._current).parsed
            return listed and other and best.score >= STRONG and judge.fits(self._current, least=STRONG)
        if judge.head(self._current) in _TAKE_LISTS:
            return False
        return best.score >= STRONG and (things or other)

    def _lone_verb(self) -> bool:
        """Whether the clause before is a verb that shares its object with this one: "compose and send …"."""
        tokens = without_opening(self._current)
        if not self._first and tokens[0].word in TRANSFORMING:
            return False
        return len(tokens) == 1 and tokens[0].word in IMPERATIVES

    def _unfinished(self) -> bool:
        """Whether the clause before still waits for its second half: "between … and …", "the sum of … and …"."""
        words = [token.word for token in self._current]
        return bool({"between", "sum", "average", "mean", "difference", "product"}.intersection(words[-6:]))


def _sums(tokens: tuple[Token, ...]) -> bool:
    """Whether figures stand in a sum of their own: "3,600 / 48?"."""
    return any(token.kind is Kind.SUM for token in tokens[1:-1])


def opens(piece: Piece, *, judge: Judge) -> bool:
    """Whether it begins like a command, a question or a polite request."""
    return judge.commands(piece.tokens) or judge.asks(piece.tokens) or _is_polite(piece, judge=judge)


def _is_polite(piece: Piece, *, judge: Judge) -> bool:
    core = without_opening(piece.tokens)
    return bool(core) and core[0].start > piece.tokens[0].start and judge.fits(core)


def only_things(tokens: tuple[Token, ...]) -> bool:
    """Whether there is no word of what to do, only addresses, numbers and marks."""
    return all(token.kind in SHAPES or token.kind is Kind.MARK for token in tokens)


_TAKE_LISTS = frozenset(
    "send email mail forward share save store translate compare pass print merge combine".split()
)
"""Verbs whose object is often a list: "send the notes and the backup to …"."""
_SHOWING = frozenset({"show", "give", "get", "tell"})
_DETERMINERS = frozenset("a an the my our your his her their this these some".split())


def _is_gerund(word: str) -> bool:
    return word.endswith("ing") and stem(word) in _IMPERATIVE_STEMS


def _ends_with_a_gerund(tokens: tuple[Token, ...]) -> bool:
    """Whether a preposition has a gerund that another one may follow: "a poem about sending mails and making …"."""
    return any(
        before.word in _BEFORE_A_GERUND and _is_gerund(token.word) for before, token in pairwise(tokens[1:])
    )


_BEFORE_A_GERUND = TOPIC | {"of", "on", "for", "by", "without", "with"}
_IMPERATIVE_STEMS = frozenset(stem(word) for word in IMPERATIVES)


def _is_past(word: str) -> bool:
    """Whether a verb tells what was done: "… that I read the report and took notes"."""
    return IRREGULAR.get(word, word) != word


def _has_content(tokens: tuple[Token, ...], *, judge: Judge) -> bool:
    """Whether it says itself what is to be noted or told: "then note that …"."""
    content = Content(tokens, judge=judge)
    return content.that or content.colon
