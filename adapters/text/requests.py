"""Which requests are about web pages and which about feeds."""

from __future__ import annotations

import re

from adapters.text.links import (
    looks_like_feed,
    mail_addresses,
    unwrapped,
    web_addresses,
    without_web_addresses,
)
from adapters.text.politeness import without_politeness
from adapters.text.words import Spelling, asks_twice, chosen_by_hand, hands_over_content, own_words, readable
from core.models import Task

_SPELLING = Spelling(
    "headlines feed feeds latest news digest entries newest summarise summarize summary read "
    "article page remember translate "
    "email mail note draft write rewrite".split()
)
_FEED_WORD = re.compile(r"\b(?:rss|atom|feeds?|headlines?|news ?feeds?|syndication)\b", re.IGNORECASE)
_NEWS_WORD = re.compile(
    r"\b(?:what'?s|what is|anything|something|any) (?:new|the latest|fresh)\b|\bnew (?:stuff"
    r"|posts?|entries|articles|items|stories)\b"
    r"|\b(?:latest|newest|recent|most recent|last \d{1,2}|top \d{1,2}) (?:posts?|entries|articles"
    r"|news|stories|updates?|items|headlines|releases|episodes)\b"
    r"|\b(?:latest|news|newest|updates) (?:from|on|of|at|in)\b|\bthe latest\b",
    re.IGNORECASE,
)
_NO_READING = re.compile(
    (
        r"(?:translate|ping|monitor|watch|subscribe|unsubscribe|bookmark|open a ticket|block|unblock"
        r"|scan|deploy|share|list (?:(?:all|my|the|our) )*notes|find my|search (?:the|my|our) notes"
        r"|create (?:a )?backup|back)\b"
    ),
    re.IGNORECASE,
)


_READS_IT = re.compile(
    (
        r"(?:,|;|\.|\?|!| -|\band\b|\bthen\b)? ?(?:\band\b|\bthen\b)? ?(?:please |then |can you "
        r"|could you |kindly )*\b(?:give me|tell me|show me|let me know|explain|say|make|get me|list"
        r"|send me|create|what(?:'s| is| are| does)|summari[sz]e)"
        r" (?:me |up )?(?:(?:it|them|this|that|both)(?= ?(?:[.?!,;]|$| say| briefly| for me| in "
        r"| please| shortly| down))|(?:what|how) (?:it|they|that|this)\b|(?:a|an|the|its"
        r"|their) (?:[\w-]+ ){0,2}?(?:summar(?:y|ies)|gist|key \w+|main \w+|points|overview|tl;?dr"
        r"|takeaways?|highlights|bullet\w*|digest|important \w+|essence|idea|short version|headlines"
        r"|message|it about)\b)"
    ),
    re.IGNORECASE,
)


_SAME_PAGE = re.compile(
    r"(?:,|;|\.|\?|!| -|:|\band\b)? ?\b(?:what(?:'s| is| was| are|s)?|how(?:'s| is)?) (?:it|this|that"
    r"|they|the (?:upshot|gist|fuss|deal|story|point"
    r"|message|news|latest|summary|essence|takeaways?|main|short|key|nutshell|hype|bottom|conclusion"
    r"|verdict|whole)|new|on|in|inside"
    r"|up with|there|written|going on|happening|being said|said)\b"
    r"|(?:,|;|\band\b)? ?\b(?:list|show|tell me|say|report|give me) (?:me )?what(?:'s| is| was"
    r"|ever is)? (?:new|offered|there|in it|inside|written"
    r"|it says|fresh|important|happening|said)\b|,? ?what did (?:i|we) miss\b|^(?:according to|based on"
    r"|going by|judging by|as per)\b"
    r"(?: the)?[^,]{3,300},"
    r"|(?:,|;|\band\b) ?(?:list|show|name|extract|pull out|highlight|tell me|give me|report"
    r"|collect)(?: me)? (?:the|its|all|any)\b"
    r"(?! (?:(?:my|our|the) )?notes)|, how (?:much|many)\b|(?:,|;|\.|!)? ?\bwhat (?:does|do|did"
    r"|do you think of) [^,;?]{0,20}https?://",
    re.IGNORECASE,
)


def feeds_in(task: Task) -> tuple[str, ...]:
    """The addresses whose newest entries are asked for; none where the task is something else."""
    text = _text(task)
    addresses = web_addresses(text)
    if not addresses:
        return ()
    asked, by_hand = _asked(text), chosen_by_hand(task, "feed")
    if not by_hand and _other_business(asked):
        return ()
    feeds = tuple(address for address in addresses if looks_like_feed(address))
    words = without_web_addresses(asked)
    if _FEED_WORD.search(words) or _NEWS_WORD.search(words) or by_hand:
        return feeds or addresses
    return feeds if len(feeds) == len(addresses) else ()


def pages_in(task: Task) -> tuple[str, ...]:
    """The addresses whose pages are asked about; none where the task is something else."""
    text = _text(task)
    addresses = web_addresses(text)
    if not addresses:
        return ()
    if chosen_by_hand(task, "read"):
        return addresses
    if _other_business(_asked(text)) or feeds_in(task) or mail_addresses(text):
        return ()
    return addresses


def wanted_count(text: str) -> int | None:
    """How many entries are asked for: "the last 5 posts", "top ten"."""
    match = re.search(
        (
            r"\b(?:last|latest|newest|top|first|recent) (\d{1,2}|three|five|ten|twenty)\b"
            r"|\b(\d{1,2}) (?:headlines|entries|posts|items|articles|stories|news)\b"
        ),
        without_web_addresses(text),
        re.IGNORECASE,
    )
    if match is None:
        return None
    word = (match.group(1) or match.group(2)).lower()
    return (
        {"three": 3, "five": 5, "ten": 10, "twenty": 20}.get(word) or int(word) or None
        if not word.isdigit()
        else int(word) or None
    )


def _text(task: Task) -> str:
    return readable(unwrapped(own_words(task)))


def _asked(text: str) -> str:
    return without_politeness(_SPELLING.mended(text, first=20))


def _other_business(asked: str) -> bool:
    """Whether the request hands the address on (in a note, an e-mail, a translation) and doesn't ask to read it."""
    return (
        hands_over_content(asked)
        or asks_twice(_SAME_PAGE.sub(" ", _READS_IT.sub(" ", asked)))
        or _NO_READING.match(asked) is not None
    )
