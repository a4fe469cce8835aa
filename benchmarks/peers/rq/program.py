"""Stock RQ: three jobs for each delegation, and one that depends on them and delivers. A forking Worker runs one at
a time, so that as many are started as fit into the memory that FlowMate's two workers take (`--memory-mb`).

The libraries are loaded before the workers fork: a job starts with them.
"""

from __future__ import annotations

import os
import sys

import contract
import httpx2
from openai import OpenAI
from redis import Redis
from rq import Queue, Retry, Worker

MOST_WORKERS = 64


def ask(agent: str) -> str:
    with OpenAI(api_key=contract.KEY, base_url=os.environ["PEER_MODEL_URL"], max_retries=0) as client:
        completion = client.chat.completions.create(model=contract.MODEL, messages=contract.messages(agent))
    return completion.choices[0].message.content


def deliver(delegation: str, asked: list[str]) -> None:
    from rq.job import Job

    redis = Redis.from_url(os.environ["PEER_REDIS_URL"])
    said = [job.return_value() for job in Job.fetch_many(asked, connection=redis)]
    answer = {"delegation": delegation, "answer": contract.answer_of(said)}
    httpx2.post(f"{os.environ['PEER_SINK_URL']}/sink", json=answer, timeout=60.0).raise_for_status()


def submit(delegations: list[str]) -> None:
    queue = Queue("peer", connection=Redis.from_url(os.environ["PEER_REDIS_URL"]))
    retry = Retry(max=3)
    for delegation in delegations:
        asked = queue.enqueue_many(
            [Queue.prepare_data("program.ask", (agent,), retry=retry) for agent in contract.AGENTS]
        )
        ids = [job.id for job in asked]
        queue.enqueue("program.deliver", delegation, ids, depends_on=asked, retry=retry)


def work(name: str) -> None:
    worker = Worker(["peer"], name=f"peer-{name}", connection=Redis.from_url(os.environ["PEER_REDIS_URL"]))
    print("ready", flush=True)
    worker.work(logging_level="ERROR")


def main() -> None:
    given = contract.options()
    if given.command == "work":
        work(given.name)
        return
    command = [sys.executable, *sys.argv, "--name", "{n}"]
    command[command.index("run")] = "work"
    with contract.workers(command, 1) as started:
        # One worker and, while a job runs, its child: most of whose pages are shared with it.
        each = contract.memory_mb(started[0].pid) * 1.2
    fit = max(2, min(MOST_WORKERS, int(given.memory_mb / each)))
    given.warm = min(given.warm, fit)
    with contract.workers(command, fit) as started:
        report = contract.measure(given, submit)
        contract.finish(report, ("rq", "redis", "openai"), started)


if __name__ == "__main__":
    main()
