"""The ways in which people ask for notes: to list them, and to find some."""

from __future__ import annotations

import re

_ALL = (
    r"(?:(?:me|us|all|every|everything|the|my|our|of|your|recent|latest|newest|last|saved|stored"
    r"|existing|current|workspace|team|whole|full|complete|entire|list|"
    r"overview|a|an|these|those|any|what|that|are|\d{1,2}|you have|you've|in) )*"
)
LISTING = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        (
            r"(?:what'?s|what is|what do (?:we|i) have|what have (?:we|i)(?: got)?|everything"
            r"|all) (?:all )?in (?:my|our|the) notes?(?: so far| at the moment| now)?"
        ),
        (
            r"(?:list|show|display|see|view|read|give|get|print|output|open|fetch|pull up|bring up"
            r"|enumerate|dump|let me see|look at|go through|tell)(?: out| back"
            rf"| up)? {_ALL}notes?(?: (?:list|again|so far|we have|i have|you have|that (?:we|i) have"
            r"|please|on file|we've (?:saved|got|taken|made)|saved|stored|there are|in (?:the|this"
            r"|our) workspace|there|of (?:the|this|our) (?:team|workspace|channel)))*"
        ),
        (
            rf"(?:what|which) {_ALL}notes?(?: (?:do|have|are|did|is|exist|there|we|i|you|got|have"
            r"|saved|stored|taken|written|made|save|there|so far|in|the|workspace|our|system|here"
            r"|already|currently|on file|available))*"
        ),
        (
            r"(?:my|our|all|all my|all our|all the|the|recent|latest|newest|last \d{1,2}"
            r"|the last \d{1,2}|the latest|my latest|my recent|our latest|every) notes?(?: list"
            r"| please| so far)?"
        ),
        r"notes?(?: list| overview)?",
        r"notes?[?!., -]+(?:list|show|read|display)(?: me| us)?(?: them| all)?(?: all| out)?(?: please)?",
        (
            r"(?:everything|all|what|whatever)(?: that)? (?:i|we|you)(?:'ve| have)?(?: ever)? (?:noted"
            r"|saved|written down|jotted down"
            r"|wrote down|recorded|stored)(?: so far| until now| down)*,? (?:please )?(?:show|list|give"
            r"|tell|read)(?: it| them)?"
            r"(?: to)? ?(?:me|us)?(?: please)?"
        ),
        rf"(?:(?:may|can|could|might) (?:i|we) )?(?:see|have|get|view|look at|have a look at"
        rf"|read) {_ALL}notes?(?: please| again)?",
        (
            r"(?:list|show|read)(?: me| us)? (?:everything|all|what) (?:that )?(?:you|we|i|you've"
            r"|i've|we've)(?: have)? (?:noted|written down|remembered|saved(?: in the notes)?"
            r"|asked you to remember|remember|know in notes|jotted down)(?: so far| down)?"
        ),
        (
            r"(?:what|everything) (?:did|have|do) (?:we|i|you) (?:all )?(?:noted?|remember(?:ed)?"
            r"|jot(?:ted)? down|writ(?:e|ten) down|saved?)(?: so far| down| in (?:the|our|my) notes)?"
        ),
        (
            r"(?:are there|do (?:we|i|you) have|have (?:we|i|you)(?: got)?|is there) (?:any |some "
            r"|a )?(?:saved )?notes?(?: saved| stored| already| at all| yet)?"
        ),
    )
)
_ABOUT = (
    r"(?:about|called|titled|named|entitled|on|regarding|concerning|for|mentioning|containing|with|that mention"
    r"|that contain|that say|which mention|related to|relating to|of|where|from|re|around"
    r"|tagged|having|including|that talk about|that are about|in which|matching|to do with"
    r"|referring to)"
)
FINDING = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        (
            r"(?:find|search|look up|look for|look|show|get|give|fetch|list|pull up|dig up|check"
            r"|locate|read|display|see|bring up|tell|retrieve|scan|go through|query|is there"
            r"|are there|have (?:we|i|you)(?: got)?|do (?:we|i|you) have|what|which|got"
            r"|any)(?: (?:through|in|up|for|out|me|us|all|any|some|the|my|our|your|that|a|an|anything"
            r"|something|is|are|do|we|i|you|have|there|saved|team|old|existing|recent|of|old|exist"
            r"|single|every))*"
            r" notes?(?: (?:again|there|exist|saved|taken|stored|we have|i have|that we have|we took"
            r"|i took|i made|we made|do we have|do i have|are there|have we|have we got|we've got"
            rf"|i saved|we saved))*,? {_ABOUT}(?: the (?:words?|term|topic|subject|phrase"
            r"|keyword))? (?P<words>.+)"
        ),
        (
            r"(?:search|check|scan|look through|look in|go through|query|grep|look into|see in"
            r"|consult)(?: in| through)? (?:the |my |our |all |all my |all our |all the "
            r"|team )*notes?,? (?:for|about|on|whether|if|regarding|mentioning)(?: the (?:words?|term"
            r"|phrase|keyword))?:? (?P<words>.+)"
        ),
        (
            r"(?:search|find|look for|look up|is there|do we have|have we got|check|check for"
            r"|locate)(?: anything| something| everything| what we have| what)? ?(?:about|on|for"
            r"|regarding)? ?(?P<words>.+?) (?:in|from|among|within|through) (?:the |my |our |all "
            r"|all my |all our |all the |your |team )*notes?"
        ),
        (
            r"(?:what|where|when|who|which|everything|anything|stuff|things)(?: all| else"
            r"| exactly)? (?:did|have|had|do|has) (?:we|i|you|they|anyone|somebody|someone"
            r"|the team) (?:all |ever |just |already )?(?:writ(?:e|ten)(?: down)?|noted?(?: down)?"
            r"|jot(?:ted)?(?: down)?|recorded?|saved?(?: in (?:the|our|my) notes)?"
            r"|ask you to remember|tell you to remember|remember|put in (?:the|our|my) notes"
            r"|say in (?:the|our|my) notes|keep in (?:the|our|my) notes|have in (?:the|our|my) notes"
            r"|know from (?:the|our|my) notes|got in (?:the|our|my) notes|have noted|down in (?:the"
            r"|our|my) notes|take notes|store|stored|logged)(?: down)?(?: anything"
            rf"| something)? {_ABOUT} (?P<words>.+)"
        ),
        (
            r"(?:did|have|had) (?:we|i|you|they|anyone|somebody|someone) (?:ever "
            r"|already )?(?:writ(?:e|ten)|not(?:e|ed)|jot(?:ted)?|record(?:ed)?|saved?|take"
            r"|taken)(?: down)?(?: (?:anything|something|notes?|any notes?|a note"
            rf"|some notes?))*(?: down)? {_ABOUT} (?P<words>.+)"
        ),
        rf"what do (?:my|our|the) notes (?:say|tell|hold|contain|mention|have)(?: us"
        rf"| me)? {_ABOUT} (?P<words>.+)",
        (
            r"(?:do|can) (?:you|we) (?:remember|recall) (?:anything |something |what (?:i|we) (?:said"
            rf"|told you|noted|wrote) )?{_ABOUT} (?P<words>.+)"
        ),
        (
            r"(?:(?:find|show|get|list|look up|give|tell|search)(?: for)?(?: me| us)? )?(?:what"
            r"|everything|anything|all)(?: that)? (?:you|we|i) (?:remember|noted|wrote down"
            rf"|jotted down|saved|have written down|have noted|know from notes) {_ABOUT} (?P<words>.+)"
        ),
        (
            r"(?:which|what|do any|any|does any|are there)(?: of)?(?: (?:my|our|the"
            r"|these))? notes? (?:that )?(?:mentions?|contains?"
            r"|says?|talks? about|(?:is|are) about|covers?|refers? to|includes?|deals? with"
            r"|holds?) (?P<words>.+)"
        ),
        (
            r"(?:(?:is|was) there |do we have |have we(?: got)? |find |look for )?(?:anything"
            r"|something|what) (?:in|inside|among)"
            rf" (?:the|our|my|all my|all our) notes? {_ABOUT} (?P<words>.+)"
        ),
        r"(?:search|find|check|look through|search in|look in) (?:the |my |our "
        r"|all )*notes? ?: ?(?P<words>.+)",
        rf"(?:my|our|the|any|all|all my|all the|some) notes? {_ABOUT} (?P<words>.+)",
        rf"notes? {_ABOUT} (?P<words>.+)",
        rf"(?:dig (?:out|up)|hunt down|track down|fish out|call up|bring up) (?:(?:the|my|our|that|any"
        rf"|all) )*notes? {_ABOUT} (?P<words>.+)",
        (
            r"remind (?:me|us) (?:of )?what (?:we|i) (?:noted|wrote(?: down)?|jotted down|saved"
            r"|said in the notes|have noted)"
            rf"(?: down)? {_ABOUT} (?P<words>.+)"
        ),
        rf"(?:do|does|did) (?:(?:any of )?(?:my|our|the|any) )notes? (?:say|tell|mention|hold|contain"
        rf"|have)(?: (?:anything|something|us|me))* {_ABOUT} (?P<words>.+)",
        (
            r"(?:pull up|find|show|get|give|dig up|dig out|fetch|list|search)(?: me| us)? (?:whatever"
            r"|what|anything|everything|all)(?: that)? "
            rf"(?:i|we)(?:'ve| have)? (?:wrote|written|noted|saved|jotted|put|recorded"
            rf"|stored)(?: down)?(?: in (?:my|our|the) notes)? {_ABOUT} (?P<words>.+)"
        ),
        (
            r"(?:show|find|give|list|get|read|bring|fetch|see|pull up)(?: me| us)? (?:(?:all|the|our|my"
            r"|any|those) )*notes?"
            r" (?:which|that)? ?(?:we|i|you|they)(?:'ve| have)? (?:made|took|taken|wrote|written|have|had"
            r"|saved|kept|got)"
            rf" {_ABOUT} (?P<words>.+)"
        ),
        (
            r"(?:did|have) (?:i|we) (?:ever |already )?(?:write|written|make|made|take|taken|leave|left"
            r"|save|saved) (?:a |any |some )?"
            rf"notes? {_ABOUT} (?P<words>[^?]+?)(?:[?,.;] ?(?:please )?(?:find|show|get|fetch|look)(?: me"
            rf"| for| up)? (?:it|them|that))?"
        ),
        r"(?:search|find|grep|look up|show|get)(?: me| for)? (?:(?:the|my|our"
        r"|all) )*notes? (?P<words>[\"'“].+)",
        (
            r"(?:find|search|search for|show|get|look up|open|look for)(?: me)? (?:the|my|our|that"
            r"|all|all the|all my|any) (?P<words>[\w' -]{2,50}) notes?"
        ),
        r"(?:in|from) (?:the|my|our) notes?,? (?:find|search(?: for)?|look up|look for"
        r"|show(?: me)?) (?P<words>.+)",
        (
            r"(?:who|what|where|when|which|how)(?: do we know| is there)?(?: about)? (?P<words>[^:]+?)"
            r" (?:according to|from|as per|going by) (?:our|my|the|your|these) notes"
        ),
        (
            r"(?:recall|look up|remind me of|bring back) (?:my |our |the )?(?:what (?:we|i) (?:noted"
            r"|wrote down|saved) )?(?:notes? )?(?:about|on) (?P<words>.+)"
        ),
    )
)
