"""A scripted OpenAI-compatible server over real HTTP.

Self-written, from OpenAI's API reference for chat completions (objects, streaming, error codes) and from the error
answers of vLLM and Ollama. It is stricter than those: see openai_rules.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

from aiohttp import web

from tests.counterparts.openai_rules import Violation, check_body

KEY = "sk-invented-key-for-tests"
MODEL = "gpt-5-mini"

Match = Callable[[dict[str, Any]], bool]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the server does with one request."""

    text: str = ""
    tool_calls: tuple[tuple[str, str], ...] = ()
    """(name, raw text of the arguments) of each."""
    refusal: str = ""
    finish: str | None = None
    """None: `tool_calls` where there are any, else `stop`."""
    status: int = 200
    code: str | None = None
    message: str = "Something is wrong."
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_stream: Literal["", "clean", "abrupt"] = ""
    """The stream ends half-way: `clean` closes it properly, `abrupt` breaks the connection."""
    reset: bool = False
    """The connection is reset instead of an answer."""
    malformed: bool = False
    """One event of the stream is no JSON."""
    stream_error: str = ""
    """Code of an error event in the middle of the stream."""
    delay: float = 0.0
    until: asyncio.Event | None = None
    """Nothing is answered before this is set."""
    drip: float = 0.0
    """Seconds before each chunk."""
    pieces: tuple[str, ...] = ()
    """Instead of `text`: exactly these pieces of it, one in each chunk."""
    gate: Gate | None = None
    """Lets each chunk with text pass one by one, and then the end of the stream."""
    usage: tuple[int, int, int] | None = (120, 30, 0)
    """Input, output and cached input tokens."""
    model: str = MODEL


class Gate:
    """Holds a stream back: every `release` lets so many chunks more pass, in the order in which they came to it."""

    def __init__(self) -> None:
        self._open = asyncio.Semaphore(0)
        self.waiting = 0
        """How many streams stand at the gate."""

    def release(self, chunks: int = 1) -> None:
        for _ in range(chunks):
            self._open.release()

    async def passed(self) -> None:
        self.waiting += 1
        try:
            await self._open.acquire()
        finally:
            self.waiting -= 1


Responder = Callable[[dict[str, Any]], Answer]


@dataclass
class Expectation:
    """One request that will come; what is answered is set by `reply`."""

    match: Match | None
    answer: Answer = field(default_factory=Answer)

    def reply(self, **answer: Any) -> None:
        self.answer = Answer(**answer)


@dataclass(frozen=True)
class Recorded:
    headers: Mapping[str, str]
    body: dict[str, Any]


class ScriptedOpenAI:
    """`async with ScriptedOpenAI() as server:` answers as `server.expect(…).reply(…)` says, in that order.

    Leaving the block fails on requests that nobody expected, on answers that nobody fetched and on requests that
    break the API's rules. With `default`, requests beyond the script are answered by that function instead.
    `strict_parameters` names the only parameters that this server knows; it answers 400 to any other.
    """

    def __init__(
        self,
        *,
        latency: float = 0.0,
        key: str = KEY,
        default: Responder | None = None,
        strict_parameters: Collection[str] | None = None,
        port: int = 0,
    ) -> None:
        self._latency = latency
        self._key = key
        self._default = default
        self._parameters = strict_parameters
        self._port = port
        self._script: deque[Expectation] = deque()
        self._runner: web.AppRunner | None = None
        self._arrival = asyncio.Event()
        self.requests: list[Recorded] = []
        self.problems: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def expect(self, match: Match | None = None) -> Expectation:
        """The next request; `match` looks at its body."""
        self._script.append(Expectation(match))
        return self._script[-1]

    async def arrived(self, count: int) -> None:
        """Wait until so many requests have come in, answered or not."""
        while len(self.requests) < count:
            self._arrival.clear()
            await self._arrival.wait()

    def assert_done(self) -> None:
        problems = list(self.problems)
        if self._script:
            problems.append(f"{len(self._script)} scripted answers were not fetched")
        if problems:
            raise AssertionError("; ".join(problems))

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_post("/v1/chat/completions", self._complete)
        # Requests that hang in a delay must not hold up the end of a test.
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if error is None:
            self.assert_done()

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self._key}":
            return _error(Answer(status=401, code="invalid_api_key", message="Incorrect API key provided."))
        try:
            body = json.loads(await request.read())
            self.requests.append(Recorded(dict(request.headers), body))
            self._arrival.set()
            check_body(body)
        except (ValueError, Violation) as violation:
            self.problems.append(f"request {len(self.requests)} breaks the rules: {violation}")
            return _error(Answer(status=400, code="invalid_request_error", message=str(violation)))
        if unknown := sorted(set(body) - set(self._parameters)) if self._parameters is not None else []:
            message = f"Unrecognized request argument supplied: {unknown[0]}"
            return _error(Answer(status=400, message=message))
        answer = self._answer(body)
        await asyncio.sleep(self._latency + answer.delay)
        if answer.until is not None:
            await answer.until.wait()
        if answer.reset and request.transport is not None:
            request.transport.abort()
            return web.Response()
        if answer.status != 200:
            return _error(answer)
        if body.get("stream"):
            return await _stream(request, answer, usage=_wants_usage(body))
        return web.json_response(_whole(answer))

    def _answer(self, body: dict[str, Any]) -> Answer:
        if self._script:
            expected = self._script.popleft()
            if expected.match is None or expected.match(body):
                return expected.answer
            self.problems.append(f"request {len(self.requests)} is not the expected one")
        elif self._default is not None:
            return self._default(body)
        else:
            self.problems.append(f"request {len(self.requests)} was not expected")
        return Answer(status=418, code="not_scripted", message="This request is not in the script.")


