"""What stands in `.env` and does nothing: lines that can't be read, and names that are nearly a setting's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from dotenv.parser import parse_stream

from adapters.env_example import variables

OWN_PREFIX = "FLOWMATE_"
NEAR_ENOUGH = 0.8
"""How alike (difflib's ratio) two names are that one may have been meant by the other: other programs may have their
settings in the same file."""


def idle_lines(path: Path = Path(".env")) -> tuple[str, ...]:
    """A sentence for each such line; none without the file. Values, which may be secret, are not repeated."""
    try:
        with path.open(encoding="utf-8") as file:
            return tuple(_problems(path.name, file))
    except (OSError, UnicodeDecodeError):
        # Who reads the settings says that.
        return ()


def _problems(name: str, lines: Iterable[str]) -> Iterator[str]:
    known = variables()
    for binding in parse_stream(lines):  # type: ignore[arg-type]  # it only reads
        where = f"{name}, line {binding.original.line}"
        if binding.error:
            yield f"{where} is no NAME=value, and does nothing."
        elif binding.key is not None and binding.key.upper() not in known:
            yield from _misspelt(where, binding.key, known)


def _misspelt(where: str, key: str, known: Iterable[str]) -> Iterator[str]:
    near = get_close_matches(key.upper(), list(known), n=1, cutoff=NEAR_ENOUGH)
    if near:
        yield f"{where}: {key} is no setting; did you mean {near[0]}?"
    elif key.upper().startswith(OWN_PREFIX):
        yield f"{where}: {key} is no setting; .env.example names all there are."
