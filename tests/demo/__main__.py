"""`python -m tests.demo`: tell the story; `--yes` tells it without a question, as anything but a terminal does."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from rich.console import Console

from tests.demo.play import play
from tests.demo.telling import COLUMNS, Teller


def main() -> int:
    """0 where it ended as it should, 1 where something in it went otherwise, 130 where somebody broke it off."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument(
        "--yes", action="store_true", help="ask nothing: refuse and approve as the story goes"
    )
    asks = not parser.parse_args().yes and sys.stdin.isatty() and sys.stdout.isatty()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else COLUMNS)
    try:
        return asyncio.run(_until_stopped(Teller(console, asks=asks)))
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("\nBroken off; everything was stopped.")
        return 130


async def _until_stopped(teller: Teller) -> int:
    """Also where the terminal is closed, or somebody ends it: nothing stays behind."""
    playing = asyncio.ensure_future(play(teller))
    for stop in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(stop, playing.cancel)
    return await playing


if __name__ == "__main__":
    sys.exit(main())
