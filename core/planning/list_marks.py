"""What marks the items of a list: "1) … 2) …", "- …", "a. …"."""

from __future__ import annotations

from itertools import pairwise

from core.planning.text import Kind, Token


def numbered(tokens: tuple[Token, ...]) -> frozenset[int]:
    """Where "1) … 2) …" begins its parts, if it counts that way."""
    places, wanted = [], 1
    for place, (token, mark) in enumerate(pairwise(tokens)):
        if (
            token.word in (str(wanted), "abcdefghij"[wanted - 1 : wanted])
            and mark.word in (")", ".")
            and mark.start == token.end
        ):
            if place + 2 < len(tokens) and tokens[place + 2].start > mark.end:
                places.append(place)
                wanted += 1
    return frozenset(places if len(places) > 1 else ())


def bullet(tokens: tuple[Token, ...]) -> int:
    """How many tokens the list mark at the start of a line takes."""
    if len(tokens) < 2:
        return 0
    first, second = tokens[0], tokens[1]
    if first.word in ("-", "*", "+", "–", "—", "•") and (second.start > first.end or first.word == "•"):
        return 1
    marked = (
        second.kind is Kind.MARK and second.word in ".)" and len(tokens) > 2 and tokens[2].start > second.end
    )
    if marked and (first.kind is Kind.NUMBER or len(first.word) == 1):
        return 2
    return 0
