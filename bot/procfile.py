"""The Procfile: which processes `flowmate up` keeps running."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from honcho.environ import parse_procfile

from bot.child import Spec
from core.errors import ConfigurationError

SHELL_SYNTAX = re.compile(r"[$&|;<>()`*?\[\]#~]|^\w+=")


def find_procfile() -> Path:
    """FlowMate's own Procfile: beside the package in a checkout, inside it where it was installed.

    Never the working directory's: that may be another project's, and what it names is run.
    """
    package = Path(__file__).parent
    for candidate in (package / "Procfile", package.parent / "Procfile"):
        if candidate.is_file():
            return candidate
    raise ConfigurationError("FlowMate's Procfile is missing; install FlowMate again or use --procfile.")


def read_procfile(
    path: Path, *, instances: Mapping[str, int], environment: Mapping[str, str]
) -> tuple[Spec, ...]:
    """What to run, in the file's order; a process of several instances is numbered: `worker.1`, `worker.2`.

    Raises ConfigurationError where the file can't be read or names no process.
    """
    try:
        commands = parse_procfile(path.read_text(encoding="utf-8")).processes
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} can't be read.") from error
    except AssertionError as error:  # how honcho reports a name that is there twice
        raise ConfigurationError(f"{path}: {error}.") from error
    if not commands:
        raise ConfigurationError(f"{path} names no process; its lines look like `web: flowmate web`.")
    return tuple(
        Spec(
            name=name if number is None else f"{name}.{number}",
            argv=to_argv(command),
            environment={**environment, "FLOWMATE_PROCESS": name if number is None else f"{name}.{number}"},
        )
        for name, command in commands.items()
        for number in _numbers(instances.get(name))
    )


def to_argv(command: str) -> tuple[str, ...]:
    """A Procfile command as arguments; `flowmate` is this very installation, whatever PATH says."""
    if SHELL_SYNTAX.search(command):
        return ("/bin/sh", "-c", command)
    words = shlex.split(command)
    if words[0] == "flowmate":
        return (*own_command(), *words[1:])
    return tuple(words)


def own_command() -> tuple[str, ...]:
    """How this installation's `flowmate` is started."""
    # -P: nothing is imported from the working directory, which may hold a `bot` of its own.
    return (sys.executable, "-P", str(Path(__file__).parent / "cli" / "__main__.py"))


def _numbers(count: int | None) -> tuple[int | None, ...]:
    return (None,) if count is None else tuple(range(1, count + 1))
