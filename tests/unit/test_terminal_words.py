"""Refusals in a terminal name the terminal's commands."""

from __future__ import annotations

import pytest

from core.rendering import budgets, making
from core.rendering.terminal import in_terminal

SAID = [
    (making.unknown("digst"), "`flowmate agents list` shows", "agent list"),
    (budgets.NO_SUCH_BUDGET, "`flowmate budget list` shows", '"budget list'),
    (budgets.unknown_person("Zoe"), "as `flowmate usage` shows", '"usage by'),
    (budgets.NO_BUDGETS, "There are no budgets. Say it like `flowmate budget set", "@ada"),
]


@pytest.mark.parametrize(("said", "command", "gone"), SAID)
def test_what_is_said_in_a_chat_is_a_command_there(said: str, command: str, gone: str) -> None:
    assert gone in said
    assert command in in_terminal(said)
    assert gone not in in_terminal(said)
