"""A chat platform, a tool and an agent are each one new thing in one place, and nothing else changes."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.chat import PLATFORMS
from core.catalog import BUILT_IN, load_agents

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "adapters", "workers", "bot")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
PLATFORM_NAMES = ("slack", "telegram", "discord", "parlour")

TOOL = """
from pydantic import BaseModel, ConfigDict, Field

from adapters.tools.registry import ToolParts
from core.models import Task
from core.ports.tool import Effect, ToolOutput


class Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(description="what to say backwards")


class Toy:
    name = "toy_reverse"
    description = "Says a text backwards."
    arguments = Arguments
    effect = Effect.READ
    untrusted = False
    integration = None

    def parse(self, task: Task) -> Arguments | None:
        word, _, rest = task.text.partition(" ")
        return Arguments(text=rest) if word == "reverse" else None

    def named_by(self, arguments: Arguments) -> tuple[str, ...]:
        return ()

    async def run(self, arguments: Arguments, *, task: Task, idempotency_key: str) -> ToolOutput:
        return ToolOutput(text=arguments.text[::-1])


def build(parts: ToolParts) -> Toy:
    return Toy()
"""

AGENT = """---
name: reverser
description: Says a text backwards.
tools: [toy_reverse]
examples: ["reverse this text"]
---
Call the tool, and give what it gives.
"""


def test_a_tool_is_one_new_file(tmp_path: Path) -> None:
    """A copy of the tree with one file more knows the tool, and an agent file more may use it."""
    for package in PACKAGES:
        (tmp_path / package).symlink_to(ROOT / package)
    (tmp_path / "adapters").unlink()
    (tmp_path / "adapters").mkdir()
    for entry in (ROOT / "adapters").iterdir():
        if entry.name != "tools":
            (tmp_path / "adapters" / entry.name).symlink_to(entry)
    tools = tmp_path / "adapters" / "tools"
    tools.mkdir()
    for entry in (ROOT / "adapters" / "tools").glob("*.py"):
        (tools / entry.name).symlink_to(entry)
    (tools / "toy_reverse.py").write_text(TOOL)
    team = tmp_path / "team"
    team.mkdir()
    (team / "reverser.md").write_text(AGENT)
    code = f"""
import sys; sys.path.insert(0, {str(tmp_path)!r})
from pathlib import Path
from adapters.settings import Settings
from adapters.assembly import assemble
settings = Settings(redis_url="redis://127.0.0.1:1", flowmate_agents_dir=Path({str(team)!r}),
                    flowmate_data_dir=Path({str(tmp_path / "data")!r}))
assembly = assemble(settings)
assert assembly.agents["reverser"].tools == ("toy_reverse",)
print("known:", sorted(assembly.agents))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert "reverser" in ran.stdout


def test_a_platform_is_one_folder_and_one_line() -> None:
    """Outside its own folder a platform is named exactly once: in the list."""
    mentions: dict[str, set[str]] = {}
    for path in SOURCES:
        place = path.relative_to(ROOT)
        for platform in PLATFORM_NAMES:
            own = Path("adapters/chat") / platform
            if own not in place.parents and _names_in_code(path, platform):
                mentions.setdefault(platform, set()).add(str(place))
    allowed = {"adapters/chat/__init__.py", "bot/cli/slack.py", "bot/cli/app.py"}
    assert mentions.get("slack", set()) <= allowed, "the commands of one platform are the only other place"
    assert not mentions.get("telegram")
    assert not mentions.get("discord")
    assert not mentions.get("parlour"), "tests/integration/test_third_platform.py adds it with one line"


def test_a_new_platform_needs_no_more_than_what_is_there_for_all() -> None:
    """Parlour's adapter, written to see what it takes, uses the core, and what platforms share."""
    shared = {"adapters.chat.platform", "adapters.chat.text", "adapters.chat.cutting", "adapters.chat.pace"}
    folder = ROOT / "tests" / "platforms" / "parlour"
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGES):
                names = {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
                assert (node.module or "").startswith("core.") or names & shared, (
                    f"{path.name}: {node.module}"
                )


def test_the_core_names_no_platform() -> None:
    named = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (ROOT / "core").rglob("*")
        if path.suffix in (".py", ".md")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"\b(slack|telegram|discord|parlour)\b", line, re.IGNORECASE)
    ]
    assert not named


def test_platforms_have_different_names() -> None:
    names = [platform.name for platform in PLATFORMS]
    assert len(set(names)) == len(names) > 0


def test_built_in_agents_are_files_like_any_other() -> None:
    agents = load_agents([BUILT_IN])
    assert set(agents) == {path.stem for path in BUILT_IN.glob("*.md")}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_stay_small(path: Path) -> None:
    """300 lines and 40: what can't be read at one sitting isn't understood at one sitting."""
    text = path.read_text()
    assert text.count("\n") <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            limit = 120 if "adapters/sql/versions" in str(path) else 40
            assert length <= limit or node.name in WIRING, f"{node.name} has {length} lines"


WIRING = frozenset({"assemble", "upgrade"})
"""One long list of what is built from what, and the statements of a migration: cutting them up hides them."""


def _names_in_code(path: Path, platform: str) -> bool:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and platform in (node.module or ""):
            return True
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lower() == platform:
            return True
    return False
