"""What is said about agents that people make: what is wrong with one, what was made, and what can be done with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from core.models import Agent, MadeAgent, Visibility
from core.rendering.grammar import listed, shortened

NAMED_TOOLS = 30
NO_FRONT_MATTER = "An agent's file begins with front matter between two lines of '---'."
NO_FIELDS = "The front matter must hold `field: value` lines."


def no_yaml(reason: str) -> str:
    return (
        f"The front matter is no YAML ({reason}); "
        "a value that holds a colon or begins with * needs quotes around it."
    )


def no_such_tool(name: str, *, meant: Sequence[str], tools: Sequence[str]) -> str:
    more = [f"{len(tools) - NAMED_TOOLS} more"] if len(tools) > NAMED_TOOLS else []
    hint = (
        f" Do you mean {' or '.join(meant)}?"
        if meant
        else f" The tools are {listed([*tools[:NAMED_TOOLS], *more])}."
    )
    return f"There is no tool called {name}.{hint}"


def wrong_field(field: str, kind: str, bounds: Mapping[str, Any], message: str, fields: Sequence[str]) -> str:
    """What is wrong with one field, from the kind of the problem and its bounds."""
    match kind:
        case "missing":
            return f"An agent needs a {field}."
        case "extra_forbidden":
            meant = get_close_matches(field.rpartition(".")[2], fields, n=1)
            return f"There is no field {field}{f'; do you mean {meant[0]}?' if meant else '.'}"
        case "string_pattern_mismatch":
            return (
                f"The {field} has to begin with a letter and may hold small letters, digits, - and _, "
                "40 characters at most."
            )
        case "string_too_short":
            return f"The {field} is empty."
        case "string_too_long":
            return f"The {field} may have {bounds['max_length']:,} characters at most."
        case "too_long":
            return f"There may be {bounds['max_length']} {field} at most."
        case "tuple_type":
            return f"The {field} have to be a list."
        case "greater_than_equal" | "greater_than":
            return f"{field} has to be {bounds.get('ge', bounds.get('gt')):g} or more."
        case "less_than_equal":
            return f"{field} may be {bounds['le']:g} at most."
        case _:
            return f"{field}: {message}."


def was_deleted(name: str, *, at: datetime) -> str:
    return f"The agent {name} was deleted on {day(at)}."


def day(at: datetime) -> str:
    """ "3 December 2026"."""
    return f"{at.day} {at:%B %Y}"


ONLY_IN_FILES = "post_to is for agents in files only."
EDIT_WHAT = "Say which agent, and what about it: `agent edit NAME tools: read_feeds`."
NONE_MADE = "Nobody has made an agent here yet."
HOW_TO_MAKE = (
    "`agent new` makes one, question by question; `agent templates` shows some to begin from. "
    "`agent show NAME`, `agent share NAME` and `agent delete NAME` do what they say."
)
ANY_NAME = "NAME"
HELD_BACK = "Agents that only you can use are not named here, where others read along."
NOT_SHOWN_HERE = "Only you can use that agent; it is not shown here, where others read along."
MADE = (
    "Made the agent. Only you can use it, and no more is said of it here; `agent list` shows it to you alone."
)
CHANGED = "Changed the agent. Only you can use it, and no more is said of it here; `agent list` shows it to you alone."
DELETED = "Deleted the agent. What it did stays readable; schedules that name it rest."
FROM_TEMPLATE = "`agent new from NAME as OTHER-NAME` makes one of your own, which you can change."


def reserved(name: str) -> str:
    return f"An agent can't be called {name}; it stands for something else."


def has_a_file(name: str) -> str:
    return f"There is an agent called {name} in a file, and files come first; choose another name."


def from_file(name: str) -> str:
    return f"The agent {name} comes from a file; it can be changed only there."


def taken(name: str) -> str:
    return f"The name {name} is taken here; choose another one."


def unknown(name: str) -> str:
    return f'There is no agent called {name[:60]} here that you may use. "agent list" shows those that there are.'


def not_yours(name: str, *, owner: str) -> str:
    return f"Only {owner or 'the person who made it'} can change the agent {name}."


def changed_meanwhile(name: str) -> str:
    return f"The agent {name} has changed meanwhile; look at it again, please."


def too_many(limit: int) -> str:
    return f"That is one agent too many: {limit} is the most for one person. Delete one first."


def too_many_here(limit: int) -> str:
    return f"That is one agent too many: {limit} is the most for one workspace."


def too_many_examples(limit: int) -> str:
    return f"There may be {limit} examples at most."


def too_long(seconds: float) -> str:
    return f"limits.timeout_seconds may be {seconds:g} at most here."


def long_schedule(limit: int) -> str:
    return f"The schedule may have {limit} characters at most."


def no_such_template(name: str, *, meant: Sequence[str]) -> str:
    hint = f" Do you mean {' or '.join(meant)}?" if meant else ""
    return f'There is no template called {name[:60]}.{hint} "agent templates" shows those that there are.'


def made(agent: MadeAgent, *, unmet: Sequence[str] = ()) -> str:
    """What was made, what its tools lack here, and how to try it."""
    lead = f"Made the agent **{agent.name}**."
    return "\n".join([lead, "", *_about(agent), *_lacking(unmet), "", _try_it(agent)])


def changed(agent: MadeAgent, *, unmet: Sequence[str] = ()) -> str:
    lead = f"Changed the agent **{agent.name}**; this is version {agent.version}."
    try_it = f"Try it: `@{agent.name} {_example(agent.agent)}`"
    return "\n".join([lead, "", *_about(agent), *_lacking(unmet), "", try_it])


def shared(agent: MadeAgent) -> str:
    if agent.visibility is Visibility.WORKSPACE:
        return f"Everyone here can use **{agent.name}** now: `@{agent.name} {_example(agent.agent)}`"
    return f"Only you can use **{agent.name}** now."


def deleted(name: str) -> str:
    return f"Deleted the agent {name}. What it did stays readable; schedules that name it rest."


def card(agent: MadeAgent, *, unmet: Sequence[str] = ()) -> str:
    """One agent with all that it may do."""
    lead = f"**{agent.name}**, version {agent.version} of {day(agent.at)}"
    owner = f", made by {agent.owner.name}" if agent.owner.name else ""
    return "\n".join([f"{lead}{owner}.", "", *_about(agent), *_lacking(unmet), *_prompt(agent.agent)])


def shown(agent: Agent) -> str:
    """One agent of a file."""
    return "\n".join([f"**{agent.name}**, from a file.", "", *_described(agent), *_prompt(agent)])


def listing(
    files: Iterable[Agent],
    made: Iterable[MadeAgent],
    shadowed: Iterable[MadeAgent],
    *,
    me: str,
    held_back: bool = False,
) -> str:
    """All agents that this person may use, their own last; `held_back`: some of theirs are not among these."""
    lines = [f"- **{agent.name}**: {shortened(agent.description)}" for agent in files]
    usable = sorted(
        (one for one in made if one.usable_by(me)), key=lambda one: (one.owner.id == me, one.name)
    )
    lines += ["", "Made here:" if usable else HELD_BACK if held_back else NONE_MADE]
    for one in usable:
        lines.append(f"- **{one.name}**: {shortened(one.agent.description)} {_whose(one, me)}")
    for one in shadowed:
        if one.owner.id == me:
            lines.append(f"- {one.name}: a file has taken its name and comes first.")
    lines += ["", HELD_BACK] if usable and held_back else []
    return "\n".join([*lines, "", HOW_TO_MAKE])


def versions(found: Sequence[MadeAgent]) -> str:
    """The versions of an agent, the newest first."""
    lines = [
        f"- version {one.version}, {day(one.at)}{f', {one.owner.name}' if one.owner.name else ''}: "
        f"{shortened(one.agent.description)} {_tools(one.agent)}"
        for one in found
    ]
    return "\n".join([f"**{found[0].name}**, the newest version first:", "", *lines])


def templates(found: Iterable[Agent]) -> str:
    """The templates that there are."""
    lines = [f"- **{agent.name}**: {shortened(agent.description, 200)}" for agent in found]
    return "\n".join([*lines, "", FROM_TEMPLATE])


def edit_how(name: str) -> str:
    return (
        f"Say what about it: `agent edit {name} description: …; tools: …; integrations: …; prompt: …`. "
        "What you don't name stays as it is."
    )


def _about(agent: MadeAgent) -> list[str]:
    who = "Everyone here can use it." if agent.visibility is Visibility.WORKSPACE else "Only you can use it."
    return [*_described(agent.agent), who]


def _described(agent: Agent) -> list[str]:
    lines = [f"> {agent.description}", "", _tools(agent)]
    lines += [f"Integrations: {listed(agent.integrations)}."] if agent.integrations else []
    lines += [f"Model: {agent.model}."] if agent.model else []
    lines += [f"It runs by itself: {shortened(agent.schedule)}."] if agent.schedule else []
    return lines


def _lacking(unmet: Sequence[str]) -> list[str]:
    """What it can't do yet, each with how to mend it."""
    return [line for sentence in unmet for line in ("", sentence)]


def _prompt(agent: Agent) -> list[str]:
    return ["", "It is told:", "", *(f"> {line}" for line in agent.system_prompt.splitlines())]


def _tools(agent: Agent) -> str:
    return f"Tools: {listed(agent.tools)}." if agent.tools else "It has no tools."


def _try_it(agent: MadeAgent) -> str:
    share = (
        ""
        if agent.visibility is Visibility.WORKSPACE
        else f" `agent share {agent.name}` lets everyone use it."
    )
    return f"Try it: `@{agent.name} {_example(agent.agent)}`.{share}"


def _example(agent: Agent) -> str:
    return shortened(agent.examples[0]) if agent.examples else "…"


def _whose(agent: MadeAgent, me: str) -> str:
    if agent.owner.id != me:
        return f"(by {agent.owner.name})" if agent.owner.name else "(shared)"
    return "(yours, shared)" if agent.visibility is Visibility.WORKSPACE else "(yours)"
