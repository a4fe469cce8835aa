"""Connecting a service as a form, for platforms that can show one; pure."""

from __future__ import annotations

from core.integrations.desk import MAX_VALUE_CHARACTERS, Wanted
from core.models.form import Field, Form, Submission
from core.ports.integrations import Kind
from core.rendering import integrations as words


def to_form(kind: Kind, *, name: str) -> Form:
    """All that this kind of service wants to know."""
    fields = tuple(
        Field(
            name=one.name,
            label=words.field_label(one.title),
            most=MAX_VALUE_CHARACTERS,
            needed=one.required,
            secret=one.secret,
        )
        for one in kind.fields
    )
    lead = words.connect_in_chat(kind.title, name)
    service = f"{kind.name} {name}"
    return Form(title=words.FORM_TITLE, submit=words.CONNECT, fields=fields, lead=lead, service=service)


def to_wanted(submission: Submission) -> Wanted:
    """The service that a filled-in form connects."""
    kind, _, name = submission.service.partition(" ")
    return Wanted(kind=kind, name=name, values=submission.values)
