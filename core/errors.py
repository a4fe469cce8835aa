"""Everything that FlowMate raises on purpose.

    FlowMateError
    ├── Refused                 the instruction is not taken; the sentence says why
    │   ├── InvalidInstruction
    │   ├── InvalidSchedule     a cron expression, zone or interval that can't be; carries the field
    │   ├── InvalidAgent        an agent that can't be; carries each wrong field with its sentence
    │   ├── InvalidIntegration  a kind, name or value that can't be; carries the field
    │   └── RateLimited         carries the verdict: which limit, and when to try again
    ├── NotFound, Conflict      what was named does not exist, or is not in a state that allows it
    ├── TransientError          worth trying again; carries `retry_after_seconds` where the other side said so
    │   ├── StoreUnavailable, QueueUnavailable
    │   ├── KeyRetired          what was just sealed has to be sealed again, with the newer key
    │   ├── MessengerUnavailable
    │   │   └── MessengerBusy   there is too much to post; nothing was sent
    │   └── ModelUnavailable
    ├── PermanentError          trying again won't help; the sentence goes into the answer
    │   ├── StepFailed          an agent could not do its task
    │   │   └── ToolFailed
    │   ├── Denied              an agent asked for something that it was not given
    │   ├── SealBroken          a sealed secret was changed, or belongs to another row or workspace
    │   │   └── UnknownKey      its key isn't there, or no longer
    │   ├── MessengerRefused    the platform won't take this message, now or later
    │   │   ├── RecipientGone   nobody can be written to there any more
    │   │   └── MessageGone     the message that should be edited no longer exists
    │   ├── ModelRefused        the model declined, or the provider's filter stopped it
    │   └── BudgetSpent         a budget has no room for another model call
    ├── AwaitsApproval          a run can't go on before a person has said yes or no
    └── ConfigurationError      a setting is missing or wrong; the sentence says which and how to mend it

`sentence` is written for a person: plain, one sentence, no exception text, no secrets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.models import Verdict


class FlowMateError(Exception):
    """Something FlowMate could not do."""

    def __init__(self, sentence: str | None = None) -> None:
        self.sentence = sentence or (self.__doc__ or "").splitlines()[0]
        super().__init__(self.sentence)


class Refused(FlowMateError):
    """This instruction is not taken."""


class InvalidInstruction(Refused):
    """There is nothing to do in that message; write what you want, please."""


class InvalidSchedule(Refused):
    """That schedule can't be."""

    def __init__(self, sentence: str, *, field: str) -> None:
        super().__init__(sentence)
        self.field = field


class InvalidAgent(Refused):
    """That agent can't be."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__(" ".join(sentence for _, sentence in problems))
        self.problems = tuple(problems)
        """Each wrong field (`tools.0`) with a sentence."""


class InvalidIntegration(Refused):
    """That integration can't be."""

    def __init__(self, sentence: str, *, field: str) -> None:
        super().__init__(sentence)
        self.field = field


class RateLimited(Refused):
    """Too many requests; try again later."""

    def __init__(self, sentence: str, *, verdict: Verdict) -> None:
        super().__init__(sentence)
        self.verdict = verdict


class NotFound(FlowMateError):
    """There is no such thing here."""


class Conflict(FlowMateError):
    """That can't be done in the state it is in."""


class TransientError(FlowMateError):
    """The other side did not answer; it may if asked again."""

    def __init__(self, sentence: str | None = None, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after_seconds = retry_after_seconds


class StoreUnavailable(TransientError):
    """The database can't be reached just now."""


class QueueUnavailable(TransientError):
    """The queue can't be reached just now."""


class KeyRetired(TransientError):
    """The key of this secret has just been retired; seal it again."""


class MessengerUnavailable(TransientError):
    """The chat platform did not take the message just now."""


class MessengerBusy(MessengerUnavailable):
    """So much is to be posted there that this has to wait; nothing was sent."""


class ModelUnavailable(TransientError):
    """The model did not answer just now."""

    def __init__(
        self,
        sentence: str | None = None,
        *,
        retry_after_seconds: float | None = None,
        may_have_cost: bool = False,
    ) -> None:
        super().__init__(sentence, retry_after_seconds=retry_after_seconds)
        self.may_have_cost = may_have_cost
        """Whether the server may have worked for it all the same, before the answer was lost."""


class PermanentError(FlowMateError):
    """This can't be done, now or later."""


class StepFailed(PermanentError):
    """The agent could not do its task."""


class ToolFailed(StepFailed):
    """The tool could not do what was asked."""


class Denied(PermanentError):
    """The agent asked for something that it was not given."""


class SealBroken(PermanentError):
    """A sealed secret can't be opened: it was changed, or belongs to something else; connect the integration again."""


class UnknownKey(SealBroken):
    """A sealed secret can't be opened, since its key isn't there; connect the integration again."""


class MessengerRefused(PermanentError):
    """The chat platform does not take this message."""


class RecipientGone(MessengerRefused):
    """FlowMate may no longer write there."""


class MessageGone(MessengerRefused):
    """The message is no longer there."""


class ModelRefused(PermanentError):
    """The model declined to answer."""


class AwaitsApproval(FlowMateError):
    """That waits for a person's yes."""

    def __init__(self, *approval_ids: str) -> None:
        super().__init__()
        self.approval_ids = approval_ids


class BudgetSpent(PermanentError):
    """A budget is used up."""


class ConfigurationError(FlowMateError):
    """A setting is missing or wrong."""
