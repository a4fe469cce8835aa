"""Integrations in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from core.errors import Conflict, KeyRetired, NotFound
from core.models.integration import Integration, TestRun
from core.ports.integrations import Resealing, SealedRow
from core.ports.vault import Sealed


class InMemoryIntegrations:
    """The Integrations port in this process; `there` says whether a key is (still) there."""

    def __init__(self, *, there: Callable[[str], bool] = lambda key_id: True) -> None:
        self._there = there
        self._rows: dict[str, tuple[Integration, Sealed]] = {}

    def keys_in_use(self) -> set[str]:
        return {sealed.key_id for _, sealed in self._rows.values()}

    async def save(self, integration: Integration, sealed: Sealed) -> None:
        if not self._there(sealed.key_id):
            raise KeyRetired()
        taken = self._rows.get(integration.id)
        if taken is not None and taken[0].workspace != integration.workspace:
            raise Conflict()
        same = (one for one, _ in self._rows.values() if one.name == integration.name)
        if any(one.workspace == integration.workspace and one.id != integration.id for one in same):
            raise Conflict(f"There is an integration named {integration.name} already.")
        self._rows[integration.id] = (integration, sealed)

    async def get(self, workspace: str, integration_id: str) -> tuple[Integration, Sealed]:
        found = self._rows.get(integration_id)
        if found is None or found[0].workspace != workspace:
            raise NotFound("There is no such integration.")
        return found

    async def listed(self, workspace: str) -> tuple[Integration, ...]:
        own = [one for one, _ in self._rows.values() if one.workspace == workspace]
        return tuple(sorted(own, key=lambda one: one.name))

    async def remove(self, workspace: str, integration_id: str) -> bool:
        found = self._rows.get(integration_id)
        if found is None or found[0].workspace != workspace:
            return False
        del self._rows[integration_id]
        return True

    async def record_test(self, workspace: str, integration_id: str, test: TestRun) -> None:
        found = self._rows.get(integration_id)
        if found is not None and found[0].workspace == workspace:
            self._rows[integration_id] = (found[0].model_copy(update={"test": test}), found[1])

    async def sealed_before(self, key_id: str, *, after: str = "", limit: int) -> tuple[SealedRow, ...]:
        rows = [
            SealedRow(id=one.id, workspace=one.workspace, sealed=sealed)
            for one, sealed in self._rows.values()
            if sealed.key_id != key_id and one.id > after
        ]
        return tuple(sorted(rows, key=lambda row: row.id)[:limit])

    async def reseal(self, changes: Sequence[Resealing]) -> int:
        saved = 0
        for change in changes:
            found = self._rows.get(change.id)
            same = found is not None and (found[0].workspace, found[1]) == (change.workspace, change.old)
            if found is not None and same and self._there(change.new.key_id):
                self._rows[change.id] = (found[0], change.new)
                saved += 1
        return saved


class InMemoryCredentials:
    """The Credentials port in this process: workspace and id → values."""

    def __init__(self, values: Mapping[tuple[str, str], Mapping[str, str]] | None = None) -> None:
        self._values = values or {}

    async def open(self, workspace: str, integration_id: str) -> Mapping[str, str]:
        if (workspace, integration_id) not in self._values:
            raise NotFound("There is no such integration.")
        return self._values[(workspace, integration_id)]
