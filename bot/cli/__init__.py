"""The command line: `flowmate …`."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from core.errors import ConfigurationError, FlowMateError
from core.integrations.masking import KNOWN

T = TypeVar("T")
PROCESSES = ("web", "worker", "scheduler")
TEMPLATE_ARGUMENT = "_template"
"""With a descriptor behind it: be the template that `bot.nursery` starts. The two together are longer than any of
PROCESSES, which takes their place in what `ps` shows."""
LAST_WORDS = "flowmate: "
"""How each line begins that a process says before it ends because of what FlowMate raises on purpose."""
OBJECTS_BETWEEN_COLLECTIONS = 100_000
"""Loading makes objects that stay. Python's default, 700, looks through all of them again and again for what could go,
which takes a third of the start of a process."""


def main() -> None:
    """Run one command. What FlowMate raises on purpose becomes one line on stderr and the exit code."""
    # Whatever is written (database, archives, logs, tokens) is for this user alone.
    os.umask(0o077)
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    sys.excepthook = _say_masked
    try:
        if len(sys.argv) == 3 and sys.argv[1] == TEMPLATE_ARGUMENT:
            # In each process that it forks this goes on as if that had been started by its name.
            if code := _run(_be_template, int(sys.argv[2])):
                sys.exit(code)
        if len(sys.argv) == 2 and sys.argv[1] in PROCESSES:
            # Imported here: the other commands don't need it, and it doesn't need them.
            from bot.processes import run

            sys.exit(_run(run, sys.argv[1]))
        # Loaded here, so that `bot.cli.client` and the like can be imported without the whole command line.
        from bot.cli.app import app

        app(prog_name="flowmate")
    except FlowMateError as error:
        _say(error)
        sys.exit(getattr(error, "exit_code", 1))
    except KeyboardInterrupt:
        sys.exit(130)


def _be_template(line: int) -> int:
    from bot.cradle import fork_on_request
    from bot.loading import load

    load()
    fork_on_request(line)
    return 0


def _run(run: Callable[[T], int], given: T) -> int:
    try:
        return run(given)
    except ConfigurationError as error:
        _say(error)
        # So that `up` does not try again what can't work.
        return os.EX_CONFIG


def _say(error: FlowMateError) -> None:
    sys.stderr.writelines(f"{LAST_WORDS}{line}\n" for line in KNOWN.mask(error.sentence).splitlines())


def _say_masked(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    sys.stderr.write(KNOWN.mask("".join(traceback.format_exception(kind, error, where))))
