"""Requests about notes: to save one, to find some, to list them."""

from __future__ import annotations

import re
from functools import lru_cache

from adapters.text.content import is_reference
from adapters.text.introductions import pieces
from adapters.text.note_questions import FINDING, LISTING
from adapters.text.note_shapes import ASKS, INTO_NOTES, NO_SAVING, ONLY_NOTE, SAVING
from adapters.text.politeness import without_politeness, without_thanks, worded_as_question
from adapters.text.recalls import recalled
from adapters.text.words import KEPT, Spelling, asks_twice, lines, readable

_SPELLING = Spelling(
    (
        "remember note notes write down jot save find search list show keep mind about record make "
        "take please everything"
    ).split()
)
_STOP = frozenset(
    "a an the my our your his her their this that these those is are was were be about on in of "
    "for to and or with we i you it did do have has "
    "had what which when where who any some all from at by as note notes word words term last does".split()
)
_SELF = re.compile(r"^(?:i|we|me|us|you)$", re.IGNORECASE)


@lru_cache(maxsize=KEPT)
def _requested(text: str, *, mended: int = 7) -> str:
    """The request without politeness; only its first words are mended, the rest may be what to save."""
    return without_politeness(_SPELLING.mended(without_politeness(lines(text)), first=mended))


@lru_cache(maxsize=KEPT)
def note_to_save(text: str) -> str | None:
    """The text of the note that is asked for, empty where it is what "that" stands for; None without a request."""
    if recalled(text) is not None:
        return None
    for candidate in _after_introductions(lines(text)):
        found = _saving(candidate)
        if found is not None:
            return found
    return None


def _after_introductions(text: str) -> tuple[str, ...]:
    """The text, and what follows its first sentences where the request comes last."""
    starts = [match.end() for match in re.finditer(r"[.!][ \n]+|\n+", text[:1500])][-5:]
    return (text, *(text[start:] for start in starts), *pieces(text))


def _saving(text: str) -> str | None:
    asked = _requested(text, mended=4)
    original = lines(text)
    if NO_SAVING.match(asked) or listing(text) is not None or words_to_find(text) is not None:
        return None
    if ASKS.match(asked) and not worded_as_question(original):
        return None
    if match := ONLY_NOTE.fullmatch(asked):
        return "" if is_reference(match.group("text")) else match.group("text").strip()
    for shape in SAVING:
        match = shape.fullmatch(asked)
        if match is None:
            continue
        note = without_thanks(match.group("text")).strip()
        if worded_as_question(original):
            note = note.removesuffix("?").rstrip()
        if shape is INTO_NOTES and asks_twice(note):
            return None
        note = re.sub(r"^(?:that|to) (?=\S)", "", note) if not is_reference(note) else note
        if is_reference(note):
            return ""
        if len(note) > 1 and note.endswith((note[0],)) and note[0] in "\"'":
            note = note[1:-1].strip()
        return _as_written(note, original)
    return None


def _as_written(note: str, original: str) -> str:
    """The note with the person's own spelling where typo mending touched its beginning."""
    tail = note[-20:]
    at = original.rfind(tail)
    if at < 0:
        return note
    end = at + len(tail)
    own = original[max(0, end - len(note)) : end]
    return own if len(own) == len(note) else note


@lru_cache(maxsize=KEPT)
def listing(text: str) -> int | None:
    """How many notes to list (0: no number given); None where no list is asked for."""
    asked = _requested(text).rstrip(" ?.!")
    if len(asked) > 200 or not any(shape.fullmatch(asked) for shape in LISTING):
        return None
    count = re.search(r"\b(\d{1,2})\b", asked)
    return int(count.group(1)) if count else 0


@lru_cache(maxsize=KEPT)
def words_to_find(text: str) -> str | None:
    """The words that the notes asked for must hold; None where none are asked for."""
    found = _finding(text)
    if found is None:
        found = _of_recalled(recalled(text))
    if found is None and _ANY_NOTES.search(text):
        found = next((words for piece in pieces(text) if (words := _finding(piece)) is not None), None)
    return found


_ANY_NOTES = re.compile(r"\b(?:notes?|noted)\b", re.IGNORECASE)


def _of_recalled(asked: str | None) -> str | None:
    """The words of what a question recalls; none where a second request follows."""
    return None if asked is None or asks_twice("x" + asked) else key_words(asked) or None


def _finding(text: str) -> str | None:
    asked = readable(_requested(text)).rstrip(" ?.!")
    if len(asked) > 400 or listing(text) is not None:
        return None
    for shape in FINDING:
        match = shape.fullmatch(asked)
        if match is not None:
            words = without_thanks(match.group("words")).strip()
            if asks_twice(words) or asks_twice("x" + words):
                return None
            return key_words(words) or None
    return None


def key_words(text: str) -> str:
    """The words that matter in a phrase; quoted ones, where there are any."""
    quoted = re.findall(r"\"([^\"]{1,100})\"|'([^']{2,100})'", text)
    if quoted:
        return " ".join(one or other for one, other in quoted)
    words = [word.strip(".,;:!?\"'()") for word in text.split()]
    kept = [word for word in words if word and word.lower() not in _STOP and not _SELF.match(word)]
    return " ".join(kept or [word for word in words if word])[:200]
