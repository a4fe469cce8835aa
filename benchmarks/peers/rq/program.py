"""Stock RQ: three jobs for each delegation, and one that depends on them and delivers.

A forking worker runs one job at a time, so that there are as many workers as fit into the memory that FlowMate's two
take (`--memory-mb`): two smaller bursts tell what one more of them takes while it works. They come from RQ's worker
pool, and as its documentation advises, libraries and the client are loaded before anything forks: a worker shares those
pages with the pool, and a job starts with them. Maintenance runs every second instead of every ten minutes: until then
some of the dependent jobs stay where several workers met in freeing them (rq 3.0).
"""

from __future__ import annotations

import json
import sys
import urllib.request

import contract
import jobs
from rq import Queue, Retry, Worker
from rq.worker_pool import WorkerPool

FEW, SOME = 2, 6
MOST_WORKERS = 64
DEQUEUE_SECONDS = 1
A_WORKER = 2
"""Delegations for each, when the memory is measured."""


class Attentive(Worker):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, maintenance_interval=1, worker_ttl=DEQUEUE_SECONDS + 15, **kwargs)


def submit(delegations: list[str]) -> None:
    queue = Queue("peer", connection=jobs.redis)
    retry = Retry(max=3)
    for delegation in delegations:
        asked = queue.enqueue_many(
            [Queue.prepare_data(jobs.ask, (agent,), retry=retry) for agent in contract.AGENTS]
        )
        ids = [job.id for job in asked]
        queue.enqueue(jobs.deliver, delegation, ids, depends_on=asked, retry=retry)


def work(workers: int) -> None:
    print("ready", flush=True)
    WorkerPool(["peer"], connection=jobs.redis, num_workers=workers, worker_class=Attentive).start(
        logging_level="ERROR"
    )


def pool(workers: int) -> list[str]:
    command = [sys.executable, "program.py", *sys.argv[1:], "--name", str(workers)]
    command[command.index("run")] = "work"
    return command


def at_work(given, workers: int) -> float:
    """Megabytes that so many take together."""
    with contract.workers(pool(workers), 1) as started:
        contract.burst(given, submit, started, name="warm", count=A_WORKER * workers)
    with urllib.request.urlopen(f"{given.sink_url}/report") as report:
        return json.load(report)["memory_mb"]["worker 1"]


def main() -> None:
    given = contract.options()
    if given.command == "work":
        work(int(given.name))
        return
    few, some = at_work(given, FEW), at_work(given, SOME)
    one_more = (some - few) / (SOME - FEW)
    fit = max(FEW, min(MOST_WORKERS, FEW + int((given.memory_mb - few) / one_more)))
    given.warm = fit
    with contract.workers(pool(fit), 1) as started:
        contract.measure(given, submit, started)
    contract.finish(("rq", "redis", "openai"), fit)


if __name__ == "__main__":
    main()
