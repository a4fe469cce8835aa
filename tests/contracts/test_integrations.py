"""The Integrations port, over every implementation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from adapters.sql.database import Database
from adapters.sql.integrations import SqlIntegrations
from adapters.sql.vault_keys import SqlVaultKeys
from core.errors import Conflict, KeyRetired, NotFound
from core.memory.clock import START
from core.memory.integrations import InMemoryIntegrations
from core.memory.vault import InMemoryVaultKeys
from core.models.integration import Integration, TestRun
from core.ports.integrations import Integrations, Resealing
from core.ports.vault import Sealed, VaultKeys, WrappedKey
from tests.contracts.conftest import ALL

W = "toy:W1"
PASSED = TestRun(at=START, passed=True, note="The mail server lets FlowMate in. 🧪")


@dataclass(frozen=True)
class Place:
    """Integrations with the keys beside them; every `open` gives another process's view."""

    open: Callable[[], tuple[Integrations, VaultKeys]]


@pytest.fixture(params=ALL)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "memory":
        keys = InMemoryVaultKeys(in_use=lambda: rows.keys_in_use())
        rows = InMemoryIntegrations(there=lambda key_id: key_id in keys.ids)
        yield Place(lambda: (rows, keys))
        return
    url = request.getfixturevalue(f"{request.param}_url")
    opened: list[Database] = []

    def open_both() -> tuple[Integrations, VaultKeys]:
        opened.append(Database(url))
        return SqlIntegrations(opened[-1]), SqlVaultKeys(opened[-1])

    yield Place(open_both)
    for database in opened:
        database.close()


@pytest.fixture
async def keys(place: Place) -> VaultKeys:
    """With the keys k1 and k2."""
    _, keys = place.open()
    for key_id in ("k1", "k2"):
        await keys.add(WrappedKey(id=key_id, master_id="m", nonce=b"n" * 12, wrapped=b"\x00\xff"))
    return keys


@pytest.fixture
def integrations(place: Place, keys: VaultKeys) -> Integrations:
    return place.open()[0]


def integration(name: str = "mail", **changes: Any) -> Integration:
    given = {
        "id": f"id-{name}",
        "workspace": W,
        "name": name,
        "kind": "smtp",
        "fields": {"host": "mail.example.org"},
    }
    return Integration.model_validate(
        {**given, "connected_by": "toy:W1:ada", "connected_at": START, **changes}
    )


def sealed(mark: int = 0, *, key_id: str = "k1") -> Sealed:
    return Sealed(key_id=key_id, nonce=mark.to_bytes(12, "big"), ciphertext=b"\x00\xffinvented")


async def test_an_integration_reads_back_field_for_field(integrations: Integrations) -> None:
    one = integration(test=PASSED)
    await integrations.save(one, sealed(1))
    assert await integrations.get(W, one.id) == (one, sealed(1))
    assert await integrations.listed(W) == (one,)


async def test_saving_again_replaces_the_secret_and_what_was_known(integrations: Integrations) -> None:
    await integrations.save(integration(test=PASSED), sealed(1))
    later = integration(fields={}, connected_at=START + timedelta(days=1))
    for _ in range(2):
        await integrations.save(later, sealed(2))
    assert await integrations.get(W, later.id) == (later, sealed(2))
    assert len(await integrations.listed(W)) == 1


async def test_a_name_is_one_integration_of_a_workspace(integrations: Integrations) -> None:
    await integrations.save(integration(), sealed())
    with pytest.raises(Conflict, match="named mail"):
        await integrations.save(integration(id="other"), sealed())
    await integrations.save(integration(id="other", workspace="toy:W2"), sealed())


async def test_nothing_crosses_from_one_workspace_to_another(integrations: Integrations) -> None:
    one = integration()
    await integrations.save(one, sealed())
    with pytest.raises(NotFound):
        await integrations.get("toy:W2", one.id)
    assert await integrations.listed("toy:W2") == ()
    assert not await integrations.remove("toy:W2", one.id)
    await integrations.record_test("toy:W2", one.id, PASSED)
    assert await integrations.get(W, one.id) == (one, sealed())


async def test_an_id_that_another_workspace_has_is_never_taken_over(integrations: Integrations) -> None:
    one = integration()
    await integrations.save(one, sealed())
    with pytest.raises(Conflict):
        await integrations.save(integration(workspace="toy:W2"), sealed(2))
    assert await integrations.get(W, one.id) == (one, sealed())


