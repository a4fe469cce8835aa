"""Words that greet, thank or chat."""

from __future__ import annotations

import re

from core.planning.text import Kind, Token
from core.planning.words import ANCHORS, GREETING, SMALL_TALK, THANKS

_IDLE = (
    r"(?: (?!(?:could|can|would|will|may|might|please|need|want|what|how|when|where|which|who|create|make"
    r"|run|list|show|find|back|write|draft|send|tell|give|translate|read|calculate|remember|note|save|email|mail|backup)\b)\w+)"
)
"""A word that begins no request."""

_WISH = re.compile(
    r"(?:and )?(?:have|enjoy|wishing you|i wish you|hope you have|hope you had) (?:a|an|your|the) (?:\w+ ){0,2}"
    r"(?:day|weekend|evening|night|morning|afternoon|week|time|one|trip|holiday|holidays|rest|lunch|break)(?:"
    r" \w+){0,3}$"
    r"|(?:good luck|congratulations|congrats|happy|merry|get well|take care|safe travels|welcome)(?: \w+){0,6}$"
    r"|(?:sounds|looks|that sounds|that looks|this looks|this is|that is|that was|you are|it is) (?:really |so |very"
    r" |just )?"
    r"(?:good|great|fine|nice|cool|perfect|awesome|amazing|the best|doing great|lovely|wonderful)(?: \w+){0,3}$"
    r"|(?:long time no see|take your time|got (?:a|one) (?:sec|second|minute|moment)|no (?:hurry|rush|worries"
    r"|problem|pressure)"
    r"|good (?:day|morning|evening|afternoon)|(?:it is )?(?:me|us) again|(?:is|are) (?:you|anyone|anybody) (?:there"
    r"|around|here)"
    r"|let me know|that is all|does that work|is that (?:ok|okay|possible|alright|fine)|would that (?:be ok|be okay"
    r"|work|be possible))"
    r"(?: \w+){0,3}$"
    r"|(?:with )?(?:my |all |many |our )?(?:kind|kindest|best|warm|warmest|friendly|sunny)?"
    r" ?(?:regards|greetings|wishes|thanks)" + _IDLE + r"{0,6}$"
    r"|(?:nice|good|great|pleased|lovely|happy|glad) to (?:meet|see|hear|be|have|know)" + _IDLE + r"{0,8}$"
    r"|good (?:morning|evening|afternoon|day|night)" + _IDLE + r"{0,8}$"
    r"|i am (?:new|tired|hungry|late|sorry|busy|back|bored|confused|nervous|lost|dizzy|happy|sad|off|on|at|in)"
    + _IDLE
    + r"{0,10}$"
    r"|(?:i|we) (?:need|want|would like|would need) (?:both|all|them|it)(?: (?:of them|please|two|three|today|now))*$"
    r"|(?:i|we) (?:also )?(?:have|need|want|got|have got) (?:\w+ ){1,4}(?:wish|wishes|requests?|questions?|things?"
    r"|tasks?|favou?rs?|points?|jobs?|errands?)(?: (?:for|from) (?:you|me|us))?(?: \w+)?$"
    r"|(?:excuse|pardon|forgive) (?:me|us|my|the|this)" + _IDLE + r"{0,8}$"
    r"|(?:\w+ ){0,8}beg your pardon(?: \w+){0,4}$"
    r"|(?:talk|speak|see you|catch you|chat) (?:to you |with you )?(?:later|soon|tomorrow|then|around)(?: \w+){0,3}$"
    r"|what a (?:\w+ )?(?:day|week|night|mess|surprise|pity|shame)$"
)


def is_small_talk(tokens: tuple[Token, ...]) -> bool:
    """Whether these words greet, thank or chat, and ask for nothing."""
    if any(token.kind not in (Kind.WORD, Kind.MARK, Kind.BREAK) for token in tokens):
        return False
    words = [part for token in tokens if token.kind is Kind.WORD for part in token.word.split()]
    if _WISH.match(" ".join(words)):
        return True
    chatty = all(word in GREETING or word in THANKS or word in SMALL_TALK for word in words)
    return chatty and (not words or any(word in ANCHORS for word in words))
