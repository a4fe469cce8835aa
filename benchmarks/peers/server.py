"""The model and the place where answers arrive, in a process of its own: python -m benchmarks.peers.server

It says "ready PORT" once it listens. Lean, so that it is nobody's bottleneck: a bare protocol on uvloop and httptools.

    POST /v1/chat/completions   the answer after `--latency` seconds, streamed where the request asks for that
    POST /start?name=N          counts from nought what comes for delegations named N-…, and starts the clock
    POST /sink                  {"delegation": …, "answer": …}: one answer arrived
    GET  /wait?count=N          answers once N delegations have arrived: what was counted, and the seconds it took

An answer counts as arrived when it holds what all three agents said; anything else (a placeholder) is a notice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import httptools
import uvloop

SAID = "quite finished"
AGENTS = 3
USAGE = {"prompt_tokens": 12, "completion_tokens": 2, "total_tokens": 14}
HEAD = {"id": "chatcmpl-1", "created": 1, "model": "scripted"}


def _whole() -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": SAID}, "finish_reason": "stop"}
    return _response({**HEAD, "object": "chat.completion", "choices": [choice], "usage": USAGE})


def _stream() -> bytes:
    said = {"index": 0, "delta": {"role": "assistant", "content": SAID}, "finish_reason": None}
    end = {"index": 0, "delta": {}, "finish_reason": "stop"}
    head = {**HEAD, "object": "chat.completion.chunk"}
    chunks = (
        {**head, "choices": [said]},
        {**head, "choices": [end]},
        {**head, "choices": [], "usage": USAGE},
    )
    lines = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
    return _bytes(lines.encode(), kind="text/event-stream")


def _response(content: object) -> bytes:
    return _bytes(json.dumps(content).encode(), kind="application/json")


def _bytes(body: bytes, *, kind: str, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


WHOLE, STREAM = _whole(), _stream()
OK = _response({"ok": True})
UNKNOWN = _bytes(b"{}", kind="application/json", status="404 Not Found")


@dataclass
class Tally:
    """What has come in since the start."""

    name: str = ""
    started: float = field(default_factory=time.perf_counter)
    answers: Counter[str] = field(default_factory=Counter)
    arrivals: list[float] = field(default_factory=list)
    """Seconds after the start, one for each delegation's first answer."""
    notices: int = 0
    calls: int = 0
    in_flight: int = 0
    most_in_flight: int = 0

    def arrive(self, delegation: str, answer: str) -> None:
        if not delegation.startswith(self.name):
            # An edit of the warm-up's that came late.
            return
        if answer.count(SAID) < AGENTS:
            self.notices += 1
            return
        self.answers[delegation] += 1
        if self.answers[delegation] == 1:
            self.arrivals.append(time.perf_counter() - self.started)

    def report(self, count: int) -> dict[str, Any]:
        return {
            "seconds": self.arrivals[count - 1],
            "first": self.arrivals[0],
            "arrived": len(self.arrivals),
            "repeated": sum(number - 1 for number in self.answers.values()),
            "notices": self.notices,
            "calls": self.calls,
            "most_in_flight": self.most_in_flight,
        }


class Desk:
    """What all connections share."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.tally = Tally()
        self.waiting: list[tuple[int, Connection]] = []

    def start(self, name: str) -> None:
        self.tally = Tally(name=f"{name}-")

    def settle(self) -> None:
        """Answer those who wait for what has arrived by now."""
        ready = [one for one in self.waiting if one[0] <= len(self.tally.arrivals)]
        self.waiting = [one for one in self.waiting if one not in ready]
        for count, connection in ready:
            connection.answer(_response(self.tally.report(count)))


class Connection(asyncio.Protocol):
    """One keep-alive connection; one request at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._url = b""
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if self._transport is not None:
                self._transport.close()

    def on_message_begin(self) -> None:
        self._url = self._body = b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        target = urlsplit(self._url.decode())
        if target.path == "/v1/chat/completions":
            self._think()
        elif target.path == "/sink":
            arrived = json.loads(self._body)
            self._desk.tally.arrive(arrived["delegation"], arrived["answer"])
            self.answer(OK)
            self._desk.settle()
        elif target.path == "/start":
            self._desk.start(parse_qs(target.query)["name"][0])
            self.answer(OK)
        elif target.path == "/wait":
            self._desk.waiting.append((int(parse_qs(target.query)["count"][0]), self))
            self._desk.settle()
        else:
            self.answer(UNKNOWN)

    def answer(self, response: bytes) -> None:
        if self._transport is not None:
            self._transport.write(response)

    def _think(self) -> None:
        tally = self._desk.tally
        tally.calls += 1
        tally.in_flight += 1
        tally.most_in_flight = max(tally.most_in_flight, tally.in_flight)
        response = STREAM if json.loads(self._body).get("stream") else WHOLE
        self._loop.call_later(self._desk.latency, self._thought, tally, response)

    def _thought(self, tally: Tally, response: bytes) -> None:
        tally.in_flight -= 1
        self.answer(response)


async def serve(*, latency: float) -> None:
    desk = Desk(latency)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(desk), "127.0.0.1", 0, backlog=4096)
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--latency", type=float, default=0.2)
    uvloop.run(serve(latency=parser.parse_args().latency))


if __name__ == "__main__":
    main()
