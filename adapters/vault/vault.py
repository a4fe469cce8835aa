"""`AesVault`: the vault over keys that lie beside the rows which they seal, wrapped by master keys that don't."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType

from core.errors import ConfigurationError, SealBroken, UnknownKey
from core.ports.vault import Sealed, VaultKeys, WrappedKey

FOREIGN = (
    "INTEGRATION_ENC_KEY (or integration.key in the data folder) isn't what the integrations were sealed with: put the "
    "old value back, after the new one and a comma. Where it is lost, `flowmate keys rotate` begins anew, and every "
    "integration has to be connected again."
)


class AesVault:
    """The Vault port. Keys are read when they are first needed, and again where one is unknown."""

    def __init__(self, keys: VaultKeys, *, masters: Callable[[], Sequence[str]]) -> None:
        self._keys = keys
        self._written = masters
        self._masters: dict[str, bytes] = {}
        """The current one first."""
        self._open: dict[str, bytes] = {}
        """The keys that could be unwrapped, the newest last."""
        self._foreign = False

    async def seal(self, secret: str, *, workspace: str, row: str) -> Sealed:
        key_id, key = await self._current()
        nonce, ciphertext = _sealing().seal(key, secret.encode(), bound=(key_id, workspace, row))
        return Sealed(key_id=key_id, nonce=nonce, ciphertext=ciphertext)

    async def open(self, sealed: Sealed, *, workspace: str, row: str) -> str:
        if sealed.key_id not in self._open:
            await self.reload()
        key = self._open.get(sealed.key_id)
        if key is None:
            raise UnknownKey()
        bound = (sealed.key_id, workspace, row)
        plain: bytes = _sealing().unseal(key, (sealed.nonce, sealed.ciphertext), bound=bound)
        return plain.decode()

    async def reload(self) -> str:
        found = await self._keys.listed()
        if not self._masters:
            self._masters = dict(_sealing().master_key(written) for written in self._written())
        opened = {wrapped.id: key for wrapped in found if (key := self._unwrapped(wrapped)) is not None}
        self._foreign = bool(found) and not opened
        # Keys that are retired meanwhile stay: a row that was read before still opens.
        self._open = {**{id: key for id, key in self._open.items() if id not in opened}, **opened}
        return next(reversed(opened), "")

    async def add_key(self) -> str:
        await self.reload()
        key_id: str = _sealing().new_id()
        key: bytes = _sealing().new_key()
        await self._keys.add(self._wrapped(key_id, key))
        await self.reload()
        return key_id

    async def rewrap(self) -> int:
        await self.reload()
        count = 0
        for held in await self._keys.listed():
            key = self._open.get(held.id)
            if key is not None and held.master_id != next(iter(self._masters)):
                count += await self._keys.rewrap(self._wrapped(held.id, key), held_by=held.master_id)
        return count

    async def retire(self) -> tuple[str, ...]:
        found = await self._keys.listed()
        return tuple([key.id for key in found[:-1] if not await self._keys.retire(key.id)])

    async def _current(self) -> tuple[str, bytes]:
        if not self._open:
            await self.reload()
        if self._foreign:
            raise ConfigurationError(FOREIGN)
        if not self._open:
            await self.add_key()
        return next(reversed(self._open.items()))

    def _wrapped(self, key_id: str, key: bytes) -> WrappedKey:
        master_id, master = next(iter(self._masters.items()))
        nonce, wrapped = _sealing().seal(master, key, bound=(master_id, key_id))
        return WrappedKey(id=key_id, master_id=master_id, nonce=nonce, wrapped=wrapped)

    def _unwrapped(self, key: WrappedKey) -> bytes | None:
        master = self._masters.get(key.master_id)
        if master is None:
            return None
        try:
            plain: bytes = _sealing().unseal(master, (key.nonce, key.wrapped), bound=(key.master_id, key.id))
        except SealBroken:
            return None
        return plain


def _sealing() -> ModuleType:
    # OpenSSL is 6 MB that processes without any integration need not hold.
    from adapters.vault import sealing

    return sealing
