"""What people say about connected services in a chat: list, connect, test, revoke. No secret is said there, ever."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from pydantic import TypeAdapter, ValidationError

from core.errors import ConfigurationError, NotFound, PermanentError
from core.integrations.desk import IntegrationDesk
from core.models import Address, Frozen, Person
from core.models.integration import Integration, IntegrationName
from core.ports.clock import Clock
from core.ports.invitations import Invitation, Invitations
from core.rendering import integrations as words

LINK_LASTS = timedelta(minutes=15)
PATIENCE_SECONDS = 1.5
"""Chats want an answer within three seconds; a test that takes longer goes on by itself."""
_NAME: TypeAdapter[str] = TypeAdapter(IntegrationName)


class Told(Frozen):
    """An answer for the person who asked, and for nobody else in the place where they did."""

    text: str
    """Markdown."""
    link: str = ""
    """Whoever opens it may connect a service: it must be shown to that person alone."""

    @property
    def markdown(self) -> str:
        """All of it."""
        return f"{self.text}\n\n[{words.OPEN_FORM}]({self.link})" if self.link else self.text


class ServiceCommands:
    """Understands exact commands alone: whatever else is said is an instruction like any other."""

    def __init__(
        self, *, desk: IntegrationDesk, invitations: Invitations, clock: Clock, admins: frozenset[str]
    ) -> None:
        """`admins` are the ids of the people who may connect, test and revoke."""
        self._desk = desk
        self._invitations = invitations
        self._clock = clock
        self._admins = admins
        self._testing: set[asyncio.Task[Integration]] = set()

    async def answer(self, text: str, *, person: Person, address: Address) -> Told | None:
        """The answer; None where the text is no such command. Raises StoreUnavailable. Safe to repeat."""
        workspace = f"{address.platform}:{address.workspace}"
        said = text.split()
        first, *rest = [word.lower() for word in said] or [""]
        if (first, rest) in (("list", ["integrations"]), ("integrations", []), ("integrations", ["list"])):
            return Told(text=words.overview(await self._desk.listed(workspace)))
        if first == "integrations" and rest:
            first, rest, said = rest[0], rest[1:], said[1:]
        elif first in ("test", "revoke") and not await self._is_one(workspace, rest):
            return None
        if first == "connect" and self._asks_to_connect(rest):
            return await self._connect(workspace, rest, person=person)
        if first in ("test", "revoke") and len(rest) == 1:
            return await self._change(workspace, first, rest[0], person=person)
        return Told(text=words.USAGE) if text.split()[:1] == ["integrations"] and len(said) < 4 else None

    async def _is_one(self, workspace: str, rest: list[str]) -> bool:
        """Whether that is the name of a service, and not of anything else that can be tested."""
        return len(rest) == 1 and any(one.name == rest[0] for one in await self._desk.listed(workspace))

    def _asks_to_connect(self, rest: list[str]) -> bool:
        return len(rest) < 2 or rest[0] in self._desk.kinds

    async def _connect(self, workspace: str, rest: list[str], *, person: Person) -> Told:
        kinds = self._desk.kinds
        if not rest:
            return Told(text=words.can_be_connected([(kind.name, kind.title) for kind in kinds.values()]))
        kind, *more = rest
        if kind not in kinds:
            return Told(text=words.no_such_kind(kind[:40], kinds=sorted(kinds)))
        if len(more) > 1 or not _is_name(more[0] if more else kind):
            return Told(text=words.no_secrets_here(kind))
        if person.id not in self._admins:
            return Told(text=words.not_allowed(person.id))
        name = more[0] if more else kind
        invitation = Invitation(
            workspace=workspace,
            kind=kind,
            name=name,
            by=person.id,
            until=self._clock.now() + LINK_LASTS,
        )
        try:
            link = await self._invitations.issue(invitation)
        except ConfigurationError as error:
            return Told(text=error.sentence)
        return Told(text=words.connect_here(name, minutes=LINK_LASTS.seconds // 60), link=link)

    async def _change(self, workspace: str, change: str, name: str, *, person: Person) -> Told:
        if person.id not in self._admins:
            return Told(text=words.not_allowed(person.id))
        found = next((one for one in await self._desk.listed(workspace) if one.name == name), None)
        try:
            if found is None:
                return Told(text=words.not_connected(name[:40]))
            if change == "test":
                return await self._test(workspace, found)
            await self._desk.revoke(workspace, found.id)
        except NotFound:
            return Told(text=words.not_connected(name))
        except (ConfigurationError, PermanentError) as error:
            return Told(text=error.sentence)
        return Told(text=words.revoked(name))

    async def _test(self, workspace: str, found: Integration) -> Told:
        task = asyncio.create_task(self._desk.test(workspace, found.id))
        self._testing.add(task)
        task.add_done_callback(self._testing.discard)
        done, _ = await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
        return Told(text=words.tested(task.result()) if done else words.still_testing(found.name))


def _is_name(name: str) -> bool:
    try:
        _NAME.validate_python(name)
    except ValidationError:
        return False
    return True
