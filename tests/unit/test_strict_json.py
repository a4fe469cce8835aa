"""JSON as the standard means it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.http.strict_json import MAX_DEPTH, InvalidJson, parse

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**290), max_value=10**290)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


@settings(deadline=None, max_examples=50)
@given(JSON, st.booleans())
def test_what_is_json_comes_through_unchanged(value: Any, ascii_only: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@settings(deadline=None)
@given(st.text())
def test_any_text_written_with_escapes_comes_through_with_its_surrogates_replaced(text: str) -> None:
    # Python writes a pair that stands for one character as it found it: as two.
    expected = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert parse(json.dumps(text).encode()) == expected


@settings(deadline=None)
@given(st.binary())
def test_whatever_comes_is_a_value_or_invalid_json(body: bytes) -> None:
    with contextlib.suppress(InvalidJson):
        parse(body)


@pytest.mark.parametrize(
    ("body", "reason", "field"),
    [
        ("NaN", "NaN is no number in JSON.", None),
        ('{"a": NaN}', "NaN is no number in JSON.", "a"),
        ('{"a": -Infinity}', "-Infinity is no number in JSON.", "a"),
        ('{"a": {"b": [1, {"c": Infinity}]}}', "Infinity is no number in JSON.", "a.b.1.c"),
        ("[[[NaN]]]", "NaN is no number in JSON.", "0.0.0"),
        ('{"a": 1e999}', "the number is too large.", "a"),
        ('{"a": [-1e999]}', "the number is too large.", "a.0"),
        ('{"a": ' + "9" * 5000 + "}", "the number has too many digits.", "a"),
        ('{"a": -' + "9" * 5000 + "}", "the number has too many digits.", "a"),
        ('{"a": 0.' + "9" * 5000 + "}", "the number has too many digits.", "a"),
        ('{"a": 1, "a": 1}', "the name is there twice.", "a"),
        (r'{"a": 1, "\u0061": 1}', "the name is there twice.", "a"),
        ('{"b": {"a": 1, "a": 2}}', "the name is there twice.", "b.a"),
        ('{"b": [{"a": 1, "a": NaN}]}', "the name is there twice.", "b.0.a"),
        ('{"' + "x" * 500 + '": NaN}', "NaN is no number in JSON.", "x" * 60),
        ("[" * 5000 + "]" * 5000, "The body is nested too deeply.", None),
        ("", "The body is empty.", None),
        (" \r\n\t", "The body is empty.", None),
        ("{", "The body is no JSON: Expecting property name enclosed in double quotes", None),
        ("01", "The body is no JSON: Extra data", None),
        ('"\t"', "The body is no JSON: Invalid control character at", None),
        ("\ufeff{}", "The body is no JSON: Unexpected UTF-8 BOM", None),
        ("1 2", "The body is no JSON: Extra data", None),
    ],
)
def test_what_is_no_json_is_refused_with_the_place(body: str, reason: str, field: str | None) -> None:
    with pytest.raises(InvalidJson) as refusal:
        parse(body.encode())
    assert refusal.value.reason.startswith(reason)
    assert refusal.value.field == field


@pytest.mark.parametrize("body", [b"\xff", b'"\xed\xa0\x80"', b"\xff\xfe{\x00}\x00", b'"\xc0\x80"'])
def test_what_is_not_utf_8_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidJson, match="not UTF-8"):
        parse(body)


def test_nesting_is_taken_up_to_its_bound_and_no_further() -> None:
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(InvalidJson, match="too deeply"):
        parse(b"[" * (MAX_DEPTH + 2) + b"]" * (MAX_DEPTH + 2))


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (r'"\ud83d\ude00"', "\U0001f600"),
        (r'"\uD83D\uDE00"', "\U0001f600"),
        (r'"\ud83d"', "\ufffd"),
        (r'"\ude00"', "\ufffd"),
        (r'"\ude00\ud83d"', "\ufffd\ufffd"),
        (r'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600"),
        (r'"\\ud83d"', r"\ud83d"),
        (r'"\\\ud83d"', "\\\ufffd"),
        (r'"\ud83d\n"', "\ufffd\n"),
        (r'{"\ud800": 1}', {"\ufffd": 1}),
    ],
)
def test_half_a_surrogate_pair_is_replaced(written: str, value: Any) -> None:
    assert parse(written.encode()) == value
