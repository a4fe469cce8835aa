"""How far a run is: its messages, its counts, and what its answer will say about itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence

from core.agent_loop.calls import OnProgress
from core.agent_loop.guard import Addresses
from core.agent_loop.prompt import (
    FINAL_ANSWER,
    GO_ON,
    REFUSED,
    REPEATED,
    SHORTER,
    THIRD_TIME,
    not_called,
    shortened,
    to_messages,
    too_many_calls,
)
from core.agent_loop.taint import outside
from core.errors import AwaitsApproval, StepFailed
from core.live_words import Writing
from core.models import Agent, Artifact, Result, StepState, Task, Usage
from core.ports.language_model import FinishReason, Message, ModelTurn, OnText, ToolCall
from core.ports.runs import CallOutcome, Ending, LastTurn, OutcomeKind, SavedTurn
from core.rendering import agents as words
from core.rendering.approvals import source

MAX_IDENTICAL_CALLS = 3
MAX_REPAIRS = 2
WRONG = (OutcomeKind.INVALID, OutcomeKind.DENIED, OutcomeKind.REFUSED)
_NOT_WHOLE = (FinishReason.REFUSAL, FinishReason.CONTENT_FILTER, FinishReason.LENGTH)
MOST_SHOWN, SHOWN_CHARACTERS = 3, 2000
"""How much of what tools gave is shown where the model can't put it into words any more."""


