"""What the chat page says around the conversations."""

from __future__ import annotations

from collections.abc import Sequence

from core.models import Delegation, Step
from core.rendering.grammar import shortened
from core.rendering.help import COMMANDS
from core.rendering.help import EXAMPLES as EXAMPLES
from core.rendering.help import INTRODUCTION as INTRODUCTION
from core.rendering.planning import PLANNED_BY
from core.rendering.progress import STATES as STATES

NAME = "FlowMate"
SKIP = "Skip to the message box"
CONVERSATIONS = "Conversations"
NEW_CONVERSATION = "New conversation"
NEW = "New"
OLDER_CONVERSATIONS = "Older conversations"
NO_CONVERSATIONS = "What you ask appears here."
EARLIER = "Earlier in this conversation"
WELCOME = "What should be done?"
TRY = "For example"
AGENTS = COMMANDS["agents"].capitalize()
MESSAGE = "Message"
PLACEHOLDER = "What should be done?"
KEYS = "Enter sends, Shift+Enter begins a new line."
SEND = "Send"
SENDING = "Sending …"
SIGN_OUT = "Sign out"
API = "API"
ASKED = "You"
SCHEDULED = "On schedule"
DETAILS = "Plan and times"
FILES = "Files"
FOR_YOU_ALONE = "Only you see this; it is not kept."
DISMISS = "Dismiss"
AGENT, TASK, AFTER, STATE, ATTEMPTS, TIME = "Agent", "Task", "After", "State", "Attempts", "Time"
ANSWERED = "FlowMate answered."
OFFLINE = "FlowMate can't be reached just now. Trying again …"
NOT_SENT = "That was not sent; FlowMate can't be reached just now. Your words are still in the box."
TOO_LONG = "{count} of {limit} characters."
CLOSED = "This page needs a link"
CLOSED_HELP = (
    "FlowMate prints a link when it starts, and `flowmate link` prints another one, on the machine where it runs. "
    "Each opens the page once, and then this browser is known for 30 days."
)
ENTER = "Open FlowMate"
ENTERING = "Opening FlowMate …"
USED_LINK = "That link was used already, or is too old. `flowmate link` prints another one."
WRONG_HOST = "This is not where FlowMate is reached: open {url}."
WRONG_ORIGIN = "That came from another page, so nothing was done."
LOST_FILE = "That file is no longer on this machine."
NOT_FOUND = "There is nothing here."
BACK_TO_START = "Back to the start"
BACK_TO_CONVERSATION = "Back to the conversation"


def asked_alone(text: str, *, repeatable: bool) -> str:
    """What an answer for one person alone repeats of what they asked; of what may hold a secret, how it began."""
    return shortened(text) if repeatable else f"{' '.join(text.split()[:1])} …"


def details(delegation: Delegation) -> str:
    """One line on how the answer came about: who planned, how long all took, tokens and cost."""
    facts = []
    if delegation.planner is not None:
        facts.append(PLANNED_BY[delegation.planner].capitalize())
    if delegation.answered_at is not None:
        seconds = (delegation.answered_at - delegation.received_at).total_seconds()
        facts.append(f"{seconds:.1f} s in all")
    usage = delegation.usage
    if usage.input_tokens or usage.output_tokens:
        facts.append(f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out")
        facts.append("price unknown" if usage.cost_usd is None else f"${usage.cost_usd:.4f}")
    return " · ".join(facts)


def after(step: Step, steps: Sequence[Step]) -> str:
    """Which agents a step waited for."""
    return ", ".join(steps[index].agent for index in step.after)
