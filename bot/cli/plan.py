"""`flowmate plan`: what would run, without running it."""

from __future__ import annotations

import sys

from rich.text import Text
from rich.tree import Tree

from adapters.settings import Settings
from bot.cli.bodies import PlanAnswer, PlanStep
from bot.cli.client import Api, Question
from bot.cli.progress import one_line
from bot.cli.terminal import stdout
from bot.readout import printable
from core.rendering import planning, terminal
from core.rendering.grammar import listed


async def plan(settings: Settings, question: Question, *, as_json: bool) -> int:
    """Show the plan; returns the exit code."""
    async with Api(settings) as api:
        found = await api.plan(question)
    if as_json:
        sys.stdout.write(found.body.rstrip("\n") + "\n")
        return 0
    console = stdout()
    if not found.steps:
        console.print(Text(printable(found.question or planning.NOTHING_WOULD_RUN)))
    else:
        console.print(to_tree(found))
    return 0


def to_tree(found: PlanAnswer) -> Tree:
    """The steps, each below the last one that it waits for; side by side is at the same time."""
    planner = planning.PLANNED_BY.get(found.planner, found.planner)
    count = terminal.steps(len(found.steps))
    tree = Tree(Text(f"{count}, {printable(planner)}", style="dim"), guide_style="dim")
    nodes: dict[int, Tree] = {}
    for index, step in enumerate(found.steps):
        above = [i for i in step.depends_on if i in nodes]
        nodes[index] = (nodes[max(above)] if above else tree).add(_line(step, found.steps, above))
    return tree


def _line(step: PlanStep, steps: tuple[PlanStep, ...], above: list[int]) -> Text:
    line = Text(printable(step.agent), style="bold")
    line.append(f"  {one_line(step.task)}", style="not bold")
    if len(above) > 1:
        names = listed(printable(steps[i].agent) for i in above)
        line.append(f"  ({terminal.after(names)})", style="not bold dim")
    return line
