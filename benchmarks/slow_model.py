"""A model server that holds its answers back: `python -m benchmarks.slow_model`, in a process of its own.

Prints its address, then speaks as much of OpenAI's streaming Chat Completions as FlowMate needs. Requests whose system
prompt says HOLD wait until somebody posts to /release (or for two minutes), those that say WAIT 0.5 half a second; all
others are answered after 0.1 s. /calls tells how many are in flight.
"""

from __future__ import annotations

import asyncio
import json
import re

from aiohttp import web

HOLD = "HOLD"
WAIT = re.compile(r"WAIT (\d+(?:\.\d+)?)")
QUICK_SECONDS = 0.1
LONGEST_SECONDS = 120.0
BACKLOG = 4096
ANSWER = (
    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "do"}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {"content": "ne"}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {"choices": [], "usage": {"prompt_tokens": 20, "completion_tokens": 1, "total_tokens": 21}},
)
HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "slow"}
BODY = "".join(f"data: {json.dumps({**HEAD, **chunk})}\n\n" for chunk in ANSWER) + "data: [DONE]\n\n"


class SlowModel:
    """How many calls are being held, and the bell that lets them go."""

    def __init__(self) -> None:
        self._released = asyncio.Event()
        self._held = 0
        self._most = 0
        self._asked = 0

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_post("/release", self._release)
        app.router.add_post("/hold", self._hold)
        app.router.add_get("/calls", self._calls)
        return app

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        prompt = json.dumps(body["messages"][0])
        if HOLD in prompt:
            await self._wait()
        else:
            wait = WAIT.search(prompt)
            await asyncio.sleep(float(wait[1]) if wait else QUICK_SECONDS)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(BODY.encode())
        await response.write_eof()
        return response

    async def _wait(self) -> None:
        self._asked += 1
        self._held += 1
        self._most = max(self._most, self._held)
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await self._released.wait()
        except TimeoutError:
            return
        finally:
            self._held -= 1

    async def _release(self, request: web.Request) -> web.Response:
        self._released.set()
        return web.Response()

    async def _hold(self, request: web.Request) -> web.Response:
        self._released.clear()
        self._most = self._asked = 0
        return web.Response()

    async def _calls(self, request: web.Request) -> web.Response:
        return web.json_response({"held": self._held, "most": self._most, "asked": self._asked})


async def serve() -> None:
    """Serve until killed."""
    runner = web.AppRunner(SlowModel().app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=BACKLOG).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
