"""What an agent's run says about itself: what it could not do, what it may have done, and where it was stopped."""

from __future__ import annotations

from collections.abc import Sequence

from core.rendering.grammar import counted, listed

FILTERED = "The provider's content filter stopped the model's answer."
DECLINED = "The model declined to answer."
CUT = "The answer was cut at its length limit."
EMPTY = "The model gave an empty answer twice."
MADE_UP = "(a name that is no tool's)"
HOLDS_A_SECRET = "That holds a secret, so it was not done."


def declined(words: str) -> str:
    """With the model's own words, if there are any."""
    return f"The model declined: {words}" if words else DECLINED


def without_model(agent: str) -> str:
    return f"The language model did not answer, and the {agent} agent can't do this without it."


def needs_model(agent: str) -> str:
    return f"The {agent} agent needs a language model; set OPENAI_API_KEY or OPENAI_BASE_URL."


def what_exactly(agent: str, *, example: str, description: str) -> str:
    """Where no tool can read the task by itself: what could be said instead, or that it takes a model."""
    question = (
        f'What should the {agent} agent do, said like "{example}"?'
        if example
        else f"The {agent} agent can't do that by itself ({description.rstrip('.')})."
    )
    return (
        f"{question} Without a language model it understands only what its tools can read by themselves; "
        "with OPENAI_API_KEY or OPENAI_BASE_URL set it understands more."
    )


def not_fetched(count: int) -> str:
    """For the model: which addresses it may ask for once it has read text from outside."""
    which = counted(count, "that address stands", "{count} of these addresses stand")
    return (
        f"{which} neither in the person's words nor in a page or feed that was read. "
        "Only such addresses are fetched now, unchanged."
    )


def followed_enough(most: int) -> str:
    return f"at most {most} addresses that only stood in what was read are fetched in one run."


def may_have_happened(tool: str) -> str:
    return (
        f"{tool} was begun before an interruption: it may or may not have happened, and it was not repeated."
    )


def done_before(tools: Sequence[str]) -> str:
    """What a run that failed has changed all the same."""
    return counted(
        len(tools), f"Before that, {listed(tools)} was done.", f"Before that, {listed(tools)} were done."
    )


def wrong_calls(agent: str) -> str:
    return (
        f"The {agent} agent's model kept asking for tool calls that can't be made; "
        "other words or another model may help."
    )


def same_calls(most: int) -> str:
    return f"Stopped at {most} identical tool calls."


def many_rounds(rounds: int) -> str:
    return counted(
        rounds, "Stopped after {count} round of tool calls.", "Stopped after {count} rounds of tool calls."
    )


def too_long(agent: str, *, tokens: int) -> str:
    return (
        f"The model's answer did not fit into {tokens} tokens; "
        f"raise limits.output_tokens of the {agent} agent or ask for less."
    )


def no_answer(agent: str, *, reason: str) -> str:
    return f"The {agent} agent came to no answer. {reason}"
