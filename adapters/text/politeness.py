"""What people put around a request to be kind: greetings, politeness and thanks."""

from __future__ import annotations

import re
from functools import lru_cache

from adapters.text.words import KEPT

_KIND = r"(?:so |really |very |ever so |terribly |kindly |awfully |incredibly )*"
_PERSON = (
    r"(?:there|all|team|everyone|everybody|folks|guys|again|dear|lovely|sunshine|you|bot|flowmate|mate"
    r"|friend|buddy"
    r"|pal|colleagues?|friends|dearest|assistant|sir|madam)"
)
_LEAD = re.compile(
    r"(?:"
    r"(?:hi|hello|hey|hiya|heya|howdy|yo|dear|greetings|good (?:morning|afternoon|evening|day)|morning"
    r"|evening"
    rf"|afternoon)\b(?: {_PERSON})*(?:[ ,.!:-]+|$)"
    r"|(?:flow ?mate|bot)\b[ ,:!-]*"
    r"|(?:please|pls|plz|plse|plese|kindly|just|also|and|then|now(?! (?:in|at|for|utc|gmt)\b)|next|first"
    r"|firstly"
    r"|second|secondly|finally|lastly|so|ok|okay|well|plus|alright|right,|um+|uh+|hm+|ugh|hmm|yes,|yeah,"
    r"|actually"
    r"|afterwards|after that|after this|in addition|additionally|besides|meanwhile|separately|moreover"
    r"|furthermore"
    r"|pretty please|hello|quickly|oh|btw|by the way|excuse me(?: please)?|pardon me|pardon|anyway|listen"
    r"|look,)\b[ ,.!:-]*"
    r"|(?:quick|small|short|another|one|two|three|a|next|my) ?(?:quick|small|short|simple|more)? "
    r"(?:one|questions?|requests?|favou?rs?|things?)(?: for you)? ?[:,.-]+ ?"
    r"|(?:when|whenever|if) (?:you(?:'ve)? (?:have|get|find|got|'ve got) (?:a|some|the) "
    r"(?:(?:free|spare|quick) )?(?:moment|minute|second|sec|time|chance)"
    r"|(?:at all )?possible|you can|you could|you don't mind|you wouldn't mind|(?:it's"
    r"|it is) (?:not too much|no) "
    r"(?:trouble|bother|problem)|that's (?:ok(?:ay)?|alright)|i may|i may ask|i might ask"
    r"|you're free)\b[ ,:]*"
    r"|(?:sorry|apologies|my apologies)(?: to bother you| for bothering you| for the trouble"
    r"| for disturbing(?: you)?"
    r"| to disturb you)?(?: again)?\b[ ,.!:-]*"
    r"|thanks? (?:you )?for [a-z]{1,20}(?: [a-z]{1,20})?[ ,.!:-]+"
    r"|(?:do|would you do) me (?:a|the|one) (?:quick |small |little |big )?favou?r(?: and)?[ ,:]*"
    r"|be (?:a|an) (?:dear|darling|angel|star|sweetheart|legend|pal|hero)(?: and)?[ ,:]*"
    r"|(?:could|can|would|will|may|might) (?:you|u|we|i|someone|somebody|anyone|anybody)\b"
    r"(?: (?:please|pls|plz|kindly|possibly|maybe|perhaps|quickly|just|also|help me|help us"
    r"|(?:ask|bother|trouble|request) (?:you(?: to| for)?|to|for)|ask(?= how| what| which| when)"
    rf"|mind|be {_KIND}(?:kind|nice|good|helpful|lovely|sweet|friendly)(?: as to| and| to| enough to)?"
    r"|be (?:a|an) (?:dear|darling|angel|star|sweetheart)(?: and)?"
    r"|like(?: you)? to|be able to|have|terribly|awfully|greatly|go ahead and))*[ ,]*"
    rf"|be {_KIND}(?:kind|nice|good)(?: enough)?(?: as to| and| to)? "
    r"|would it be (?:possible|ok|okay|fine|too much) (?:for you )?(?:to|if you) "
    r"|(?:it would|it'd|that would) be (?:[a-z]{2,12} )?(?:great|nice|kind|lovely|good|wonderful|helpful"
    r"|awesome) "
    r"(?:of you )?(?:if (?:you|we|i) (?:could|would|can)|to|(?=if an? )) "
    r"|is it possible (?:for you )?to |are you able to "
    r"|(?:is there )?any chance (?:that )?(?:you (?:could|can)|of) "
    r"|(?:i|we)(?:'d| would|'m|'re| am| are)? (?:really |also |very much |so |ever so |be |very |just )*"
    r"(?:appreciate|grateful|thankful|glad|happy|love|like|hoping|wondering|interested)"
    r"(?: it)? (?:(?:if|whether) (?:you|i|we) (?:could|would|can|might)|(?:that )?you (?:could|can)"
    r"|for you to|you to|to"
    r"|in knowing|in) "
    r"|(?:i|we) (?:really |just |also )*(?:want|need|wanna|gotta|have)(?: you)? to |i wanna "
    r"|(?:i|we) (?:also |just )?(?:wonder(?: if| whether)?|wanted to ask(?: if| whether)?|would like to know"
    r"|'d like to know)\b(?: you (?:could|can))?[ ,]*"
    r"|let's |lets |go ahead and |go and |make sure (?:to|you|that you) |help me (?:to )?|help us (?:to )?"
    r"|the (?:next|first|last) thing: |i'd need you to |your (?:task|job)(?: now)?(?: is(?: to)?|:) "
    r"|[-*•] |\d{1,2}[.)] (?=[^\d\s])"
    r")",
    re.IGNORECASE,
)
_GERUNDS = {
    "making": "make", "taking": "take", "sending": "send", "saving": "save", "noting": "note", "writing": "write",
    "working": "work", "calculating": "calculate", "computing": "compute", "converting": "convert", "telling": "tell",
    "creating": "create", "checking": "check", "finding": "find", "listing": "list", "reading": "read",
    "giving": "give", "running": "run", "jotting": "jot", "adding": "add", "remembering": "remember",
    "dropping": "drop", "letting": "let", "looking": "look", "searching": "search", "showing": "show",
    "putting": "put", "keeping": "keep", "backing": "back", "doing": "do", "emailing": "email", "mailing": "mail",
    "e-mailing": "e-mail", "forwarding": "forward", "summarising": "summarise", "summarizing": "summarize",
    "figuring": "figure", "getting": "get", "fetching": "fetch", "skimming": "skim", "splitting": "split",
    "notifying": "notify", "informing": "inform", "recording": "record", "logging": "log", "storing": "store",
    "shooting": "shoot", "messaging": "message", "starting": "start", "kicking": "kick", "having": "have",
    "dividing": "divide", "multiplying": "multiply",
}  # fmt: skip
_GERUND = re.compile(rf"(?:{'|'.join(_GERUNDS)})\b", re.IGNORECASE)
_TAIL = re.compile(
    r"(?:[,;.!?\n ]+|(?<=[\w\"')%]) )"
    r"(?:(?:many |much |so |a lot of |a million |big |kind )?(?:thanks|thx|thank you|thank u|ty|tnx|cheers"
    r"|much appreciated|appreciated|appreciate it|bless you|ta|merci|danke)"
    r"(?: (?:a lot|so much|very much|a bunch|a million|in advance|again|for your help|you|flowmate|bot"
    r"|mate|kindly"
    r"|everyone|all|from my heart|(?:and|with) (?:best|kind|warm) regards(?:,? [a-z]{2,12})?))*"
    r"|please|pls|plz|if you can|if possible|if you don't mind|when you (?:have|get) (?:a|the) (?:moment"
    r"|minute|sec"
    r"|second|time|chance)|for me|right away|asap|if that's (?:ok|okay|alright)|would you|could you"
    r"|will you|go"
    r"|that would be (?:wonderful|great|nice|lovely|kind|awesome|super)(?:, thanks)?"
    r"|(?:with )?(?:best|kind|warm|many|kindest) (?:regards|greetings|wishes)(?:,? [a-z]{2,12}){0,2}"
    r"|greetings from [a-z ]{2,30}|yours,? [a-z]{2,12}|i reckon|i guess|i suppose|i think|lol|haha|tia"
    r"|would be (?:great|nice|lovely))[ .!?)]*$",
    re.IGNORECASE,
)
_MOST_ROUNDS = 8
_TAIL_WINDOW = 120


