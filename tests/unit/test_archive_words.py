"""What is said of archives: tables in words, and what is not in them."""

from __future__ import annotations

from adapters.sql.archive import TABLES
from core.rendering import archives


def test_every_table_of_an_archive_has_words() -> None:
    assert set(archives.ROWS) == {*TABLES, "agents"}
    one, many = archives.held(dict.fromkeys(archives.ROWS, 1)), archives.held(dict.fromkeys(archives.ROWS, 2))
    assert "_" not in one + many
    assert one.startswith("1 note, 1 instruction, 1 step")
    assert "2 agents that people made, 2 versions of such agents" in many


def test_only_what_there_is_is_named() -> None:
    assert archives.held({"notes": 0, "schedules": 2, "events": 2340}) == "2 schedules and 2,340 events"
    assert archives.held({"notes": 0}) == ""
    assert archives.restored({"notes": 1, "steps": 0}) == "Restored: 1 note."
    assert archives.restored({"notes": 0, "steps": 0}) == "Nothing was missing."
