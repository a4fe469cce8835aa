"""`make demo`, told once without a question: what it promises at its end is so, and nothing of it stays behind."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from tests.demo.story import ORDER, STRANGER, TEAM
from tests.integration.service import own_environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]
ROOT = Path(__file__).parents[2]
TOLD_SECONDS = 120.0


async def test_the_demo_ends_as_it_says_and_leaves_nothing_behind(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.demo",
        "--yes",
        cwd=ROOT,
        env={**own_environment(), "TMPDIR": str(tmp_path)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(TOLD_SECONDS):
        out = (await process.communicate())[0].decode()
    assert process.returncode == 0, out
    _, file, up, made, asked, mailed, posted, spent = re.split(r"^\d\. ", out, flags=re.MULTILINE)
    assert "$ flowmate agents templates oncall-handover > data/agents/oncall-handover.md" in file
    assert "connected (Socket Mode)" in up
    assert "Made the agent incident-summary" in made
    _check_the_questions(asked)
    assert mailed.startswith("What the mail server took: 1 mail.\n"), mailed
    assert re.search(rf"^  To: {TEAM}$", mailed, re.MULTILINE), mailed
    _, channel = posted.split("In the channel:\n")
    assert "**Open**\n  - mend the release" in channel
    assert re.search(r"\$0\.00\d\d, [\d,]+ tokens in 9 model calls", spent), spent
    assert out.splitlines()[-1].startswith(f"One summary to {TEAM}, one digest in the channel"), out
    assert not list(tmp_path.iterdir())
    assert not _living_in(tmp_path)


def _check_the_questions(asked: str) -> None:
    """The stranger is told apart and refused before the team's mail is approved; who can't mail isn't even asked."""
    strangers, teams = asked.split("wants to call send_email.")[1:]
    assert f"to: {STRANGER}" in strangers
    assert f"Not named in the instruction:\n    {STRANGER}" in strangers
    assert "Read before that, from outside:\n    incident-summary: sum up" in strangers
    assert "Denied by operator" in strangers
    assert f"to: {TEAM}" in teams
    assert ORDER in teams, "whoever approves sees what stands in the mail"
    assert "Not named" not in teams
    assert "Approved by operator" in teams
    assert "send_email was not called: operator said no." in teams
    assert "Denied: send_email is not one of your tools." in teams


def _living_in(folder: Path) -> list[str]:
    """The processes that were begun with this folder in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(folder).encode() in (entry / "environ").read_bytes():
                found.append(entry.name)
        except OSError:
            continue
    return found
