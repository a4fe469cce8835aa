"""The backup tool: what asks for one, and what it says."""

from __future__ import annotations

import pytest

from core.errors import StoreUnavailable
from tests.unit.tool_bench import ShelfArchive, said, task, tools


@pytest.mark.parametrize(
    "text",
    [
        "create backup",
        "back everything up",
        "export our data to an archive",
        "Please make me a backup of the workspace.",
        "backup now",
        "can you back up the workspace data?",
        "I'd like a backup of all our data",
        "run a backup pls",
        "make a fresh backup archive",
        "creat bakcup",
        "bakup everything plz",
        "we're upgrading tonight, please create a backup of the data",
        "take a snapshot of our data",
        "Hello dear bot, could you kindly create a backup? Many thanks in advance.",
        "archive the whole workspace",
        "@backup",
        "@backup please",
        "do a full backup before the release",
        "save a copy of all our data",
        "back up",
        "then back it up",
    ],
)
def test_requests_for_a_backup_are_recognised(text: str) -> None:
    tool = tools()["create_backup"]
    assert tool.parse(task(text)) is not None


def test_an_agent_chosen_by_hand_needs_no_words() -> None:
    assert tools()["create_backup"].parse(task("", instruction="@backup")) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "remember to back up the server tomorrow",
        "note that the backup ran",
        "find my notes about the backup",
        "email ops@example.org that the backup finished",
        "write a poem about our nightly backup",
        "what does https://example.com/backup say",
        "what date is 30 days after the last backup on 2026-03-14",
        "when was the last backup",
        "restore the backup",
        "is there a backup?",
        "translate 'create a backup' to German",
        "what is a backup",
        "back to work",
        "data",
        "archive",
        "delete the backup",
        "how do I back up a phone",
        "I'm back",
        "create a poll",
        "export the song",
        "Before you send an email to ops@example.com, create a backup",
    ],
)
def test_other_requests_make_no_backup(text: str) -> None:
    assert tools()["create_backup"].parse(task(text)) is None


async def test_the_answer_says_what_was_made_and_how_to_restore_it() -> None:
    tool = tools()["create_backup"]
    output = await tool.run(tool.arguments(), task=task("create backup"), idempotency_key="k1")
    assert output.text.splitlines() == [
        "**Backup created**",
        "- File: `team-k1.tar.gz`, 48.2 kB",
        "- Place: `/data/backups`",
        "- Content: 352 rows (12 notes and 340 instructions)",
        "- Checksum: sha256 `0123456789ab`",
        "- Restore with `flowmate restore /data/backups/team-k1.tar.gz`",
    ]
    assert [artifact.name for artifact in output.artifacts] == ["team-k1.tar.gz"]


async def test_the_same_step_asks_for_the_same_backup() -> None:
    shelf = ShelfArchive()
    tool = tools(archive=shelf)["create_backup"]
    for _ in range(2):
        await said(tool, task("create backup"), key="step-7:0")
    assert shelf.keys == ["step-7:0", "step-7:0"]


async def test_a_database_that_is_away_is_worth_another_try() -> None:
    shelf = ShelfArchive()
    shelf.down = True
    with pytest.raises(StoreUnavailable):
        await said(tools(archive=shelf)["create_backup"], task("create backup"))
