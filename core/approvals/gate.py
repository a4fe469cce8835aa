"""Asking for a yes before a call, from inside an agent's run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel

from core.approvals.policy import Rules
from core.errors import AwaitsApproval
from core.models import Agent, Approval, ApprovalState, Task
from core.ports.approvals import Asking
from core.ports.clock import Clock
from core.rendering import approvals as words

PATIENCE_SECONDS = 300.0
SHOWN_SECONDS = 5.0
"""How long whoever asks has to put the question into the conversation before somebody else does."""


@dataclass(frozen=True)
class Wish:
    """A `write` call that may need a yes; `key` is its place in the run, `sources` what may have steered it, `unnamed`
    its targets that the person didn't name."""

    agent: Agent
    task: Task
    run_id: str
    key: str
    tool: str
    arguments: BaseModel
    sources: tuple[str, ...]
    unnamed: tuple[str, ...] = ()


class Gate:
    """Lets `write` calls through, once whoever may decide has said yes where that is needed."""

    def __init__(
        self, *, approvals: Asking, clock: Clock, rules: Rules, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._approvals = approvals
        self._clock = clock
        self._rules = rules
        self._patience = timedelta(seconds=patience_seconds)

    def needs_yes(self, wish: Wish) -> bool:
        return self._rules.need_yes(
            tool=wish.tool, agent=wish.agent, workspace=wish.task.workspace, tainted=bool(wish.sources)
        )

    async def refusal(self, wish: Wish) -> str | None:
        """Why the call may not run, in one sentence; None where a person said yes to exactly this call.

        Raises AwaitsApproval as long as nobody has decided, and StoreUnavailable. Safe to repeat: it is asked once.
        """
        approval = await self._approvals.ask(self._to_approval(wish))
        if approval.state is ApprovalState.PENDING:
            raise AwaitsApproval(approval.id)
        return None if approval.state is ApprovalState.APPROVED else words.refused(approval)

    def _to_approval(self, wish: Wish) -> Approval:
        now = self._clock.now()
        arguments = json.dumps(wish.arguments.model_dump(mode="json"))
        step_id, _, _ = wish.run_id.rpartition("-")
        exactly = "\n".join((wish.run_id, wish.key, wish.tool, arguments))
        return Approval(
            id=hashlib.blake2b(exactly.encode(), digest_size=16).hexdigest(),
            delegation_id=step_id.rpartition("-")[0],
            step_id=step_id,
            run_id=wish.run_id,
            agent=wish.agent.name,
            tool=wish.tool,
            arguments=arguments,
            sources=wish.sources,
            unnamed=wish.unnamed,
            person=wish.task.person,
            asked_at=now,
            expires_at=now + self._patience,
            check_at=now + timedelta(seconds=SHOWN_SECONDS),
        )
