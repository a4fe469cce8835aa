"""`flowmate approvals`, `approve` and `deny`: what waits for a yes, over the running service."""

from __future__ import annotations

import json
import sys

from rich.console import Console
from rich.text import Text

from adapters.settings import Settings
from bot.cli.bodies import ApprovalCard
from bot.cli.client import Api, CallFailed
from bot.cli.terminal import stdout
from core.models import ApprovalState, Decision
from core.rendering import approvals as words


async def list_approvals(settings: Settings, *, as_json: bool) -> int:
    """Show everything that waits; returns the exit code."""
    async with Api(settings) as api:
        cards = await api.approvals()
    if as_json:
        sys.stdout.write(json.dumps([card.model_dump(by_alias=True, mode="json") for card in cards]) + "\n")
        return 0
    console = stdout()
    if not cards:
        console.print(Text(words.NOTHING_WAITS))
    for card in cards:
        show_request(card, console=console, zone=settings.flowmate_zone)
        console.print(Text(words.HOW_ELSE.format(id=card.id[:8]), style="dim"), soft_wrap=True)
    return 0


async def decide(settings: Settings, approval_id: str, decision: Decision) -> int:
    """Approve or deny what has this id, or the only one that begins like it; returns the exit code."""
    async with Api(settings) as api:
        begin_so = await api.approvals(id=approval_id.lower())
        # What is decided already is only looked at where nothing waits: the service says how it was decided.
        waiting = [card.id for card in begin_so if card.state is ApprovalState.PENDING]
        found = waiting or [card.id for card in begin_so]
        if len(found) > 1:
            raise CallFailed(words.AMBIGUOUS)
        card = await api.decide(found[0] if found else approval_id, decision)
    stdout().print(Text(words.verdict(card.to_approval(), zone=settings.flowmate_zone)))
    return 0


def show_request(card: ApprovalCard, *, console: Console, zone: str) -> None:
    """Who asks, for what exactly, and what was read before."""
    approval = card.to_approval()
    console.print(Text(words.lead(approval), style="bold"), soft_wrap=True)
    console.print(Text(indented(words.arguments(approval)), style="cyan"), soft_wrap=True)
    if approval.unnamed:
        console.print(Text(f"{words.UNNAMED}\n{indented(words.targets(approval))}", style="yellow"))
    if approval.sources:
        console.print(Text(f"{words.READ_BEFORE}\n{indented(words.sources(approval))}", style="yellow"))
    console.print(Text(words.until(approval, zone=zone), style="dim"), soft_wrap=True)


def indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
