"""The Procfile, as `up` and as honcho read it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bot.procfile import find_procfile, own_command, read_procfile, to_argv
from core.errors import ConfigurationError


def test_our_own_procfile_has_the_three_processes_with_as_many_workers_as_asked_for() -> None:
    specs = read_procfile(find_procfile(), instances={"worker": 2}, environment={"REDIS_URL": "unix:///x"})

    assert [spec.name for spec in specs] == ["web", "worker.1", "worker.2", "scheduler"]
    assert [spec.argv[-1] for spec in specs] == ["web", "worker", "worker", "scheduler"]
    assert specs[1].environment == {"REDIS_URL": "unix:///x", "FLOWMATE_PROCESS": "worker.1"}


@pytest.mark.parametrize(
    ("command", "argv"),
    [
        ("flowmate web", (*own_command(), "web")),
        ("python -c 'a b'", ("python", "-c", "a b")),
        ("sleep 1 && sleep 2", ("/bin/sh", "-c", "sleep 1 && sleep 2")),
        ("gunicorn --bind 0.0.0.0:$PORT", ("/bin/sh", "-c", "gunicorn --bind 0.0.0.0:$PORT")),
        ("A=1 env", ("/bin/sh", "-c", "A=1 env")),
    ],
)
def test_a_shell_runs_only_what_needs_one(command: str, argv: tuple[str, ...]) -> None:
    assert to_argv(command) == argv


def test_flowmate_is_this_installation_and_imports_nothing_from_the_working_directory() -> None:
    assert own_command()[:2] == (sys.executable, "-P")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", "names no process"), ("web flowmate", "names no process"), ("web: a\nweb: b", "unique")],
)
def test_a_bad_procfile_is_refused_in_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "Procfile"
    path.write_text(text)

    with pytest.raises(ConfigurationError, match=sentence):
        read_procfile(path, instances={}, environment={})


def test_a_missing_procfile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        read_procfile(tmp_path / "Procfile", instances={}, environment={})
