"""An agent's run: model, tool calls, model …, until there is an answer or a limit ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from copy import copy

from core.agent_loop.calls import Allowed, AnyTool, OnProgress, Setting, ToolCalls, prepared, unnamed
from core.agent_loop.guard import Addresses, sorted_few, supplied_by
from core.agent_loop.state import Run, raise_first
from core.agent_loop.taint import outside, without_taint
from core.approvals.gate import Gate
from core.errors import BudgetSpent, PermanentError
from core.live_words import Writing
from core.models import Agent, EventKind, Result, StepState, Task, Usage
from core.ports.clock import Clock
from core.ports.integrations import Access
from core.ports.language_model import FinishReason, LanguageModel, Message, ModelRequest, ModelTurn
from core.ports.runs import CallOutcome, CallStatus, Ending, OutcomeKind, Runs
from core.ports.tool import Effect, ToolSource, to_sourced
from core.rendering import agents as words

MODEL_TIMEOUT_SECONDS = 30.0
WORDS_KEY = "words"  # of the one call of a run without a model


class AgentLoop:
    """Runs agents. A run is saved as it goes: repeated with the same `step_id` it continues, and pays nothing twice.

    The outcome is always a Result: `succeeded`, or `failed` or `denied` with its `error` sentence and with what
    the model calls took until then. Raised are only TransientError (another attempt continues the run),
    AwaitsApproval (so does another run, once that is decided) and bugs.
    """

    def __init__(
        self,
        *,
        model: LanguageModel | None,
        tools: Mapping[str, AnyTool],
        runs: Runs,
        clock: Clock,
        gate: Gate,
        access: Access | None = None,
        source: ToolSource | None = None,
    ) -> None:
        """`source` finds those of an agent's tools that are not among `tools`."""
        self._model = model
        self._source = source
        self._found = False
        self._runs = runs
        self._calls = ToolCalls(tools=tools, runs=runs, clock=clock, gate=gate, access=access)

    def lacks(self, agent: Agent) -> str | None:
        """Why this agent can't do anything at all here, for people; None where it may."""
        if self._model is None and not self._calls.own(agent):
            return words.needs_model(agent.name)
        return None

    async def run(
        self,
        agent: Agent,
        task: Task,
        *,
        step_id: str,
        on_progress: OnProgress | None = None,
        writing: Writing | None = None,
        fresh: bool = False,
        ending: Ending | None = None,
    ) -> Result:
        """Do the task, with the model if there is one. Safe to repeat with the same `step_id`.

        Only whoever knows that nothing was ever saved for it says `fresh`: then nothing is looked for. Whoever gives an
        `ending` saves the last turn, or has it saved by `keep`.

        `on_progress` gets `step.tool` {tool, outcome, ms} after each call that ran, `tool.denied` {tool, reason, …}
        for each that was not the agent's to make. `writing` gets the words of every turn as they come, and begins anew
        with each: what was said before a call is not the answer.
        """
        if self._model is None:
            return await self.run_without_model(agent, task, step_id=step_id, on_progress=on_progress)
        loop = self
        if self._source is not None and any(map(to_sourced, agent.tools)):
            loop, agent = await self._completed(self._source, agent, task)
        saved = () if fresh else await self._runs.turns(step_id)
        run = Run(
            agent, task, step_id=step_id, saved=saved, on_progress=on_progress, writing=writing, ending=ending
        )
        try:
            return await loop._converse(self._model, run)
        except BudgetSpent as spent:
            return await loop._out_of_budget(run, spent)
        except PermanentError as error:
            return run.failed(error.sentence)

    async def run_without_model(
        self, agent: Agent, task: Task, *, step_id: str, on_progress: OnProgress | None = None
    ) -> Result:
        """Do the task with the first of the agent's tools that can read its arguments from the task's words.

        Also what is left when the model is down. Safe to repeat: a `write` call is never made twice, and not at
        all where model turns of the same run are saved, since those may have made it already.
        """
        for tool in self._calls.own(agent):
            arguments = tool.parse(task)
            if arguments is not None:
                try:
                    allowed = prepared(tool, arguments, task=task)
                except PermanentError as failure:
                    return Result(state=StepState.FAILED, error=failure.sentence)
                sources = () if self._own_words_alone(allowed, task) else outside(task)
                addresses = Addresses(agent, task)
                setting = Setting(agent, task, step_id, sources, addresses, on_progress)
                return await self._run_plainly(allowed, setting)
        return Result(state=StepState.FAILED, error=self._question(agent, task))

    async def keep(self, ending: Ending) -> None:
        """Save a last turn that was not saved with the end of its step. Safe to repeat. Raises StoreUnavailable."""
        if (last := ending.last) is not None:
            await self._runs.save_turn(last.step_id, last.index, last.turn)

    async def spent(self, step_id: str) -> Usage:
        """What the run's model turns took so far, for a run that ended by raising. Raises StoreUnavailable."""
        return sum((saved.turn.usage for saved in await self._runs.turns(step_id)), Usage())

    async def _completed(self, source: ToolSource, agent: Agent, task: Task) -> tuple[AgentLoop, Agent]:
        """This loop and the agent with all its tools, for one run."""
        found = await source.found(agent.tools, workspace=task.workspace)
        loop = copy(self)
        loop._source, loop._found, loop._calls = None, True, self._calls.among(found)
        own = tuple(name for name in agent.tools if to_sourced(name) is None)
        return loop, agent.model_copy(update={"tools": (*own, *found)})

    async def _converse(self, model: LanguageModel, run: Run) -> Result:
        while True:
            turn = await self._turn(model, run)
            match turn.finish:
                case FinishReason.REFUSAL:
                    return run.refused(turn.text)
                case FinishReason.CONTENT_FILTER:
                    return run.failed(words.FILTERED)
                case FinishReason.LENGTH:
                    if run.cut_off(turn):
                        return run.succeeded(turn.text)
                case _ if turn.tool_calls and not run.stopped:
                    await self._answer_calls(run, turn)
                case _ if run.answered_by(turn):
                    return run.succeeded(turn.text)
                case _:
                    run.empty()

    async def _out_of_budget(self, run: Run, spent: BudgetSpent) -> Result:
        """What there is by now, or what the agent's tools can do by themselves where nothing was spent yet."""
        if run.index:
            return run.broken_off(spent.sentence)
        plainly = await self.run_without_model(
            run.agent, run.task, step_id=run.step_id, on_progress=run.on_progress
        )
        return plainly if plainly.state is StepState.SUCCEEDED else run.failed(spent.sentence)

    async def _turn(self, model: LanguageModel, run: Run) -> ModelTurn:
        """The run's next turn: the saved one if there is one, else a new one, saved before it is used."""
        if (turn := run.next_saved()) is None:
            limits = run.agent.limits
            request = ModelRequest(
                messages=tuple(run.messages),
                tools=() if run.stopped else self._calls.offered(run.agent),
                model=run.agent.model,
                max_output_tokens=limits.output_tokens * run.room,
                timeout_seconds=limits.timeout_seconds or MODEL_TIMEOUT_SECONDS,
                spender=run.task.spender(agent=run.agent.name, run=run.step_id),
            )
            made = await model.complete(request, on_text=run.begin_writing())
            turn = made if run.leaves(made) else await self._runs.save_turn(run.step_id, run.index, made)
            # Another worker that holds the step, too, may have been here before, and have made the turn's calls; and
            # a tool that is found anew for each run may have written under a call's key before it was revoked.
            run.new = not self._found and turn == made
        run.took(turn)
        return turn

    async def _answer_calls(self, run: Run, turn: ModelTurn) -> None:
        """Make the turn's calls side by side, tell the model what they gave, and stop the run at its limits."""
        sources = tuple(run.sources)
        setting = Setting(run.agent, run.task, run.step_id, sources, run.addresses, run.on_progress, run.new)
        refusals = run.asked(turn.tool_calls, writes=self._calls.writes)
        answers = await asyncio.gather(
            *(
                self._calls.make(call, key=f"{run.index - 1}.{number}", setting=setting)
                for number, call in enumerate(turn.tool_calls)
                if number not in refusals
            ),
            return_exceptions=True,
        )
        # Every call has ended before an error ends the run: none goes on behind its back.
        raise_first(answers)
        made = iter(answer for answer in answers if isinstance(answer, CallOutcome))
        run.messages.append(Message(role="assistant", text=turn.text, tool_calls=turn.tool_calls))
        outcomes = [refusals[n] if n in refusals else next(made) for n in range(len(turn.tool_calls))]
        for call, outcome in zip(turn.tool_calls, outcomes, strict=True):
            text = self._calls.told(call.name, outcome)
            tool = self._calls.tool(call.name)
            if tool is not None and outcome.kind is OutcomeKind.DONE:
                run.addresses.heard(tool, outcome.text, tainted=bool(sources))
            run.messages.append(Message(role="tool", text=text, tool_call_id=call.id))
            run.heard(
                call,
                outcome,
                untrusted=self._calls.untrusted(call.name),
                wrote=self._calls.writes(call.name),
            )
        run.stop_at_limits(outcomes)

    async def _run_plainly(self, allowed: Allowed, setting: Setting) -> Result:
        tool = allowed.tool
        tainted = bool(setting.sources) or tool.untrusted
        admitted = await self._calls.admit(allowed, setting)
        if isinstance(admitted, Allowed):
            allowed = admitted
        elif (await self._runs.begin_call(setting.step_id, WORDS_KEY, Effect.READ)).status is CallStatus.NEW:
            await setting.tell(EventKind.TOOL_DENIED, admitted.record or {})
            return Result(state=StepState.DENIED, error=admitted.outcome.text, tainted=bool(setting.sources))
        outcome = (
            await self._write_once(allowed, setting)
            if tool.effect is Effect.WRITE
            else await self._read_plainly(allowed, setting)
        )
        if outcome.kind is OutcomeKind.DONE:
            return Result(
                state=StepState.SUCCEEDED,
                output=outcome.text,
                artifacts=outcome.artifacts,
                tainted=tainted,
                addresses=sorted_few(supplied_by(tool, outcome.text, tainted=bool(setting.sources))),
            )
        state = StepState.DENIED if outcome.kind is OutcomeKind.REFUSED else StepState.FAILED
        return Result(state=state, error=outcome.text, tainted=tainted)

    async def _read_plainly(self, allowed: Allowed, setting: Setting) -> CallOutcome:
        """Where there is a model it may have worded the task: then the call is judged as one of its own."""
        if self._model is not None:
            judged = self._calls.reach(allowed, setting)
            if not isinstance(judged, Allowed):
                await setting.tell(EventKind.TOOL_DENIED, judged.record or {})
                return judged.outcome
            refusal = await self._calls.permission(allowed, key=WORDS_KEY, setting=setting)
            if refusal is not None:
                return refusal
        return await self._calls.run(allowed, key=WORDS_KEY, setting=setting, save=False)

    def _own_words_alone(self, allowed: Allowed, task: Task) -> bool:
        """Whether the call would be just the same without anything untrusted: the person's own words are all of it.

        Where there is a model it may have worded the task, from whatever it read.
        """
        tool, clean = allowed.tool, without_taint(task)
        if self._model is not None or tool.effect is not Effect.WRITE or unnamed(allowed, task):
            return False
        arguments = tool.parse(clean)
        try:
            return arguments is not None and prepared(tool, arguments, task=clean) == allowed
        except PermanentError:
            return False

    async def _write_once(self, allowed: Allowed, setting: Setting) -> CallOutcome:
        step_id, name = setting.step_id, allowed.tool.name
        if await self._runs.turns(step_id):
            return CallOutcome(kind=OutcomeKind.UNKNOWN, text=words.may_have_happened(name))
        refusal = await self._calls.permission(allowed, key=WORDS_KEY, setting=setting)
        if refusal is not None:
            await self._runs.finish_call(step_id, WORDS_KEY, refusal)
            return refusal
        state = await self._runs.begin_call(step_id, WORDS_KEY, Effect.WRITE)
        if state.outcome is not None:
            return state.outcome
        if state.status is CallStatus.NEW:
            return await self._calls.run(allowed, key=WORDS_KEY, setting=setting)
        outcome = CallOutcome(kind=OutcomeKind.UNKNOWN, text=words.may_have_happened(name))
        await self._runs.finish_call(step_id, WORDS_KEY, outcome)
        return outcome

    def _question(self, agent: Agent, task: Task) -> str:
        if self._model is not None:
            return words.without_model(agent.name)
        lacking = self.lacks(agent)
        if lacking is not None:
            return lacking
        # Only what would be understood is an example of how to say it.
        tools = self._calls.own(agent)
        like = ((one, task.model_copy(update={"text": one})) for one in agent.examples)
        example = next((one for one, asked in like if any(tool.parse(asked) for tool in tools)), "")
        return words.what_exactly(agent.name, example=example, description=agent.description)
