"""Schedules that begin with five cron fields: "0 9 * * 1-5 …", "cron 0 9 * * 1-5: …". Pure."""

from __future__ import annotations

import re

from core.errors import InvalidSchedule
from core.models.schedule import Cron
from core.schedules.timing import check_cron, check_zone, zones
from core.schedules.understanding import AFTERWARDS, POLITE, Phrase, Unclear, Understood

_CRON_FIELD = r"(?:\*|[0-9A-Za-z]+)(?:[-/,#][0-9A-Za-z*]+)*L?"
# A letter alone ("R", "H") is no minute, but what four fields follow is meant as one.
_FIRST_FIELD = r"(?:[*\d][^\s]*|[A-Za-z](?=(?:\s+[*\d][*\d/,-]*){4}(?:\s|$)))"
_CRON = re.compile(
    rf"^\s*{POLITE}(?P<said>(?:schedule\s+)?(?:cron|crontab)\s*(?:expression\s*)?:?\s*|schedule\s+(?=[*\d]))?[\"'`]?(?P<fields>{_FIRST_FIELD}(?:\s+{_CRON_FIELD}){{4,5}})[\"'`]?\s*"
    r"(?:\((?P<zone>[A-Za-z]+(?:/[\w+-]+)*)\)|(?P<bare>[A-Z][A-Za-z]+/[\w+-]+|UTC))?\s*[:,–-]?\s*(?P<rest>.*)$",
    re.DOTALL,
)  # fmt: skip


def read_cron(line: str, *, zone: str) -> Phrase | None:
    found = _CRON.match(line)
    if found is None:
        return None
    rest = found["rest"].strip()
    fields = found["fields"].split()
    if len(fields) == 6 and not _is_field(fields[5]):
        rest = f"{fields.pop()} {rest}".strip()
    looks_right = rest[:1].isalpha() or rest.startswith("@")
    if not found["said"] and (
        not looks_right or "*" not in fields or re.match(r"(?:plus|minus|times|divided|by|and)\b", rest)
    ):
        return None
    try:
        expression = check_cron(" ".join(fields))
        named = found["zone"] or found["bare"] or _misspelt_zone(rest)
        zone = check_zone(named) if named else zone
    except InvalidSchedule as invalid:
        return Unclear(question=invalid.sentence)
    return Understood(
        timing=Cron(expression=expression), zone=zone, instruction=AFTERWARDS.sub("", rest, count=1)
    )


def _misspelt_zone(rest: str) -> str | None:
    """The first word, where it would be a zone if its letters were as large as they should be."""
    word = rest.partition(" ")[0].rstrip(":,")
    return word if "/" in word and word.casefold() in {name.casefold() for name in zones()} else None


def _is_field(said: str) -> bool:
    return bool(
        re.fullmatch(
            r"[\d*/,\-#L]+|(?:MON|TUE|WED|THU|FRI|SAT|SUN)(?:[-,](?:MON|TUE|WED|THU|FRI|SAT|SUN))*", said
        )
    )
