"""Schedules in plain words: "every weekday at 9 send me …", "… on the 1st at 8", "0 9 * * 1-5 …". Pure.

Rather a question than a guess: what is not understood to the end is asked back, and words like "daily" or "on Monday"
that belong to the content of a note, an e-mail or a question make no schedule.
"""

from __future__ import annotations

import re
from datetime import datetime

from core.errors import InvalidSchedule
from core.models.schedule import Cron
from core.rendering.questions import too_often
from core.schedules.building import Missing, to_timing
from core.schedules.crontab import read_cron
from core.schedules.spans import scan
from core.schedules.timing import check_cron, check_zone
from core.schedules.understanding import AFTERWARDS, POLITE, Phrase, Unclear, Understood
from core.schedules.when import When

MINIMUM_SECONDS = 60
_SCHEDULE = (
    r"(?:(?:please\s+)?(?:schedule|new schedule|set\s+up|create|make|add|plan)\s*"
    r"(?::|this:?|that:?|it:?|for\s+me:?|(?:me\s+)?an?\s+(?:new\s+)?(?:recurring\s+)?(?:schedule|reminder|job|task)(?:\s+(?:to|for|that|which))?:?)?\s+)"
)
_LEAD = re.compile(
    rf"^\s*{POLITE}(?:schedule\s*:?\s+|new\s+schedule\s*:?\s+|{_SCHEDULE}(?=every|each|daily|at |on ))?",
    re.IGNORECASE,
)
_POLITE_LEAD = re.compile(rf"^\s*{POLITE}", re.IGNORECASE)
_SCHEDULE_LEAD = re.compile(
    rf"^\s*{POLITE}schedule\s*(?::\s*|\s+(?:this\s*:?\s+|that\s*:?\s+)?)", re.IGNORECASE
)
_ADJECTIVE = re.compile(
    rf"^\s*{POLITE}(?P<lead>(?:(?:set\s+up|schedule|create|make|add|start|give|send|post|prepare|show|get|want)\s+)?"
    r"(?:me\s+|us\s+|the team\s+)?)an?\s+"
    r"(?P<adjective>daily|weekly|monthly|hourly|nightly|quarterly|yearly)\s+(?P<rest>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_DOING = re.compile(
    r"^(?:@[a-z][\w-]*\s+)?(?:send|post|give|show|get|fetch|read|summari[sz]e|sum\s+up|check|create|make|run|back|backup|do|e-?mail|mail|"
    r"tell|list|report|prepare|share|deliver|compile|collect|remind|ping|digest|headlines?|news|look|pull|grab|bring|find|"
    r"write|draft|translate|save|note|ask|let|publish|update|drop|forward|provide|generate|execute|perform|take|put|work|calculate|"
    r"compute|convert|say|wish|repeat|an?\s+(?:digest|summary|backup|report|overview|round-?up|list|recap)|the\s+(?:digest|headlines?|news|time)|"
    r"(?:daily|weekly)\s+(?:digest|summary|backup|report)|what's\s+new|whats\s+new|show\s+me|digests?)\b",
    re.IGNORECASE,
)
_CONTENT = re.compile(
    r"\b(?:that|saying|says|said|about|called|titled|entitled|named|subject|because|since|if|whether|which|who|whose|where|"
    r"is|are|was|were|am|will|won't|opens?|closes?|starts?|begins?|happens?|meets?|meet|meeting|takes\s+place|has|have|had|"
    r"we|they|he|she|i|i'm|it's|we're|there's|between|from\s+\d|how|why|when)\b|[\"“”«»]|:\s",
    re.IGNORECASE,
)
_WORDS_OF_SOMEONE = re.compile(
    r"^(?:@notes?\s+|@writer\s+)?(?:note|remember|jot|write|draft|translate|proofread|rewrite|save|repeat|say|calculate|compute|convert|work\s+out|ask|take\s+a\s+note)\b",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"^(?:what(?!'?s new)|how|why|who|whom|when|where|which|is|are|was|were|do|does|did|has|have|should|am)\b|\?\s*$",
    re.IGNORECASE,
)
_WHATS = r"(?:what(?:'s|’s|\s+is)\s+|how\s+much\s+is\s+)"
_SUM = r"[\d(][\d\s.,()%]*(?:(?:[-+*/^×÷x]|plus|minus|times|of|divided\s+by)\s*[\d(][\d\s.,()%]*)+"
_ASKED_AGAIN = re.compile(
    rf"^(?:{_WHATS}?{_SUM}|what\s+time\s+is\s+it\b.*|{_WHATS}the\s+(?:time|date|weather)\b.*)$",
    re.IGNORECASE | re.DOTALL,
)
"""Questions that are no others with a time in them: "2+2 every day at 8"."""
_STATEMENT = re.compile(
    r"^(?:we|i(?!\s*(?:want|need|would|'d))|they|he|she|it|there|our|my|his|her|their|nobody|everyone|everybody|somebody|is|are|was|were|"
    r"will|has|have|had|it's|i'm|we're|does|did|works?|sounds?|would|the\s+\w+\s+(?:is|are|was|opens?|closes?|leaves?|starts?|meets?))\b",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"(?:\s+(?:please|starting|beginning|again|too|also|and))*[\s,;:–—-]*$", re.IGNORECASE)
