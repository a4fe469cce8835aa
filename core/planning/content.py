"""Where a clause stops saying what to do and begins to say what with: a note's words, an e-mail's text, a subject."""

from __future__ import annotations

from core.planning.courtesy import without_opening
from core.planning.features import opens_content, opens_infinitive, stands_for_something
from core.planning.judging import Judge
from core.planning.text import SHAPES, Kind, Token
from core.planning.words import IMPERATIVES, MODALS, SOURCES, SPEECH, TOPIC

_MAY_OPEN = SPEECH | TOPIC | {":", "that", "to"}
_ONLY_WITH_TO = frozenset("has have needs need wants want going".split())


class Content:
    """The content of one clause: how it opened, and where."""

    def __init__(self, tokens: tuple[Token, ...], *, judge: Judge) -> None:
        self.colon = self.that = self.infinitive = self.topic = self.modal = False
        self._tokens = without_opening(tokens)
        self._start = len(self._tokens)
        if _MAY_OPEN.isdisjoint([token.word for token in self._tokens]):
            return
        reporting = -9
        for place, token in enumerate(self._tokens):
            self._read(token, place, reporting, judge)
            if opens_content(token):
                reporting = place

    def _read(self, token: Token, place: int, reporting: int, judge: Judge) -> None:
        word = token.word
        if not place:
            return
        if word == ":" and token.kind is Kind.MARK:
            self._at_colon(place, judge)
        elif token.kind is not Kind.WORD:
            return
        elif word == "that" and place - reporting <= 7 and not stands_for_something(self._tokens, place):
            self.that = self._opened(place)
        elif word in SPEECH:
            self.that = self._opened(place)
        elif opens_infinitive(self._tokens, place):
            self.infinitive = self._opened(place)
        elif word in TOPIC and not self._is_reference(place + 1):
            self.topic = self._opened(place)
        elif (self.that or self.infinitive) and self._obliges(place):
            self.modal = True

    def _obliges(self, place: int) -> bool:
        """Whether what follows may be told as a row of verbs: "Bob should …", "Bob has to …"."""
        word = self._tokens[place].word.split()[-1]
        following = self._tokens[place + 1].word if place + 1 < len(self._tokens) else ""
        if word == "to":
            return following in IMPERATIVES
        return word in MODALS and (word not in _ONLY_WITH_TO or following == "to")

    def _is_reference(self, place: int) -> bool:
        words = [token.word for token in self._tokens[place : place + 4]]
        if words[:1] and words[0] in ("it", "that", "this", "them", "these", "those"):
            return len(words) < 2 or words[1] not in ("new", "year", "week", "month")
        return words[:1] == ["the"] and not SOURCES.isdisjoint(words[1:4])

    def _opened(self, place: int) -> bool:
        self._start = min(self._start, place)
        return True

    def _at_colon(self, place: int, judge: Judge) -> None:
        rest = self._tokens[place + 1 :]
        things = all(token.kind in SHAPES or token.kind is Kind.MARK for token in rest)
        if (rest and things) or self.colon:
            return
        if judge.fits(self._tokens[:place]) or judge.fits(self._tokens[: place + 8]):
            self.colon = self._opened(place)

    @property
    def open(self) -> bool:
        return self.colon or self.that or self.infinitive or self.topic

    @property
    def command(self) -> tuple[Token, ...]:
        """The words before the content."""
        return self._tokens[: self._start]

    @property
    def words(self) -> tuple[Token, ...]:
        """The content itself."""
        return self._tokens[self._start :]
