"""How words follow numbers and one another. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def counted(count: int, one: str, many: str) -> str:
    """The form that goes with the number, `{count}` filled in: the one place that knows when a plural is due."""
    return (one if count == 1 else many).replace("{count}", str(count))


def listed(words: Iterable[str]) -> str:
    """ "a, b and c", each once."""
    known = list(dict.fromkeys(words))
    return " and ".join([", ".join(known[:-1]), known[-1]]) if len(known) > 1 else "".join(known)


def ordinal(number: int) -> str:
    """ "1st", "2nd", "11th"."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def shortened(text: str, most: int = 80) -> str:
    """The text on one line, cut where it is longer."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