@lru_cache(maxsize=KEPT)
def without_politeness(text: str) -> str:
    """The request itself: greetings, politeness and connectives taken off both ends."""
    for _ in range(_MOST_ROUNDS):
        match = _LEAD.match(text)
        if match is None or match.end() == 0 or match.end() >= len(text):
            break
        text = _commanded(text[match.end() :].lstrip(" ,"))
    return without_thanks(text)


def _commanded(text: str) -> str:
    """ "Sending a mail …", which follows "would you mind", as the command that it stands for."""
    match = _GERUND.match(text)
    return text if match is None else _GERUNDS[match.group().lower()] + text[match.end() :]


@lru_cache(maxsize=KEPT)
def without_thanks(text: str) -> str:
    """Thanks and a trailing "please" taken off the end."""
    for _ in range(3):
        cut = max(0, len(text) - _TAIL_WINDOW)
        match = _TAIL.search(text, cut)
        if match is None or match.start() == 0:
            break
        text = text[: match.start()] + ("?" if "?" in match.group()[:2] else "")
    return text.strip()


_WORDED_AS_QUESTION = re.compile(r"\b(?:could|can|would|will|may) (?:you|u|we|i)\b", re.IGNORECASE)


def worded_as_question(text: str) -> bool:
    """Whether a request opens with "could you …", so that a question mark at its end is only politeness."""
    return _WORDED_AS_QUESTION.search(text[:60]) is not None
