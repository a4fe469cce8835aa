"""The commands around the service: help, settings, doctor, agents, manifest, migrate."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.integration.test_cli_command import Flowmate, free_port

ROOT = Path(__file__).parents[2]
COMMANDS = "up web worker scheduler ask plan chat doctor migrate restore agents slack".split()
HEAVY = ("pydantic", "aiohttp", "redis", "sqlalchemy", "fastapi", "openai", "adapters", "workers")


@pytest.fixture
def flowmate(tmp_path: Path) -> Flowmate:
    return Flowmate(tmp_path, port=free_port())


async def test_help_names_every_command(flowmate: Flowmate) -> None:
    ran = await flowmate.run("--help")

    assert ran.code == 0
    assert [name for name in COMMANDS if f" {name} " not in ran.out] == []


def test_the_command_line_loads_nothing_heavy() -> None:
    code = "import sys, bot.cli.app; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert "typer" in loaded
    assert set(HEAVY) & set(loaded) == set()


@pytest.mark.parametrize("command", [["up"], ["ask", "hi"], ["plan", "hi"], ["migrate"], ["agents", "list"]])
async def test_wrong_settings_are_one_line_without_their_values(
    flowmate: Flowmate, command: list[str]
) -> None:
    wrong = {"FLOWMATE_PORT": "123456789", "FLOWMATE_ZONE": "Atlantis/Centre"}

    ran = await flowmate.run(*command, environment=wrong)

    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "FLOWMATE_PORT: " in ran.err
    assert "FLOWMATE_ZONE: " in ran.err
    assert "123456789" not in ran.err


async def test_doctor_where_nothing_ever_ran_says_so_and_makes_nothing(flowmate: Flowmate) -> None:
    before = sorted(flowmate.folder.rglob("*"))

    ran = await flowmate.run("doctor")

    assert ran.code == 1
    assert "FlowMate never ran from here" in " ".join(ran.out.split())
    assert "there is none yet" in ran.out
    assert "migrations" not in ran.out
    assert sorted(flowmate.folder.rglob("*")) == before


WRONG = {
    "FLOWMATE_PORT": ("99999", "give 65535 at most"),
    "FLOWMATE_WORKERS": ("0", "give 1 or more"),
    "RATE_LIMIT_MAX_REQUESTS": ("ten", "give a whole number"),
    "FLOWMATE_ENV": ("prod", "give 'development' or 'production'"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_setting_is_told_with_what_would_be_right(flowmate: Flowmate, name: str) -> None:
    value, said = WRONG[name]

    ran = await flowmate.run("agents", "list", environment={name: value})

    assert (ran.code, ran.err) == (1, f"flowmate: Some settings are wrong: {name}: {said}.\n")


async def test_migrate_makes_the_database_and_may_be_repeated(flowmate: Flowmate) -> None:
    first, second = await flowmate.run("migrate"), await flowmate.run("migrate")

    assert (first.code, second.code) == (0, 0)
    assert (flowmate.folder / "data" / "flowmate.sqlite3").exists()


async def test_archives_are_made_and_listed_before_anything_was_started(flowmate: Flowmate) -> None:
    none = await flowmate.run("backups")
    made = await flowmate.run("backup")

    assert (none.code, none.out) == (0, ""), none.err
    assert made.code == 0, made.err
    assert "It holds" in made.err
    assert made.err.count("Connected services are not in it") == 1


async def test_restoring_what_is_all_there_says_so(flowmate: Flowmate) -> None:
    made = await flowmate.run("backup")
    back = await flowmate.run("restore", made.out.strip())

    assert (back.code, back.out) == (0, "Nothing was missing.\n"), back.err
    assert back.err.startswith("Connected services are not in backups")
    assert "schedule" not in back.err


async def test_an_archive_goes_into_no_workspace_that_is_none(flowmate: Flowmate) -> None:
    made = await flowmate.run("backup")
    refused = await flowmate.run("restore", made.out.strip(), "--workspace", "nosuch")

    assert (refused.code, refused.out) == (2, "")
    assert "nosuch is no workspace" in " ".join(refused.err.replace("│", " ").split())


async def test_which_version_it_is_is_said(flowmate: Flowmate) -> None:
    ran = await flowmate.run("--version")

    assert (ran.code, ran.out) == (0, f"flowmate {version('flowmate')}\n")


async def test_agents_list_has_a_teams_own_beside_the_built_in_ones(flowmate: Flowmate) -> None:
    folder = flowmate.folder / "data" / "agents"
    folder.mkdir(parents=True)
    (folder / "poet.md").write_text("---\nname: poet\ndescription: Writes verses.\n---\nRhyme.\n")

    plain, as_json = await flowmate.run("agents", "list"), await flowmate.run("agents", "list", "--json")

    assert "poet\tWrites verses." in plain.out.splitlines()
    assert "poet" in [agent["name"] for agent in json.loads(as_json.out)]


async def test_a_broken_agent_file_is_one_line(flowmate: Flowmate) -> None:
    folder = flowmate.folder / "data" / "agents"
    folder.mkdir(parents=True)
    (folder / "poet.md").write_text("no front matter")

    ran = await flowmate.run("agents", "list")

    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "poet.md" in ran.err


@pytest.mark.parametrize(
    ("arguments", "over_socket"),
    [
        ([], True),
        (["--base-url", "https://bot.example"], False),
        (["--http"], False),
        (["--socket-mode"], True),
    ],
)
async def test_the_slack_manifest_is_json_for_how_events_arrive(
    flowmate: Flowmate, arguments: list[str], over_socket: bool
) -> None:
    ran = await flowmate.run("slack", "manifest", *arguments)

    assert ran.code == 0
    assert json.loads(ran.out)["settings"]["socket_mode_enabled"] is over_socket


async def test_doctor_says_what_is_broken_and_how_to_mend_it(flowmate: Flowmate) -> None:
    await flowmate.run("migrate")
    plain, as_json = await flowmate.run("doctor"), await flowmate.run("doctor", "--json")

    found = {finding["subject"]: finding for finding in json.loads(as_json.out)}
    assert (plain.code, as_json.code) == (1, 1)
    assert found["settings"]["ok"]
    assert found["data folder"]["ok"]
    assert found["database"]["ok"]
    assert found["disk space"]["ok"]
    assert not found["web"]["ok"]
    assert "Start it with `flowmate up`." in plain.out


async def test_doctor_names_wrong_settings_first_and_alone(flowmate: Flowmate) -> None:
    ran = await flowmate.run("doctor", "--json", environment={"FLOWMATE_PORT": "x"})

    findings = json.loads(ran.out)
    assert ran.code == 1
    assert [finding["subject"] for finding in findings] == ["settings"]
    assert "FLOWMATE_PORT" in findings[0]["detail"]
