"""What a person is asked for at once, on platforms that can show a form, and what they filled in."""

from __future__ import annotations

import pydantic

from core.models.instruction import Address, Person
from core.models.values import Frozen


class Field(Frozen):
    """One thing to fill in."""

    name: str
    label: str
    hint: str = ""
    value: str = ""
    most: int = 0
    """Characters; 0: something to choose from."""
    choices: tuple[tuple[str, str], ...] = ()
    """What can be chosen: value and label."""
    many: bool = False
    """Several may be chosen; `value` then holds them between commas."""
    long: bool = False
    needed: bool = False
    secret: bool = False
    """To be taken exactly as it was written."""


class Form(Frozen):
    """What is asked at once."""

    title: str
    submit: str
    fields: tuple[Field, ...]
    lead: str = ""
    service: str = ""
    """The service that it connects, given back with what was filled in; empty: it is about an agent."""


class Submission(Frozen):
    """A form that a person filled in."""

    values: dict[str, str] = pydantic.Field(repr=False)
    """May hold secrets: kept nowhere but sealed."""
    person: Person
    address: Address
    key: str
    """Idempotency key of the submission."""
    origin: str
    service: str = ""
