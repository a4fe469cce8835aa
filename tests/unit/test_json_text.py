"""JSON as the databases keep it says the same as the standard library's."""

from __future__ import annotations

import json
import math

import pytest

from adapters.sql import json_text

VALUES: list[object] = [
    None, [], {}, "", "ü\u2028\x00", "half \ud83d of a pair", {"\ud83d": 1}, 10**40, -0.0, 1e-7, 1e300,
    {"a": [True, None, {"b": 0.1}]}, ("x", 2), math.inf,
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_is_written_is_read_as_the_standard_library_reads_it(value: object) -> None:
    written = json_text.written(value)
    assert json_text.read(written) == json.loads(written) == json.loads(json.dumps(value))


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_the_standard_library_wrote_is_read_alike(value: object) -> None:
    text = json.dumps(value)
    assert json_text.read(text) == json_text.read(text.encode()) == json.loads(text)


def test_what_is_no_json_is_refused_as_before() -> None:
    with pytest.raises(json.JSONDecodeError):
        json_text.read("{")
