"""What the page's forms send, as its routes get it."""

from __future__ import annotations

import hashlib
import re
import secrets
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from starlette.requests import Request

from adapters.chat.text import clean
from adapters.operator import OPERATOR
from bot.http.problems import Problem
from core.models import Address, Instruction, Person

# A browser takes one dot or two for a step up.
SANE_PLACE = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,64}\Z")
SANE_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")
ORIGIN = "web"
FORM = "application/x-www-form-urlencoded"
FIELDS = 10


class Form(dict[str, str]):
    """A form's fields; what is not there is empty."""

    def __missing__(self, key: str) -> str:
        return ""


async def form_of(request: Request) -> Form:
    """The fields of the request's form. Raises Problem (400, 415)."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Problem(415, f"Send a form ({FORM}).")
    try:
        # Bad bytes and half characters become replacement characters, which are cleaned like any other text.
        fields = parse_qs((await request.body()).decode(errors="replace"), max_num_fields=FIELDS)
    except ValueError:
        raise Problem(400, "That is no form of this page.") from None
    return Form({name: values[-1] for name, values in fields.items()})


def new_place() -> str:
    """A conversation that nobody has begun."""
    return f"page-{secrets.token_hex(8)}"


def asker(form: Form) -> Person:
    """The operator, in the zone that the browser is in."""
    return OPERATOR.model_copy(update={"zone": _zone(form["zone"])})


def to_instruction(form: Form, address: Address) -> Instruction:
    """The instruction of one form; the same form, sent again with the same words, is the same instruction."""
    key = form["key"] if SANE_KEY.match(form["key"]) else secrets.token_hex(16)
    text = clean(form["text"])
    said = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    return Instruction(
        key=f"{ORIGIN}:{address.place}:{key}:{said}",
        text=text,
        person=asker(form),
        address=address,
        origin=ORIGIN,
    )


def _zone(name: str) -> str | None:
    """The IANA zone, if there is such a one."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*", name):
        return None
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        return None
