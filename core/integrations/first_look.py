"""A first look at a text for any of many words, which most texts hold none of."""

from __future__ import annotations

from collections.abc import Iterable

LETTERS = 6
LONG = 2 * LETTERS - 1
"""Whatever is as long holds LETTERS of a text that begin at a multiple of LETTERS, and ends soon after them."""


class FirstLook:
    """Looks up every sixth place of a text, however many words there are; only short words are searched for."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._short: set[str] = set()
        self._ends: set[str] = set()
        """The letters at each of the last LETTERS places. Not the first ones: all addresses begin alike."""
        self.forgotten = 0
        """How many words are gone whose letters are still looked for: a new look goes without them."""
        for word in words:
            self.add(word)

    def add(self, word: str) -> None:
        """Look for this one too; it has LETTERS letters at least."""
        if len(word) < LONG:
            self._short.add(word)
        else:
            end = word[-LONG:]
            self._ends.update(end[at : at + LETTERS] for at in range(LETTERS))

    def forget(self, word: str) -> None:
        """This one need not be found any more."""
        self._short.discard(word)
        self.forgotten += 1

    def may_hold(self, text: str) -> bool:
        """Whether the text may hold one of the words; where it does, this is never False."""
        places = range(0, len(text) - LETTERS + 1, LETTERS)
        if not self._ends.isdisjoint([text[at : at + LETTERS] for at in places]):
            return True
        # A copy: other threads may add some meanwhile.
        return any(word in text for word in tuple(self._short))