_ENDING = re.compile(r"^[\s.!,]*(?:please|thanks|thank\s+you|ok|if\s+possible|,)*[\s.!]*$", re.IGNORECASE)
_MIDDLE = re.compile(
    r"^\S+(?:\s+(?:me|us|everyone|everybody|the\s+team|the\s+channel|here|them|him|her|\S+@\S+))?\s+",
    re.IGNORECASE,
)


def read(text: str, *, now: datetime, zone: str) -> Phrase | None:
    """What the text says about a schedule; None where it is no schedule. `zone` is the person's."""
    line = text.strip()
    cron = read_cron(line, zone=zone)
    if cron is not None:
        return cron
    found = _find(line)
    if found is None:
        return None
    when, instruction = found
    return _to_phrase(when, instruction, now=now, zone=zone)


def _to_phrase(when: When, instruction: str, *, now: datetime, zone: str) -> Phrase:
    if when.zone is not None:
        if when.zone.name is None:
            try:
                check_zone(when.zone.said)
            except InvalidSchedule as invalid:
                return Unclear(question=invalid.sentence)
        zone = when.zone.name or zone
    try:
        timing = to_timing(when, now=now, zone=zone)
        if isinstance(timing, Cron):
            check_cron(timing.expression)
    except Missing as missing:
        return Unclear(question=str(missing))
    except InvalidSchedule as invalid:
        return Unclear(question=invalid.sentence)
    if timing.kind == "interval" and timing.seconds < MINIMUM_SECONDS:
        return Unclear(question=too_often(MINIMUM_SECONDS))
    return Understood(timing=timing, zone=zone, instruction=instruction)


def _find(line: str) -> tuple[When, str] | None:
    return _at_start(line) or _with_adjective(line) or _at_end(line) or _in_the_middle(line)


def _at_start(line: str) -> tuple[When, str] | None:
    tried = -1
    for lead in (_LEAD, _POLITE_LEAD):
        found = lead.match(line)
        start = found.end() if found is not None else 0
        # Where nothing begins for the longer lead, nothing does for the other that ends there too.
        scanned = scan(line, start) if start != tried else None
        tried = start
        if scanned is None:
            continue
        when, end = scanned
        rest = line[end:]
        if rest[:1] in ("'", "’") or (rest and not re.match(r"[\s,:;.!)–—-]", rest)):
            return None
        instruction = AFTERWARDS.sub("", rest, count=1).strip()
        if not instruction.strip(".! "):
            # Nothing but a time says what a schedule shall be only where it recurs or names a day.
            return (when, "") if _says_enough(when, alone=True) else None
        if instruction.endswith("?") or _STATEMENT.match(instruction) or not _says_enough(when):
            return None
        more = _at_end(instruction, after=when)
        if more is not None:
            return more
        return when, _without_politeness(instruction)
    return None


def _says_enough(when: When, *, alone: bool = False) -> bool:
    if when.recurring or when.in_seconds is not None:
        return True
    dated = when.in_days is not None or when.date is not None or when.one_weekday is not None
    return bool(when.times) and (dated or not alone) if when.times else dated and not alone


