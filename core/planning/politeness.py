"""Phrases of courtesy: how people lead up to a request, and how they thank for it."""

from __future__ import annotations

_OPENERS = """
please|kindly|pretty please|just|simply|quickly|quick|also|and|so|ok|okay|well|now|right|alright|oh|um|hmm|but
plus|actually|hey|hi|hello|heya|yo|howdy|greetings|good morning|good afternoon|good evening|morning|dear|bot
flowmate|dear bot|there|team|everyone|all|folks|hi there|hey there|hello there|hello again|hi all|welcome back
sorry|excuse me|pardon me|can you|could you|would you|will you|can you please|could you please|would you please
you can|you could|could u|can u|can we|could we|can i|could i|may i|might i|may we|may i ask|can i ask
could i ask|might i ask|can i have|could i have|can i get|could i get|can we get|could we get|may i have
can we have|could we have|can someone|could someone|can anyone|could somebody|can somebody|would someone
would you be able to|are you able to|is it possible to|would it be possible to|is it possible for you to
would it be possible for you to|would you be so kind as to|would you be so kind to|be so kind as to
be so kind and|be so kind to|be so nice and|be so nice to|be so good as to|be a dear and|be kind enough to
would you kindly|would you be kind enough to|would you mind|do you mind|would you care to|do you think you could
do you think you can|could you possibly|can you possibly|could you maybe|can you maybe|could you perhaps
possibly|perhaps|maybe|quickly please|i would like to|i would like you to|i would like|i would love to
i would love|i would love you to|i want to|i want you to|i want|i need to|i need you to|i need|we need to
we need you to|we need|we want to|we want you to|we want|we would like to|we would like you to|we would like
we would love|i would appreciate it if you could|i would really appreciate it if you could
i would be grateful if you could|i would be glad if you could|i would be happy if you could
it would be great if you could|it would be nice if you could|it would be lovely if you could
it would be good if you could|would be great if you could|would be nice if you could
i would appreciate it if you would|it would be great to|it would help if you could|i was wondering if you could
i was wondering if you can|i wonder if you could|i was hoping you could|i was hoping you can|i am hoping you can
wondering if you could|hoping you can|i was wondering|i wonder|i am wondering|i am curious|i would like to know
i want to know|i need to know|we need to know|would like to know|curious|any idea|any chance you could
any chance you can|any chance of|is there any chance you could|is there a chance you could|do me a favour and
do me a favor and|do me a solid and|go ahead and|go and|please go ahead and|make sure to|make sure you
be sure to|try to|help me|help me to|help us|help us to|i need help with|i need your help to|i need help to
you should|your task is to|your job is to|if possible
before i forget|lest i forget|if you can|if you could|if you would|whenever you can|as soon as possible|asap|first thing
sorry to bother you|sorry to bother|sorry for the trouble|sorry to disturb you|sorry to interrupt|one more thing
one thing|another thing|quick question|quick one|small question|short question|quick request|question|a question
two things|two questions|three things|a few things|a couple of things|a favour|a favor|small favour|small favor
next up|for me|for us|while you are at it|on top of that|in addition|additionally|besides|besides that
separately|at the same time|meanwhile|in the meantime|in parallel|as well|to start|for starters|to begin with
let us|let me|let me know|we should|would you be a dear and|i have a question|i have a request|yes|yeah|no|nope
you might|you would|you may|you could please|might you|might you be able to|could you also|can you also
could i also get|can i also get|could i also|can i also|could we also|how about you|i am looking for
we are looking for|looking for|i am after|i am trying to|i am trying to find out|i would also like
i would also like to|i also need|i also need to|i also want|i also want to|we also need|also i need
could you tell me please|my request|task|todo|to do|new task|request|here is a task|here is what i need
what i need is|all i need is|all i want is|i just need|i just want|start with|begin with|start off with|begin by
start by|kick off with|keep me in the loop|keep me posted|keep me updated|keep us posted|keep us in the loop
one last thing|last thing|last one|final thing|i would be interested in|i am interested in
i would be interested to know|i also need|i also want|i want to know also|i would feel better with
i would feel better if there was|i would sleep better with|i would sleep better if there was|i just need to
i just want to
i just wanted to know|i just wanted to ask|i wanted to ask|i wanted to know|just wanted to know|just wondering
just curious|i have to know|i have got to know|do you know|do you happen to know|can you find out
could you find out|please find out|find out|have you got|do you have|may i please|could you be so kind as to
it is urgent|urgent|urgently|important|help|thanks|thank you|many thanks|thanks in advance|both|both please
please do these|please do the following|do the following|the following|following|do these|do both|do this
can you do this|and please|and also|also please|and could you|and can you|it is time to|time to|feel free to
you are welcome to|i ask you to|we ask you to|i would ask you to|i am asking you to|we are trying to
could i ask you|can i ask you|may i ask you|could i ask you for|can i ask you for|may i ask you for
i ask you for|might i trouble you for|may i trouble you for|could i trouble you for|could i trouble you to
may i request|i request|i kindly request|may i kindly request|two things please|mind telling me|mind checking
mind|care to|happy to hear|be a pal and|would you happen to know|question for you|allow me to ask|real quick
super quick|out of curiosity|by the way|btw|fyi|lastly|last but not least
"""

