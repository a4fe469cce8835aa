"""`flowmate keys rotate`: a new key for all integrations, also while FlowMate runs."""

from __future__ import annotations

from rich.text import Text

from adapters.connecting import rotate_keys
from adapters.settings import Settings
from bot.cli.terminal import stderr, stdout
from core.rendering.grammar import counted


async def rotate(settings: Settings) -> int:
    """Seal everything anew; returns the exit code, 1 where something could not be opened."""
    done = await rotate_keys(settings)
    sealed = counted(
        done.resealed,
        "{count} integration is sealed with a new key.",
        "{count} integrations are sealed with a new key.",
    )
    stdout().print(Text(f"{sealed} {'' if done.left else 'The old one is gone.'}".strip()))
    aside = stderr()
    if done.broken:
        many = counted(
            len(done.broken), "{count} integration can't be opened", "{count} integrations can't be opened"
        )
        aside.print(
            Text(f"{many}, and stays as it is; connect it again: {', '.join(done.broken[:20])}"),
            soft_wrap=True,
        )
    elif len(settings.integration_enc_keys) > 1:
        aside.print(
            Text("The older values in INTEGRATION_ENC_KEY are no longer needed.", style="dim"), soft_wrap=True
        )
    return 1 if done.broken else 0
