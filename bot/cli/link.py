"""`flowmate link`: a link that opens the chat page."""

from __future__ import annotations

from rich.text import Text

from adapters.settings import Settings
from bot.cli.client import Api
from bot.cli.terminal import stderr, stdout
from bot.readout import printable


async def link(settings: Settings) -> int:
    """Print it; returns the exit code. The link alone goes to standard output."""
    async with Api(settings) as api:
        made = await api.link()
    stdout().print(Text(printable(made.url)), soft_wrap=True)
    until = made.expires_at.strftime("%d %b %Y, %H:%M UTC")
    stderr().print(Text(f"It opens the chat page once, until {until}.", style="dim"))
    return 0
