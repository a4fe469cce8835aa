"""Server-sent events, however a network cuts them."""

from __future__ import annotations

import pytest

from adapters.llm.openai_events import Events

BODY = ': hello\ndata: {"a": "é"}\n\nevent: ping\n\nid: 7\ndata:1\ndata: 2\nretry: 5\n\ndata: [DONE]\n\n'
DATA = ['{"a": "é"}', "1\n2", "[DONE]"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_are_the_same_however_they_are_cut(end: str, size: int) -> None:
    body, events = BODY.replace("\n", end).encode(), Events()
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    assert [data.decode() for piece in pieces for data in events.take(piece)] == DATA


def test_lines_may_end_in_the_oldest_way() -> None:
    events = Events()
    assert list(events.take(b"data: 1\r\rdata: 2\r\r")) == [b"1"]
    assert list(events.take(b"data: 3\r\r\n")) == [b"2", b"3"]


def test_an_event_is_given_once_it_is_complete_and_not_before() -> None:
    events = Events()
    assert list(events.take(b"data: 1\n")) == []
    assert list(events.take(b"\ndata: 2")) == [b"1"]
    assert list(events.take(b"\n\n")) == [b"2"]
