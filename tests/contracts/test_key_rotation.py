"""`flowmate keys rotate`, over every store: thousands of rows, and readers and writers who notice nothing."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from adapters.settings import Settings
from adapters.sql import tables
from adapters.sql.database import Database
from adapters.sql.integrations import SqlIntegrations
from adapters.sql.migrations import migrate
from adapters.sql.vault_keys import SqlVaultKeys
from adapters.vault.vault import AesVault
from bot.cli.keys import rotate as command
from core.errors import UnknownKey
from core.integrations.desk import IntegrationDesk, Wanted
from core.integrations.masking import KnownSecrets
from core.integrations.rotation import Rotation, rotate
from core.memory.clock import START, ManualClock
from core.memory.integrations import InMemoryIntegrations
from core.memory.vault import InMemoryVault
from core.models.integration import Integration
from core.ports.integrations import Integrations
from core.ports.vault import Vault
from tests.contracts.conftest import ALL, SQL
from tests.unit.test_integration_desk import Toy

PAUSE_SECONDS = 0.002
"""Between two calls of one reader or writer: together they make some thousand a second, and leave the machine room."""
MASTER = "an-invented-master-key-for-tests-only"
NEWER = "a-newer-invented-master-key-for-tests"
Open = Callable[[], tuple[Integrations, Vault]]


@pytest.fixture(params=ALL)
def opened(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Gives another process's view of the rows and the keys, as often as it is called."""
    if request.param == "memory":
        vault = InMemoryVault(in_use=lambda: rows.keys_in_use())
        rows = InMemoryIntegrations(there=lambda key_id: key_id in vault.ids)
        yield lambda: (rows, vault)
        return
    databases = [Database(request.getfixturevalue(f"{request.param}_url")) for _ in range(2)]

    def view() -> tuple[Integrations, Vault]:
        database = random.choice(databases)
        return SqlIntegrations(database), AesVault(SqlVaultKeys(database), masters=lambda: (MASTER,))

    yield view
    for database in databases:
        database.close()


def integration(number: int) -> Integration:
    return Integration(
        id=f"id-{number:05}",
        workspace=f"toy:W{number % 7}",
        name=f"n{number}",
        kind="toy",
        fields={"host": "h"},
        connected_by="toy:W1:ada",
        connected_at=START,
    )


async def fill(view: Open, count: int) -> None:
    integrations, vault = view()
    many = []
    for number in range(count):
        one = integration(number)
        secret = json.dumps({"token": f"invented-{number}"})
        sealed = await vault.seal(secret, workspace=one.workspace, row=one.id)
        if isinstance(integrations, SqlIntegrations):
            many.append({**one.model_dump(exclude={"test"}), **sealed.model_dump()})
        else:
            await integrations.save(one, sealed)
    if isinstance(integrations, SqlIntegrations):
        await integrations._database.write(lambda c: c.execute(insert(tables.integrations), many).close())


def desk_of(view: Open) -> IntegrationDesk:
    integrations, vault = view()
    return IntegrationDesk(
        integrations=integrations,
        vault=vault,
        kinds={"toy": Toy()},
        clock=ManualClock(),
        known=KnownSecrets(),
    )


async def test_a_thousand_rows_are_sealed_anew_under_readers_and_writers(opened: Open) -> None:
    await rotate_under_traffic(opened, count=1000)


@pytest.mark.slow
@pytest.mark.parametrize("opened", SQL, indirect=True)
async def test_ten_thousand_rows_are_sealed_anew_under_readers_and_writers(opened: Open) -> None:
    reads, writes = await rotate_under_traffic(opened, count=10_000)
    assert min(reads, writes) > 5, "there was traffic"


