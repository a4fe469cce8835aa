"""A DBOS workflow for each delegation, on PostgreSQL as its documentation asks for in production: three steps that
ask the model side by side, then one that delivers. The workflows are enqueued by a client and taken by two processes.

Everything is asyncio. The queue is looked at ten times a second instead of once, each process may run 500 workflows at
once, and the pools have as many connections as the server lets three processes have.
"""

from __future__ import annotations

import asyncio
import os
import sys

import aiohttp
import contract
from dbos import DBOS, DBOSClient, DBOSConfig
from openai import AsyncOpenAI, DefaultAioHttpClient

QUEUE = "delegations"
VERSION = "1"
POOL = 15
POLL_SECONDS = 0.1
ENQUEUED_AT_ONCE = 50
clients: dict[str, object] = {}


def model() -> AsyncOpenAI:
    if "model" not in clients:
        clients["model"] = AsyncOpenAI(
            api_key=contract.KEY,
            base_url=os.environ["PEER_MODEL_URL"],
            http_client=DefaultAioHttpClient(),
            max_retries=0,
        )
    return clients["model"]


def sink() -> aiohttp.ClientSession:
    if "sink" not in clients:
        clients["sink"] = aiohttp.ClientSession()
    return clients["sink"]


@DBOS.step()
async def ask(agent: str) -> str:
    completion = await model().chat.completions.create(
        model=contract.MODEL, messages=contract.messages(agent)
    )
    return completion.choices[0].message.content


@DBOS.step()
async def deliver(delegation: str, answer: str) -> None:
    url = f"{os.environ['PEER_SINK_URL']}/sink"
    async with sink().post(url, json={"delegation": delegation, "answer": answer}) as response:
        response.raise_for_status()


@DBOS.workflow()
async def delegate(delegation: str) -> None:
    said = await asyncio.gather(*(ask(agent) for agent in contract.AGENTS))
    await deliver(delegation, contract.answer_of(said))


def launch(name: str) -> None:
    config: DBOSConfig = {
        "name": "peer",
        "system_database_url": os.environ["PEER_DATABASE_URL"],
        "sys_db_pool_size": POOL,
        "executor_id": name,
        "application_version": VERSION,
        "log_level": "ERROR",
    }
    DBOS(config=config)
    DBOS.launch()


async def work(name: str) -> None:
    launch(name)
    await DBOS.register_queue_async(
        QUEUE, worker_concurrency=contract.CONCURRENCY, polling_interval_sec=POLL_SECONDS
    )
    print("ready", flush=True)
    await asyncio.Event().wait()


def submit(delegations: list[str]) -> None:
    async def all_of_them() -> None:
        places = asyncio.Semaphore(ENQUEUED_AT_ONCE)
        client = DBOSClient(
            system_database_url=os.environ["PEER_DATABASE_URL"],
            system_database_pool_size=POOL,
            application_name="peer",
        )

        async def one(delegation: str) -> None:
            async with places:
                options = {"queue_name": QUEUE, "workflow_name": "delegate", "app_version": VERSION}
                await client.enqueue_async(options, delegation)

        await asyncio.gather(*(one(delegation) for delegation in delegations))
        client.destroy()

    asyncio.run(all_of_them())


def main() -> None:
    given = contract.options()
    if given.command == "work":
        asyncio.run(work(given.name))
        return
    command = [sys.executable, *sys.argv, "--name", "worker-{n}"]
    command[command.index("run")] = "work"
    with contract.workers(command, contract.WORKERS) as started:
        contract.measure(given, submit, started)
    contract.finish(("dbos", "psycopg", "sqlalchemy", "openai"))


if __name__ == "__main__":
    main()
