"""What people say about connected services in a chat: list, connect, test, revoke. No secret is said there, ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from pydantic import TypeAdapter, ValidationError

from core.errors import ConfigurationError, FlowMateError, InvalidIntegration, NotFound, PermanentError
from core.integrations.desk import IntegrationDesk
from core.integrations.forms import to_form, to_wanted
from core.models import Frozen, Instruction, Person
from core.models.form import Form, Submission
from core.models.integration import Integration, IntegrationName
from core.ports.clock import Clock
from core.ports.invitations import Invitation, Invitations
from core.rendering import integrations as words

logger = logging.getLogger(__name__)
LINK_LASTS = timedelta(minutes=15)
PATIENCE_SECONDS = 1.5
"""Chats want an answer within three seconds; a test that takes longer goes on by itself."""
FIRST_WORDS = frozenset({"integrations", "list", "connect", "test", "revoke"})
LITTLE_WORDS = frozenset({"a", "an", "my", "our", "the", "to", "with"})
KEPT_ANSWERS = 256
LONGEST_NAME = 24
MOST_DIGITS = 4
"""Of a name that is said in a chat: tokens are longer, or have more of them."""
_NAME: TypeAdapter[str] = TypeAdapter(IntegrationName)


class Told(Frozen):
    """An answer for the person who asked, and for nobody else in the place where they did."""

    text: str
    """Markdown."""
    link: str = ""
    """Whoever opens it may connect a service: it must be shown to that person alone."""
    alone: bool = False
    """Whether all of it must be shown to that person alone, as a link must."""
    repeatable: bool = True
    """Whether what was asked may be shown again; where it may hold a secret it may not."""

    @property
    def markdown(self) -> str:
        """All of it."""
        return f"{self.text}\n\n[{words.OPEN_FORM}]({self.link})" if self.link else self.text


class ServiceCommands:
    """Understands exact commands alone: whatever else is said is an instruction like any other."""

    def __init__(
        self,
        *,
        desk: IntegrationDesk,
        invitations: Invitations,
        clock: Clock,
        admins: frozenset[str],
        by_command: frozenset[str] = frozenset(),
    ) -> None:
        """`admins` are the ids of the people who may connect, test and revoke; `by_command` are the doors, by their
        instructions' origin, where FlowMate's own commands are at hand: a service is connected with one, not by a link.
        """
        self._desk = desk
        self._invitations = invitations
        self._clock = clock
        self._admins = admins
        self._by_command = by_command
        self._testing: set[asyncio.Task[Integration]] = set()
        self._answers: dict[str, asyncio.Task[Told | None]] = {}
        """By the key of the instruction, the oldest first."""
        self._connecting: dict[str, asyncio.Task[str]] = {}
        """By the key of the submission, the oldest first."""

    def form(self, instruction: Instruction) -> Form | None:
        """What to fill in, where the text is just `connect KIND` or `connect KIND NAME`, by somebody who may. Pure."""
        first, *rest = instruction.text.strip().removeprefix("/").split() or [""]
        if first.lower() == "integrations" and rest:
            first, *rest = rest
        wanted = self._kind_first(rest)
        if first.lower() != "connect" or not wanted or wanted[0].lower() not in self._desk.kinds:
            return None
        kind, more = wanted[0].lower(), wanted[1:]
        if (
            len(more) > 1
            or (more and not _is_short_name(more[0]))
            or instruction.person.id not in self._admins
        ):
            return None
        return to_form(self._desk.kinds[kind], name=more[0] if more else kind)

    async def connect(self, submission: Submission, *, later: Callable[[str], None]) -> None:
        """Connect what a form says, sealed before anything else; `later` is told, once, whether it works.

        Raises InvalidIntegration and Conflict for what is to be mended in the form, ConfigurationError, and
        StoreUnavailable. What comes only after this has returned is for `later` to say. The same submission, sent
        again, changes nothing while this process remembers it.
        """
        if submission.person.id not in self._admins:
            raise InvalidIntegration(words.not_allowed(submission.person.id), field="")
        key = submission.key
        first = key not in self._connecting
        if first:
            self._connecting[key] = asyncio.create_task(self._connected(submission))
        task = self._connecting[key]
        done, _ = await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
        while len(self._connecting) > KEPT_ANSWERS:
            self._connecting.pop(next(iter(self._connecting)))
        if done and task.exception() is not None:
            self._connecting.pop(key, None)
            task.result()
        if first:
            task.add_done_callback(lambda ended: later(_said(ended)))

    async def _connected(self, submission: Submission) -> str:
        wanted = to_wanted(submission)
        address = submission.address
        workspace = f"{address.platform}:{address.workspace}"
        return words.tested(await self._desk.connect(workspace, wanted, by=submission.person.id))

    async def answer(self, instruction: Instruction) -> Told | None:
        """The answer; None where the text is no such command. Raises StoreUnavailable.

        The same instruction gets the same answer for as long as this process remembers it: a mention comes twice, and
        what it revoked the first time would be no service's name the second time.
        """
        text = instruction.text.strip().removeprefix("/")
        if not any(word.lower() in FIRST_WORDS for word in text.split(maxsplit=1)[:1]):
            return None
        key = instruction.key
        if key not in self._answers:
            self._answers[key] = asyncio.create_task(self._understood(text, instruction))
            self._answers[key].add_done_callback(partial(self._keep, key))
        # A door that gives up waiting must not end what others wait for, nor what was begun.
        return await asyncio.shield(self._answers[key])

    def _keep(self, key: str, task: asyncio.Task[Told | None]) -> None:
        """Only of answers; what failed, or was no command, is looked at again."""
        if task.cancelled() or task.exception() is not None or task.result() is None:
            self._answers.pop(key, None)
        while len(self._answers) > KEPT_ANSWERS:
            self._answers.pop(next(iter(self._answers)))

    async def _understood(self, text: str, instruction: Instruction) -> Told | None:
        person, address = instruction.person, instruction.address
        workspace = f"{address.platform}:{address.workspace}"
        said = text.split()
        first, *rest = [word.lower() for word in said] or [""]
        if (first, rest) in (("list", ["integrations"]), ("integrations", []), ("integrations", ["list"])):
            return Told(text=words.overview(await self._desk.listed(workspace)))
        if first == "integrations" and rest:
            first, rest, said = rest[0], rest[1:], said[1:]
        elif first in ("test", "revoke") and not await self._is_one(workspace, rest):
            return None
        if first == "connect" and self._asks_to_connect(wanted := self._kind_first(said[1:])):
            linked = instruction.origin not in self._by_command
            return await self._connect(workspace, wanted, person=person, linked=linked)
        if first in ("test", "revoke") and len(rest) == 1:
            return await self._change(workspace, first, rest[0], person=person)
        return Told(text=words.USAGE) if text.split()[0].lower() == "integrations" and len(said) < 4 else None

    async def _is_one(self, workspace: str, rest: list[str]) -> bool:
        """Whether that is the name of a service, and not of anything else that can be tested."""
        return len(rest) == 1 and any(one.name == rest[0] for one in await self._desk.listed(workspace))

    def _kind_first(self, rest: list[str]) -> list[str]:
        """Without the little words before a kind: "connect to our github with …" has to be stopped like any other."""
        for place, word in enumerate(rest):
            bare = word.lower().rstrip(".,:;!?")
            if bare in self._desk.kinds:
                return [bare, *rest[place + 1 :]]
            if word.lower() not in LITTLE_WORDS:
                break
        return rest

    def _asks_to_connect(self, rest: list[str]) -> bool:
        return len(rest) < 2 or rest[0].lower() in self._desk.kinds

    async def _connect(self, workspace: str, rest: list[str], *, person: Person, linked: bool) -> Told:
        """`rest` as it was written: a token in small letters would look like a name."""
        kinds = self._desk.kinds
        if not rest:
            return Told(text=words.can_be_connected([(kind.name, kind.title) for kind in kinds.values()]))
        kind, more = rest[0].lower(), rest[1:]
        if kind not in kinds:
            return Told(text=words.no_such_kind(kind[:40], kinds=sorted(kinds)))
        if len(more) > 1 or (more and not _is_short_name(more[0])):
            return Told(text=words.no_secrets_here(kind, linked=linked), repeatable=False)
        if person.id not in self._admins:
            return Told(text=words.not_allowed(person.id))
        name = more[0] if more else kind
        if not linked:
            return Told(text=words.connect_by_command(kind, name=name))
        until = self._clock.now() + LINK_LASTS
        invitation = Invitation(workspace=workspace, kind=kind, name=name, by=person.id, until=until)
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


def _is_short_name(name: str) -> bool:
    """Whether that can be a service's name, and hardly a secret: what looks like one is taken nowhere."""
    try:
        _NAME.validate_python(name)
    except ValidationError:
        return False
    return len(name) <= LONGEST_NAME and sum(letter.isdigit() for letter in name) <= MOST_DIGITS


def _said(ended: asyncio.Task[str]) -> str:
    """What became of connecting a service after its form was closed."""
    error = None if ended.cancelled() else ended.exception()
    if ended.cancelled() or (error is not None and not isinstance(error, FlowMateError)):
        logger.error("a service was not connected", exc_info=error)
        return words.NOT_CONNECTED
    return error.sentence if isinstance(error, FlowMateError) else ended.result()
