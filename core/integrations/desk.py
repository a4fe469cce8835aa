"""Connecting a service, testing it, opening it for one call, and revoking it."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from core.errors import (
    Conflict,
    InvalidIntegration,
    KeyRetired,
    NotFound,
    PermanentError,
    SealBroken,
    TransientError,
    UnknownKey,
)
from core.integrations.masking import KNOWN, KnownSecrets
from core.models.integration import Integration, IntegrationName, TestRun
from core.ports.clock import Clock
from core.ports.integrations import DEPLOYMENT, Integrations, Kind, Learns, Missing
from core.ports.vault import Sealed, Vault
from core.rendering import integrations as words

MAX_VALUE_CHARACTERS = 10_000
TEST_SECONDS = 20.0
ATTEMPTS = 5
"""At sealing or opening something whose key is being replaced."""
_NAME: TypeAdapter[str] = TypeAdapter(IntegrationName)


@dataclass(frozen=True)
class Wanted:
    """A service to connect; `values` hold its secrets."""

    kind: str
    name: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


class IntegrationDesk:
    """All that is done with integrations, each time within one workspace. Every method raises StoreUnavailable."""

    def __init__(
        self,
        *,
        integrations: Integrations,
        vault: Vault,
        kinds: Mapping[str, Kind],
        clock: Clock,
        provided: frozenset[str] = frozenset(),
        known: KnownSecrets = KNOWN,
    ) -> None:
        """`provided` are kinds that the deployment's settings give every workspace that has none of its own."""
        self.kinds = kinds
        self._integrations = integrations
        self._vault = vault
        self._clock = clock
        self._provided = provided
        self._known = known

    async def connect(self, workspace: str, wanted: Wanted, *, by: str) -> Integration:
        """Save it sealed, in place of an earlier one of the same name and kind, and test it.

        Raises InvalidIntegration, Conflict and ConfigurationError. Safe to repeat.
        """
        kind = self._kind(wanted.kind)
        # First of all: whatever goes wrong from here on must not quote them.
        self._know(kind, wanted.values)
        values = _checked(kind, wanted.values)
        self._know(kind, values)
        name = _named(wanted.name or kind.name)
        earlier = next((one for one in await self._integrations.listed(workspace) if one.name == name), None)
        if earlier is not None and earlier.kind != kind.name:
            raise Conflict(words.name_taken(name, kind=earlier.kind))
        secret = {one.name for one in kind.fields if one.secret}
        integration = Integration(
            id=earlier.id if earlier is not None else secrets.token_hex(8),
            workspace=workspace,
            name=name,
            kind=kind.name,
            fields={name: value for name, value in values.items() if name not in secret},
            connected_by=by,
            connected_at=self._clock.now(),
        )
        hidden = {name: values[name] for name in values if name in secret}
        if not isinstance(kind, Learns):
            await self._save(integration, hidden)
            return await self.test(workspace, integration.id)
        learned, passed, note = await _learned(kind, values)
        await self._save(integration, {**hidden, **learned})
        return await self._note(integration, passed, note)

    async def test(self, workspace: str, integration_id: str) -> Integration:
        """Try whether it works, and note what was found. Raises NotFound and ConfigurationError. Safe to repeat."""
        integration, _ = await self._integrations.get(workspace, integration_id)
        kind = self._kind(integration.kind)
        try:
            values = await self.open(workspace, integration_id)
        except SealBroken as error:
            passed, note = False, error.sentence
        else:
            passed, note = await _tried(kind, values)
        return await self._note(integration, passed, note)

    async def listed(self, workspace: str) -> tuple[Integration, ...]:
        """The workspace's, by name."""
        return await self._integrations.listed(workspace)

    async def revoke(self, workspace: str, integration_id: str) -> Integration:
        """Forget it and its secrets; gives what it was. Raises NotFound."""
        integration, _ = await self._integrations.get(workspace, integration_id)
        if not await self._integrations.remove(workspace, integration_id):
            raise NotFound(words.UNKNOWN)
        return integration

    async def find(self, workspace: str, kind: str, *, given: Sequence[str]) -> str | Missing:
        """See Access.find. The workspace's own go before what the deployment provides."""
        own = [one for one in await self._integrations.listed(workspace) if one.kind == kind]
        fitting = [one for one in own if one.name in given] or (own if kind in given else [])
        if fitting:
            return fitting[0].id
        if kind in given and kind in self._provided:
            return DEPLOYMENT
        return Missing.NOT_GIVEN if own or kind in self._provided else Missing.NOT_CONNECTED

    async def names(self, workspace: str) -> Mapping[str, tuple[str, ...]]:
        """See Access.names."""
        found: dict[str, tuple[str, ...]] = {}
        for one in await self._integrations.listed(workspace):
            found[one.kind] = (*found.get(one.kind, ()), one.name)
        return {kind: (kind,) for kind in sorted(self._provided)} | found

    async def open(self, workspace: str, integration_id: str) -> Mapping[str, str]:
        """All its values, for one call; they are masked from now on. Raises NotFound, SealBroken, ConfigurationError.

        A key that is replaced meanwhile makes no difference: the row is read again, and is sealed with the new one.
        """
        integration, sealed = await self._integrations.get(workspace, integration_id)
        for _ in range(ATTEMPTS):
            try:
                opened = await self._vault.open(sealed, workspace=workspace, row=integration_id)
                break
            except UnknownKey:
                before = sealed
                integration, sealed = await self._integrations.get(workspace, integration_id)
                if sealed == before:
                    raise
        else:
            raise UnknownKey()
        values: dict[str, str] = integration.fields | json.loads(opened)
        self._know(self._kind(integration.kind), values)
        return values

    async def _note(self, integration: Integration, passed: bool, note: str) -> Integration:
        test = TestRun(at=self._clock.now(), passed=passed, note=self._known.mask(note)[:500])
        await self._integrations.record_test(integration.workspace, integration.id, test)
        return integration.model_copy(update={"test": test})

    async def _save(self, integration: Integration, hidden: Mapping[str, str]) -> Sealed:
        for attempt in range(ATTEMPTS):
            sealed = await self._vault.seal(
                json.dumps(hidden), workspace=integration.workspace, row=integration.id
            )
            try:
                await self._integrations.save(integration, sealed)
                return sealed
            except KeyRetired:
                if attempt + 1 == ATTEMPTS:
                    raise
                await self._vault.reload()
        raise KeyRetired()

    def _kind(self, name: str) -> Kind:
        if name not in self.kinds:
            raise InvalidIntegration(words.no_such_kind(name[:40], kinds=sorted(self.kinds)), field="kind")
        return self.kinds[name]

    def _know(self, kind: Kind, values: Mapping[str, str]) -> None:
        hidden = [values[one.name] for one in kind.fields if one.secret and one.name in values]
        # Together with the user, as Basic authentication sends them.
        self._known.add(*hidden, *(f"{values['user']}:{one}" for one in hidden if values.get("user")))


