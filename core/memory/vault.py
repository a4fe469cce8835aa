"""A vault in memory, and the keys of one."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from core.errors import SealBroken, UnknownKey
from core.ports.vault import Sealed, WrappedKey


class InMemoryVault:
    """The Vault port without ciphers: what it seals stays with it, and the ciphertext is only a ticket.

    `in_use` says which keys a row is still sealed with.
    """

    def __init__(self, *, in_use: Callable[[], set[str]] = set) -> None:
        self._in_use = in_use
        self._numbers = count(1)
        self._keys: list[str] = []
        self._kept: dict[tuple[str, bytes, bytes], tuple[str, str, str]] = {}

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self._keys)

    async def seal(self, secret: str, *, workspace: str, row: str) -> Sealed:
        if not self._keys:
            await self.add_key()
        number = next(self._numbers)
        sealed = Sealed(
            key_id=self._keys[-1], nonce=number.to_bytes(12, "big"), ciphertext=f"ticket {number}".encode()
        )
        self._kept[_ticket(sealed)] = (secret, workspace, row)
        return sealed

    async def open(self, sealed: Sealed, *, workspace: str, row: str) -> str:
        if sealed.key_id not in self._keys:
            raise UnknownKey()
        secret, *place = self._kept.get(_ticket(sealed), ("", "", ""))
        if place != [workspace, row]:
            raise SealBroken()
        return secret

    async def reload(self) -> str:
        return self._keys[-1] if self._keys else ""

    async def add_key(self) -> str:
        self._keys.append(f"key-{next(self._numbers)}")
        return self._keys[-1]

    async def rewrap(self) -> int:
        return 0

    async def retire(self) -> tuple[str, ...]:
        used = self._in_use()
        self._keys = [key for key in self._keys if key == self._keys[-1] or key in used]
        return tuple(self._keys[:-1])


class InMemoryVaultKeys:
    """The VaultKeys port in this process."""

    def __init__(self, *, in_use: Callable[[], set[str]] = set) -> None:
        self._in_use = in_use
        self._keys: dict[str, WrappedKey] = {}

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self._keys)

    async def listed(self) -> tuple[WrappedKey, ...]:
        return tuple(self._keys.values())

    async def add(self, key: WrappedKey) -> None:
        self._keys[key.id] = key

    async def rewrap(self, key: WrappedKey, *, held_by: str) -> bool:
        held = self._keys.get(key.id)
        if held is None or held.master_id != held_by:
            return False
        self._keys[key.id] = key
        return True

    async def retire(self, key_id: str) -> bool:
        if key_id in self._in_use():
            return False
        self._keys.pop(key_id, None)
        return True


def _ticket(sealed: Sealed) -> tuple[str, bytes, bytes]:
    return sealed.key_id, sealed.nonce, sealed.ciphertext
