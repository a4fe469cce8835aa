"""The ways in which people ask to send an e-mail."""

from __future__ import annotations

import re

_ADDRESS = r"[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}"
RECIPIENTS = re.compile(
    (
        rf"(?<![\w.+%@'-]){_ADDRESS}(?:(?:,? and |,? ?& ?|,? plus |,? as well as |,? cc:? "
        rf"|[,; ]{{1,3}}|,? and also )(?:to )?{_ADDRESS}){{0,30}}"
    ),
    re.IGNORECASE,
)
VERB = re.compile(
    (
        r"(?:e-?mails?|mail|send|forward|write|drop|shoot|tell|notify|inform|message|ping|let|ask"
        r"|contact|reply|respond|answer|remind|fire off|dispatch|deliver"
        r"|invite|thank|congratulate|warn|alert|update|share|compose and send|new (?:e-?)?mail|pass"
        r"|relay|cc|to|report|say|give|hand|submit|address)\b"
    ),
    re.IGNORECASE,
)
MAIL_WORD = re.compile(r"\b(?:e-?mails?|mails?|mailing|message|line|inbox|letter)\b", re.IGNORECASE)
SURE_VERB = re.compile(
    (
        r"(?:e-?mails?|mail|send|forward|drop|shoot|tell|notify|inform|let|write|message|ask|contact"
        r"|reply|alert|warn|fire off|share|get|dispatch|deliver|pass|relay|update|ping|remind|invite"
        r"|thank|congratulate)\b"
    ),
    re.IGNORECASE,
)
_BY_MAIL = (
    r"(?:(?:by|via|per|through|using|over|in|with) (?:an? )?(?:e-?mail|mail|message)"
    r"|an? (?:(?:short|quick|brief) )?(?:e-?mail|mail|message|line|note)|know|(?:e-?mail"
    r"|mail))"
)
AFTER = re.compile(rf"^[ ,]*(?:{_BY_MAIL}\b[ ,]*){{0,2}}", re.IGNORECASE)
SUBJECT = re.compile(
    (
        r"^[ ,.;:-]*(?:(?:and |use |put )?(?:with |under )?(?:the |a )?(?:subject|title|subject line"
        r"|headline)(?: line)?(?: is| of|:| -|,)? ?)(?P<rest>.+)$"
    ),
    re.IGNORECASE | re.DOTALL,
)
BODY_WORD = re.compile(
    (
        r"(?:(?:[,;.] ?(?:and |with )*|[,;.]? (?:and |with )+)(?:the |a )?(?:text|body|message) (?=\S+ \S)"
        r"(?!(?:is|of|saying|that) )"
        r"|[,;.]? ?(?:and |with )*(?:the |a )?(?:text|body|message|content)(?: is| of| saying"
        r"| that says|:)[: ]*|[,;]? ?(?:and )?(?:saying|that says|which says)(?: that)?:? )"
    ),
    re.IGNORECASE,
)
SAYS = re.compile(
    (
        r"^[ ,.;-]*(?:(?:that says|which says|saying|to say|and say|and tell (?:him|her|them)"
        r"|to tell (?:him|her|them)|telling (?:him|her|them)|to inform (?:him|her|them)|to let (?:him"
        r"|her|them) know"
        r"|informing (?:him|her|them)|and let (?:him|her|them) know|letting (?:him|her|them) know"
        r"|stating|to announce|announcing|to confirm|confirming|reminding (?:him|her|them)|and write"
        r"|reading|with"
        r"|to remind (?:him|her|them)|and inform (?:him|her|them)|to mention|mentioning|explaining"
        r"|and mention|and explain|to explain|of the fact)(?: that)?"
        r"(?: (?:the|a|this|following|these)*(?: ?(?:text|message|words|content|body|line|info"
        r"|information|news))(?: that| saying)?)?[: ]+|that |: ?|- |\n+|(?=[\"'])|= ?)(?P<body>.+)$"
    ),
    re.IGNORECASE | re.DOTALL,
)
ASKS = re.compile(
    r"^[ ,]*(?P<how>and ask|to ask|asking|and request|to request|requesting|for|if|whether"
    r"|and remind|and invite|to invite|and thank|to thank|when|what|why|how|where|to)"
    r"(?: (?:him|her|them))?(?P<body> .+)$",
    re.IGNORECASE | re.DOTALL,
)
ABOUT = re.compile(
    r"^[ ,]*(?:about|regarding|concerning|on|re:?|with news (?:of|about)|of"
    r"|on the topic of) (?P<subject>.+)$",
    re.IGNORECASE | re.DOTALL,
)
SAYING_INSIDE = re.compile(
    (
        r"(?:,|;|:|-)? (?:and |that |which )?(?:saying|says?|with the (?:text|message|body|words)"
        r"|stating|text:|message:|body:)(?: that)?:? "
    ),
    re.IGNORECASE,
)
OBJECT = re.compile(
    (
        r"^(?:(?:please|also|then|out|off|over|along|on|up|back) )*(?:(?:an?|the|my|our|one|another"
        r"|short|quick|brief|little|new|follow-up|friendly) )*(?:e-?mails?|mails?|message|letter|line"
        r"|note)\b ?"
    ),
    re.IGNORECASE,
)
NO_LETTER = re.compile(
    (
        r"(?:note|notes|remember|jot|translate|rewrite|summari[sz]e|draft|compose(?! and send)|find"
        r"|search|list|what|which|who|when|where|how|add (?:a )?note|save|make (?:this|a note)|keep"
        r"|is|are|does|do|did|write down|shorten)\b"
    ),
    re.IGNORECASE,
)
NO_MAIL = re.compile(r"(?:give|submit|address|say|report|cc|answer|hand|to)\b", re.IGNORECASE)
PAIR = {'"': '"', "'": "'"}