def _wants_usage(body: dict[str, Any]) -> bool:
    return bool(body.get("stream_options", {}).get("include_usage"))


def _error(answer: Answer) -> web.Response:
    error = {"message": answer.message, "type": answer.code, "param": None, "code": answer.code}
    return web.json_response({"error": error}, status=answer.status, headers=dict(answer.headers))


async def _stream(request: web.Request, answer: Answer, *, usage: bool) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", **answer.headers})
    await response.prepare(request)
    async for line in _lines(answer, usage=usage):
        await response.write(f"data: {line}\n\n".encode())
    if answer.cut_stream == "abrupt" and request.transport is not None:
        request.transport.abort()
        return response
    await response.write_eof()
    return response


async def _lines(answer: Answer, *, usage: bool) -> AsyncIterator[str]:
    deltas = list(_deltas(answer))
    if answer.cut_stream:
        deltas = deltas[: max(2, len(deltas) // 2)]
    for delta in deltas:
        if answer.drip:
            await asyncio.sleep(answer.drip)
        if answer.gate is not None and delta.get("content"):
            await answer.gate.passed()
        yield _chunk(answer, {"index": 0, "delta": delta, "finish_reason": None})
    if answer.cut_stream:
        return
    if answer.gate is not None:
        await answer.gate.passed()
    if answer.malformed:
        yield '{"choices": [{"delta":'
    if answer.stream_error:
        yield json.dumps(
            {"error": {"message": "No.", "type": answer.stream_error, "code": answer.stream_error}}
        )
    yield _chunk(answer, {"index": 0, "delta": {}, "finish_reason": _finish(answer)})
    if usage and answer.usage is not None:
        yield _chunk(answer, None, usage=_usage(answer.usage))
    yield "[DONE]"


def _deltas(answer: Answer) -> list[dict[str, Any]]:
    """The answer in pieces, as OpenAI streams it: role, text in three, each call's name and then its arguments."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    third = max(1, -(-len(answer.text) // 3))
    thirds = tuple(answer.text[i : i + third] for i in range(0, len(answer.text), third))
    deltas += [{"content": piece} for piece in answer.pieces or thirds]
    if answer.refusal:
        deltas.append({"refusal": answer.refusal})
    for index, (name, arguments) in enumerate(answer.tool_calls):
        start = {"index": index, "id": f"call_{index}", "type": "function"}
        deltas.append({"tool_calls": [{**start, "function": {"name": name, "arguments": ""}}]})
        half = max(1, len(arguments) // 2)
        for piece in (arguments[:half], arguments[half:]):
            deltas.append({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    return deltas


def _chunk(answer: Answer, choice: dict[str, Any] | None, *, usage: dict[str, Any] | None = None) -> str:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": answer.model}
    return json.dumps({**head, "choices": [choice] if choice else [], "usage": usage})


def _whole(answer: Answer) -> dict[str, Any]:
    text = "".join(answer.pieces) or answer.text
    message: dict[str, Any] = {"role": "assistant", "content": text or None}
    if answer.refusal:
        message["refusal"] = answer.refusal
    if answer.tool_calls:
        message["tool_calls"] = [
            {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
            for n, (name, arguments) in enumerate(answer.tool_calls)
        ]
    choice = {"index": 0, "message": message, "finish_reason": _finish(answer)}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": answer.model}
    return {**head, "choices": [choice], "usage": _usage(answer.usage) if answer.usage else None}


def _finish(answer: Answer) -> str:
    return answer.finish or ("tool_calls" if answer.tool_calls else "stop")


def _usage(usage: tuple[int, int, int]) -> dict[str, Any]:
    given, made, cached = usage
    return {
        "prompt_tokens": given,
        "completion_tokens": made,
        "total_tokens": given + made,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
