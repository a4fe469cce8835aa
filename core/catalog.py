"""The micro agents of files, and what makes an agent of any source valid: files, chat and the API have one parser.

A file is front matter between two lines of `---` and the system prompt below them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from core.errors import ConfigurationError, InvalidAgent
from core.models import Agent
from core.ports.tool import to_sourced
from core.rendering import making as words

BUILT_IN = Path(__file__).parent / "agents"
TEMPLATES = BUILT_IN / "templates"
FENCE = "---"
# The safe loader in C, where the wheel has it: at the start, reading agents takes longest.
LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FIELDS = tuple(Agent.model_fields)
LISTS = ("tools", "integrations", "examples")
_LINE = ("name", "description", "model", "schedule", "post_to")
"""Fields that are one line each: a line break in a description could pass for a line of the planner's own."""


def is_file(text: str) -> bool:
    """Whether the text is meant as an agent's file."""
    return text.lstrip("\ufeff \t\r\n").startswith(FENCE)


def read_fields(text: str) -> dict[str, Any]:
    """Front matter and prompt as fields, not checked yet. Raises InvalidAgent."""
    lines = text.lstrip("\ufeff").strip("\r\n").splitlines()
    if not lines or lines[0].strip() != FENCE or FENCE not in (line.strip() for line in lines[1:]):
        raise InvalidAgent([("file", words.NO_FRONT_MATTER)])
    end = next(i for i, line in enumerate(lines[1:], start=1) if line.strip() == FENCE)
    try:
        front = yaml.load("\n".join(lines[1:end]), Loader=LOADER) or {}
    except yaml.YAMLError as error:
        raise InvalidAgent([("file", words.no_yaml(str(error).splitlines()[0]))]) from error
    except (ValueError, RecursionError) as error:
        raise InvalidAgent([("file", words.no_yaml("a value can't be read"))]) from error
    if not isinstance(front, dict):
        raise InvalidAgent([("file", words.NO_FIELDS)])
    return {**front, "system_prompt": "\n".join(lines[end + 1 :]).strip()}


def check_agent(fields: Mapping[str, Any], *, tools: Collection[str] | None = None) -> Agent:
    """The agent that these fields describe, whatever they come from. Raises InvalidAgent naming every wrong field.

    `tools`: the names that there are; None where that is looked at later.
    """
    written = {str(name): _tidy(str(name), value) for name, value in fields.items()}
    try:
        agent = Agent.model_validate(written)
    except ValidationError as error:
        problems = [_problem(detail) for detail in error.errors()]
        known = {field for field, _ in problems}
        listed = written.get("tools")
        named = [str(name) for name in listed] if isinstance(listed, list | tuple) else []
        unknown = [] if tools is None or "tools" in known else unknown_tools(named, tools)
        raise InvalidAgent([*problems, *(one for one in unknown if one[0] not in known)]) from error
    if tools is not None and (unknown := unknown_tools(agent.tools, tools)):
        raise InvalidAgent(unknown)
    return agent


def unknown_tools(listed: Sequence[str], tools: Collection[str]) -> list[tuple[str, str]]:
    """A sentence for each that doesn't exist, with those that were perhaps meant."""
    return [
        (f"tools.{place}", words.no_such_tool(name[:60], meant=near(name, tools), tools=sorted(tools)))
        for place, name in enumerate(listed)
        if name not in tools and to_sourced(name) is None
    ]


def near(name: str, names: Iterable[str]) -> list[str]:
    """Those that somebody may have meant who wrote this."""
    written = name.strip().lower().replace("-", "_").replace(" ", "_")
    return get_close_matches(written[:60], list(names), n=2)


def to_file(agent: Agent) -> str:
    """The agent as the file that gives it back."""
    values = agent.model_dump(exclude={"system_prompt"}, exclude_defaults=True, mode="json")
    front = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=10_000)
    return f"{FENCE}\n{front}{FENCE}\n{agent.system_prompt}\n"


def to_agent(text: str, *, source: str, tools: Collection[str] | None = None) -> Agent:
    """Read one agent's file. Raises ConfigurationError naming the file, the fields and what is wrong with them."""
    try:
        return check_agent(read_fields(text), tools=tools)
    except InvalidAgent as wrong:
        raise ConfigurationError(f"{source}: {wrong.sentence}") from wrong


def load_agents(folders: Iterable[Path], *, tools: Collection[str] | None = None) -> Mapping[str, Agent]:
    """All agents of these folders by name, a later folder's over an earlier one's; a missing folder is empty.

    `tools`: the names that there are; None where that is looked at later. Raises ConfigurationError, with a line for
    each file that can't be read or is wrong, or that names itself like another file of its folder.
    """
    agents: dict[str, Agent] = {}
    problems: list[str] = []
    for folder in folders:
        here: dict[str, Path] = {}
        for path in sorted(folder.glob("*.md")) if folder.is_dir() else ():
            if path.name.lower() == "readme.md":
                continue
            try:
                agent = _read(path, tools)
                if agent.name in here:
                    twice = f"{path}: the agent {agent.name} is in {here[agent.name].name} already."
                    raise ConfigurationError(twice)
            except ConfigurationError as error:
                problems.append(error.sentence)
            else:
                here[agent.name] = path
                agents[agent.name] = agent
    if problems:
        raise ConfigurationError("\n".join(problems))
    return agents


def _read(path: Path, tools: Collection[str] | None) -> Agent:
    try:
        return to_agent(path.read_text(encoding="utf-8"), source=str(path), tools=tools)
    except OSError as error:
        raise ConfigurationError(f"{path}: can't be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: is no UTF-8 text.") from error


def replaced(agents: Mapping[str, Agent]) -> list[str]:
    """The built-in agents in whose place a file of the team's own is, by name."""
    return sorted(name for name, agent in built_in().items() if agents.get(name) not in (None, agent))


@cache
def built_in() -> Mapping[str, Agent]:
    """The agents that come along, by name."""
    return load_agents([BUILT_IN])


def _tidy(name: str, value: Any) -> Any:
    """The value without what no column takes; YAML can write such characters, too."""
    if isinstance(value, str):
        text = "".join(c for c in value if c in "\n\t" or c.isprintable() or c.isspace())
        text = text.encode("utf-8", "replace").decode()
        return " ".join(text.split()) if name in _LINE else text.strip()
    if isinstance(value, list | tuple):
        return [_tidy("name", one) for one in value] if name in LISTS else value
    return value


def _problem(detail: Any) -> tuple[str, str]:
    place = [str(part) for part in detail["loc"]]
    field = ".".join(place) or "file"
    return field, words.wrong_field(
        field, detail["type"], detail.get("ctx") or {}, str(detail["msg"]), FIELDS
    )
