"""Secrets, sealed: what the database holds of a credential."""

from __future__ import annotations

from typing import Protocol

from core.models import Frozen


class Sealed(Frozen):
    """A sealed secret: which key opens it, and bytes that say nothing without that key."""

    key_id: str
    nonce: bytes
    ciphertext: bytes


class WrappedKey(Frozen):
    """A key of the vault, itself sealed under a master key that the database does not hold."""

    id: str
    master_id: str
    nonce: bytes
    wrapped: bytes


class Vault(Protocol):
    """Seals secrets for one row of one workspace. The vault keeps nothing: whoever sealed a secret saves it.

    Every method raises StoreUnavailable, and ConfigurationError where the master key is missing or another one.
    """

    async def seal(self, secret: str, *, workspace: str, row: str) -> Sealed:
        """The secret under the current key, bound to that row. Each time another ciphertext."""
        ...

    async def open(self, sealed: Sealed, *, workspace: str, row: str) -> str:
        """The secret. Safe to repeat.

        Raises SealBroken where it was changed or sealed for another row or workspace, UnknownKey (a SealBroken) where
        its key isn't there, or no longer.
        """
        ...

    async def reload(self) -> str:
        """Look again which keys there are, since another process may have made one; the id of the one that seals,
        empty where there is none. Safe to repeat."""
        ...

    async def add_key(self) -> str:
        """Make a new key, which seals from now on; returns its id. Repeating makes another one."""
        ...

    async def rewrap(self) -> int:
        """Wrap the keys that an older master key holds with the current one; how many. Safe to repeat."""
        ...

    async def retire(self) -> tuple[str, ...]:
        """Give up all keys but the current one that seal nothing any more; the ids of those left. Safe to repeat."""
        ...


class VaultKeys(Protocol):
    """Where a vault's wrapped keys lie, beside the rows that they seal. Every method raises StoreUnavailable."""

    async def listed(self) -> tuple[WrappedKey, ...]:
        """All of them, the newest last: that one seals."""
        ...

    async def add(self, key: WrappedKey) -> None:
        """Save a new key as the newest."""
        ...

    async def rewrap(self, key: WrappedKey, *, held_by: str) -> bool:
        """Save how a key is wrapped now, unless its master key is no longer `held_by`."""
        ...

    async def retire(self, key_id: str) -> bool:
        """Delete the key, unless a row is still sealed with it. Safe to repeat."""
        ...
