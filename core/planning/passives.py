"""Requests in the passive: "the slogan should be saved as a note" asks to save the slogan as a note."""

from __future__ import annotations

from dataclasses import replace

from core.planning.text import Kind, Token, stem
from core.planning.words import IMPERATIVES, IRREGULAR

_MODALS = frozenset("should must shall can could may might ought needs need has have is are".split())
_SUBJECTS = frozenset("a an the my our this that these those it they both all everything each".split())
_BETWEEN = frozenset("also then please just finally afterwards be to get".split())
_VERB_OF = {stem(verb): verb for verb in sorted(IMPERATIVES, reverse=True)}
MOST_OF_A_SUBJECT = 8


def active(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """The same request with its verb first; the tokens themselves where they ask for nothing in the passive."""
    if not tokens or tokens[0].word not in _SUBJECTS:
        return tokens
    for place in range(1, min(len(tokens) - 2, MOST_OF_A_SUBJECT)):
        if tokens[place].word in _MODALS:
            return _turned(tokens, place) or tokens
        if tokens[place].kind is not Kind.WORD:
            break
    return tokens


def _turned(tokens: tuple[Token, ...], modal: int) -> tuple[Token, ...]:
    verb = modal + 1
    while verb < len(tokens) - 1 and tokens[verb].word in _BETWEEN:
        verb += 1
    between = [token.word for token in tokens[modal + 1 : verb]]
    plain = tokens[modal].word in ("is", "are", "has", "have", "needs", "need", "ought")
    if "be" not in between or (plain and "to" not in between):
        return ()
    word = tokens[verb].word
    meant = IRREGULAR.get(word) or (_VERB_OF.get(stem(word), "") if word.endswith("ed") else "")
    if meant not in IMPERATIVES:
        return ()
    return (replace(tokens[verb], word=meant), *tokens[:modal], *tokens[verb + 1 :])
