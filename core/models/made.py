"""Agents that people make: versions, owners, and what is still being talked about."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime

from core.models.agent import Agent
from core.models.instruction import Address, Person
from core.models.values import Frozen


class Visibility(StrEnum):
    """Who may use an agent that somebody made."""

    ME = "me"
    WORKSPACE = "workspace"


class MadeAgent(Frozen):
    """One version of an agent that a person made: in chat, over the API or in the terminal."""

    platform: str
    workspace: str
    agent: Agent
    version: int = 1
    """Counted from 1 within the workspace and the name; it goes on where a name is used again."""
    owner: Person
    visibility: Visibility = Visibility.ME
    at: AwareDatetime
    """When this version was made."""
    key: str = ""
    """Idempotency key of the change that made it: the same change, repeated, finds it done."""
    deleted_at: AwareDatetime | None = None
    """Set where the agent is gone; its versions stay."""

    @property
    def name(self) -> str:
        return self.agent.name

    @property
    def private(self) -> bool:
        """Whether this version is its owner's alone."""
        return self.visibility is Visibility.ME

    def usable_by(self, person_id: str) -> bool:
        """Whether this person's plans may hold it."""
        mine = self.owner.id == person_id
        return self.deleted_at is None and (mine or self.visibility is Visibility.WORKSPACE)

    def readable_by(self, person_id: str) -> bool:
        """Whether this person may look at this version, also when the agent is gone."""
        return self.owner.id == person_id or self.visibility is Visibility.WORKSPACE


class DraftTurn(Frozen):
    """One reply in a dialogue, and what it was the reply to."""

    key: str
    """Of the instruction that was the reply."""
    field: str
    text: str
    accepted: bool


class AgentDraft(Frozen):
    """An agent that is being talked about, question by question: one for each person of a conversation."""

    address: Address
    person_id: str
    given: dict[str, str]
    """What the first message said already, by field."""
    turns: tuple[DraftTurn, ...] = ()
    closed_by: str | None = None
    """Key of the instruction that ended the dialogue."""
    at: AwareDatetime
