"""What stands in `.env` and does nothing is named, with its line and without its value."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.env_example import render
from adapters.env_file import idle_lines

LINES = [
    ("FLOWMATE_LOGLEVEL=x", "FLOWMATE_LOGLEVEL is no setting; did you mean FLOWMATE_LOG_LEVEL?"),
    ("export OPENAI_KEY=x", "OPENAI_KEY is no setting; did you mean OPENAI_API_KEY?"),
    ("TELEGRAM_TOKEN=x", "TELEGRAM_TOKEN is no setting; did you mean TELEGRAM_BOT_TOKEN?"),
    ("FLOWMATE_LATER=x", "FLOWMATE_LATER is no setting; .env.example names all there are."),
]
FINE = [
    "FLOWMATE_LOG_LEVEL=DEBUG",
    "flowmate_log_level=DEBUG",
    "export SLACK_BOT_TOKEN='invented'",
    "COMPOSE_PROJECT_NAME=other",
    "# FLOWMATE_LOGLEVEL=x",
    "",
]


@pytest.mark.parametrize(("line", "said"), LINES)
def test_a_name_that_is_nearly_a_settings_is_asked_about(line: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(f"FLOWMATE_ZONE=Europe/Berlin\n{line.replace('=x', '=invented-secret')}\n")
    assert idle_lines(path) == (f".env, line 2: {said}",)


@pytest.mark.parametrize("line", FINE)
def test_settings_and_what_is_other_programs_are_not_mentioned(line: str, tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(line)
    assert idle_lines(path) == ()


def test_what_is_no_setting_at_all_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("FLOWMATE_ZONE=UTC\n= invented-secret\nFLOWMATE_PORT=8081\n")
    assert idle_lines(path) == (".env, line 2 is no NAME=value, and does nothing.",)


def test_every_setting_of_the_example_is_one(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    lines = [line.removeprefix("#") for line in render().splitlines() if line.startswith("#") and "=" in line]
    path.write_text("\n".join(line for line in lines if " " not in line.partition("=")[0]))
    assert idle_lines(path) == ()


def test_no_file_and_one_that_is_no_text_are_left_to_who_reads_the_settings(tmp_path: Path) -> None:
    assert idle_lines(tmp_path / ".env") == ()
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00")
    assert idle_lines(tmp_path / ".env") == ()
