"""What tokens say together: a sum, a text to work on, a thing with a subject of its own."""

from __future__ import annotations

from core.planning.text import Kind, Token


def shapes_of(tokens: tuple[Token, ...]) -> list[tuple[str, float]]:
    """The shapes in a clause, each with what it weighs as evidence."""
    found = _sums(tokens)
    for name, weight, holds in (
        ("<text>", 0.9, _gives_text),
        ("<this>", 0.8, _gives_this),
        ("<piece>", 0.8, _is_a_piece),
    ):
        if holds(tokens):
            found.append((name, weight))
    return found


def _sums(tokens: tuple[Token, ...]) -> list[tuple[str, float]]:
    """Evidence from tokens that stand together: a sum, a percentage of something."""
    found: list[tuple[str, float]] = []
    numbers = (Kind.NUMBER, Kind.PERCENT)
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if token.kind is Kind.SUM and token.word != "&" and (before.kind in numbers or before.word == ")"):
            if after.kind in numbers or after.word in "(-":
                found.append(("<sum>", 1.5))
        elif (
            before.kind is Kind.PERCENT
            and token.word in ("of", "on", "off", "from")
            and after.kind in numbers
        ):
            found.append(("<share>", 1.5))
        elif before.kind in numbers and token.word in ("plus", "minus", "times", "x", "over", "mod"):
            if after.kind in numbers:
                found.append(("<sum>", 1.5))
    return found[:2]


def _gives_text(tokens: tuple[Token, ...]) -> bool:
    """Whether a colon is followed by words of some length: a text to keep, to send or to work on."""
    place = next((i for i, t in enumerate(tokens[:12]) if i and t.word == ":" and t.kind is Kind.MARK), 0)
    return place > 0 and sum(token.kind is Kind.WORD for token in tokens[place + 1 : place + 6]) > 1


def _gives_this(tokens: tuple[Token, ...]) -> bool:
    """Whether a text to work on is announced: "… this: …", "… the following …: …"."""
    if not _gives_text(tokens):
        return False
    place = next(i for i, token in enumerate(tokens) if i and token.word == ":")
    return any(token.word in ("this", "following", "these") for token in tokens[:place])


def _is_a_piece(tokens: tuple[Token, ...]) -> bool:
    """Whether it names a thing with a subject of its own: "a sonnet about …", "three riddles about …"."""
    words = [token.word for token in tokens[:10]]
    place = words.index("about") if "about" in words else 0
    return any(
        word in _COUNTED or token.kind is Kind.NUMBER
        for word, token in zip(
            words[max(0, place - 4) : max(0, place - 1)], tokens[max(0, place - 4) :], strict=False
        )
    )


_COUNTED = frozenset("a an some another one two three four five six ten few several couple".split())