def _with_adjective(line: str) -> tuple[When, str] | None:
    """ "Set up a daily digest of … at 8": the adjective is half of when, the end the other half."""
    found = _ADJECTIVE.match(line)
    if found is None:
        return None
    rest = found["rest"]
    scanned = scan(found["adjective"], 0)
    if scanned is None:
        return None
    when = scanned[0]
    split = _end_part(rest)
    lead = re.sub(
        r"^(?:set\s+up|schedule|create|add|start|want)\s+(?:me\s+|us\s+)?",
        "",
        found["lead"],
        flags=re.IGNORECASE,
    )
    if split is None:
        setting_up = re.match(r"(?:set\s+up|schedule)\b", found["lead"], re.IGNORECASE)
        return (when, f"{lead}a {rest}".strip()) if setting_up and not _CONTENT.search(rest) else None
    more, before = split
    if not before or _CONTENT.search(before):
        return None
    _join(when, more)
    return when, f"{lead}a {before}".strip()


def _at_end(line: str, *, after: When | None = None) -> tuple[When, str] | None:
    split = _end_part(line)
    if split is None:
        return None
    when, before = split
    if after is not None:
        # "Every day send me the headlines at 9": only the time was left for the end.
        if not when.times or when.recurring or after.times:
            return None
        _join(after, when)
        return after, _without_politeness(before)
    if not when.recurring and not when.times and when.in_seconds is None:
        return None
    lead = _SCHEDULE_LEAD.match(before)
    if lead is not None and before[lead.end() :].strip():
        asked = before[lead.end() :]
        return (
            None if _ASKING.search(asked) and not _DOING.match(asked) else (when, _without_politeness(asked))
        )
    instruction = _without_politeness(before)
    return (when, instruction) if _is_for_then(instruction, when) else None


def _is_for_then(instruction: str, when: When) -> bool:
    """Whether it is to be done at that time, and not something that the time belongs to."""
    if when.recurring and when.times and _ASKED_AGAIN.match(instruction):
        return True
    if _ASKING.search(instruction) or not _DOING.match(instruction):
        return False
    if _CONTENT.search(_without_addresses(instruction)):
        return False
    if _WORDS_OF_SOMEONE.match(instruction) and not (
        when.recurring and re.search(r"https?://|\bbackup\b|\bdigest\b|\bsummary\b", instruction)
    ):
        return False
    dated = when.in_days is not None or when.date is not None or when.one_weekday is not None
    return when.recurring or dated or when.in_seconds is not None


def _end_part(line: str) -> tuple[When, str] | None:
    """The longest run of words about when that reaches the end, and what stands before it."""
    for found in re.finditer(r"(?<!\S)(?=\S)", line):
        start = found.start()
        scanned = scan(line, start)
        if scanned is None:
            continue
        when, end = scanned
        if _ENDING.match(line[end:]):
            return when, _BEFORE.sub("", line[:start]).strip()
    return None


def _in_the_middle(line: str) -> tuple[When, str] | None:
    """ "Send me every weekday at 9 the headlines from …"."""
    lead = _POLITE_LEAD.match(line)
    start = lead.end() if lead is not None else 0
    found = _MIDDLE.match(line[start:])
    if found is None or not _DOING.match(line[start:]) or _WORDS_OF_SOMEONE.match(line[start:]):
        return None
    scanned = scan(line, start + found.end())
    if scanned is None:
        return None
    when, end = scanned
    rest = line[end:].strip(" ,:;")
    if not rest or line.endswith("?") or not (when.recurring or (when.times and when.in_days is not None)):
        return None
    if _STATEMENT.match(rest):
        return None
    return when, f"{found[0].strip()} {rest}"


def _join(when: When, more: When) -> None:
    """Take the parts of `more` over where `when` has none."""
    when.times = when.times or more.times
    when.zone = when.zone or more.zone
    when.weekdays |= more.weekdays
    when.month_days |= more.month_days
    when.months |= more.months
    when.last_day = when.last_day or more.last_day
    when.nth = when.nth or more.nth
    when.part = when.part or more.part
    when.hours = when.hours or more.hours
    when.one_weekday = more.one_weekday if when.one_weekday is None else when.one_weekday
    when.too_hard = when.too_hard or more.too_hard
    when.recurring = True
    if when.weekdays or when.one_weekday is not None or when.month_days:
        when.daily = False


def _without_politeness(text: str) -> str:
    stripped = _POLITE_LEAD.sub("", text, count=1)
    return _BEFORE.sub("", stripped).strip() or text.strip()


def _without_addresses(text: str) -> str:
    return re.sub(r"https?://\S+", " ", text)
