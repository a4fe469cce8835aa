"""What is said where nothing runs: what FlowMate can do, or one question."""

from __future__ import annotations

from rapidfuzz import process

from core.models import MAX_STEPS, Agent, Plan

NAMED_AGENTS = 12
"""How many agents a sentence lists before it says that there are more."""
_HELP = frozenset(
    "help|help me|please help|please help me|help please|i need help|can you help me|can you help|what can you do"
    "|what can you do for me|what do you do|what are you|who are you|what is this|how do you work"
    "|how does this work|how do i use you|how do i use this|what can i ask|what can i ask you|what can flowmate do"
    "|menu|usage|commands|what are your skills|what do you know|what can i do here|what are you able to do"
    "|what can you help with|what can you help me with|how can you help|how can you help me|what is flowmate"
    "|who is this|what agents are there|which agents are there|list agents|list all agents|what are my options"
    "|are you a bot|are you human|what is your name"
    "|introduce yourself|what else can you do|show me what you can do|tell me what you can do|list your agents".split(
        "|"
    )
)
_CHAT = frozenset(
    "how are you|how are you today|how are you doing|how is it going|how do you do|what is up|sup|how was your day"
    "|are you there|anybody here|anyone here|test|testing|ping|how are things|how have you been|you there|good bot"
    "|bad bot|nice to meet you|tell me about yourself|how is your day|how is your day going|i love you|you rock"
    "|you are the best|you are great|you are awesome|are you ok|are you okay|well done|nice one|my bad|no worries"
    "|no problem|see you later|see you tomorrow|have a nice day|have a good day|have a great weekend"
    "|have a nice weekend|sounds good|makes sense"
    "|i see|got it|that is great|that is all|that will be all|forget it|never mind|nothing|nothing really".split(
        "|"
    )
)


def is_call_for_help(words: str) -> bool:
    return words in _HELP


def is_chat(words: str) -> bool:
    return words in _CHAT


def capabilities(agents: tuple[Agent, ...]) -> str:
    """What these agents do, one line each."""
    if not agents:
        return "There are no agents that you may use yet."
    lines = [f"- **{agent.name}**: {_first_sentence(agent.description)}" for agent in agents[:NAMED_AGENTS]]
    if len(agents) > NAMED_AGENTS:
        lines.append(f"- and {len(agents) - NAMED_AGENTS} more")
    return "\n".join(lines)


def _first_sentence(description: str) -> str:
    line = " ".join(description.split())
    end = line.find(". ")
    return line if end < 0 else line[: end + 1]


def greeting(agents: tuple[Agent, ...], *, thanked: bool) -> Plan:
    if thanked:
        return _answer("You're welcome.")
    return _answer(f"Hello. Say in your own words what you need. I can help with:\n{capabilities(agents)}")


def help_text(agents: tuple[Agent, ...]) -> Plan:
    example = next((f"`@{a.name} {a.examples[0]}`" for a in agents if a.examples), "")
    named = f"\nName one if you like: {example}." if example and "`" not in example[1:-1] else ""
    return _answer(
        "I turn one instruction into work for several agents and give one answer. "
        f"Join several tasks with “and” or “then”. The agents:\n{capabilities(agents)}{named}"
    )


def nothing_to_do() -> Plan:
    return _question("There is nothing to do in that message. What can I do for you?")


def nothing_fits(agents: tuple[Agent, ...]) -> Plan:
    return _question(f"I can't do that. What I can help with:\n{capabilities(agents)}")


def not_understood(part: str) -> Plan:
    return _question(
        f"I can't do this part: “{_short(part)}”. Nothing has run. "
        "Can you put it in other words, or send the rest without it?"
    )


def too_many() -> Plan:
    return _question(f"That is more than {MAX_STEPS} tasks. Can you split it into several messages?")


def unknown_agent(name: str, agents: tuple[Agent, ...]) -> Plan:
    names = [agent.name for agent in agents]
    near = nearest(name, names)
    listed = ", ".join(names[:NAMED_AGENTS]) + (" and more" if len(names) > NAMED_AGENTS else "")
    meant = f" Do you mean {near}?" if near else ""
    rest = f" The agents are {listed}." if names else " There are no agents that you may use yet."
    return _question(f"There is no agent called {_short(name, 40)}.{meant}{rest}")


def nearest(name: str, names: list[str]) -> str:
    """The name that was probably meant; empty where none is near."""
    found = process.extractOne(name.lower()[:60], names, score_cutoff=60)
    return found[0] if found else ""


def _short(text: str, most: int = 80) -> str:
    line = " ".join(text.replace("`", "'").split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _question(text: str) -> Plan:
    return Plan(planner="rules", question=text)


def _answer(text: str) -> Plan:
    return Plan(planner="rules", question=text, answered=True)
