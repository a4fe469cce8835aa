"""What `flowmate up` says about the agents that there are."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from adapters.settings import Settings
from bot.cli.bodies import ServiceStatus
from bot.cli.summary import show_summary

FILES = ("backup", "calculator", "clock")


@pytest.mark.parametrize(
    ("files", "replaced", "made", "expected"),
    [
        (FILES, (), None, "backup, calculator, clock"),
        (FILES, (), 0, "backup, calculator, clock"),
        (FILES, (), 1, "backup, calculator, clock; people made one more"),
        (FILES * 3, (), 12, "clock, backup, calculator and 1 more; people made 12 more"),
        (FILES, ("clock",), 0, "backup, calculator, clock; your own clock instead of the built-in"),
        (
            FILES,
            ("backup", "clock"),
            1,
            "clock; your own backup and clock instead of the built-in; people made one more",
        ),
    ],
)
def test_agents_that_people_made_are_counted_and_those_that_replace_others_named(
    files: tuple[str, ...], replaced: tuple[str, ...], made: int | None, expected: str
) -> None:
    console = Console(file=io.StringIO(), width=200)
    status = ServiceStatus(agents=files, replaced_agents=replaced, made_agents=made)
    show_summary(Settings(), status, link=None, console=console, logs="logs/")
    assert isinstance(console.file, io.StringIO)
    [line] = [line for line in console.file.getvalue().splitlines() if line.strip().startswith("Agents")]
    assert line.strip().endswith(expected)
    assert ("made" in line) is bool(made)
