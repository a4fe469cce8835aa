"""Where integrations lie, what kinds of them there are, and which of them a call may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol, runtime_checkable

from core.models import Frozen
from core.models.integration import Integration, TestRun
from core.ports.vault import Sealed


class Resealing(Frozen):
    """One row whose secret is sealed anew: only where it is still sealed as `old`."""

    id: str
    workspace: str
    old: Sealed
    new: Sealed


class SealedRow(Frozen):
    """The sealed part of one row."""

    id: str
    workspace: str
    sealed: Sealed


class Integrations(Protocol):
    """Rows never cross from one workspace to another. Every method is one transaction, and raises StoreUnavailable."""

    async def save(self, integration: Integration, sealed: Sealed) -> None:
        """Save it, in place of an earlier one with the same id. Safe to repeat.

        Raises Conflict where another one of the workspace has this name, KeyRetired where the key that it was sealed
        with has gone since.
        """
        ...

    async def get(self, workspace: str, integration_id: str) -> tuple[Integration, Sealed]:
        """The integration, and its secrets as they are sealed. Raises NotFound, for another workspace's, too."""
        ...

    async def listed(self, workspace: str) -> tuple[Integration, ...]:
        """The workspace's, by name."""
        ...

    async def remove(self, workspace: str, integration_id: str) -> bool:
        """Forget it and its secrets; whether it was there. Safe to repeat."""
        ...

    async def record_test(self, workspace: str, integration_id: str, test: TestRun) -> None:
        """Note what a test said; nothing where the integration has gone. Safe to repeat."""
        ...

    async def sealed_before(self, key_id: str, *, after: str = "", limit: int) -> tuple[SealedRow, ...]:
        """Rows of all workspaces that are not sealed with this key, by id, those with a higher id than `after`."""
        ...

    async def reseal(self, changes: Sequence[Resealing]) -> int:
        """Save new seals; one whose row has changed or gone is passed over. How many were saved. Safe to repeat."""
        ...


class Field(Frozen):
    """One thing to be said when a service is connected."""

    name: str
    title: str
    secret: bool = False
    required: bool = True


class Kind(Protocol):
    """One sort of service. One file in adapters/integrations exports one."""

    name: str
    title: str
    fields: tuple[Field, ...]

    def check(self, values: Mapping[str, str]) -> None:
        """Raises InvalidIntegration naming the field that can't be; quotes no secret. Pure."""
        ...

    async def test(self, values: Mapping[str, str]) -> str:
        """Try it, changing nothing over there; a sentence that says what was seen. Safe to repeat.

        Raises ToolFailed and TransientError with a sentence that quotes no secret.
        """
        ...


@runtime_checkable
class Learns(Protocol):
    """A kind whose service is looked at when it is connected, and held to what was seen there."""

    async def learn(self, values: Mapping[str, str]) -> tuple[Mapping[str, str], str]:
        """What is sealed beside the values, under names that no field has, and a sentence for people. Safe to repeat.

        Raises ToolFailed and TransientError, as `Kind.test` does.
        """
        ...


DEPLOYMENT = "deployment"
"""In place of an id: what the deployment's own settings provide, for every workspace."""


class Missing(StrEnum):
    """Why a call has no integration to use."""

    NOT_GIVEN = "integration not given"
    NOT_CONNECTED = "integration not connected"


class Access(Protocol):
    """Which integration a call may use."""

    async def find(self, workspace: str, kind: str, *, given: Sequence[str]) -> str | Missing:
        """The id of the workspace's integration of this kind, if the agent was `given` its name or its kind.

        Raises StoreUnavailable.
        """
        ...

    async def names(self, workspace: str) -> Mapping[str, tuple[str, ...]]:
        """By kind, what an agent of this workspace may be given: names of integrations, or the kind's where the
        deployment provides it. Raises StoreUnavailable."""
        ...


class Credentials(Protocol):
    """What a tool signs in with, opened for the one call that may use it."""

    async def open(self, workspace: str, integration_id: str) -> Mapping[str, str]:
        """All values of the integration in `Task.integration`; they are masked from then on. Safe to repeat.

        Raises StoreUnavailable, NotFound, SealBroken and ConfigurationError.
        """
        ...
