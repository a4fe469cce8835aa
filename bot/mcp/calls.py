"""What other agents can call, and what they get; without the protocol."""

from __future__ import annotations

from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from core.models import MAX_INSTRUCTION_CHARACTERS, Frozen

LONGEST_WAIT_SECONDS = 300.0
USUAL_WAIT_SECONDS = 45.0
"""Below the minute that many clients wait for an answer."""


class _Call(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=False, extra="forbid", frozen=True)


class Delegate(_Call):
    """Hand FlowMate one instruction in plain words. Its micro agents work on it, and one answer comes back.

    If the answer is not there in time, the work goes on: get_delegation tells how it stands.
    """

    instruction: str = Field(
        max_length=MAX_INSTRUCTION_CHARACTERS, description="what you want, in plain words"
    )
    agents: tuple[str, ...] = Field(
        default=(),
        max_length=10,
        description="names of the agents that should do it; default: the best fitting",
    )
    wait_seconds: float = Field(
        default=USUAL_WAIT_SECONDS,
        ge=0,
        le=LONGEST_WAIT_SECONDS,
        description="how long the answer is waited for; 0: not at all",
    )
    conversation: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9._-]{0,64}$",
        description="a name of your own for what belongs together: later instructions know the earlier ones",
    )
    idempotency_key: str = Field(
        default="",
        pattern=r"^[\x21-\x7e]{0,200}$",
        description="the same key and instruction again give the same delegation, and run nothing twice",
    )


class ListAgents(_Call):
    """List FlowMate's micro agents, and what each is for."""


class GetDelegation(_Call):
    """Look at a delegation: whether it is still running, its answer, and what each agent gave."""

    delegation_id: str = Field(pattern=r"^[0-9a-f]{32}$", description="the id that delegate gave")


class Given(Frozen):
    """What a call gives: `text` for whoever reads, `data` for programs."""

    text: str
    data: dict[str, Any] = Field(default_factory=dict)


class Desk(Protocol):
    """FlowMate, as one who may use its API. Every method raises FlowMateError or Problem with a sentence."""

    async def delegate(self, wanted: Delegate) -> dict[str, Any]:
        """The API's answer object. Safe to repeat with an idempotency key."""
        ...

    async def agents(self) -> list[dict[str, Any]]:
        """Name and description of each."""
        ...

    async def delegation(self, delegation_id: str) -> dict[str, Any]:
        """The API's answer object. Safe to repeat."""
        ...


async def make(call: BaseModel, desk: Desk) -> Given:
    """Make a call. Raises what the desk raises."""
    match call:
        case Delegate():
            return _to_given(await desk.delegate(call))
        case GetDelegation():
            return _to_given(await desk.delegation(call.delegation_id))
    agents = await desk.agents()
    lines = [f"- {one['name']}: {one['description']}" for one in agents]
    return Given(text="\n".join(lines), data={"agents": agents})


def _to_given(found: dict[str, Any]) -> Given:
    if found.get("status") == "running":
        text = f"Still running; ask get_delegation for {found['delegationId']} in a moment."
    else:
        text = found.get("answer") or "There is no answer."
    return Given(text=text, data=found)