async def test_the_list_is_in_the_order_of_names(integrations: Integrations) -> None:
    for name in ("wiki", "alerts", "mail"):
        await integrations.save(integration(name), sealed())
    assert [one.name for one in await integrations.listed(W)] == ["alerts", "mail", "wiki"]


async def test_what_is_removed_is_gone(integrations: Integrations) -> None:
    await integrations.save(integration(), sealed())
    assert [await integrations.remove(W, "id-mail") for _ in range(2)] == [True, False]
    assert await integrations.listed(W) == ()
    with pytest.raises(NotFound):
        await integrations.get(W, "id-mail")


async def test_what_a_test_said_is_kept_until_the_next_one(integrations: Integrations) -> None:
    await integrations.save(integration(), sealed(1))
    failed = TestRun(at=START + timedelta(hours=1), passed=False, note="The mail server did not answer.")
    for test in (PASSED, failed):
        await integrations.record_test(W, "id-mail", test)
        assert await integrations.get(W, "id-mail") == (integration(test=test), sealed(1))
    await integrations.record_test(W, "gone", PASSED)


async def test_a_key_that_seals_something_stays(integrations: Integrations, keys: VaultKeys) -> None:
    await integrations.save(integration(), sealed())
    assert not await keys.retire("k1")
    await integrations.remove(W, "id-mail")
    assert [await keys.retire("k1") for _ in range(2)] == [True, True]
    assert [key.id for key in await keys.listed()] == ["k2"]


async def test_nothing_is_saved_under_a_key_that_has_gone(
    integrations: Integrations, keys: VaultKeys
) -> None:
    await integrations.save(integration(), sealed(key_id="k2"))
    await keys.retire("k1")
    with pytest.raises(KeyRetired):
        await integrations.save(integration(), sealed())
    change = Resealing(id="id-mail", workspace=W, old=sealed(key_id="k2"), new=sealed(9))
    assert await integrations.reseal([change]) == 0
    assert (await integrations.get(W, "id-mail"))[1] == sealed(key_id="k2")


async def test_rows_under_other_keys_come_page_by_page(integrations: Integrations) -> None:
    for number, name in enumerate("dbac"):
        await integrations.save(integration(name, workspace=f"toy:W{number}"), sealed(number))
    await integrations.save(integration("e"), sealed(key_id="k2"))
    first = await integrations.sealed_before("k2", limit=3)
    assert [row.id for row in first] == ["id-a", "id-b", "id-c"]
    assert (first[0].workspace, first[0].sealed) == ("toy:W2", sealed(2))
    rest = await integrations.sealed_before("k2", after=first[-1].id, limit=3)
    assert [row.id for row in rest] == ["id-d"]


async def test_only_what_has_not_changed_is_sealed_anew(integrations: Integrations) -> None:
    for name in ("a", "b", "c", "d"):
        await integrations.save(integration(name), sealed(1))
    new = sealed(7, key_id="k2")
    changes = [Resealing(id=f"id-{name}", workspace=W, old=sealed(1), new=new) for name in "abcd"]
    await integrations.save(integration("b"), sealed(2))
    await integrations.remove(W, "id-c")
    changes[3] = changes[3].model_copy(update={"workspace": "toy:W2"})
    assert [await integrations.reseal(changes) for _ in range(2)] == [1, 0]
    assert [(await integrations.get(W, f"id-{name}"))[1] for name in "abd"] == [new, sealed(2), sealed(1)]


async def test_saving_and_retiring_at_once_never_leaves_a_row_without_its_key(
    place: Place, keys: VaultKeys
) -> None:
    views = [place.open() for _ in range(2)]

    async def save(number: int) -> bool:
        try:
            await views[0][0].save(integration(f"n{number}"), sealed(number))
        except KeyRetired:
            return False
        return True

    for number in range(20):
        saved, retired = await asyncio.gather(save(number), views[1][1].retire("k1"))
        assert saved != retired
        if saved:
            await views[0][0].remove(W, f"id-n{number}")
        else:
            await keys.add(WrappedKey(id="k1", master_id="m", nonce=b"n" * 12, wrapped=b"w"))
