"""Questions about times, zones and dates, recognised in plain words."""

from __future__ import annotations

import re
from datetime import date

from adapters.text.calendar_questions import to_calendar
from adapters.text.dates import MENTION, date_within, to_date
from adapters.text.introductions import pieces
from adapters.text.moment import Moment, to_time
from adapters.text.moment_shapes import (
    ADDED,
    AND_THERE,
    ASKED_BEFORE,
    ASKING,
    CUE,
    DATE_SHAPES,
    DATE_THERE,
    DESTINATION,
    DIFFERENCE,
    ELSEWHERE,
    HERE,
    LATER,
    NOW,
    REQUEST,
    TAKEN,
    THEIR_TIME,
    TIME,
    TODAY,
    WEEK,
)
from adapters.text.places import resolve, split_places
from adapters.text.politeness import without_politeness
from adapters.text.spans import is_date, to_span
from adapters.text.words import Spelling, asks_twice, compatible, hands_over_content

SPELLING = Spelling(
    "time what weekday today tomorrow yesterday until between days weeks months years hours date "
    "convert current local week "
    "number christmas timezone many from january february march april june july august september "
    "october november december "
    "monday tuesday wednesday thursday friday saturday sunday difference ahead behind".split()
)


def to_moment(text: str, *, today: date, previous: str = "") -> Moment | None:
    """What `text` asks about time; None where it asks nothing of the kind. `previous` is the question before it."""
    whole = compatible(text)
    if not whole or len(whole) > 600 or _NO_QUESTION.search(whole):
        return None
    found = _moment(whole, today) or _follow_up(whole, today, previous)
    if found is None:
        read = (_moment(piece, today) for piece in (*pieces(whole), *_last_part(whole)))
        found = next((moment for moment in read if moment is not None), None)
    return (
        found
        if found is None or found.places or found.about != "now"
        else _over_there(found, whole, previous)
    )


def _over_there(found: Moment, whole: str, previous: str) -> Moment | None:
    """ "There" is the place that was spoken of; nothing where none was."""
    if not re.search(r"\b(?:there|they|their)\b", whole, re.IGNORECASE):
        return found
    place = _place_in(re.sub(r"^\w+", "", whole)) or _place_in(previous)
    return found.model_copy(update={"places": (place,)}) if place else None


def _moment(whole: str, today: date) -> Moment | None:
    asked = without_politeness(SPELLING.mended(whole)).rstrip(" ?!.")
    if hands_over_content(asked) or (asks_twice(asked) and not TIME.search(asked)):
        return None
    core = asked
    for _ in range(4):
        match = CUE.match(core)
        if match is None or match.end() >= len(core):
            break
        core = without_politeness(core[match.end() :])
    return (
        _conversion(whole)
        or to_span(asked, core, today)
        or _week(core, today)
        or _difference(asked, core)
        or _there(core)
        or _today(core, asked)
        or _date(core, today)
        or to_calendar(asked, today)
        or _now(core)
        or (_now(asked) if core != asked else None)
    )


_NO_QUESTION = re.compile(r"://|\b[\w.+-]+@[\w-]+\.\w", re.IGNORECASE)


def _last_part(asked: str) -> tuple[str, ...]:
    """The question after an introduction: "We launch on Monday. How many days are left until then?"."""
    for mark in (". ", "! ", ": ", ", "):
        _, found, rest = asked.rpartition(mark)
        if (
            found
            and rest
            and re.match(r"(?:and |so |but )?(?:what|how|which|when|tell|can|could)\b", rest, re.IGNORECASE)
        ):
            return (rest,)
    return ()


def _conversion(text: str) -> Moment | None:
    match = TIME.search(text)
    if match is None or to_time(match.group("time")) is None:
        return None
    before, after = text[: match.start()], text[match.end() :]
    source, rest = _place_at_start(after)
    if not source:
        elsewhere = ELSEWHERE.search(before)
        source = elsewhere.group(1) if elsewhere and resolve(elsewhere.group(1)) else ""
    if not source and THEIR_TIME.match(after):
        source, rest = _place_in(before), THEIR_TIME.sub("", after, count=1)
    found = DESTINATION.match(rest)
    places = _known(re.sub(r" for (?:the|my|our|an?) .*$", "", found.group("places"))) if found else ()
    asked_before = ASKED_BEFORE.search(before)
    if not places and source and asked_before:
        places = _known(asked_before.group(1))
    if not places and not source:
        return None
    if not places and not HERE.search(rest) and not ASKING.search(before + rest):
        return None
    if not (ASKING.search(text) or (len(before.split()) <= 1 and places)):
        return None
    return Moment(about="convert", time=match.group("time"), source=source[:80], places=places or ("here",))


def _place_in(text: str) -> str:
    """The one place named somewhere in the words."""
    words = re.findall(r"[\w'-]+", text)
    named = [" ".join(words[at : at + count]) for count in (2, 1) for at in range(len(words) - count + 1)]
    found = [name for name in named if name[:1].isupper() and resolve(name, typos=False) is not None]
    return found[0] if found else ""


