"""The two ways out: stdout for what was asked for, stderr for everything that accompanies it."""

from __future__ import annotations

import os
import sys
from typing import Any

from rich.console import Console


class SteadyConsole(Console):
    """A console that falls silent when nobody reads it any more, instead of ending the process."""

    def print(self, *objects: Any, **options: Any) -> None:
        try:
            super().print(*objects, **options)
        except OSError:  # a terminal that was closed answers EIO
            self.quiet = True

    def on_broken_pipe(self) -> None:
        self.quiet = True
        # The interpreter flushes stdout once more at its end, which must not fail either.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def stdout() -> Console:
    return Console(highlight=False)


def stderr() -> Console:
    return Console(stderr=True, highlight=False)


def is_live(console: Console) -> bool:
    """Whether lines can be redrawn there."""
    return console.is_terminal and not console.is_dumb_terminal


def speaks_unicode(console: Console) -> bool:
    return console.encoding.lower().replace("-", "") in ("utf8", "utf16", "utf32")
