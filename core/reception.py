"""What every door may do with the core."""

from __future__ import annotations

import logging
from collections.abc import Callable

from core.controls import Controls
from core.errors import InvalidIntegration, StoreUnavailable
from core.intake import Intake
from core.integrations.commands import ServiceCommands, Told
from core.making import MakingDesk
from core.models import Address, Instruction, Person, Press, Receipt
from core.models.form import Form, Submission
from core.ports.store import Store
from core.rendering import integrations as words
from core.rendering.help import help_text
from core.roster import Roster

logger = logging.getLogger(__name__)


class Reception:
    """Receive, press, and know one's own conversations: the core as a chat platform's inbound side sees it."""

    def __init__(
        self,
        *,
        intake: Intake,
        controls: Controls,
        store: Store,
        roster: Roster,
        making: MakingDesk,
        services: ServiceCommands | None = None,
    ) -> None:
        self._services = services
        self._intake = intake
        self._controls = controls
        self._store = store
        self._roster = roster
        self._making = making

    async def receive(self, instruction: Instruction) -> Receipt:
        """See Intake.receive."""
        return await self._intake.receive(instruction)

    async def press(self, press: Press) -> str | None:
        """See Controls.press."""
        return await self._controls.press(press)

    async def hear(self, instruction: Instruction) -> Told | Receipt:
        """What a person said in a conversation. A command about connected services is answered to them alone, and is
        not kept: no door may take it for an instruction. So is a question about agents that are theirs alone, where
        others read along. Everything else is received.

        Raises what `receive` raises.
        """
        told = await self._services.answer(instruction) if self._services is not None else None
        if told is None and (said := await self._making.confided(instruction)) is not None:
            told = Told(text=said, alone=True)
        return told if told is not None else await self.receive(instruction)

    async def cancel_latest(self, address: Address, person: Person) -> str | None:
        """See Controls.cancel_latest."""
        return await self._controls.cancel_latest(address, person)

    async def moved(self, place: Address, *, to: Address) -> None:
        """See Controls.moved."""
        await self._controls.moved(place, to=to)

    async def knows(self, address: Address) -> bool:
        """Whether FlowMate takes part in this conversation. Raises StoreUnavailable."""
        return await self._store.knows(address)

    async def form(self, instruction: Instruction) -> Form | None:
        """What to fill in, where a command is answered best by a form. Never raises."""
        form = self._services.form(instruction) if self._services is not None else None
        return form or await self._making.form(instruction.text, at=instruction.address)

    async def read_form(self, submission: Submission) -> Instruction:
        """See MakingDesk.read."""
        return await self._making.read(submission)

    async def connect(self, submission: Submission, *, later: Callable[[str], None]) -> None:
        """See ServiceCommands.connect."""
        if self._services is None:
            raise InvalidIntegration(words.UNKNOWN, field="")
        await self._services.connect(submission, later=later)

    async def help(self, *, person: Person, address: Address, aloud: bool = False) -> str:
        """What FlowMate can do for this person here, as Markdown; `aloud`: for everybody here. Never raises: without
        the database it tells of the agents that come from files."""
        try:
            crew = await self._roster.of(address.platform, address.workspace)
        except StoreUnavailable as error:
            logger.warning("help without the agents that people made: %s", error.sentence)
            return help_text(tuple(self._roster.files.values()))
        return help_text(crew.usable_by("" if aloud else person.id))
