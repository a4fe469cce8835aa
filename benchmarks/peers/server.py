"""The model and the place where answers arrive, in a process of its own: python -m benchmarks.peers.server

It says "ready PORT" once it listens. Lean, so that it is nobody's bottleneck: a bare protocol on uvloop and httptools.
`watch` names processes whose CPU time and memory are looked at, "worker:123,asker:124".

    POST /v1/chat/completions            the answer after `--latency` seconds, streamed where the request asks for it
    POST /services?watch=…               databases that the next bursts use
    POST /start?name=N&count=N&watch=…   counts from nought what comes for delegations N-0, N-1 …; starts the clock
    POST /sink                           {"delegation": …, "answer": …}: a message arrived. With a "message", the text
                                         of that one is now another
    GET  /wait                           answers once all delegations' answers have arrived
    GET  /report                         what has been counted by now (`benchmarks/peers/tally.py`)
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from itertools import count
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import httptools
import uvloop

from benchmarks.peers.tally import Tally

PLACE = b"0000000"
SAID = f"quite finished {PLACE.decode()}"
USAGE = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
HEAD = {"id": "chatcmpl-1", "created": 1, "model": "scripted"}
WEIGHED_AT = (0.25, 0.5, 0.75, 1.0)
"""Shares of the answers that have arrived when memory is looked at."""


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


class Desk:
    """What all connections share."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.tally = Tally()
        self.services: dict[str, int] = {}
        self.numbers = count(1)
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Connection] = []
        self._complete = False

    def start(self, name: str, number: int, watched: dict[str, int]) -> None:
        self.tally = Tally(name=name, count=number, watched={**watched, **self.services})
        self._complete = False

    def arrive(self, said: dict[str, str]) -> None:
        tally = self.tally
        before = len(tally.arrivals)
        tally.arrive(
            said["delegation"], said.get("message") or f"message {next(self.numbers)}", said["answer"]
        )
        arrived = len(tally.arrivals)
        if arrived > before and any(arrived == int(tally.count * share) for share in WEIGHED_AT):
            weighed = self._loop.run_in_executor(None, tally.weigh)
            if arrived == tally.count:
                weighed.add_done_callback(lambda _: self._all_there())

    def wait(self, connection: Connection) -> None:
        self._waiting.append(connection)
        if self._complete:
            self._all_there()

    def _all_there(self) -> None:
        self._complete = True
        waiting, self._waiting = self._waiting, []
        for connection in waiting:
            connection.answer(OK)


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
        query = {name: values[0] for name, values in parse_qs(target.query).items()}
        desk = self._desk
        if target.path == "/v1/chat/completions":
            self._think()
        elif target.path == "/sink":
            self.answer(OK)
            desk.arrive(json.loads(self._body))
        elif target.path == "/services":
            desk.services = _processes(query.get("watch", ""))
            self.answer(OK)
        elif target.path == "/start":
            desk.start(query["name"], int(query["count"]), _processes(query.get("watch", "")))
            self.answer(OK)
        elif target.path == "/wait":
            desk.wait(self)
        elif target.path == "/report":
            self.answer(_response(desk.tally.report()))
        else:
            self.answer(UNKNOWN)

    def answer(self, response: bytes) -> None:
        if self._transport is not None:
            self._transport.write(response)

    def _think(self) -> None:
        tally = self._desk.tally
        tally.in_flight += 1
        tally.most_in_flight = max(tally.most_in_flight, tally.in_flight)
        template = STREAM if json.loads(self._body).get("stream") else WHOLE
        response = template.replace(PLACE, b"%07d" % next(self._desk.numbers))
        self._loop.call_later(self._desk.latency, self._thought, tally, response, time.perf_counter())

    def _thought(self, tally: Tally, response: bytes, since: float) -> None:
        self.answer(response)
        tally.in_flight -= 1
        tally.took.append(time.perf_counter() - since)


def _processes(listed: str) -> dict[str, int]:
    named = (one.rpartition(":") for one in listed.split(",") if one)
    return {name: int(pid) for name, _, pid in named}


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
    given: Any = parser.parse_args()
    uvloop.run(serve(latency=given.latency))


if __name__ == "__main__":
    main()
