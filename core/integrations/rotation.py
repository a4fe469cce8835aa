"""A new key for all integrations, while everything runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import SealBroken
from core.ports.integrations import Integrations, Resealing, SealedRow
from core.ports.vault import Vault

BATCH = 200
ROUNDS = 20
"""Through all rows, for those that somebody sealed with the old key meanwhile."""


@dataclass(frozen=True)
class Rotation:
    """What a rotation did; `broken` are ids of rows that no key opens, `left` the keys that these still name."""

    resealed: int
    broken: tuple[str, ...]
    left: tuple[str, ...]


async def rotate(
    vault: Vault,
    integrations: Integrations,
    *,
    batch: int = BATCH,
    on_progress: Callable[[int], None] = lambda resealed: None,
) -> Rotation:
    """Make a key, seal every row anew with it, and retire the keys that seal nothing any more.

    Readers never notice: each row is under one key or the other, both are there until no row needs the old one, and a
    row that changes meanwhile is left alone and looked at again. Safe to repeat, and at once: the newest key wins.
    Raises StoreUnavailable and ConfigurationError; what was sealed anew by then stays so.
    """
    await vault.add_key()
    await vault.rewrap()
    resealed, broken, left = 0, set[str](), tuple[str, ...]()
    for _ in range(ROUNDS):
        after, found = "", 0
        while rows := await integrations.sealed_before(await vault.reload(), after=after, limit=batch):
            after = rows[-1].id
            changes = [change for row in rows if (change := await _anew(vault, row, broken)) is not None]
            found += len(changes)
            resealed += await integrations.reseal(changes) if changes else 0
            on_progress(resealed)
        left = await vault.retire()
        if not left or not found:
            break
    return Rotation(resealed=resealed, broken=tuple(sorted(broken)), left=left)


async def _anew(vault: Vault, row: SealedRow, broken: set[str]) -> Resealing | None:
    try:
        secret = await vault.open(row.sealed, workspace=row.workspace, row=row.id)
    except SealBroken:
        broken.add(row.id)
        return None
    broken.discard(row.id)
    new = await vault.seal(secret, workspace=row.workspace, row=row.id)
    return Resealing(id=row.id, workspace=row.workspace, old=row.sealed, new=new)
