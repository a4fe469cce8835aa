"""The ways in which people ask about times, zones and dates."""

from __future__ import annotations

import re

_TIME_WORDS = (
    r"(?P<time>\d{1,2}(?:[:.]\d\d)? ?[ap]\.?m\b\.?|\d{1,2}:\d\d(?: ?(?:h|hrs|hours|o'clock))?"
    r"|\d{1,2}h\d\d\b|\d{1,2} ?(?:o'?clock)(?: (?:am|pm))?|noon|midday|midnight"
    r"|\d{1,2}(?::\d\d)? (?:in the (?:morning|afternoon|evening)|at night))"
)
TIME = re.compile(rf"(?<![\w:.-]){_TIME_WORDS}", re.IGNORECASE)
CUE = re.compile(
    r"^(?:what(?:'?s| is| was| are| will be| would be)?\b|which\b|tell me\b|tell us\b|show me\b"
    r"|give me\b|get me\b|get\b|show\b|do you know\b|know\b"
    r"|check\b|find out\b|look up\b|calculate\b|compute\b|work out\b|figure out\b|determine\b"
    r"|got\b|say\b|me\b|see\b|ask\b|(?:i|we) need(?: to know)?\b"
    r"|(?:if |whether )?it(?:'?s| is) (?=(?:still|already|too|late|early|morning|night|dark|light|daytime)\b)"
    r"|how about\b|is it\b|do you have\b|have you got\b|display\b|count\b|print\b)[ ,:]*",
    re.IGNORECASE,
)
_AT_END = (
    r"(?: (?:right now|now|currently|at the moment|at present|today|presently|there"
    r"|over there|is it|it is|please|exactly|as we speak|please\?))*"
)
NOW = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        (
            r"(?:is )?(?:the |a )?(?:current |local |exact |present |right |actual )*(?:time|hour"
            r"|clock)(?: zone)?(?: is it| it is| is| do (?:we|they|you) have| have (?:we|they)"
            r"| do they have| of (?:the )?day)*"
            r"(?: (?:right now|now|currently|at the moment|today|here))*(?: is it)?,?(?: (?:over "
            rf"|out |there |down )?(?:in|at|for|of|on) (?P<places>[^?!]{{1,150}}?))?{_AT_END}"
        ),
        rf"how late (?:is it|it is){_AT_END}(?: (?:over )?(?:in|at) (?P<places>[^?!]{{1,150}}?))?{_AT_END}",
        (
            r"(?:where(?:'s| is| are)|how(?:'s| is)) the (?:(?:hour|minute|clock|big|little) )?(?:hands?"
            r"|clock)"
            rf"(?: (?:pointing|at|standing|is))*{_AT_END}(?: (?:over |down )?(?:in|at"
            rf"|for) (?P<places>[^?!]{{1,150}}?))?{_AT_END}"
        ),
        (
            r"(?:does|do|did) (?:the |their |my )?(?:clocks?|watch(?:es)?)(?: on the wall)? (?:show|say"
            r"|read|tell(?: us)?|strike"
            rf"|display|look like){_AT_END}(?: (?:over |down )?(?:in|at"
            rf"|for) (?P<places>[^?!]{{1,150}}?))?{_AT_END}"
        ),
        (
            r"(?:is it |is this |would it be )(?:(?:still|already|yet|too|now|even|a|an|the) )*(?:decent"
            r"|ok|okay|late|early"
            r"|reasonable|civilised|civilized|good|polite|business|office|working|sensible|fine|dark"
            r"|light|humane|normal|bad"
            r"|awake|past \d{1,2}(?: ?[ap]m)?|after \d{1,2}(?: ?[ap]m)?|before \d{1,2}(?: ?[ap]m)?"
            r"|bedtime|lunchtime"
            r"|weekend|midnight|noon|monday|tuesday|wednesday|thursday|friday|saturday|sunday)(?: (?:hours?|time"
            r"|times|moment))?(?: (?:to (?:call|ring|phone|text"
            r"|message)(?: [a-z]+)?"
            r"|for a call|yet|already|now|over|there|enough))*"
            rf" (?:in|at|for) (?P<known>[^?!]{{2,60}}?)(?: (?:yet|already"
            rf"|now))?(?: or [^?!]{{3,80}})?{_AT_END}"
        ),
        (
            r"(?:is|are) (?:the |our |my )?(?:people|folks|office|team|colleagues|everyone|everybody"
            r"|anyone|shops?|guys|crew"
            r"|staff|bank|stores?)? ?(?:over |down )?(?:in|at) (?P<known>[^?!,]{2,60}?) (?:still "
            r"|already |even )*(?:awake|asleep"
            r"|up|open|working|at work|closed|sleeping|in bed|at lunch)(?: yet| already| now| at this (?:hour|time)"
            r"| right now)?(?:,[^?!]{0,80})?"
        ),
        r"(?:is it )?(?P<known>[^?!]{2,60}?) (?:local )?(?:time|clock)(?: (?:check|please|now))?",
        rf"(?:the )?(?:current |local |exact |present )*(?:time|clock|hour)(?: check)?,? (?:for |in "
        rf"|at )?(?P<known>[^?!]{{2,60}}?){_AT_END}",
        rf"(?:now|clock|clock check|time check|time now|right now|local time) (?:in|at"
        rf"|for) (?P<places>[^?!]{{1,150}}?){_AT_END}",
        (
            r"(?:is )?(?:the )?(?:current |local )?(?:time|day|date)(?: and (?:time|date"
            r"|day))? (?:is it |it is )?(?:right now |now |currently |today )?(?:in|at"
            rf"|for) (?P<known>[^?!]{{1,150}}?){_AT_END}"
        ),
        rf"(?:the )?(?:current |local )?(?P<known>[^?!]{{2,60}}?) (?:time|local time"
        rf"|clock)(?: is it)?{_AT_END}",
        (
            r"(?:time ?zone|zone|utc offset|offset) (?:is |of |for |does "
            r"|in )?(?P<known>[^?!]{2,60}?)(?: in| on| use| have| is in)?"
        ),
        r"(?P<known>[^?!]{2,60}?) (?:right now|now)",
        (
            r"(?:time|hour) (?:do|does) (?:the |our |my |your )?[a-z]{3,20}(?: [a-z]{3,20})? (?:over "
            r"|down )?(?:in|at|from)"
            rf" (?P<known>[^?!]{{2,60}}?) have{_AT_END}"
        ),
        r"(?:how late|how early)(?: is it| it is)?(?: already| now)? (?:in|at) (?P<known>[^?!]{2,60}?)",
        r"(?:the |current |present |local )*(?:date and (?:hour|time)|(?:hour|time) and date)",
        r"(?:the )?(?:current |exact |local )?(?:time|clock|date and time|time and date|hour)",
        (
            r"(?:still |already |now )?(?:morning|night|late|early|evening|afternoon|daytime|dark"
            r"|tomorrow|today|light)(?: (?:yet|already|now))? in (?P<known>[^?!]{2,60}?)"
        ),
    )
)
LATER = re.compile(
    r"(?:the )?time (?:will it be|is it|was it|it will be|it was|would it be)(?: (?:in"
    r"|at) (?P<places>[^?!]{2,60}?))?"
    r" (?P<start>in (?:\d{1,4}|an?|two|three|four|five|six|half an) (?:and a half )?(?:hours?|minutes?)"
    r"|(?:\d{1,4}|an?|two|three|four|five|six) (?:hours?|minutes?) (?:ago|from now|later))"
    r"(?: (?:in|at) (?P<there>[^?!]{2,60}?))?",
    re.IGNORECASE,
)
DATE_THERE = re.compile(
    r"(?:the )?(?:current )?(?:date|day|weekday|day of the week)(?: is it| it is| is| today| now"
    r"| right now| already)*"
    r" (?:over |down )?(?:in|at) (?P<places>[^?!]{2,60})",
    re.IGNORECASE,
)
DIFFERENCE = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        r"(?:is )(?P<one>.{2,40}?) (?:ahead of|behind) (?P<two>.{2,40})",
        (
            r"(?:the )?(?:time ?(?:zone)? ?|hours? (?:of )?)?(?:difference|gap|offset)(?: in (?:time"
            r"|hours))? (?:is there |is |are )?(?:between|from) (?P<one>.{2,60}?) (?:and"
            r"|to) (?P<two>.{2,60})"
        ),
        (
            r"how (?:many hours|far|much)(?: is| are)? (?:ahead|behind)(?: is"
            r"| are)? (?P<one>.{2,60}?)(?: (?:of|from|to|than|compared to|versus"
            r"|behind) (?P<two>.{2,60}))?"
        ),
        (
            r"how (?:many hours|far|much) (?:is|are) (?P<one>.{2,60}?) (?:ahead|behind|away"
            r"|off)(?: (?:of|from|to|than) (?P<two>.{2,60}))?"
        ),
        r"how many hours (?:are |is )?(?:there )?between (?P<one>.{2,60}?) and (?P<two>.{2,60})",
    )
)
_UNIT = (
    r"(?P<unit>(?:working |business )?days?|weeks?|months?|years?|hours?|minutes?|sleeps?|nights?|time|long)"
)
_SPAN = (
    r"(?:(?:are|is|were|was|do|does|did|have|has|had|will|it|there|we|i|still|left|remaining"
    r"|to go|be|passed|elapsed|gone by|been|go|until then|exactly|more|calendar|full|away"
    r"|take|in total) ?){0,6}"
)
UNTIL = re.compile(
    (
        rf"(?:(?:how (?:many|much)|the number of|number of|the) )?(?:how )?{_UNIT} ?{_SPAN}(?:until"
        r"|till|til|to|before|up to|away from|remain(?:ing)? until|left before|left in|away is"
        r"|away are|for) (?P<end>.{1,100})"
    ),
    re.IGNORECASE,
)
AWAY = re.compile(
    (
        rf"how (?:many {_UNIT}|far|long) (?:away|off|out) (?:is|are) (?P<end>.{{1,100}})|how (?:far"
        r"|many days|long) (?:is|are) (?P<end2>.{1,100}?) (?:away|off|out|from now|from today)"
    ),
    re.IGNORECASE,
)
COUNTDOWN = re.compile(r"(?:a |the )?countdown (?:to|until|till|for) (?P<end>.{1,100})", re.IGNORECASE)
SINCE = re.compile(
    (
        rf"(?:(?:how (?:many|much)|number of|the number of|the) )?(?:how )?{_UNIT} ?{_SPAN}(?:since"
        r"|ago (?:is|was|were)|after) (?P<start>.{1,100})"
    ),
    re.IGNORECASE,
)
BETWEEN = re.compile(
    (
        rf"(?:(?:how (?:many|much)|number of|the number of|the) )?(?:how )?{_UNIT} ?{_SPAN}(?:lie "
        r"|lies |fall |fit )?(?:between|from) (?P<start>.{1,60}?) (?:and|to|until|till|through"
        r"|-) (?P<end>.{1,60})"
    ),
    re.IGNORECASE,
)
MONTH_DAYS = re.compile(
    r"how many days (?:are |is |does )?(?:there )?(?:in )?(?P<month>[a-z]{3,9}(?: \d{4})?)(?: have| has)?",
    re.IGNORECASE,
)
WEEK = re.compile(
    (
        r"(?:is )?(?:the )?(?:current |iso |calendar |present )*(?:(?:week ?(?:number|no\.?)"
        r"|(?:calendar|iso) ?week|kw)(?: (?:is it|are we in|we are in|we're in|we have|is this|it is|is|now"
        r"|today|are we"
        r"|do we have|of the year|currently|for today))*|week(?: (?:is it|are we in|is this|it is"
        r"|of the year|number|are we|is today))*)"
        r"(?: (?:is|on|for|of|in|does|at) (?P<start>.{1,60}?)(?: (?:fall|fall in|in"
        r"|belong to))?)?(?: (?:now|today|currently|right now))?"
    ),
    re.IGNORECASE,
)
TODAY = re.compile(
    (
        r"(?:is )?(?:it )?(?:the |to)?(?:current )?(?:date(?: and day)?|day(?: and date)?"
        r"|day of (?:the )?(?:week|month|year)|weekday|today's date|todays date|today'?s? day"
        r"|day's date)"
        r"(?: (?:is it|it is|is|is today|today|do we have|have we|have|now|right now|of today"
        r"|currently|are we|even|again|in iso(?: format)?|as iso|exactly|here))*"
        r"|(?:today|is today|today's|todays) ?(?:date|day)?(?: (?:today|in iso(?: format)?|again|even"
        r"|please))*"
    ),
    re.IGNORECASE,
)
DATE_SHAPES = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        r"(?:is )?(?:the )?(?:week ?day|day(?: of the week)?|(?:calendar )?date|day and date"
        r"|day of week)(?: and (?:date|day))? (?:is it |it is |it was |was it |will it be |do we write "
        r"|it will be |would it be |it'?ll be |do we have |was |is |will |does |did |falls |fell "
        r"|are we |of |for |on |in |at |be |lies |would |comes |are )*(?P<start>.{2,90}?)"
        r"(?: (?:fall on|fall|falls on|on|be|land on|will be|was|is|falls|come out to))?",
        (
            r"when(?:'s| is| will| was| does| are)? (?:the )?(?P<start>.{2,60}?)(?: (?:be|this year"
            r"|next year|fall|start|begin))?"
        ),
        (
            r"on (?:what|which) (?:week ?day|day(?: of the week)?|date) (?:is|was|does|did|will|do"
            r"|falls) (?P<start>.{2,80}?)(?: (?:fall|fall on|be|land|start))?"
        ),
        r"(?:day|date|weekday) (?:is|will|was|it is) (?P<start>.{2,80})",
        (
            r"(?P<start>.{2,80}?) (?:is|was|falls on|will be|be|is on|fell on) (?:what|which"
            r"|a what) (?:week ?day|day(?: of the week)?|date)"
        ),
        r"(?P<start>\d{1,5} (?:days|weeks|months|years|working days|business days) (?:from|after|before"
        r"|ago).{0,80})",
        (
            r"(?P<start>(?:two|three|four|five|six|seven|eight|nine|ten|twelve|a|one) (?:days?|weeks?"
            r"|months?|years?) (?:from|after|before|ago).{0,80})"
        ),
    )
)
ADDED = re.compile(
    r"(?:add )?(?P<count>\d{1,5}) (?P<unit>days?|weeks?|months?|years?) (?:added )?(?:to"
    r"|onto) (?P<base>.{4,40})",
    re.IGNORECASE,
)
TAKEN = re.compile(
    r"(?:subtract|take(?: away)?) (?P<count>\d{1,5}) (?P<unit>days?|weeks?|months?"
    r"|years?) from (?P<base>.{4,40})",
    re.IGNORECASE,
)
ASKING = re.compile(
    r"\b(?:what|which|when|convert|if|how late|how|translate|change)\b|\?|->|→|=|\bis that\b", re.IGNORECASE
)
DESTINATION = re.compile(
    r"^[\s,.;:?!-]*(?:(?:local |standard )?time\b|for (?:me|us)\b|then\b|what'?s?\b|which\b|when\b|is\b|it\b"
    r"|that\b|will\b|would\b|be\b|the\b|how late\b|->|→|=|local\b|and\b|my\b|so\b|does\b|mean\b"
    r"|convert(?:ed)?\b|equal\b|on\b|tomorrow\b|today\b|[\s,.;:?!-])*"
    r"(?:\b(?:in|to|into|for|at|as|over in)\b|->|→|=)\s+(?P<places>[^?!]{1,150})",
    re.IGNORECASE,
)
HERE = re.compile(
    r"\b(?:here|for me|for us|my time|our time|where i am|in my (?:time ?)?zone|my local time)\b",
    re.IGNORECASE,
)
ASKED_BEFORE = re.compile(
    r"\b(?:in|at) ([^,?!]{2,40}?),? (?:when|if|while|at)(?: it'?s| it is| is)? ?(?:at )?$", re.IGNORECASE
)
THEIR_TIME = re.compile(r"^ (?:their|its|local)(?: local)? time\b", re.IGNORECASE)
ELSEWHERE = re.compile(
    r"\b(?:in|at) ([^,?!]{2,40}?),? (?:it'?s|it is|when it'?s|the time is)(?: already| now)? ?$",
    re.IGNORECASE,
)
REQUEST = re.compile(
    (
        r"(?:list|lsit|draft|write|create|make|find|show|mail|e-?mail|send|translate|summari[sz]e"
        r"|remember|note|save|calculate|convert|what|how|which|when|back|read|get|tell|give|add|split"
        r"|digest|headlines|please)\b"
    ),
    re.IGNORECASE,
)
AND_THERE = re.compile(
    r"(?:and |also |what about |how about |same for )+(?:it )?(?:in |for "
    r"|at )?(?P<places>[^?!]{2,120})[?! ]*",
    re.IGNORECASE,
)
