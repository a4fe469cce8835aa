"""One tool call of an agent: may it, does it fit, and what came of it, saved."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError

from core.agent_loop.guard import Addresses, without_secrets
from core.agent_loop.prompt import as_data, no_such_tool, not_called, not_yours, shortened, unfit, with_files
from core.agent_loop.words import named_in
from core.approvals.gate import Gate, Wish
from core.errors import Denied, PermanentError, TransientError
from core.integrations.masking import KNOWN
from core.integrations.needs import integration_for
from core.models import Agent, EventKind, Task
from core.ports.clock import Clock
from core.ports.integrations import Access, Missing
from core.ports.language_model import ToolCall, ToolSignature
from core.ports.runs import CallOutcome, CallState, CallStatus, OutcomeKind, Runs
from core.ports.tool import Effect, Keeping, Preparing, Tool
from core.rendering import agents as words
from core.rendering.integrations import missing

AnyTool = Tool[Any]
OnProgress = Callable[[str, dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Setting:
    """In what run a call is made; `sources` is the untrusted text that had been read before it."""

    agent: Agent
    task: Task
    step_id: str
    sources: tuple[str, ...]
    addresses: Addresses
    on_progress: OnProgress | None = None
    new: bool = False
    """Whether the turn that makes it was saved by this very attempt: then nothing of it can have ended before."""

    async def tell(self, kind: str, data: dict[str, Any]) -> None:
        if self.on_progress is not None:
            await self.on_progress(kind, data)


@dataclass(frozen=True)
class Allowed:
    """A call that may run."""

    tool: AnyTool
    arguments: BaseModel
    integration: str = ""


@dataclass(frozen=True)
class Verdict:
    """A call that may not run: what the model is told, and what is recorded (None: nothing was overstepped)."""

    outcome: CallOutcome
    record: dict[str, Any] | None = None


class ToolCalls:
    """Makes calls for agents. Scope, arguments and approval are checked here, at the call, whatever a prompt says."""

    def __init__(
        self,
        *,
        tools: Mapping[str, AnyTool],
        runs: Runs,
        clock: Clock,
        gate: Gate,
        access: Access | None = None,
    ) -> None:
        """Without `access`, no integration is connected."""
        self._access = access
        self._tools = tools
        self._runs = runs
        self._clock = clock
        self._gate = gate
        self._signatures: dict[str, ToolSignature] = {}

    def among(self, found: Mapping[str, AnyTool]) -> ToolCalls:
        """These calls with more tools, those of one workspace, for one run."""
        more = copy(self)
        more._tools = {**self._tools, **found}
        more._signatures = {}
        return more

    def offered(self, agent: Agent) -> tuple[ToolSignature, ...]:
        """The agent's own tools, as the model sees them."""
        return tuple(self._signature(tool) for tool in self.own(agent))

    def own(self, agent: Agent) -> tuple[AnyTool, ...]:
        return tuple(self._tools[name] for name in agent.tools if name in self._tools)

    def untrusted(self, name: str) -> bool:
        return name in self._tools and self._tools[name].untrusted

    def writes(self, name: str) -> bool:
        return name in self._tools and self._tools[name].effect is Effect.WRITE

    def tool(self, name: str) -> AnyTool | None:
        return self._tools.get(name)

    def told(self, name: str, outcome: CallOutcome) -> str:
        """The outcome as the model reads it: what came from outside is marked as data."""
        if outcome.kind not in (OutcomeKind.DONE, OutcomeKind.FAILED):
            return outcome.text
        text = with_files(outcome.text, outcome.artifacts)
        return as_data(text, source=f"tool {name}") if self.untrusted(name) else text

    async def make(self, call: ToolCall, *, key: str, setting: Setting) -> CallOutcome:
        """Judge, run and save one call; one that was saved before is not made again.

        Raises TransientError where the tool or the store asks for another attempt of the step, and AwaitsApproval
        where a person has to say yes first: the same call, made again then, goes on from there.
        """
        judged = self._judge(call, setting)
        if isinstance(judged, Allowed):
            judged = self.reach(judged, setting)
        if isinstance(judged, Allowed):
            # Nobody is asked for a yes to what can't be done anyway.
            judged = await self.admit(judged, setting)
        if isinstance(judged, Allowed):
            refusal = await self.permission(judged, key=key, setting=setting)
            judged = judged if refusal is None else Verdict(refusal)
        state = await self._begun(judged, key=key, setting=setting)
        if state.outcome is not None:
            return state.outcome
        if state.status is CallStatus.ATTEMPTING:
            # Only what may write was ever marked; its integration may have been revoked since, or its server be gone.
            outcome = CallOutcome(kind=OutcomeKind.UNKNOWN, text=words.may_have_happened(call.name))
        elif isinstance(judged, Verdict):
            if judged.record is not None:
                await setting.tell(EventKind.TOOL_DENIED, judged.record)
            outcome = judged.outcome
        else:
            return await self.run(judged, key=key, setting=setting)
        await self._runs.finish_call(setting.step_id, key, outcome)
        return outcome

    async def _begun(self, judged: Allowed | Verdict, *, key: str, setting: Setting) -> CallState:
        """What is known of the call. Only one that may run is marked: one that is refused can't have happened."""
        effect = judged.tool.effect if isinstance(judged, Allowed) else Effect.READ
        if setting.new and isinstance(judged, Allowed) and effect is Effect.READ:
            return CallState(status=CallStatus.NEW)
        return await self._runs.begin_call(setting.step_id, key, effect)

    async def permission(self, allowed: Allowed, *, key: str, setting: Setting) -> CallOutcome | None:
        """None where the call may run; how it ended where it did before, or where a person refused it.

        Raises AwaitsApproval and StoreUnavailable.
        """
        if allowed.tool.effect is not Effect.WRITE and not _keeps(allowed, setting):
            return None
        wish = Wish(
            agent=setting.agent,
            task=setting.task,
            run_id=setting.step_id,
            key=key,
            tool=allowed.tool.name,
            arguments=allowed.arguments,
            sources=setting.sources,
            unnamed=unnamed(allowed, setting.task),
        )
        if not self._gate.needs_yes(wish):
            return None
        known = await self._runs.begin_call(setting.step_id, key, Effect.READ)
        if known.outcome is not None:
            return known.outcome
        refusal = await self._gate.refusal(wish)
        return None if refusal is None else CallOutcome(kind=OutcomeKind.REFUSED, text=refusal)

    def reach(self, allowed: Allowed, setting: Setting) -> Allowed | Verdict:
        """The call, unless its address could carry out what was read; of a `write` a person judges that."""
        if not setting.sources or allowed.tool.effect is Effect.WRITE:
            return allowed
        refusal = setting.addresses.refusal(allowed.tool, allowed.arguments)
        if refusal is None:
            return allowed
        outcome = CallOutcome(kind=OutcomeKind.SKIPPED, text=not_called(refusal))
        return Verdict(outcome, record={"tool": allowed.tool.name, "reason": "address"})

    async def run(self, allowed: Allowed, *, key: str, setting: Setting, save: bool = True) -> CallOutcome:
        """Run a call that may run, and save how it ended before anything else can go wrong.

        Raises TransientError; a `write` call is then marked as not attempted.
        """
        tool = allowed.tool
        began = self._clock.monotonic()
        task = setting.task.model_copy(update={"integration": allowed.integration})
        try:
            output = await tool.run(allowed.arguments, task=task, idempotency_key=f"{setting.step_id}:{key}")
        except TransientError as failure:
            if tool.effect is Effect.WRITE:
                await self._runs.abandon_call(setting.step_id, key)
            failure.sentence = KNOWN.mask(failure.sentence)
            raise
        except Denied as failure:
            # What only the tool itself could find out, such as that its integration was revoked in this moment.
            await setting.tell(EventKind.TOOL_DENIED, {"tool": tool.name, "reason": "refused by the tool"})
            outcome = CallOutcome(kind=OutcomeKind.DENIED, text=failure.sentence)
        except PermanentError as failure:
            outcome = CallOutcome(kind=OutcomeKind.FAILED, text=failure.sentence)
        else:
            outcome = CallOutcome(kind=OutcomeKind.DONE, text=output.text, artifacts=output.artifacts)
        # What a service answers may quote what it was signed in to with.
        outcome = outcome.model_copy(update={"text": KNOWN.mask(outcome.text)})
        took = round((self._clock.monotonic() - began) * 1000)
        data = {"tool": tool.name, "outcome": outcome.kind.value, "ms": took}
        told = setting.tell(EventKind.STEP_TOOL, data)
        if not save:
            await told
            return outcome
        outcome = outcome.model_copy(update={"text": shortened(outcome.text)})
        # Side by side they share a commit; each is true without the other.
        await asyncio.gather(self._runs.finish_call(setting.step_id, key, outcome), told)
        return outcome

    async def admit(self, allowed: Allowed, setting: Setting) -> Allowed | Verdict:
        """The call with the integration that it needs, or why it may not have it. Raises StoreUnavailable."""
        tool, agent, workspace = allowed.tool, setting.agent, setting.task.workspace
        found = await integration_for(tool, agent=agent, workspace=workspace, access=self._access)
        if not isinstance(found, Missing):
            return replace(allowed, integration=found)
        kind = tool.integration or ""
        text = missing(found, tool=tool.name, kind=kind, agent=agent.name, workspace=workspace)
        return Verdict(
            CallOutcome(kind=OutcomeKind.DENIED, text=text),
            record={"tool": tool.name, "reason": found.value, "integration": kind},
        )

    def _judge(self, call: ToolCall, setting: Setting) -> Allowed | Verdict:
        tool = self._tools.get(call.name)
        if call.name not in setting.agent.tools or tool is None:
            return self._outside(call, setting)
        try:
            arguments = tool.arguments.model_validate_json(call.arguments.strip() or "{}", strict=True)
        except ValidationError as error:
            return Verdict(CallOutcome(kind=OutcomeKind.INVALID, text=unfit(tool.name, error)))
        try:
            return prepared(tool, arguments, task=setting.task)
        except PermanentError as failure:
            return Verdict(CallOutcome(kind=OutcomeKind.FAILED, text=failure.sentence))

    def _signature(self, tool: AnyTool) -> ToolSignature:
        if tool.name not in self._signatures:
            parameters = tool.arguments.model_json_schema()
            self._signatures[tool.name] = ToolSignature(
                name=tool.name, description=tool.description, parameters=parameters
            )
        return self._signatures[tool.name]

    def _outside(self, call: ToolCall, setting: Setting) -> Verdict:
        own = ", ".join(tool.name for tool in self.own(setting.agent)) or "none"
        if call.name not in self._tools:
            text = no_such_tool(call.name[:60], own=own)
            # A name that the model made up after it read something may be that.
            name = words.MADE_UP if setting.sources else call.name[:60]
            return Verdict(
                CallOutcome(kind=OutcomeKind.INVALID, text=text), record={"tool": name, "reason": "unknown"}
            )
        text = not_yours(call.name, own=own)
        return Verdict(
            CallOutcome(kind=OutcomeKind.DENIED, text=text), record={"tool": call.name, "reason": "scope"}
        )


def unnamed(allowed: Allowed, task: Task) -> tuple[str, ...]:
    """The call's targets that the person didn't name in their own words."""
    targets = allowed.tool.named_by(allowed.arguments)
    return tuple(target for target in targets if not named_in(target, words=task.instruction))


def prepared(tool: AnyTool, arguments: BaseModel, *, task: Task) -> Allowed:
    """The call with all that it takes from the task in its arguments. Raises PermanentError where it can't succeed."""
    if isinstance(tool, Preparing):
        arguments = tool.prepare(arguments, task=task)
    return Allowed(tool, without_secrets(arguments))


def _keeps(allowed: Allowed, setting: Setting) -> bool:
    """Whether this would keep, for later runs, what untrusted text may have made the model say."""
    tool = allowed.tool
    return (
        bool(setting.sources)
        and isinstance(tool, Keeping)
        and not tool.as_asked(allowed.arguments, task=setting.task)
    )