_CLOSERS = """
please|thanks|thank you|thx|ty|cheers|kindly|thanks a lot|thanks so much|thank you so much|thank you very much
many thanks|thanks in advance|thank you in advance|many thanks in advance|much appreciated|thanks a bunch
thanks a million|thank you kindly|for me|for us|asap|as soon as possible|if possible|if you can|if you could
if you do not mind|if that is ok|if that is possible|when you can|when you have time|when you have a moment
when you have a minute|when you get a chance|whenever you can|right now|would you|could you|can you|will you
quickly|real quick|too|as well|also|okay|ok|right away|straight away|immediately|tia|mate|flowmate|bot|at once
just in case|in case|to be safe|to be on the safe side|just to be safe|for safety|as usual|as always
that would be great|that would be nice|would be great|i would appreciate it|appreciate it|i appreciate it
best regards|kind regards|regards|best|at your convenience|separately|in parallel|and thanks|and thank you|then
"""


def _phrases(text: str) -> dict[str, frozenset[tuple[str, ...]]]:
    by_edge: dict[str, set[tuple[str, ...]]] = {}
    for phrase in text.replace("\n", "|").split("|"):
        words = tuple(phrase.split())
        if words:
            by_edge.setdefault(words[0], set()).add(words)
    return {edge: frozenset(found) for edge, found in by_edge.items()}


def _combined(*parts: str) -> list[str]:
    """Every phrase that takes one of each part's alternatives; alternatives are parted by "/"."""
    found = [""]
    for part in parts:
        found = [f"{before} {one}".strip() for before in found for one in part.split("/")]
    return found


def _wishes() -> str:
    """ "I was hoping you could" and all its cousins."""
    hopes = "i was wondering/i am wondering/i wonder/wondering/i was hoping/i am hoping/hoping"
    links = "/if/whether/that"
    ends = "you could/you can/you might/you would/someone could/it is possible to/you are able to"
    glad = "grateful/glad/happy/delighted/thankful/obliged"
    nice = "great/nice/lovely/good/helpful/awesome/wonderful/super/cool/fantastic"
    hero = "star/dear/darling/legend/hero/sweetheart/pal/mate/good bot/champ/friend"
    found = _combined(hopes, links, f"/{ends}") + _combined("i hope", links, ends)
    found += _combined(
        "i would/we would/would", "be/be so/be very/be really", glad, "if you", "could/would/can"
    )
    found += _combined("i would/we would/i would really/i would much", "appreciate it if you", "could/would")
    found += _combined("it would/would/that would", "be", nice, "if you", "could/would/can")
    found += _combined("be/would you be/could you be", "a", hero, "and/please and/please")
    found += _combined("be/would you be/if you would be", "so", "kind/nice/good/sweet/lovely", "as to/and/to")
    return "|".join(found)


OPENERS = _phrases(_OPENERS + "|" + _wishes())

CLOSERS = frozenset(phrase for phrases in _phrases(_CLOSERS).values() for phrase in phrases)

COURTEOUS = frozenset(
    word for phrases in (*OPENERS.values(), CLOSERS) for phrase in phrases for word in phrase
) | {
    "free",
    "spare",
    "bit",
    "some",
    "moment",
    "minute",
    "second",
    "sec",
    "chance",
    "mind",
    "trouble",
    "find",
    "got",
}