async def rotate_under_traffic(opened: Open, *, count: int) -> tuple[int, int]:
    """No reader and no writer may fail, every row opens afterwards, and nothing is left under the old key.

    How often was read and written meanwhile.
    """
    await fill(opened, count)
    _, vault = opened()
    before = await vault.reload()
    lasting, written, done = desk_of(opened), dict[int, str](), asyncio.Event()
    reads = writes = 0

    async def read(desk: Callable[[], IntegrationDesk]) -> None:
        nonlocal reads
        while not done.is_set() or reads < 50:
            one = integration(random.randrange(0, count, 2))
            values = await desk().open(one.workspace, one.id)
            assert values["token"] == f"invented-{one.name[1:]}"
            reads += 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def write() -> None:
        nonlocal writes
        while not done.is_set():
            one = integration(random.randrange(1, count, 2))
            values = {"host": "h", "token": f"invented-new-{writes}"}
            await lasting.connect(one.workspace, Wanted(kind="toy", name=one.name, values=values), by="b")
            written[int(one.name[1:])] = values["token"]
            writes += 1
            await asyncio.sleep(PAUSE_SECONDS)

    traffic = [
        asyncio.create_task(work)
        for work in (
            read(lambda: lasting),
            read(lambda: desk_of(opened)),
            read(lambda: desk_of(opened)),
            write(),
        )
    ]
    rotation = await rotate(vault, opened()[0])
    done.set()
    await asyncio.gather(*traffic)
    assert (rotation.broken, rotation.left) == ((), ())
    assert rotation.resealed >= count - writes
    assert reads >= 50
    integrations, fresh = opened()
    after = await fresh.reload()
    assert after != before
    assert await integrations.sealed_before(after, limit=1) == ()
    for number in [*written, *range(0, count, count // 50)]:
        one = integration(number)
        values = await desk_of(opened).open(one.workspace, one.id)
        assert values["token"] == written.get(number, f"invented-{number}")
    return reads, writes


async def test_two_rotations_at_once_leave_one_key(opened: Open) -> None:
    await fill(opened, 300)
    await asyncio.gather(*(rotate(opened()[1], opened()[0], batch=20) for _ in range(3)))
    integrations, vault = opened()
    assert (await rotate(vault, integrations)).left == ()
    assert await integrations.sealed_before(await vault.reload(), limit=1) == ()
    await desk_of(opened).open("toy:W5", "id-00299")


async def test_rotating_with_nothing_connected_only_makes_a_key(opened: Open) -> None:
    integrations, vault = opened()
    assert await rotate(vault, integrations) == Rotation(resealed=0, broken=(), left=())


async def test_a_row_that_no_key_opens_is_named_and_stays_and_hinders_no_other(opened: Open) -> None:
    await fill(opened, 5)
    integrations, vault = opened()
    one, sealed = await integrations.get("toy:W2", "id-00002")
    changed = sealed.model_copy(update={"ciphertext": b"changed" * 5})
    await integrations.save(one, changed)
    rotation = await rotate(vault, integrations, batch=2)
    assert (rotation.resealed, rotation.broken, rotation.left) == (4, ("id-00002",), (sealed.key_id,))
    assert await integrations.get("toy:W2", "id-00002") == (one, changed)
    await desk_of(opened).open("toy:W1", "id-00001")


async def test_the_command_changes_the_key_and_then_the_master_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def settings(*masters: str) -> Settings:
        return Settings.model_validate(
            {"flowmate_data_dir": tmp_path / "data", "integration_enc_key": ",".join(masters)}
        )

    migrate(settings(MASTER))
    database = Database(settings(MASTER).database)
    rows, keys = SqlIntegrations(database), SqlVaultKeys(database)

    def view(*masters: str) -> Open:
        return lambda: (rows, AesVault(keys, masters=lambda: masters))

    await fill(view(MASTER), 3)
    assert await command(settings(MASTER)) == 0
    assert "3 integrations are sealed with a new key. The old one is gone." in capsys.readouterr().out
    assert await command(settings(NEWER, MASTER)) == 0
    await desk_of(view(NEWER)).open("toy:W1", "id-00001")
    with pytest.raises(UnknownKey):
        await desk_of(view(MASTER)).open("toy:W1", "id-00001")
    assert await command(settings(MASTER)) == 1
    said = capsys.readouterr()
    assert "3 integrations can't be opened" in said.err
    assert "invented" not in said.out + said.err
    database.close()
