"""A worker process: one event loop, one assembly, one AsyncWorker."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

import uvloop

from adapters.assembly import Assembly, assembled
from adapters.configured import redis_url
from adapters.operator import OPERATOR, PLATFORM, WORKSPACE
from adapters.queue.connection import connect_worker
from adapters.queue.rq_queue import QUEUE_NAME
from adapters.settings import Settings, check_production
from core.models import Task
from core.ports.planner import PlanRequest
from workers import jobs
from workers.async_worker import AsyncWorker

logger = logging.getLogger(__name__)
SWITCH_SECONDS = 0.0005
"""Python's 5 ms would let each answer of Redis or the database wait that long for a planner that is thinking."""


def run_worker(settings: Settings) -> int:
    """Work until SIGTERM or SIGINT; returns the exit code. Raises ConfigurationError before it starts."""
    check_production(settings)
    sys.setswitchinterval(SWITCH_SECONDS)
    uvloop.run(_work(settings))
    return 0


async def learn(assembly: Assembly) -> None:
    """Let the planner get to know the agents of files before somebody asks, and waits for it."""
    nothing = Task(
        text="",
        instruction="",
        person=OPERATOR,
        workspace=f"{PLATFORM}:{WORKSPACE}",
        now=assembly.clock.now(),
        zone=assembly.settings.flowmate_zone,
    )
    await assembly.planner.learn(PlanRequest(task=nothing, agents=tuple(assembly.agents.values())))


async def _work(settings: Settings) -> None:
    async with assembled(settings) as assembly:
        jobs.bind(assembly.coordinator, assembly.alarm)
        worker = AsyncWorker(
            QUEUE_NAME,
            connection=connect_worker(redis_url(settings)),
            concurrency=settings.flowmate_worker_concurrency,
        )
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, worker.request_stop)
        aside = (asyncio.create_task(assembly.leases.run()), asyncio.create_task(learn(assembly)))
        try:
            await worker.run()
        finally:
            for task in aside:
                task.cancel()
            await asyncio.gather(*aside, return_exceptions=True)
            jobs.bind(None)
    if worker.left_behind:
        # Tasks that ignore their cancellation would keep the loop, and so this process, open for ever.
        logger.error("%d jobs ignored their end; leaving them behind", worker.left_behind)
        logging.shutdown()
        os._exit(1)
