"""The ways in which people ask to save a note."""

from __future__ import annotations

import re

_SAY = (
    r"(?:[ ,]*(?:that|saying(?: that)?|which says|stating(?: that)?|to say(?: that)?|to self"
    r"|with the (?:text|content|words))\b:?|\s*[:\n]|\s+-(?=\s))\s*"
)
_NOTE = (
    r"(?:(?:a|an|another|the|this|my|our|one|me a|us a) )?(?:(?:quick|short|small|little"
    r"|brief|new|team|mental|important|personal|shared|following) )*(?:notes?|reminder note"
    r"|memo)"
)
_INTO = (
    r"(?:(?:as|in|into|to|for|among|under|down in|with) (?:a |an |the |my |our |your "
    r"|this )?(?:new |team |shared |quick |short |little |workspace |personal )*(?:notes?"
    r"|notebook|memo|memory|notepad)(?: list| book)?)"
)
_TEXT = r"(?P<text>.+)"
INTO_NOTES = re.compile(
    r"(?:save|store|put|add|write|keep|record|file|log|stick|note|copy|enter|move|place|drop|remember"
    r"|dump|throw|pop|park"
    r"|scribble|jot|chuck|capture|post|push|shove|toss|insert|type|append|pin|get|pen|bung|slot|stash"
    r"|tuck|register) "
    rf"(?P<text>.{{1,4500}}?)(?: down)? {_INTO}(?: too| as well| please| for later)?[.! ]*",
    re.IGNORECASE | re.DOTALL,
)
_VERB = (
    r"(?:save|store|put|add|write|keep|record|file|log|stick|copy|enter|place|drop|dump|throw|pop|park"
    r"|scribble|jot|chuck"
    r"|capture|post|push|shove|toss|insert|type|append|pin|get|pen|stash|tuck|register|note)"
)
_SAVING_SHAPES = tuple(
    re.compile(shape, re.IGNORECASE | re.DOTALL)
    for shape in (
        (
            r"(?:put|get|have|place|let|keep|set)(?: (?:it|this|that|down))? (?:on|in"
            r"|into) (?:the )?(?:record|minutes|protocol|log"
            rf"|file)(?:,? that|:| -|,) ?{_TEXT}"
        ),
        (
            r"(?:let it be (?:noted|recorded|known|written|remembered)|let the (?:record|minutes"
            r"|notes) (?:show|say|state|read)"
            r"|(?:it )?(?:should|must|needs to|has to|is to) be (?:noted|recorded|written down"
            r"|remembered)|noted|duly noted"
            r"|(?:please )?be it noted|good to (?:know|remember)|worth (?:noting|remembering))"
            rf"(?: down)?(?:,? that|:| -) ?{_TEXT}"
        ),
        (
            r"(?:for|in|into|to) (?:the|our|my) (?:minutes|record|records|protocol|log|file|files"
            r"|notebook|memory|archives?)"
            rf"(?::| -|,)(?: that)? ?{_TEXT}"
        ),
        (
            r"(?:don't|do not|never|dont) let (?:me|us|anyone|it) (?:forget|slip|be forgotten)(?: that"
            r"| to| about|:|,)? "
            rf"{_TEXT}"
        ),
        rf"{_VERB} (?:this |that |the following |it |one )?(?:down )?{_INTO}(?::| - |, | that |\n) ?{_TEXT}",
        (
            r"(?:add|make|take|leave|create|save|write|put|start|file|new|another|one more|fresh"
            r"|quick)(?: me| us)?(?: a| an"
            rf"| another| one)?(?: new| quick| short| little)? (?:note|memo)(?:,| -|\.) {_TEXT}"
        ),
        rf"(?:make|keep) (?:a |the )?record (?:that|of the fact that|:) ?{_TEXT}",
        rf"(?:make|take|keep) (?:a )?(?:mental )?note(?: of (?:this|the fact))?(?::|,| -| that) ?{_TEXT}",
        rf"(?:to|into|in|for|as) (?:the |my |our |a )?(?:notes?|notebook|notepad|memo)(?::|,| -) ?{_TEXT}",
        rf"{_NOTE} to self[ ,:-]*{_TEXT}",
        rf"{_NOTE}(?: for (?:me|us|the team|later|everyone))?(?::| -)\s*{_TEXT}",
        rf"(?:for|into|in|to) (?:the|our|my) notes(?::|,| -)\s*{_TEXT}",
        (
            r"(?:save|store|keep|write|remember|record|log|note|memori[sz]e) (?:this"
            rf"|the following)(?: down)?(?:(?::| -)| for (?:me|us|later)(?::|,| -))\s*{_TEXT}"
        ),
        (
            r"(?:make|take|add|save|create|write|leave|put|keep|store|record|set|file|enter|start"
            rf"|drop|log|post) {_NOTE}(?: down)?(?: for (?:me|us|the team|later"
            rf"|everyone))?{_SAY}{_TEXT}"
        ),
        (
            rf"(?:make|take|add|save|create|write|leave|keep|store|record) {_NOTE}(?: for (?:me|us"
            rf"|later))? (?:about|of|on|regarding|to) {_TEXT}"
        ),
        rf"(?:add|put|write|save|store|log|record|enter) (?:this |the following )?{_INTO}{_SAY}{_TEXT}",
        rf"(?:add|put|write|save|store|log|record|enter) {_INTO},? (?:that )?{_TEXT}",
        (
            r"(?:jot|write|note|put|take|mark|scribble|get)(?: (?:this|that|it"
            rf"|the following))? down(?: for (?:me|us|later))?(?:{_SAY}|[ ,:-]+){_TEXT}"
        ),
        r"(?:jot|write|note|take) (?P<text>it|this|that|them|these|the [\w ]{2,40}) down[.! ]*",
        (
            r"(?:remember|memori[sz]e|keep in mind|bear in mind|don't forget|do not forget"
            r"|never forget|make sure (?:we|i) remember|let's remember|note|take note|be aware"
            r"|for the record|please note|fyi note|store|record|log|keep)(?: for (?:me|us|later"
            rf"|next time))?{_SAY}{_TEXT}"
        ),
        rf"(?:remember|memori[sz]e|keep in mind|bear in mind|don't forget|do not forget)(?: to| about|,"
        rf"|:)? {_TEXT}",
        rf"(?:for the record|memo|nb|n\.b\.|to remember)(?:[:,]| -) {_TEXT}",
        rf"notes?{_SAY}{_TEXT}",
        rf"save (?:the fact |the information |the info )?that {_TEXT}",
        (
            r"note (?P<text>it|this|that|the [\w ]{2,40}|[A-Z'\"].{2,}|[\w' -]{2,80}\b(?:is|are"
            r"|was|were|has|have|will|moved|changed|costs)\b.+)"
        ),
    )
)
SAVING = (*_SAVING_SHAPES[:14], INTO_NOTES, *_SAVING_SHAPES[14:])
ONLY_NOTE = re.compile(
    (
        rf"(?:make|take|save|add|create|write) {_NOTE}(?: (?:of|about|from|with|for"
        r"|out of) (?P<text>(?:it|this|that|them|the [\w ]{2,40})))[.! ]*"
    ),
    re.IGNORECASE,
)
NO_SAVING = re.compile(
    (
        r"(?:write|save|draft|compose|create|make)(?: me| us)? (?:a |an |the |some )?(?:thank[ -]?you"
        r"|welcome|farewell|release|love|sick|personal thank|apology|condolence|cover|meeting"
        r"|handover|patch|delivery|credit|short thank|nice|polite|friendly) notes?\b"
        r"|get down (?:to|with|from|on)\b|do (?!you mind)(?:you|we|i|they|any\w+|some\w+)\b|does\b|did\b"
        r"|have (?:you|we|i)\b|tell (?:me|us)\b|why\b|whether\b|what\b|which\b|where\b|when\b|who\b|how\b"
        r"|show\b|list\b"
        r"|find\b|search\b|look\b|remember me\b|remember when\b.*\?$|remind\b"
    ),
    re.IGNORECASE,
)
ASKS = re.compile(r"(?:remember|save|store|record|keep)\b[^:\n]{0,300}\?\s*$", re.IGNORECASE)
