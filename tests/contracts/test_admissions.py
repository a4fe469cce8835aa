"""The Admissions port, over every implementation."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from adapters.sql.admissions import SqlAdmissions
from adapters.sql.database import Database
from core.memory.admissions import InMemoryAdmissions
from core.memory.clock import START
from core.ports.admissions import Admissions
from tests.contracts.conftest import ALL

SOON = START + timedelta(minutes=15)


@pytest.fixture(params=ALL)
def admissions(request: pytest.FixtureRequest) -> Iterator[Admissions]:
    if request.param == "memory":
        yield InMemoryAdmissions()
        return
    database = Database(request.getfixturevalue(f"{request.param}_url"))
    yield SqlAdmissions(database)
    database.close()


async def test_a_code_lets_one_person_in(admissions: Admissions) -> None:
    await admissions.issue("toy", "ABCD", expires_at=SOON)
    assert not await admissions.admitted("toy", "ada")
    assert await admissions.redeem("toy", "ABCD", "ada", now=START)
    assert await admissions.redeem("toy", "ABCD", "ada", now=START), "the same person may repeat it"
    assert not await admissions.redeem("toy", "ABCD", "eve", now=START)
    assert await admissions.admitted("toy", "ada")
    assert not await admissions.admitted("toy", "eve")
    assert not await admissions.admitted("other", "ada")


async def test_a_code_that_is_unknown_late_or_another_platforms_is_no_good(admissions: Admissions) -> None:
    await admissions.issue("toy", "ABCD", expires_at=SOON)
    assert not await admissions.redeem("toy", "WXYZ", "ada", now=START)
    assert not await admissions.redeem("other", "ABCD", "ada", now=START)
    assert not await admissions.redeem("toy", "ABCD", "ada", now=SOON)
    assert not await admissions.admitted("toy", "ada")


async def test_of_many_at_once_exactly_one_gets_in(admissions: Admissions) -> None:
    await admissions.issue("toy", "ABCD", expires_at=SOON)
    people = [f"person {n}" for n in range(8)]
    let_in = await asyncio.gather(*(admissions.redeem("toy", "ABCD", person, now=START) for person in people))
    assert sum(let_in) == 1
