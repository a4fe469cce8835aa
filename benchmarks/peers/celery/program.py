"""A Celery chord for each delegation: Redis as broker and result backend, acks_late, the gevent pool.

A header of three `ask` tasks, a body that delivers. The settings for many waiting tasks: a greenlet for each, one
message prefetched for each, late acknowledgement and rejection where a worker is lost, a pool of connections for those
that publish, no events that nobody looks at.
"""

from __future__ import annotations

import os
import sys

import contract
from celery import Celery, chord
from celery.signals import worker_ready

app = Celery("peer", broker=os.environ["PEER_REDIS_URL"], backend=os.environ["PEER_REDIS_URL"])
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_send_task_events=False,
    # Else what is printed, that it is ready, goes to the log.
    worker_redirect_stdouts=False,
    broker_pool_limit=100,
    redis_max_connections=2000,
    result_expires=3600,
)
clients: dict[str, object] = {}


def client():
    """One client for each process, made in the worker: the submitting process needs none."""
    if "model" not in clients:
        import httpx2
        from openai import OpenAI

        limits = httpx2.Limits(
            max_connections=contract.CONCURRENCY, max_keepalive_connections=contract.CONCURRENCY
        )
        http = httpx2.Client(limits=limits, timeout=60.0)
        clients["http"] = http
        clients["model"] = OpenAI(
            api_key=contract.KEY, base_url=os.environ["PEER_MODEL_URL"], http_client=http, max_retries=0
        )
    return clients["model"]


@app.task(name="ask")
def ask(agent: str) -> str:
    completion = client().chat.completions.create(model=contract.MODEL, messages=contract.messages(agent))
    return completion.choices[0].message.content


@app.task(name="deliver", ignore_result=True)
def deliver(said: list[str], delegation: str) -> None:
    client()
    answer = {"delegation": delegation, "answer": contract.answer_of(said)}
    clients["http"].post(f"{os.environ['PEER_SINK_URL']}/sink", json=answer).raise_for_status()


@worker_ready.connect
def say_ready(**_: object) -> None:
    client()
    print("ready", flush=True)


def submit(delegations: list[str]) -> None:
    for delegation in delegations:
        chord([ask.s(agent) for agent in contract.AGENTS], deliver.s(delegation)).apply_async()


def main() -> None:
    given = contract.options()
    command = [
        *(sys.executable, "-m", "celery", "-A", "program", "worker", "--pool", "gevent"),
        *(
            "--concurrency",
            str(contract.CONCURRENCY),
            "--hostname",
            "peer{n}@localhost",
            "--loglevel",
            "ERROR",
        ),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]
    with contract.workers(command, contract.WORKERS) as started:
        contract.measure(given, submit, started)
    contract.finish(("celery", "gevent", "redis", "openai"))


if __name__ == "__main__":
    main()
