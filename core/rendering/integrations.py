"""What is said about integrations."""

from __future__ import annotations

from collections.abc import Sequence

from core.models.integration import Integration
from core.ports.integrations import Missing
from core.rendering.grammar import listed

UNKNOWN = "There is no such integration."
WRONG_NAME = "A name has up to 40 small letters, digits, dashes and underscores, and begins with a letter."
NONE_YET = "Nothing is connected yet; `flowmate integrations kinds` shows what can be."

TOLD_PRIVATELY = "I have written to you in our private chat: that is for you alone."
WRITE_PRIVATELY = "That is for you alone: write to me in private first, then ask for it here again."
OPEN_FORM = "Open the form"
USAGE = "Say `integrations`, `connect KIND`, `test NAME` or `revoke NAME`; `connect` alone shows what can be connected."
NO_SAFE_ADDRESS = (
    "FlowMate is not reached over https:// here, so no secret may be sent to it from a browser: set FLOWMATE_BASE_URL "
    "to such an address, or connect it on FlowMate's machine with `flowmate integrations connect`."
)
CONNECT = "Connect"
FORM_TITLE = "Connect a service"
NOT_CONNECTED = "That was not connected, and nobody expected why; try it again, please."
CONNECTED = "Connected"
OPTIONAL = "may stay empty"
LINK_CLOSED = "This link is no longer good"
LINK_USED = (
    "It was used already, or is older than a quarter of an hour. Say `connect` again where you asked for it."
)


DENIED = "Denied: "


def missing(reason: Missing, *, tool: str, kind: str, agent: str, workspace: str) -> str:
    """Why a tool was not called, and how to mend it; the model reads it, too, and passes it on."""
    return DENIED + needs(reason, tool=tool, kind=kind, agent=agent, workspace=workspace)


def needs(reason: Missing, *, tool: str, kind: str, agent: str, workspace: str) -> str:
    """What a tool will be denied for, and how to mend it."""
    head = f"{tool} needs the {kind} integration, which"
    if reason is Missing.NOT_GIVEN:
        return (
            f"{head} the {agent} agent wasn't given; `agent edit {agent} integrations: {kind}` gives it, or, where the "
            f"agent has a file, `integrations: [{kind}]` in it."
        )
    return (
        f"{head} isn't connected here; whoever runs FlowMate connects it by saying `connect {kind}` here, or with "
        f"`flowmate integrations connect {kind} --workspace {workspace}`."
    )


def beforehand(denial: str) -> str:
    """What a call would be denied with, where nothing was called yet."""
    said = denial.removeprefix(DENIED)
    return f"T{said[1:]}" if said.startswith("the ") else said


def name_taken(name: str, *, kind: str) -> str:
    return f"There is an integration named {name} already, of the kind {kind}; revoke it first, or choose another name."


def no_such_kind(kind: str, *, kinds: Sequence[str]) -> str:
    return f"There is no kind of integration called {kind!r}; there are {listed(kinds)}."


def no_such_field(name: str, *, fields: Sequence[str]) -> str:
    return f"There is no field {name!r}; there are {listed(fields)}."


def field_missing(title: str) -> str:
    return f"It can't do without the {title}."


def too_long(title: str, *, most: int) -> str:
    return f"The {title} is longer than {most:,} characters."


def no_answer(seconds: float) -> str:
    return f"There was no answer within {seconds:g} seconds."


def no_such_name(name: str) -> str:
    return f"There is no integration named {name}; `flowmate integrations list` shows them."


def overview(found: Sequence[Integration]) -> str:
    """What is connected, and whether it worked when it was last tried. Markdown; no addresses, no notes."""
    if not found:
        return "Nothing is connected yet; `connect` shows what can be."
    return "\n".join(
        ["**Connected services**", "", *(f"- **{one.name}** ({one.kind}): {_state(one)}" for one in found)]
    )


def _state(one: Integration) -> str:
    if one.test is None:
        return "not tested yet"
    return "works" if one.test.passed else "did not work when it was last tried"


def can_be_connected(kinds: Sequence[tuple[str, str]]) -> str:
    return "\n".join(
        ["Say `connect` and one of these:", "", *(f"- `{name}`: {title}" for name, title in kinds)]
    )


def connect_here(name: str, *, minutes: int) -> str:
    return f"Connect {name} on this page; the link works once, and for {minutes} minutes. Write no secret in here."


def connect_by_command(kind: str, *, name: str) -> str:
    """Where FlowMate's commands are at hand."""
    named = "" if name == kind else f" --name {name}"
    return (
        f"Run `flowmate integrations connect {kind}{named}` in a terminal: it asks for what it needs, and shows no "
        "secret. Write no secret in here."
    )


def no_secrets_here(kind: str, *, linked: bool = True) -> str:
    """`linked`: whether a link is given for the form, or a command named."""
    say = f"Say `connect {kind}`, or `connect {kind} NAME` with a short name in small letters, and nothing else."
    if not linked:
        return (
            f"{say} Secrets are asked for by the command that it names; if you just wrote one, replace it: the "
            "terminal remembers what was typed."
        )
    return (
        f"{say} Secrets are asked for on a page of their own; if you just wrote one, delete that message and replace "
        "the secret."
    )


def not_allowed(person: str) -> str:
    return (
        f"Only those who look after FlowMate may do that. Whoever runs it lets you, with `{person}` in "
        "FLOWMATE_ADMINS."
    )


def not_connected(name: str) -> str:
    return f"There is no integration named {name}; `integrations` shows them."


def revoked(name: str) -> str:
    return f"{name} is revoked: its secrets are gone, and what needs it is denied from now on."


def tested(one: Integration) -> str:
    """What the last test said."""
    if one.test is None:
        return f"{one.name} is not tested yet."
    return f"{one.name} {'works' if one.test.passed else 'does not work'}: {one.test.note}"


def still_testing(name: str) -> str:
    return f"{name} has not answered yet; `integrations` shows in a moment whether it does."


def connect_title(title: str) -> str:
    return f"Connect: {title}"


def field_label(title: str) -> str:
    """ "access token" as a field's label."""
    return title[:1].upper() + title[1:]


def connect_in_chat(title: str, name: str) -> str:
    """Above the form in a chat."""
    return (
        f"{title}. It will be called {name}. What you write here becomes no message: it is sealed before it is saved, "
        "and nobody, FlowMate's model included, is shown the secrets again. On its way it passes through this "
        "chat's own servers, and it can be read on your screen until you send it."
    )


def connect_lead(name: str) -> str:
    return (
        f"It will be called `{name}`. What you write here is sealed before it is saved; nobody, FlowMate's model "
        "included, is shown the secrets again."
    )
