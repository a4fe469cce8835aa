"""`flowmate ask`: one instruction, one answer."""

from __future__ import annotations

import sys

from rich.console import Console

from adapters.settings import Settings
from bot.cli import markdown
from bot.cli.asking_back import Prompt
from bot.cli.bodies import Answer
from bot.cli.client import Api, Question
from bot.cli.conversing import converse
from bot.cli.progress import Progress, ProgressView
from bot.cli.terminal import is_live, stderr, stdout
from bot.cli.words import Words
from core.models import Status
from core.rendering import terminal as words

STATUS_STYLES = {"success": "green", "partial": "yellow", "failed": "red", "cancelled": "yellow"}


async def ask(settings: Settings, question: Question, *, as_json: bool) -> int:
    """Ask, show the way and print the answer; returns the exit code."""
    async with Api(settings) as api:
        answer = await answer_to(api, question, console=stderr(), zone=settings.flowmate_zone)
    if as_json:
        sys.stdout.write(answer.body.rstrip("\n") + "\n")
    else:
        show(answer, out=stdout(), aside=stderr())
    return 0 if answer.status == Status.SUCCESS else 1


async def answer_to(api: Api, question: Question, *, console: Console, zone: str) -> Answer:
    progress = Progress(written=Words() if is_live(console) else None)
    async with ProgressView(progress, console) as view:
        prompt = Prompt(api, console=console, paused=view.paused, zone=zone)
        return await converse(api, question, progress=progress, prompt=prompt)


def show(answer: Answer, *, out: Console, aside: Console) -> None:
    """The answer on stdout; what it took beside it, where somebody looks."""
    show_text(answer.answer or "", out=out)
    if is_live(aside) and answer.delegation_id:
        style = STATUS_STYLES.get(answer.status or "", "")
        aside.print(f"[{style}]{answer.status}[/] [dim]· {_took(answer)}[/]")


def show_text(text: str, *, out: Console) -> None:
    """Markdown, drawn where somebody looks and as it is anywhere else."""
    if out.is_terminal:
        out.print()
        out.print(markdown.Answer(text))
        out.print()
    else:
        sys.stdout.write(text.rstrip("\n") + "\n")


def _took(answer: Answer) -> str:
    metrics = answer.metrics
    parts = [f"{metrics.total_ms / 1000:.1f} s", words.agents(metrics.agents)]
    if metrics.retries:
        parts.append(words.retries(metrics.retries))
    parts.append(words.tokens(metrics.input_tokens + metrics.output_tokens))
    if metrics.cost_usd:
        parts.append(f"${metrics.cost_usd:.4f}")
    return " · ".join(parts)