def _place_at_start(text: str) -> tuple[str, str]:
    """The longest known place right after a time of day, and what follows it."""
    bare = re.sub(
        (
            r"^ ?(?:(?:on |this )?(?:today|tomorrow|monday|tuesday|wednesday|thursday|friday|saturday"
            r"|sunday) )?(?:in |at |from |\()?(?:the )?"
        ),
        "",
        text,
        count=1,
        flags=re.IGNORECASE,
    )
    words = re.findall(r"[^\s,?!;()]+|[,?!;()]", bare)[:5]
    usable = next((index for index, word in enumerate(words) if word in ",?!;()"), len(words))
    for count in range(min(4, usable), 0, -1):
        name = " ".join(words[:count])
        if count > 1 and words[count - 1].lower() in ("in", "to", "into", "for", "what", "is", "time"):
            continue
        if resolve(name, typos=count > 1 or len(name) > 5) is not None:
            return name, bare[
                bare.index(words[count - 1], len(name) - len(words[count - 1])) + len(words[count - 1]) :
            ]
    return "", text


def _known(text: str) -> tuple[str, ...]:
    """The places of a list, where at least one is known."""
    names = split_places(text)[:12]
    if any(_no_place(name) for name in names):
        return ()
    return tuple(name[:80] for name in names) if any(resolve(name) for name in names) else ()


def _now(core: str) -> Moment | None:
    if match := LATER.fullmatch(core):
        places = _meant(match.group("places") or match.group("there") or "")
        return Moment(about="now", places=places, start=match.group("start"))
    for shape in NOW:
        match = shape.fullmatch(core)
        if match is None:
            continue
        groups = match.groupdict()
        if groups.get("known"):
            places = _known(groups["known"])
            if places:
                return Moment(about="now", places=places)
            continue
        if not groups.get("places"):
            return Moment(about="now")
        if places := _meant(groups["places"]):
            return Moment(about="now", places=places)
    return None


def _no_place(name: str) -> bool:
    """Whether a part of a list is a request of its own."""
    return resolve(name) is None and (len(name.split()) > 3 or REQUEST.match(name) is not None)


def _meant(text: str) -> tuple[str, ...]:
    """Places, known or not; nothing where it is plainly no place ("the meeting")."""
    names = split_places(re.sub(r"^(?:our|my|the|your) (?:[\w-]+ ){1,3}?in ", "", text))
    if any(_no_place(name) for name in names):
        return ()
    if any(resolve(name) for name in names):
        return tuple(name[:80] for name in names)
    plain = re.match(
        r"(?:the|a|an|our|my|your|this|that|these|his|her|their|lunch|dinner|me|us|it|which|what)\b",
        text,
        re.IGNORECASE,
    )
    return () if plain or len(text.split()) > 4 else tuple(name[:80] for name in names)


def _difference(asked: str, core: str) -> Moment | None:
    for shape in DIFFERENCE:
        match = shape.fullmatch(asked) or shape.fullmatch(core)
        if match is None:
            continue
        names = tuple(name for name in (match.group("one"), match.group("two")) if name)
        if names and resolve(names[0]):
            return Moment(about="difference", places=tuple(name[:80] for name in names))
    return None


def _week(core: str, today: date) -> Moment | None:
    match = WEEK.fullmatch(core)
    if match is None:
        return None
    start = match.group("start") or ""
    if core.lower() == "week":
        return None
    return Moment(about="week", start=start) if not start or is_date(start, today) else None


def _there(core: str) -> Moment | None:
    match = DATE_THERE.fullmatch(core)
    places = _known(match.group("places")) if match else ()
    return Moment(about="now", places=places) if places else None


def _today(core: str, asked: str) -> Moment | None:
    if TODAY.fullmatch(core) is None or (core.lower() in ("today", "day") and asked.lower() == core.lower()):
        return None
    return Moment(about="date", start="today")


def _date(core: str, today: date) -> Moment | None:
    if match := ADDED.fullmatch(core) or TAKEN.fullmatch(core):
        if to_date(match.group("base"), today=today):
            way = "after" if match.re is ADDED else "before"
            return Moment(
                about="date",
                start=f"{match.group('count')} {match.group('unit')} {way} {match.group('base')}",
            )
    for shape in DATE_SHAPES:
        match = shape.fullmatch(core)
        if match is None:
            continue
        start = match.group("start")
        if "?" in start:
            continue
        if to_date(start, today=today) or (MENTION.search(start) and date_within(start, today=today)):
            return Moment(about="date", start=start)
    return None


def _follow_up(text: str, today: date, previous: str) -> Moment | None:
    """ "And in London?" after a question about time."""
    match = AND_THERE.fullmatch(text)
    if match is None or not previous:
        return None
    before = to_moment(previous, today=today)
    places = _known(match.group("places"))
    if before is None or not places or before.about not in ("now", "convert"):
        return None
    return before.model_copy(update={"places": places})
