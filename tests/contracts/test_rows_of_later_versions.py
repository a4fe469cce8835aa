"""While workers are renewed one after the other, the older ones read what the newer ones write."""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlalchemy import update

from adapters.sql import tables
from adapters.sql.database import Database
from adapters.sql.store import SqlStore
from core.models import Status
from tests.contracts.samples import GOOD, NOW, REPLY, claimed, planned


async def test_fields_that_are_not_known_yet_are_passed_over(databases: Callable[[], Database]) -> None:
    database = databases()
    store = SqlStore(database)
    for step in await planned(store):
        held = await claimed(store, step.id)
        await store.end_step(step.id, token=held.token, result=GOOD, now=NOW)
    await store.save_answer("d1", round=0, status=Status.SUCCESS, reply=REPLY, now=NOW)
    before = await store.load("d1")

    later = {"a_later_field": ["of", "a later version"]}
    reply = json.loads(REPLY.model_dump_json()) | later
    result = json.loads(GOOD.model_dump_json()) | later
    await database.write(lambda c: c.execute(update(tables.delegations).values(reply=reply)).close())
    await database.write(lambda c: c.execute(update(tables.steps).values(result=result)).close())

    assert await store.load("d1") == before
