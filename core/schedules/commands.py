"""What people say about schedules that exist: "list my schedules", "pause schedule 2". Pure."""

from __future__ import annotations

import re
from typing import Literal

from core.models import Frozen

Change = Literal["save", "discard", "pause", "resume", "run", "delete", "show"]

_VERBS: dict[str, Change] = {
    "save": "save", "confirm": "save", "keep": "save", "accept": "save",
    "discard": "discard", "reject": "discard", "forget": "discard",
    "pause": "pause", "stop": "pause", "suspend": "pause", "disable": "pause", "hold": "pause",
    "resume": "resume", "unpause": "resume", "restart": "resume", "continue": "resume", "enable": "resume",
    "run": "run", "start": "run", "trigger": "run", "execute": "run", "fire": "run",
    "delete": "delete", "remove": "delete", "cancel": "delete", "drop": "delete",
    "show": "show", "describe": "show", "open": "show", "explain": "show",
}  # fmt: skip
_POLITE = r"(?:please[,\s]+|can you\s+|could you\s+|would you\s+)*"
_TAIL = r"(?:\s+(?:right\s+)?now)?(?:[,\s]+please)?\s*[.!?]*"
_LIST = re.compile(
    rf"^{_POLITE}(?:(?:list|show|see|display|get|give)\s+(?:me\s+)?)?(?:all\s+)?(?:of\s+)?(?:my|our|the|all)?\s*"
    rf"(?:active\s+|current\s+)?schedules{_TAIL}$"
    rf"|^{_POLITE}(?:what|which)\s+schedules\s+(?:are there|do (?:i|we) have|exist|are active){_TAIL}$"
    rf"|^{_POLITE}(?:what|which)\s+(?:are|is)\s+(?:my|our|the)\s+schedules{_TAIL}$",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    rf"^{_POLITE}(?P<verb>{'|'.join(_VERBS)})\s+(?:the\s+|my\s+)?schedule\s+(?:no\.?\s*|number\s+|#)?(?P<number>\d{{1,6}}){_TAIL}$",
    re.IGNORECASE,
)


_ANY = r"(?:[,.!\s]*(?:please|thanks|thank\s+you))*[,.!\s]*$"
_AGREED = r"(?:yes|yep|yeah|yup|y|ok|okay|sure|fine|great|good|perfect|right|correct|exactly)"
_SAVE = r"(?:(?:save|keep|do|confirm|take|schedule)\s+(?:it|that|this)|save|confirm|go\s+ahead|do\s+so)"
_YES = re.compile(
    rf"^(?:please[,\s]+)?(?:{_AGREED}(?:[,.!\s]+{_AGREED})*(?:[,.!\s]+(?:please\s+)?{_SAVE})?|{_SAVE}){_ANY}",
    re.IGNORECASE,
)
_REFUSED = r"(?:no|nope|nah|n)"
_DROP = (
    r"(?:(?:discard|cancel|forget|drop|delete|skip|leave)(?:\s+(?:it|that|this))?|never\s*mind"
    r"|(?:don'?t|do\s+not)(?:\s+save(?:\s+(?:it|that|this))?)?)"
)
_NO = re.compile(
    rf"^(?:please[,\s]+)?(?:{_REFUSED}(?:[,.!\s]+(?:please\s+)?{_DROP})?|{_DROP}){_ANY}", re.IGNORECASE
)


class Command(Frozen):
    """One thing to do with one schedule; no number: list them."""

    change: Change | Literal["list"]
    number: int = 0


def read_command(text: str) -> Command | None:
    """The command that the whole text is, if it is one."""
    line = " ".join(text.split())
    if _LIST.match(line):
        return Command(change="list")
    found = _CHANGE.match(line)
    if found is None:
        return None
    return Command(change=_VERBS[found["verb"].lower()], number=int(found["number"]))


def read_reply(text: str, *, number: int) -> Command | None:
    """What a yes or a no to the question whether schedule `number` shall be saved says; None: it is something else."""
    line = " ".join(text.replace("\u2019", "'").split())
    if _YES.match(line):
        return Command(change="save", number=number)
    if _NO.match(line):
        return Command(change="discard", number=number)
    return None