class Run:
    """One run in progress. Pure bookkeeping: fed with the same turns and outcomes it comes to the same state."""

    def __init__(
        self,
        agent: Agent,
        task: Task,
        *,
        step_id: str,
        saved: tuple[SavedTurn, ...],
        on_progress: OnProgress | None,
        writing: Writing | None = None,
        ending: Ending | None = None,
    ) -> None:
        self._ending = ending
        self.agent, self.task, self.step_id = agent, task, step_id
        self.on_progress, self._writing = on_progress, writing
        self.messages: list[Message] = list(to_messages(agent, task))
        self.index = 0
        """How many turns there have been: the next one's index."""
        self.new = False
        """Whether the last turn was saved by this attempt, and not found."""
        self.rounds = 0
        self.wrong_turns = 0
        """Turns with a call that was unknown, unfit or out of scope."""
        self.room = 1
        """How many times the usual length the next turn may have."""
        self.sources: list[str] = list(outside(task))
        """The untrusted text that was read so far, one line each."""
        self.addresses = Addresses(agent, task)
        self.stopped = ""
        """Which limit ended the calling of tools; empty: none."""
        self._saved = {turn.index: turn.turn for turn in saved}
        self._seen: Counter[tuple[str, str]] = Counter()
        self._usage = Usage()
        self._written: dict[tuple[str, str], OutcomeKind] = {}
        self._refused: dict[tuple[str, str], None] = {}
        self._artifacts: list[Artifact] = []
        self._notes: list[str] = []
        self._given: list[str] = []
        self._begun = ""
        self._was_cut = self._ends_cut = self._was_empty = False

    def begin_writing(self) -> OnText | None:
        """Where the next turn's words go as they come, after what a turn had begun that was cut off."""
        if self._writing is None:
            return None
        self._writing.begin(self._begun)
        return self._writing.add

    def next_saved(self) -> ModelTurn | None:
        self.new = False
        return self._saved.get(self.index)

    def answered_by(self, turn: ModelTurn) -> bool:
        """Whether this turn is the run's answer, and nothing comes after it."""
        asks_on = bool(turn.tool_calls) and not self.stopped
        return turn.finish not in _NOT_WHOLE and not asks_on and bool(turn.text.strip())

    def leaves(self, turn: ModelTurn) -> bool:
        """Whether this turn is left to whoever saves the end of the step, with which the run ends."""
        if self._ending is None or not self.answered_by(turn):
            return False
        self._ending.last = LastTurn(self.step_id, self.index, turn)
        return True

    def took(self, turn: ModelTurn) -> None:
        """Count a turn and its calls."""
        self.index += 1
        self._usage += turn.usage

    def asked(self, calls: tuple[ToolCall, ...], *, writes: Callable[[str], bool]) -> dict[int, CallOutcome]:
        """Count a round of calls; which of them (by number) are over a limit, and what is said to each."""
        self.rounds += 1
        self._begun = ""
        if self._writing is not None:
            self._writing.begin()
        most = self.agent.limits.parallel_calls
        refusals: dict[int, CallOutcome] = {}
        now: set[tuple[str, str]] = set()
        for number, call in enumerate(calls):
            identity = _identity(call)
            if number >= most:
                refusals[number] = _skipped(too_many_calls(most))
                continue
            self._seen[identity] += 1
            if self._seen[identity] >= MAX_IDENTICAL_CALLS:
                refusals[number] = _skipped(THIRD_TIME)
            elif writes(call.name) and (identity in now or identity in self._written):
                refusals[number] = _skipped(REPEATED)
            elif identity in self._refused:
                refusals[number] = _skipped(REFUSED)
            now.add(identity)
        return refusals

    def heard(self, call: ToolCall, outcome: CallOutcome, *, untrusted: bool, wrote: bool) -> None:
        """Note what a call left behind: taint, files, changes in the world, doubt."""
        if untrusted and outcome.kind.ran:
            self.sources.append(source(call.name, call.arguments))
        self._artifacts += outcome.artifacts
        if outcome.kind is OutcomeKind.DONE:
            self._given.append(outcome.text)
        if outcome.kind in (OutcomeKind.UNKNOWN, OutcomeKind.REFUSED):
            self._notes.append(outcome.text)
        if outcome.kind is OutcomeKind.REFUSED:
            self._refused[_identity(call)] = None
        if wrote and outcome.kind.ran:
            self._written[_identity(call)] = outcome.kind

    def stop_at_limits(self, outcomes: Sequence[CallOutcome]) -> None:
        """Ask for the answer where a limit is reached. Raises StepFailed after too many wrong calls."""
        if any(outcome.kind in WRONG for outcome in outcomes):
            self.wrong_turns += 1
        if self.wrong_turns > MAX_REPAIRS:
            raise StepFailed(words.wrong_calls(self.agent.name))
        if max(self._seen.values(), default=0) >= MAX_IDENTICAL_CALLS:
            self.stopped = words.same_calls(MAX_IDENTICAL_CALLS)
        elif self.rounds >= self.agent.limits.rounds:
            self.stopped = words.many_rounds(self.rounds)
        if self.stopped:
            self.messages.append(Message(role="user", text=FINAL_ANSWER.format(reason=self.stopped)))

    def cut_off(self, turn: ModelTurn) -> bool:
        """Ask for the rest of a turn that hit its length limit, once; True where what there is must do.

        Calls of such a turn are never made: the last one's arguments may be cut short and still parse.
        """
        if self._was_cut:
            if not (self._begun + turn.text).strip():
                raise StepFailed(words.too_long(self.agent.name, tokens=self.agent.limits.output_tokens))
            self._notes.append(words.CUT)
            self._ends_cut = True
            return True
        self._was_cut = True
        if turn.tool_calls or not turn.text.strip():
            # A model that thinks may use up its whole length before it says a word.
            self.room = 2
            if turn.text.strip():
                self.messages.append(Message(role="assistant", text=turn.text))
            self.messages.append(Message(role="user", text=SHORTER))
        else:
            self._begun = turn.text
            self.messages += [Message(role="assistant", text=turn.text), Message(role="user", text=GO_ON)]
        return False

    def empty(self) -> None:
        """Let an empty turn be tried again, once. Raises StepFailed the second time."""
        if self.stopped:
            raise StepFailed(words.no_answer(self.agent.name, reason=self.stopped))
        if self._was_empty:
            raise StepFailed(words.EMPTY)
        self._was_empty = True

    def succeeded(self, text: str) -> Result:
        notes = [*self._notes, self.stopped] if self.stopped else self._notes
        output = "\n\n".join(part for part in ((self._begun + text).strip(), *notes) if part)
        return self._result(StepState.SUCCEEDED, output=output)

    def broken_off(self, reason: str) -> Result:
        """End with what there is, in the model's own words or else its tools', saying why nothing more comes."""
        said = next((m.text for m in reversed(self.messages) if m.role == "assistant" and m.text.strip()), "")
        text = self._begun or said
        given = (
            []
            if self._begun
            else [shortened(one, limit=SHOWN_CHARACTERS) for one in self._given[-MOST_SHOWN:]]
        )
        if not (text.strip() or given):
            return self.failed(reason)
        self._begun, self.stopped = "", reason
        return self.succeeded("\n\n".join(part for part in (text.strip(), *given) if part))

    def refused(self, text: str) -> Result:
        """Relay a refusal: the model's own words are the output, and the error says whose they are."""
        error = words.declined(" ".join(text.split())[:500])
        return self._result(StepState.FAILED, output=text.strip(), error=self._with_doubts(error))

    def failed(self, sentence: str) -> Result:
        return self._result(StepState.FAILED, error=self._with_doubts(sentence))

    def _with_doubts(self, sentence: str) -> str:
        """The sentence, and what a failed run changed in the world, or may have changed, before it failed."""
        done = sorted({name for (name, _), kind in self._written.items() if kind is OutcomeKind.DONE})
        before = [words.done_before(done)] if done else []
        return " ".join((sentence, *before, *self._notes))

    def _result(self, state: StepState, *, output: str = "", error: str | None = None) -> Result:
        output, error = self._only_known(output), self._only_known(error or "") or None
        if self._writing is not None and state is not StepState.SUCCEEDED:
            self._writing.begin()
        return Result(
            state=state,
            output=output,
            error=error,
            usage=self._usage,
            used_model=self.index > 0,
            tainted=bool(self.sources),
            partial=state is StepState.SUCCEEDED and bool(self.stopped or self._begun or self._ends_cut),
            denied=state is StepState.SUCCEEDED and bool(self._refused) and not self._written,
            artifacts=tuple(self._artifacts),
            addresses=self.addresses.known_among(output),
        )

    def _only_known(self, text: str) -> str:
        return self.addresses.only_known(text, strict=bool(self.sources))


def raise_first(answers: Sequence[CallOutcome | BaseException]) -> None:
    """Raise what ends the attempt: first what went wrong, and then all that a person has to decide."""
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    waits = [error for error in errors if isinstance(error, AwaitsApproval)]
    for error in errors:
        if not isinstance(error, AwaitsApproval):
            raise error
    if waits:
        raise AwaitsApproval(*(one for wait in waits for one in wait.approval_ids))


def _skipped(reason: str) -> CallOutcome:
    return CallOutcome(kind=OutcomeKind.SKIPPED, text=not_called(reason))


def _identity(call: ToolCall) -> tuple[str, str]:
    """What makes two calls the same: the tool and what its arguments mean, however they are spelled."""
    try:
        return call.name, json.dumps(json.loads(call.arguments), sort_keys=True)
    except (ValueError, RecursionError):
        return call.name, call.arguments
