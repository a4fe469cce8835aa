"""Requests in the passive: "the slogan should be saved as a note" asks to save the slogan as a note."""

from __future__ import annotations

from core.planning.text import Kind, Token, stem
from core.planning.words import DERIVED, HANDING_ON, IMPERATIVES, IRREGULAR, TRANSFORMING

_MODALS = frozenset("should must shall can could may might ought needs need has have is are".split())
_SUBJECTS = frozenset("a an the my our this that these those it they both all everything each".split())
_BETWEEN = frozenset("also then please just finally afterwards be to get".split())
_AROUND_A_VERB = _BETWEEN | _MODALS
_VERB_OF = {stem(verb): verb for verb in sorted(IMPERATIVES, reverse=True)}
MOST_OF_A_SUBJECT = 8


def active(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """The same request with its verb first; the tokens themselves where they ask for nothing in the passive."""
    if not tokens or tokens[0].word not in _SUBJECTS:
        return tokens
    if len(tokens) > 2 and (tokens[1].word in DERIVED or tokens[0].word in ("it", "that", "this")):
        verb = 1 if tokens[0].word in ("it", "that", "this") else 2
        meant = _verb(tokens[verb].word)
        if meant in TRANSFORMING or meant in HANDING_ON:
            return (tokens[verb]._replace(word=meant), *tokens[:verb], *tokens[verb + 1 :])
    for place in range(2, min(len(tokens) - 2, MOST_OF_A_SUBJECT)):
        if (
            tokens[place].word in ("goes", "go")
            and tokens[place + 1].word == "to"
            and _is_reached(tokens[place + 2 :])
        ):
            subject = tuple(token for token in tokens[:place] if token.word not in _AROUND_A_VERB)
            return (tokens[place]._replace(word="send"), *subject, *tokens[place + 1 :])
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
    meant = _verb(tokens[verb].word)
    if meant not in IMPERATIVES:
        return ()
    return (tokens[verb]._replace(word=meant), *tokens[:modal], *tokens[verb + 1 :])


def _is_reached(tokens: tuple[Token, ...]) -> bool:
    return any(token.kind is Kind.ADDRESS for token in tokens[:2])


def _verb(participle: str) -> str:
    """The verb of a past participle; empty for other words."""
    if participle in IRREGULAR and IRREGULAR[participle] != participle:
        return IRREGULAR[participle]
    return _VERB_OF.get(stem(participle), "") if participle.endswith("ed") else ""
