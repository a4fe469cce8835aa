"""Cleaning what people send; the row numbers are those of the bad-input table."""

from __future__ import annotations

import pytest

from adapters.chat.text import clean, clean_name


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("add 1 and 1", "add 1 and 1"),
        ("  two\n lines\t\n", "two\n lines"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\x00b\x07c\x7fd\x9be", "abcde"),
        ("x\ud800y\udfffz", "xyz"),
        ("\u202eevil\u202c \u2066i\u2069\u200f", "evil i"),
        ("a\u200bb\u2060c\ufeffd\u00ade", "abcde"),
        ("a\U000e0041\U000e0042b", "ab"),
        ("he\u200dlp \u200c", "help"),
        ("\U0001f469\u200d\U0001f4bb", "\U0001f469\u200d\U0001f4bb"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("Grüße, 東京 🎉", "Grüße, 東京 🎉"),
    ],
)
def test_row_23_what_can_not_be_seen_or_stored_is_stripped(raw: str, expected: str) -> None:
    assert clean(raw) == expected
    assert clean(clean(raw)) == expected


@pytest.mark.parametrize(
    "raw", ["", " \n\t", "\u200b", "\u200d\u200d\u200d", "\ufeff \u2060", "\u3164", "\u3000\xa0"]
)
def test_row_21_nothing_visible_is_nothing(raw: str) -> None:
    assert clean(raw) == ""


def test_a_name_is_one_short_line() -> None:
    assert clean_name("Ada\n\u202e  Lovelace" + "x" * 200) == "Ada Lovelace" + "x" * 68
