"""The real adapter against `llmock`, an independent OpenAI-compatible server that misbehaves at random."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.llm.openai_model import OpenAIModel
from core.errors import ModelUnavailable
from core.memory.clock import ManualClock
from core.ports.language_model import FinishReason, Message, ModelRequest, ToolSignature

LLMOCK = Path(sys.executable).with_name("llmock")
FAULTS = ["429=0.1", "500=0.1", "503=0.1"]
STREAM_FAULTS = ["truncate=0.1", "disconnect=0.1", "malformed=0.1", "stall=0.02"]
WEATHER = ToolSignature(
    name="weather",
    description="The weather in a city.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


@pytest.fixture
async def faulty_url() -> AsyncIterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = [part for rate in FAULTS for part in ("--error-rate", rate)]
    options += [part for rate in STREAM_FAULTS for part in ("--stream-fault", rate)]
    process = await asyncio.create_subprocess_exec(
        str(LLMOCK), "serve", "--port", str(port), "--log-level", "warning", *options,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(30):
            while not await listening(port):
                assert process.returncode is None, "llmock did not start"
                await asyncio.sleep(0.1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def listening(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


@pytest.mark.slow
async def test_every_call_ends_whole_or_as_unavailable_whatever_the_server_does(faulty_url: str) -> None:
    model = OpenAIModel(model="gpt-5-mini", api_key="sk-invented", base_url=faulty_url, clock=ManualClock())
    ends: Counter[str] = Counter()

    async def call(number: int) -> None:
        request = ModelRequest(
            messages=(Message(role="user", text=f"hello {number}"),),
            tools=(WEATHER,) if number % 2 else (),
            timeout_seconds=2.0,
        )
        try:
            turn = await model.complete(request)
        except ModelUnavailable:
            ends["unavailable"] += 1
            return
        assert turn.text or turn.tool_calls
        assert turn.finish in (FinishReason.STOP, FinishReason.TOOL_CALLS)
        assert all(call.arguments.endswith("}") for call in turn.tool_calls)
        ends[turn.finish] += 1

    for batch in range(4):
        await asyncio.gather(*(call(batch * 40 + n) for n in range(40)))
    await model.aclose()
    assert ends.total() == 160
    assert set(ends) == {"unavailable", FinishReason.STOP, FinishReason.TOOL_CALLS}
