"""A LangGraph fan-out for each delegation: `Send` to three agents, a node that delivers, a checkpoint after each.

The library has neither queue nor workers: each of the two processes is handed half of the delegations and runs up to
500 of them at once, one thread id each. Checkpoints go to SQLite or PostgreSQL, with the default durability (written
while the next step runs); SQLite in WAL mode with synchronous=NORMAL, as FlowMate's, PostgreSQL through a pool.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import operator
import os
import sys
from collections.abc import AsyncIterator
from typing import Annotated, TypedDict

import aiohttp
import contract
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from openai import AsyncOpenAI, DefaultAioHttpClient
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

POOL = 20


class State(TypedDict):
    delegation: str
    said: Annotated[list[tuple[str, str]], operator.add]


class Asked(TypedDict):
    agent: str


def build(model: AsyncOpenAI, sink: aiohttp.ClientSession) -> StateGraph:
    async def ask(asked: Asked) -> dict:
        completion = await model.chat.completions.create(
            model=contract.MODEL, messages=contract.messages(asked["agent"])
        )
        return {"said": [(asked["agent"], completion.choices[0].message.content)]}

    async def deliver(state: State) -> dict:
        said = dict(state["said"])
        answer = contract.answer_of([said[agent] for agent in contract.AGENTS])
        url = f"{os.environ['PEER_SINK_URL']}/sink"
        async with sink.post(url, json={"delegation": state["delegation"], "answer": answer}) as response:
            response.raise_for_status()
        return {}

    def fan_out(_: State) -> list[Send]:
        return [Send("ask", {"agent": agent}) for agent in contract.AGENTS]

    graph = StateGraph(State)
    graph.add_node("ask", ask)
    graph.add_node("deliver", deliver)
    graph.add_conditional_edges(START, fan_out, ["ask"])
    graph.add_edge("ask", "deliver")
    graph.add_edge("deliver", END)
    return graph


@contextlib.asynccontextmanager
async def checkpointer() -> AsyncIterator[AsyncSqliteSaver | AsyncPostgresSaver]:
    url = os.environ["PEER_DATABASE_URL"]
    if url.startswith("sqlite"):
        async with AsyncSqliteSaver.from_conn_string(url.removeprefix("sqlite:///")) as saver:
            await saver.setup()
            await saver.conn.execute("PRAGMA busy_timeout = 30000")
            await saver.conn.execute("PRAGMA synchronous = NORMAL")
            yield saver
    else:
        options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
        plain = url.replace("+psycopg", "")
        pool = AsyncConnectionPool(
            plain, min_size=POOL, max_size=POOL, timeout=120, kwargs=options, open=False
        )
        async with pool:
            yield AsyncPostgresSaver(pool)


async def work() -> None:
    places = asyncio.Semaphore(contract.CONCURRENCY)
    http = DefaultAioHttpClient()
    model = AsyncOpenAI(
        api_key=contract.KEY, base_url=os.environ["PEER_MODEL_URL"], http_client=http, max_retries=0
    )
    async with aiohttp.ClientSession() as sink, checkpointer() as saver:
        graph = build(model, sink).compile(checkpointer=saver)

        async def one(delegation: str) -> None:
            async with places:
                config = {"configurable": {"thread_id": delegation}}
                await graph.ainvoke({"delegation": delegation, "said": []}, config)

        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            await asyncio.gather(*(one(delegation) for delegation in json.loads(line)))


async def set_up() -> None:
    """Make the tables once, before there are two who would."""
    async with checkpointer() as saver:
        await saver.setup()


def main() -> None:
    given = contract.options()
    if given.command == "work":
        asyncio.run(work())
        return
    asyncio.run(set_up())
    command = [sys.executable, *sys.argv]
    command[command.index("run")] = "work"
    with contract.workers(command, contract.WORKERS) as started:

        def submit(delegations: list[str]) -> None:
            for number, worker in enumerate(started):
                worker.stdin.write(json.dumps(delegations[number :: contract.WORKERS]) + "\n")
                worker.stdin.flush()

        contract.measure(given, submit, started)
    contract.finish(("langgraph", "langgraph-checkpoint", "psycopg", "aiosqlite", "openai"))


if __name__ == "__main__":
    main()