_KIND = (
    r"(?:an? |one |another |the )?(?:(?:quick|short|new|brief|little|friendly|polite|small) )*"
    r"(?:e-?mail|mail|message|note|line|word|heads[- ]?up|notice|info|update|shout|ping|memo|nudge|reminder)"
)
_WITH = rf"(?P<to>{RECIPIENTS.pattern})"
_FORMS = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        (
            rf"(?:(?:can|could|may|might|should|shall|will|would) |if )?{_KIND} (?:(?:should|must"
            rf"|needs to|has to|could|can|shall|may|might|to|ought to|please) )*"
            rf"(?:go|be sent|be going|get sent|be mailed)(?: out| off| over| along)?(?: now)? to {_WITH}"
        ),
        (
            rf"{_WITH} (?:needs?|should (?:get|have|receive)|gets?|wants?|must get|has to get|have to get"
            rf"|(?:is|are) waiting for"
            rf"|deserves?|expects?|(?:is|are) expecting|could use) {_KIND}(?: from (?:us|me|our side))?"
        ),
        rf"{_WITH} (?:should|must|needs to|has to|have to|ought to|need to) (?:know|be told|be informed"
        rf"|hear|learn)\b",
        rf"(?:give|send|shoot|drop|fire|pass|owe|write) {_WITH} {_KIND}",
        rf"{_KIND}[:,]? ?(?:to|for|2):? ?{_WITH}",
        rf"(?:fyi|cc|attn|msg|text|ping|mailto|e-?mail|mail)[:,]? ?(?:to:? ?)?{_WITH}",
        rf"(?:to|recipients?|send to|mail to):? ?{_WITH}(?=[,;:\n ])",
        rf"(?:get|have|put|fire|send|shoot|drop|dash)(?: me| us)?(?: off| out| over)? {_KIND}(?: off| out"
        rf"| over| across| sent)? to {_WITH}",
        rf"keep {_WITH} (?:posted|informed|in the loop|updated|up to date)",
    )
)


def commanded(text: str) -> str:
    """The words as a plain command "email x@example.org …", where they ask for the same in another form."""
    for form in _FORMS:
        match = form.match(text)
        if match is not None:
            return f"email {match.group('to')}{text[match.end() :]}"
    return text
