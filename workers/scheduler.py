"""The scheduler process: reconcile at start-up and every few seconds, and tell that it is alive."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from datetime import datetime, timedelta

import uvloop
from redis.exceptions import RedisError

from adapters.assembly import Assembly, assembled
from adapters.configured import redis_url
from adapters.queue.alarm_clock import AlarmClock
from adapters.queue.connection import connect, connect_async
from adapters.settings import Settings, check_production
from core.errors import TransientError

logger = logging.getLogger(__name__)
SWEEP_SECONDS = 5.0
HEARTBEAT_KEY = "flowmate:scheduler:alive"
HEARTBEAT_SECONDS = 30
ARM_AHEAD = timedelta(minutes=10)
NEAR = timedelta(seconds=15)
ALARMS = 1000


def run_scheduler(settings: Settings) -> int:
    """Sweep until SIGTERM or SIGINT; returns the exit code. Raises ConfigurationError before it starts."""
    check_production(settings)
    uvloop.run(_sweep(settings))
    return 0


async def _sweep(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    async with assembled(settings, runs_agents=False) as assembly:
        telling = asyncio.create_task(_tell(settings, assembly))
        striking = asyncio.create_task(_strike(settings, assembly))
        try:
            settled = False
            while not stop.is_set():
                settled = settled or await _settle(assembly)
                await _once(assembly)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SWEEP_SECONDS):
                        await stop.wait()
        finally:
            telling.cancel()
            striking.cancel()
            await asyncio.gather(telling, striking, return_exceptions=True)


async def _tell(settings: Settings, assembly: Assembly) -> None:
    """Say in Redis that this process is alive, also while a sweep takes long."""
    async with connect_async(redis_url(settings)) as redis:
        while True:
            with contextlib.suppress(RedisError, OSError):
                await redis.set(HEARTBEAT_KEY, assembly.clock.now().isoformat(), ex=HEARTBEAT_SECONDS)
            await assembly.clock.sleep(SWEEP_SECONDS)


async def _strike(settings: Settings, assembly: Assembly) -> None:
    """Keep the alarm clock wound and strike when a slot's instant has come; the sweep finds what it loses."""
    clock = AlarmClock(connect(redis_url(settings)))
    armed: set[datetime] = set()
    while True:
        now = assembly.clock.now()
        with contextlib.suppress(RedisError, OSError, TransientError):
            coming = set(await assembly.schedules.upcoming(until=now + ARM_AHEAD, limit=ALARMS))
            # Redis may have been emptied: what is near is looked at again.
            near = {instant for instant in coming if instant <= now + NEAR}
            known = await asyncio.to_thread(clock.armed, near)
            fresh = {instant for instant in (coming - armed) | (near - known) if instant > now}
            await asyncio.to_thread(clock.arm, fresh)
            armed = coming
            await asyncio.to_thread(clock.strike)
        # Shortly after the next full second, when slots are due.
        await assembly.clock.sleep(1.05 - assembly.clock.now().microsecond / 1e6)


async def _settle(assembly: Assembly) -> bool:
    """Let the schedules of agents be what their files say; False: the database is out, it is for the next sweep."""
    try:
        for sentence in await assembly.routines.settle(assembly.agents):
            logger.warning("%s", sentence)
    except TransientError:
        return False
    except Exception:
        # Neither may what is wrong with one agent's schedule end this process, nor is it asked for again.
        logger.exception("the schedules of agents can't be brought up to date")
    return True


async def _once(assembly: Assembly) -> None:
    try:
        revived = await assembly.reconciler.sweep()
        if await assembly.alarm.overdue():
            await assembly.alarm.ring()
    except TransientError as error:
        logger.warning("the sweep is put off: %s", error.sentence)
    except Exception:
        # Whatever one sweep trips over must not end the next ones.
        logger.exception("the sweep broke")
    else:
        if revived:
            logger.info("set %d delegations going again", revived)
