"""The micro agents that there are: one Markdown file each, front matter and the system prompt as its body."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from core.errors import ConfigurationError
from core.models import Agent

BUILT_IN = Path(__file__).parent / "agents"
FENCE = "---"
# The safe loader in C, where the wheel has it: at the start, reading agents takes longest.
LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def to_agent(text: str, *, source: str) -> Agent:
    """Read one agent file. Raises ConfigurationError naming the file, the field and what is wrong with it."""
    lines = text.lstrip("\ufeff").splitlines()
    if not lines or lines[0].strip() != FENCE or FENCE not in (line.strip() for line in lines[1:]):
        raise ConfigurationError(
            f"{source}: an agent file begins with front matter between two lines of '---'."
        )
    end = next(i for i, line in enumerate(lines[1:], start=1) if line.strip() == FENCE)
    try:
        front = yaml.load("\n".join(lines[1:end]), Loader=LOADER) or {}
    except yaml.YAMLError as error:
        raise ConfigurationError(
            f"{source}: the front matter is no YAML ({_first_line(error)}); "
            "a value that holds a colon or begins with * needs quotes around it."
        ) from error
    if not isinstance(front, dict):
        raise ConfigurationError(f"{source}: the front matter must hold `field: value` lines.")
    body = "\n".join(lines[end + 1 :]).strip()
    try:
        return Agent.model_validate({**front, "system_prompt": body})
    except ValidationError as error:
        raise ConfigurationError(f"{source}: {_problems(error)}.") from error


def load_agents(folders: Iterable[Path]) -> Mapping[str, Agent]:
    """All agents of these folders by name, a later folder's over an earlier one's; a missing folder is empty.

    Raises ConfigurationError for a file that can't be read or that names itself like another file of its folder.
    """
    agents: dict[str, Agent] = {}
    for folder in folders:
        here: dict[str, Path] = {}
        for path in sorted(folder.glob("*.md")) if folder.is_dir() else ():
            if path.name.lower() == "readme.md":
                continue
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigurationError(f"{path}: can't be read as UTF-8 text.") from error
            agent = to_agent(text, source=str(path))
            if agent.name in here:
                raise ConfigurationError(
                    f"{path}: the agent {agent.name} is in {here[agent.name].name} already."
                )
            here[agent.name] = path
            agents[agent.name] = agent
    return agents


def check_tools(
    agents: Mapping[str, Agent], *, tools: Iterable[str], elsewhere: Callable[[str], bool] = lambda _: False
) -> None:
    """Raise ConfigurationError where an agent lists a tool that doesn't exist, and can't come from `elsewhere`."""
    known = set(tools)
    wrong = [
        f"{a.name} lists {t}" for a in agents.values() for t in a.tools if t not in known and not elsewhere(t)
    ]
    if wrong:
        raise ConfigurationError(
            f"There is no such tool: {', '.join(wrong)}. The tools are {', '.join(sorted(known))}."
        )


def _problems(error: ValidationError) -> str:
    def one(detail: Any) -> str:
        field = ".".join(str(part) for part in detail["loc"]) or "front matter"
        return f"{field}: {detail['msg']}"

    return "; ".join(one(detail) for detail in error.errors())


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
