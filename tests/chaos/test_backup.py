"""A backup that was made under load is put back on an empty machine, where the unfinished work goes on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping

import pytest
from redis import Redis
from sqlalchemy import select

from adapters.sql import tables
from adapters.sql.database import make_engine
from tests.chaos.campaign import Campaign, World, ask, quiet, ready, world
from tests.chaos.checks import Verdict, check_rows
from tests.chaos.doors import Asked
from tests.chaos.fleet import Fleet
from tests.chaos.script import Question
from tests.services.forking import flowmate

pytestmark = [pytest.mark.slow, pytest.mark.long]
QUESTIONS = 24


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_what_a_backup_holds_is_finished_elsewhere(database: str) -> None:
    campaign = Campaign(
        "backup",
        seed=5,
        questions=QUESTIONS,
        per_second=6.0,
        faulty_model=0.0,
        slowest_model=3.0,
        haste=5.0,
        database=database,
        roles=("web", "worker", "scheduler"),
    )
    dice = random.Random(campaign.seed)
    async with world(campaign, dice) as here:
        kinds = ("think", "pair", "sum")
        asked = [
            Asked(Question(n, dice.choice(kinds)), dice.choice(("api", "telegram")))
            for n in range(1, QUESTIONS + 1)
        ]
        asking = asyncio.create_task(ask(campaign, here, asked))
        await _some_are_running(here)
        archive = (await _flowmate(here.fleet.environment, "backup")).strip()
        await asking
        # The machine is gone, with its queue and its database.
        for member in here.fleet.members:
            member.stopping = True
            assert member.keeping is not None
            member.keeping.cancel()
            here.fleet.kill(member)
        with Redis(unix_socket_path=str(here.valkey.socket)) as client:
            client.flushall()

        elsewhere = {**here.fleet.environment, "DATABASE_URL": here.another}
        await _flowmate(elsewhere, "restore", archive)
        here.engine = make_engine(here.another)
        with here.engine.connect() as connection:
            states = list(connection.execute(select(tables.delegations.c.state)).scalars())
        assert states.count("delivered") < len(states), "the backup came too late to hold unfinished work"
        fleet = Fleet(elsewhere, here.fleet.folder, here.fleet.roles)
        await fleet.start()
        try:
            await ready(here.base_url)
            assert await quiet(here, seconds=60)
        finally:
            await fleet.stop()
        verdict = Verdict()
        check_rows(verdict, here.engine, ())
        here.engine.dispose()
        assert verdict.broken == []


async def _some_are_running(here: World) -> None:
    """Wait until steps run, some are done, and there is more to come."""

    def states() -> list[str]:
        with here.engine.connect() as connection:
            return list(connection.execute(select(tables.steps.c.state)).scalars())

    async with asyncio.timeout(60):
        # Only the rows say it.
        while not {"running", "succeeded"} <= set(await asyncio.to_thread(states)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def _flowmate(environment: Mapping[str, str], *arguments: str) -> str:
    code, out, err = await flowmate(*arguments, environment=environment)
    assert code == 0, err
    return out
