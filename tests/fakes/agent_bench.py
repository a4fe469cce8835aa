"""An agent loop on scripted parts, for tests."""

from __future__ import annotations

from typing import Any

from core.agent_loop import AgentLoop
from core.approvals.gate import Gate
from core.approvals.policy import Rules
from core.errors import StoreUnavailable
from core.memory.clock import START, ManualClock
from core.memory.model import ScriptedModel
from core.memory.runs import InMemoryRuns
from core.models import Agent, Approval, ApprovalState, Person, Result, Task
from core.ports.integrations import Access
from core.ports.language_model import ModelTurn
from core.ports.runs import CallOutcome
from tests.fakes.toy_tools import ToyTool

STEP = "step-1"
FIND = ("search", {"words": "tea"})
SEND = ("send_email", {"to": "ann@example.com", "body": "hello"})


def agent(*tools: str, **fields: Any) -> Agent:
    return Agent(name="finder", description="Finds things.", tools=tools or ("search",), **fields)


def task(text: str = "find tea", **fields: Any) -> Task:
    return Task(
        text=text,
        instruction=fields.pop("instruction", text),
        person=Person(id="p"),
        workspace="w",
        now=START,
        zone="Europe/Berlin",
        **fields,
    )


class Approver:
    """Whoever is asked for a yes: `answer` is what they say to everything, `asked` what they were asked."""

    def __init__(self, answer: ApprovalState) -> None:
        self.answer = answer
        self.asked: dict[str, Approval] = {}

    async def ask(self, wanted: Approval) -> Approval:
        asked = self.asked.setdefault(wanted.id, wanted)
        return asked.model_copy(update={"state": self.answer, "decided_by": Person(id="b", name="Bo")})


class Bench:
    """An agent loop on scripted parts, with a record of its progress; nobody says yes to anything."""

    def __init__(
        self,
        model: ScriptedModel | None,
        *tools: ToyTool,
        runs: InMemoryRuns | None = None,
        access: Access | None = None,
        answer: ApprovalState = ApprovalState.DENIED,
        rules: Rules | None = None,
    ) -> None:
        self.model = model
        self.runs = runs or InMemoryRuns()
        self.progress: list[tuple[str, dict[str, Any]]] = []
        clock = ManualClock()
        named = {tool.name: tool for tool in tools}
        self.person = Approver(answer)
        gate = Gate(approvals=self.person, clock=clock, rules=rules or Rules())
        self.loop = AgentLoop(model=model, tools=named, runs=self.runs, clock=clock, gate=gate, access=access)

    async def run(self, who: Agent | None = None, what: Task | None = None, **options: Any) -> Result:
        result = await self.loop.run(
            who or agent(), what or task(), step_id=STEP, on_progress=self.note, **options
        )
        if self.model is not None:
            self.model.assert_done()
        return result

    async def note(self, kind: str, data: dict[str, Any]) -> None:
        self.progress.append((kind, data))

    def told(self, request: int = -1) -> list[str]:
        """What the tools' messages of a request said."""
        assert self.model is not None
        return [m.text for m in self.model.requests[request].messages if m.role == "tool"]

    def denied(self) -> list[dict[str, Any]]:
        return [data for kind, data in self.progress if kind == "tool.denied"]


class KilledError(BaseException):
    """What a killed process looks like from inside: no handler of ordinary errors sees it."""


class FlakyRuns(InMemoryRuns):
    """A store that fails once, before its n-th write."""

    def __init__(self, *, fail_at: int) -> None:
        super().__init__()
        self._left = fail_at

    def _maybe_fail(self) -> None:
        self._left -= 1
        if self._left == -1:
            raise StoreUnavailable

    async def save_turn(self, step_id: str, index: int, turn: ModelTurn) -> ModelTurn:
        self._maybe_fail()
        return await super().save_turn(step_id, index, turn)

    async def finish_call(self, step_id: str, call_key: str, outcome: CallOutcome) -> None:
        self._maybe_fail()
        await super().finish_call(step_id, call_key, outcome)
