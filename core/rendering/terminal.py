"""What the terminal says around the conversations: `flowmate ask`, `plan`, `chat` and `schedules`."""

from __future__ import annotations

from core.rendering.budgets import HOW_TO_SET, HOW_TO_SET_IN_TERMINAL
from core.rendering.grammar import counted, shortened
from core.rendering.help import COMMANDS

PLANNING = "Working out who does what"
ANSWERING = "Answering"
CANCELLING = "Cancelling"
TRYING_AGAIN = "Trying again"
CHAT_BEGINS = "`exit` or Ctrl-D leaves, /help says what else there is."
CHAT_LEAVING = "`exit` or Ctrl-D leaves."
CHAT_COMMANDS = f"""\
In this terminal:
  /agents  {COMMANDS["agents"]}
  /help    {COMMANDS["help"]}
  /quit    leave (exit, quit and Ctrl-D do too; Ctrl-C cancels what is running)"""
NOT_WITHDRAWN = "Interrupted; the service could not be asked to cancel, so it may still run."
NO_SCHEDULES = (
    "There are no schedules yet. Say when, and what you want: "
    'flowmate schedules add "every weekday at 9" "headlines from …"'
)
COMMAND_FOR = {
    '"agent list"': "`flowmate agents list`",
    '"budget list"': "`flowmate budget list`",
    '"usage by person"': "`flowmate usage`",
    HOW_TO_SET: HOW_TO_SET_IN_TERMINAL,
}
"""The terminal's command, by what is said in a chat."""
NO_MODEL = "no model was used"
RETRYING = "trying again"


def in_terminal(sentence: str) -> str:
    """A sentence that names what can be said in a chat, with the terminal's commands instead."""
    for said, command in COMMAND_FOR.items():
        sentence = sentence.replace(said, command)
    return sentence


def no_such_command(command: str) -> str:
    return f"There is no {command} here; /help lists what there is."


def no_such_schedule(number: int) -> str:
    return f"There is no schedule {number} here. `flowmate schedules list` shows those that there are."


def saved_as(number: int) -> str:
    return f"Saved as schedule {number}."


def outcome(status: str | None, first_line: str) -> str:
    """How a schedule's last run went, and what its answer begins with."""
    if status is None or status == "running":
        return "It is still running."
    return f"{status}: {shortened(first_line)}" if first_line else f"{status}."


def arrived(instruction: str, answer: str) -> str:
    """An answer that came by itself, below what it answers. Markdown."""
    return f"> {shortened(instruction)}\n\n{answer}"


def not_yet(*, timeout_ms: int, place: str) -> str:
    """That the answer was not there in time, and where it will be."""
    return f"No answer within {timeout_ms} ms; it will be at {place}."


def retrying_in(seconds: float) -> str:
    return f"trying again in {seconds:g} s"


def attempt(number: int) -> str:
    return f"attempt {number}"


def after(agents: str) -> str:
    """Of a step in a plan."""
    return f"after {agents}"


def steps(count: int) -> str:
    return counted(count, "{count} step", "{count} steps")


def agents(count: int) -> str:
    return counted(count, "{count} agent", "{count} agents")


def retries(count: int) -> str:
    return counted(count, "{count} retry", "{count} retries")


def tokens(count: int) -> str:
    """How many the model took; that there was none where it took none."""
    return counted(count, "1 token", f"{count:,} tokens") if count else NO_MODEL
