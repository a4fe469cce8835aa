"""The Vault port over every implementation, and what only the real one has: ciphers and master keys."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.settings import Settings, check_production
from adapters.sql.database import Database
from adapters.sql.vault_keys import SqlVaultKeys
from adapters.vault import masters
from adapters.vault.vault import AesVault
from core.errors import ConfigurationError, SealBroken, UnknownKey
from core.memory.vault import InMemoryVault, InMemoryVaultKeys
from core.ports.vault import Vault, VaultKeys
from tests.contracts.conftest import ALL

W, ROW = "toy:W1", "row-1"
SECRET = "invented-secret ünd \x00 🧪"
MASTER = "an-invented-master-key-for-tests-only"
OTHER = "another-invented-master-key-for-tests"


@pytest.fixture(params=ALL)
def keys(request: pytest.FixtureRequest) -> Iterator[VaultKeys]:
    if request.param == "memory":
        yield InMemoryVaultKeys()
        return
    database = Database(request.getfixturevalue(f"{request.param}_url"))
    yield SqlVaultKeys(database)
    database.close()


@pytest.fixture(params=["memory", "aes"])
def vault(request: pytest.FixtureRequest) -> Vault:
    return InMemoryVault() if request.param == "memory" else vault_over(InMemoryVaultKeys())


def vault_over(keys: VaultKeys, *written: str) -> AesVault:
    return AesVault(keys, masters=lambda: written or (MASTER,))


async def test_what_was_sealed_opens_to_the_letter(vault: Vault) -> None:
    for secret in ("", SECRET, "x" * 20_000):
        sealed = await vault.seal(secret, workspace=W, row=ROW)
        assert await vault.open(sealed, workspace=W, row=ROW) == secret


async def test_the_same_secret_never_looks_the_same(vault: Vault) -> None:
    sealed = [await vault.seal(SECRET, workspace=W, row=ROW) for _ in range(50)]
    assert len({one.nonce for one in sealed}) == len({one.ciphertext for one in sealed}) == 50


@pytest.mark.parametrize("place", [("toy:W2", ROW), (W, "row-2"), ("toy:W", "1row-1"), ("", "")])
async def test_another_workspaces_or_rows_secret_does_not_open(vault: Vault, place: tuple[str, str]) -> None:
    sealed = await vault.seal(SECRET, workspace=W, row=ROW)
    with pytest.raises(SealBroken):
        await vault.open(sealed, workspace=place[0], row=place[1])


@pytest.mark.parametrize("part", ["nonce", "ciphertext"])
async def test_a_changed_seal_does_not_open(vault: Vault, part: str) -> None:
    sealed = await vault.seal(SECRET, workspace=W, row=ROW)
    whole: bytes = getattr(sealed, part)
    for wrong in (
        b"",
        whole[:-1],
        whole + b"0",
        bytes([whole[0] ^ 1]) + whole[1:],
        whole[:-1] + bytes([whole[-1] ^ 128]),
    ):
        with pytest.raises(SealBroken) as caught:
            await vault.open(sealed.model_copy(update={part: wrong}), workspace=W, row=ROW)
        assert "invented" not in str(caught.value)


async def test_an_unknown_key_is_told_from_a_changed_seal(vault: Vault) -> None:
    sealed = await vault.seal(SECRET, workspace=W, row=ROW)
    with pytest.raises(UnknownKey):
        await vault.open(sealed.model_copy(update={"key_id": "k" * 16}), workspace=W, row=ROW)


async def test_a_new_key_seals_and_the_old_one_opens_until_it_is_retired(vault: Vault) -> None:
    old = await vault.seal(SECRET, workspace=W, row=ROW)
    key_id = await vault.add_key()
    new = await vault.seal(SECRET, workspace=W, row=ROW)
    assert (await vault.reload(), new.key_id) == (key_id, key_id) != (old.key_id, old.key_id)
    for sealed in (old, new):
        assert await vault.open(sealed, workspace=W, row=ROW) == SECRET
    assert await vault.retire() == ()
    assert await vault.open(new, workspace=W, row=ROW) == SECRET


async def test_one_keys_seal_does_not_open_under_another_ones_name() -> None:
    vault = vault_over(InMemoryVaultKeys())
    sealed = await vault.seal(SECRET, workspace=W, row=ROW)
    with pytest.raises(SealBroken):
        await vault.open(sealed.model_copy(update={"key_id": await vault.add_key()}), workspace=W, row=ROW)


async def test_neither_the_row_nor_the_keys_hold_anything_readable(keys: VaultKeys) -> None:
    vault = vault_over(keys)
    sealed = await vault.seal("invented-secret", workspace=W, row=ROW)
    (kept,) = await keys.listed()
    plain_key = vault._open[kept.id]
    everything = sealed.nonce + sealed.ciphertext + kept.nonce + kept.wrapped
    assert b"invented" not in everything
    assert plain_key not in everything
    assert len(sealed.nonce) == len(kept.nonce) == 12
    assert len(plain_key) == 32


async def test_every_process_finds_the_keys_that_another_one_made(keys: VaultKeys) -> None:
    first, second = vault_over(keys), vault_over(keys)
    sealed = await first.seal(SECRET, workspace=W, row=ROW)
    assert await second.open(sealed, workspace=W, row=ROW) == SECRET
    await first.add_key()
    newer = await first.seal(SECRET, workspace=W, row=ROW)
    assert await second.open(newer, workspace=W, row=ROW) == SECRET
    assert (await second.seal(SECRET, workspace=W, row=ROW)).key_id == newer.key_id


async def test_a_retired_key_is_gone_for_processes_that_begin_later(keys: VaultKeys) -> None:
    before = vault_over(keys)
    sealed = await before.seal(SECRET, workspace=W, row=ROW)
    await before.add_key()
    assert await before.retire() == ()
    with pytest.raises(UnknownKey):
        await vault_over(keys).open(sealed, workspace=W, row=ROW)
    # Who read the row before it was sealed anew still opens it.
    assert await before.open(sealed, workspace=W, row=ROW) == SECRET


async def test_a_new_master_key_opens_with_the_old_one_beside_it_and_then_without(keys: VaultKeys) -> None:
    sealed = await vault_over(keys, MASTER).seal(SECRET, workspace=W, row=ROW)
    both = vault_over(keys, OTHER, MASTER)
    assert await both.open(sealed, workspace=W, row=ROW) == SECRET
    assert (await both.rewrap(), await both.rewrap()) == (1, 0)
    assert await vault_over(keys, OTHER).open(sealed, workspace=W, row=ROW) == SECRET


async def test_another_master_key_opens_nothing_and_seals_nothing_until_keys_begin_anew(
    keys: VaultKeys,
) -> None:
    sealed = await vault_over(keys, MASTER).seal(SECRET, workspace=W, row=ROW)
    other = vault_over(keys, OTHER)
    with pytest.raises(UnknownKey):
        await other.open(sealed, workspace=W, row=ROW)
    with pytest.raises(ConfigurationError, match="put the old value back"):
        await other.seal(SECRET, workspace=W, row=ROW)
    await other.add_key()
    assert await other.open(await other.seal(SECRET, workspace=W, row=ROW), workspace=W, row=ROW) == SECRET


async def test_a_changed_key_row_opens_nothing(keys: VaultKeys) -> None:
    vault = vault_over(keys)
    sealed = await vault.seal(SECRET, workspace=W, row=ROW)
    (kept,) = await keys.listed()
    assert await keys.rewrap(
        kept.model_copy(update={"wrapped": bytes(len(kept.wrapped))}), held_by=kept.master_id
    )
    assert not await keys.rewrap(kept, held_by="somebody else")
    with pytest.raises(UnknownKey):
        await vault_over(keys).open(sealed, workspace=W, row=ROW)


async def test_what_is_sealed_is_aes_256_gcm_bound_to_key_workspace_and_row() -> None:
    vault = vault_over(InMemoryVaultKeys())
    sealed = await vault.seal(SECRET, workspace=W, row=ROW)
    bound = json.dumps(["flowmate", sealed.key_id, W, ROW]).encode()
    cipher = AESGCM(vault._open[sealed.key_id])
    assert cipher.decrypt(sealed.nonce, sealed.ciphertext, bound).decode() == SECRET
    assert len(sealed.ciphertext) == len(SECRET.encode()) + 16


def test_the_data_folders_own_master_key_is_made_once_for_this_user_alone(tmp_path: Path) -> None:
    settings = Settings(flowmate_data_dir=tmp_path / "data", integration_enc_key=None)
    first = masters.master_keys(settings)
    assert masters.master_keys(settings) == first
    (file,) = (tmp_path / "data").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(first[0]) >= 32


def test_several_master_keys_are_held_against_the_rules_one_by_one(tmp_path: Path) -> None:
    settings = _settings(integration_enc_key=f"{MASTER}, {OTHER}")
    assert masters.master_keys(settings) == (MASTER, OTHER)
    with pytest.raises(ConfigurationError, match="INTEGRATION_ENC_KEY is shorter than 32 bytes"):
        check_production(_settings(flowmate_env="production", integration_enc_key=f"{MASTER},short-one"))


def test_production_makes_no_master_key_by_itself(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="INTEGRATION_ENC_KEY is missing"):
        masters.master_keys(_settings(flowmate_env="production", flowmate_data_dir=tmp_path))
    assert list(tmp_path.iterdir()) == []


def _settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)