async def _learned(kind: Learns, values: Mapping[str, str]) -> tuple[Mapping[str, str], bool, str]:
    learned: Mapping[str, str] = {}

    async def look() -> str:
        nonlocal learned
        learned, note = await kind.learn(values)
        return note

    passed, note = await _in_time(look())
    return learned, passed, note


async def _tried(kind: Kind, values: Mapping[str, str]) -> tuple[bool, str]:
    return await _in_time(kind.test(values))


async def _in_time(look: Awaitable[str]) -> tuple[bool, str]:
    """Whether the service could be looked at, and what is said about it."""
    try:
        async with asyncio.timeout(TEST_SECONDS):
            return True, await look
    except TimeoutError:
        return False, words.no_answer(TEST_SECONDS)
    except (InvalidIntegration, PermanentError, TransientError) as error:
        return False, error.sentence


def _named(name: str) -> str:
    try:
        return _NAME.validate_python(name)
    except ValidationError:
        raise InvalidIntegration(words.WRONG_NAME, field="name") from None


def _checked(kind: Kind, given: Mapping[str, str]) -> dict[str, str]:
    """The values that the kind has fields for, without blanks around them and without empty ones."""
    fields = {one.name: one for one in kind.fields}
    for name in given:
        if name not in fields:
            raise InvalidIntegration(
                words.no_such_field(name[:40], fields=list(fields)), field=f"fields.{name[:40]}"
            )
    values = {name: value.strip() for name, value in given.items() if value.strip()}
    for name, one in fields.items():
        if one.required and name not in values:
            raise InvalidIntegration(words.field_missing(one.title), field=f"fields.{name}")
        if len(values.get(name, "")) > MAX_VALUE_CHARACTERS:
            raise InvalidIntegration(
                words.too_long(one.title, most=MAX_VALUE_CHARACTERS), field=f"fields.{name}"
            )
    kind.check(values)
    return values
