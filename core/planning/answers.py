"""What is said where nothing runs: what FlowMate can do, or one question."""

from __future__ import annotations

from rapidfuzz import process

from core.models import MAX_STEPS, Agent, Plan
from core.rendering import help as guide
from core.rendering import planning as words

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


def greeting(agents: tuple[Agent, ...], *, thanked: bool) -> Plan:
    return _answer(words.THANKED if thanked else words.greeting(agents))


def help_text(agents: tuple[Agent, ...]) -> Plan:
    return _answer(guide.help_text(agents))


def nothing_to_do() -> Plan:
    return _question(words.NOTHING_TO_DO)


def nothing_fits(agents: tuple[Agent, ...], *, alone: bool) -> Plan:
    return _question(words.nothing_fits(agents, with_model=not alone))


def not_understood(part: str) -> Plan:
    return _question(words.not_understood(part))


def too_many() -> Plan:
    return _question(words.too_many(MAX_STEPS))


def unknown_agent(name: str, agents: tuple[Agent, ...]) -> Plan:
    names = [agent.name for agent in agents]
    return _question(words.unknown_agent(name, agents=names, meant=nearest(name, names)))


def nearest(name: str, names: list[str]) -> str:
    """The name that was probably meant; empty where none is near."""
    found = process.extractOne(name.lower()[:60], names, score_cutoff=60)
    return found[0] if found else ""


def _question(text: str) -> Plan:
    return Plan(planner="rules", question=text)


def _answer(text: str) -> Plan:
    return Plan(planner="rules", question=text, answered=True)
