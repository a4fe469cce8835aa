"""What people say about agents: "agent new digest: reads the news; tools: read_feeds", "agent share digest". Pure."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from core.catalog import is_file
from core.models import Frozen, Visibility
from core.ports.tool import to_sourced

Verb = Literal["new", "edit", "list", "show", "delete", "share", "unshare", "versions", "templates"]

_VERBS: dict[str, Verb] = {
    "new": "new", "create": "new", "make": "new", "add": "new",
    "edit": "edit", "change": "edit", "update": "edit",
    "list": "list",
    "show": "show", "describe": "show",
    "delete": "delete", "remove": "delete",
    "share": "share", "publish": "share",
    "unshare": "unshare", "hide": "unshare",
    "versions": "versions", "history": "versions",
    "templates": "templates", "template": "templates",
}  # fmt: skip
_NAME = r"@?(?P<name>[A-Za-z][\w-]{0,60})"
_END = r"(?:[,\s]+please)?\s*[.!?]*"
_FIRST = re.compile(
    rf"^(?:please[,\s]+)?agents?\s+(?P<verb>{'|'.join(_VERBS)})\b[ \t:]*(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_MAKE = re.compile(
    r"^(?:please[,\s]+)?(?:create|make|add)\s+(?:me\s+)?(?:an?\s+)?(?:new\s+)?agent"
    r"(?:\s*[.!?]*|\s+(?:called|named)\s+(?P<rest>.+))$",
    re.IGNORECASE | re.DOTALL,
)
_ONE = re.compile(
    rf"^(?:please[,\s]+)?(?P<verb>show|describe|delete|remove|share|unshare)\s+(?:the\s+|my\s+|our\s+)?agent\s+{_NAME}"
    rf"(?:\s+with\s+(?:everyone|everybody|us|all))?{_END}$",
    re.IGNORECASE,
)
_MINE = re.compile(
    rf"^(?:please[,\s]+)?(?:list|show)\s+(?:me\s+)?(?:all\s+)?(?:of\s+)?(?:my|our)\s+agents{_END}$",
    re.IGNORECASE,
)
_ALL = re.compile(rf"^(?:please[,\s]+)?agents{_END}$", re.IGNORECASE)
_NAMED = re.compile(rf"^(?:the\s+)?{_NAME}(?:\s+with\s+(?:everyone|everybody|us|all))?{_END}$", re.IGNORECASE)
_TEMPLATE = re.compile(
    r"^from\s+(?:the\s+)?(?:template\s+)?(?P<template>[\w-]+)(?:\s+as\s+(?P<name>[\w-]+))?\s*[.!]*$",
    re.IGNORECASE,
)
_SHARED = re.compile(r"^(?:for\s+(?:everyone|everybody|all|us)|shared)\b[ \t:,]*", re.IGNORECASE)
_FENCED = re.compile(r"^```\w*\n(?P<inner>.*?)\n?```$", re.DOTALL)
_LABEL = re.compile(
    r"(?:^|(?<=[\s;,.]))(?P<label>name|description|what it does|does|tools?|integrations?|prompt|instructions)"
    r"\s*[:=][ \t]*",
    re.IGNORECASE,
)
_FIELDS = {
    "name": "name", "description": "description", "what it does": "description", "does": "description",
    "tool": "tools", "tools": "tools", "prompt": "system_prompt", "instructions": "system_prompt",
    "integration": "integrations", "integrations": "integrations",
}  # fmt: skip
_LEAD = re.compile(
    r"^(?P<name>(?!(?:that|which|who|to|for)\b)[A-Za-z][\w-]*)(?:\s*[:,–—]\s*|\s+-\s+|\s+(?:that|which|who)\s+|\s+|$)"
    r"(?P<description>.*)$",
    re.IGNORECASE | re.DOTALL,
)
# One way to read each text: "and" between two names is a word like they are.
_WITH_TOOLS = re.compile(
    r"[,;.]?\s+(?:with|using)\s+(?:the\s+|these\s+)?tools?:?\s+(?P<tools>[\w-]+(?:[\s,]+[\w-]+)*)[.]?$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s*[,;\n]\s*|\s+and\s+|\s+")
NO_TOOLS = frozenset({"none", "no", "nothing", "-", "without"})


class Wish(Frozen):
    """What somebody wants with an agent."""

    verb: Verb
    name: str = ""
    given: dict[str, str] = Field(default_factory=dict)
    """For a new one: what was said already, by field."""
    file: str = ""
    """A whole agent's file."""
    template: str = ""
    visibility: Visibility | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing has to be asked any more."""
        return bool(self.file or self.template or (self.given.get("name") and self.given.get("description")))


def read_wish(text: str) -> Wish | None:
    """The wish that the whole text is, if it is one."""
    # In a chat with commands many will put a slash before it.
    text = text.strip().removeprefix("/")
    if _ALL.match(text) or _MINE.match(text):
        return Wish(verb="list")
    if (one := _ONE.match(text)) is not None:
        return Wish(verb=_VERBS[one["verb"].lower()], name=one["name"].lower())
    if (make := _MAKE.match(text)) is not None:
        return _to_new("new", make["rest"] or "")
    first = _FIRST.match(text)
    if first is None:
        return None
    verb, rest = _VERBS[first["verb"].lower()], first["rest"].strip()
    if verb in ("new", "edit"):
        return _to_new(verb, rest)
    if verb in ("list", "templates") and not rest.strip(" .!?"):
        return Wish(verb=verb)
    named = _NAMED.match(rest)
    if named is None or verb == "list":
        return None
    return Wish(verb=verb, name=named["name"].lower())


def to_tools(text: str) -> list[str]:
    """The names of a list of tools as people write it."""
    names = _names(text)
    if {name.lower() for name in names} <= NO_TOOLS:
        return []
    # What a server calls its own tools is taken as it is.
    return [name if to_sourced(name) else name.lower().replace("-", "_") for name in names]


def to_integrations(text: str) -> list[str]:
    """The names of a list of integrations as people write it."""
    names = [name.lower() for name in _names(text)]
    return [] if set(names) <= NO_TOOLS else names


def to_name(text: str) -> str:
    """A name as people write it, as it is kept: "Big News" is big-news."""
    return "-".join(text.strip().strip("@`'\".").lower().split())


def _names(text: str) -> list[str]:
    names = [word.strip(" .`'\"[]") for word in _BETWEEN.split(text.strip()) if word]
    return [name for name in names if name]


def _to_new(verb: Verb, rest: str) -> Wish:
    visibility = None
    if (shared := _SHARED.match(rest)) is not None:
        visibility, rest = Visibility.WORKSPACE, rest[shared.end() :]
    rest = rest.strip()
    if (fenced := _FENCED.match(rest)) is not None:
        rest = fenced["inner"]
    if is_file(rest):
        return Wish(verb=verb, file=rest, visibility=visibility)
    if (template := _TEMPLATE.match(rest)) is not None:
        name = (template["name"] or "").lower()
        return Wish(verb=verb, name=name, template=template["template"].lower(), visibility=visibility)
    given = _to_given(rest)
    return Wish(verb=verb, name=given.get("name", ""), given=given, visibility=visibility)


def _to_given(rest: str) -> dict[str, str]:
    labels = list(_LABEL.finditer(rest))
    lead = rest[: labels[0].start()] if labels else rest
    given: dict[str, str] = {}
    ends = [*(label.start() for label in labels[1:]), len(rest)]
    for label, end in zip(labels, ends, strict=False):
        given[_FIELDS[label["label"].lower()]] = rest[label.end() : end].strip(" \t\n;,")
    lead = lead.strip(" \t\n;,")
    if lead:
        found = _LEAD.match(lead)
        if found is not None and "name" not in given:
            given["name"] = found["name"]
            lead = found["description"]
        tools = _WITH_TOOLS.search(lead)
        if tools is not None and "tools" not in given:
            given["tools"], lead = tools["tools"], lead[: tools.start()]
        given.setdefault("description", lead.strip(" \t\n;,"))
    if "name" in given:
        given["name"] = to_name(given["name"])
    return {field: value for field, value in given.items() if value}
