"""Reading an instruction into tokens that know their place, their kind and what they were meant to be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from Stemmer import Stemmer

from core.planning.words import DAYS, LANGUAGES, UNITS


class Kind(StrEnum):
    WORD = "word"
    NUMBER = "number"
    PERCENT = "percent"
    SUM = "operator"
    DATE = "date"
    CLOCK = "clock"
    URL = "url"
    ADDRESS = "address"
    MENTION = "mention"
    QUOTE = "quote"
    MARK = "mark"
    BREAK = "break"

    # The same as its string's: an enumeration hashes its members' names in Python, and tokens are hashed all the time.
    __hash__ = str.__hash__


SHAPES = frozenset(
    {Kind.NUMBER, Kind.PERCENT, Kind.DATE, Kind.CLOCK, Kind.URL, Kind.ADDRESS, Kind.QUOTE, Kind.MENTION}
)


class Token(NamedTuple):
    """A piece of the text; `word` is its corrected lower-case form, `text[start:end]` what was written.

    A tuple, since pieces of an instruction are looked up by their tokens again and again, and tuples do that quickly.
    """

    kind: Kind
    start: int
    end: int
    word: str
    name: bool = False
    """Whether it is written like the name of a person or a place."""


Correct = Callable[[str], str]
"""From a lower-case word to the word that was meant; an unknown word comes back as it is."""

_TOP_LEVEL = (
    "com|org|net|io|dev|co|uk|de|fr|eu|info|app|ai|edu|gov|us|ca|ch|at|nl|se|no|es|it|pl|be|au|nz|in|jp|test|example"
    "|local|blog|news|page|site|tech|cloud|xyz|me"
)
_PATTERN = re.compile(
    rf"""
    (?P<break>[ \t]*\r?\n[ \t]*)
  | (?P<mailto><mailto:[^<>\s]{{1,500}}>)
  | (?P<link><https?://[^<>\s]{{1,2000}}>)
  | (?P<url>https?://[^\s<>"“”]{{1,2000}})
  | (?P<address>[\w.+%-]{{1,64}}@(?:[A-Za-z0-9-]{{1,63}}\.){{1,6}}[A-Za-z]{{2,24}})
  | (?P<mention>@[A-Za-z][\w-]{{0,39}})
  | (?P<domain>(?:[A-Za-z0-9][A-Za-z0-9-]{{0,62}}\.){{1,5}}(?:{_TOP_LEVEL})(?:/[^\s<>"“”]{{0,2000}})?(?![\w.@-]*\w))
  | (?P<tldr>tl;?\s?dr\b)
  | (?P<date>\d{{4}}-\d{{1,2}}-\d{{1,2}}(?!\d)|\d{{1,2}}\.\d{{1,2}}\.\d{{4}}|\d{{1,2}}/\d{{1,2}}/\d{{2,4}})
  | (?P<clock>\d{{1,2}}:\d{{2}}(?:\s?[ap]\.?m\b\.?)?|\d{{1,2}}\s?[ap]\.?m\b\.?)
  | (?P<percent>\d[\d,.]{{0,30}}\s?%)
  | (?P<number>[$€£¥]?\d+(?:[.,]\d+){{0,10}}(?:st|nd|rd|th)?(?:[$€£¥])?)
  | (?P<word>[^\W\d_]+(?:['’-][^\W\d_]+){{0,8}})
  | (?P<operator>[-+*/^×÷=&−])
  | (?P<mark>[^\s])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ZERO_WIDTH = re.compile(
    "[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u0000-\u0008\u000b-\u001f]"
)
_CLOSING = {'"': '"', "“": "”", "„": "“”", "«": "»", "`": "`", "'": "'", "‘": "’", "”": "”"}
_TRAILING = ".,;:!?)]}'\""
_CONTRACTIONS = {
    "what's": "what is", "whats": "what is", "how's": "how is", "hows": "how is", "who's": "who is",
    "where's": "where is", "when's": "when is", "it's": "it is", "that's": "that is", "there's": "there is",
    "here's": "here is", "i'm": "i am", "im": "i am", "i'd": "i would", "i'll": "i will", "i've": "i have",
    "we're": "we are", "we'd": "we would", "we'll": "we will", "we've": "we have", "you're": "you are",
    "you've": "you have",
    "they've": "they have",
    "they're": "they are", "you'll": "you will",
    "don't": "do not", "dont": "do not", "can't": "can not", "cant": "can not", "let's": "let us",
    "lets": "let us", "pls": "please", "plz": "please", "u": "you", "ur": "your", "e-mail": "email",
    "e-mails": "emails", "emails": "emails", "back-up": "backup", "tl;dr": "tldr", "e-mailing": "emailing",
    "e-mailed": "emailed", "wanna": "want to", "gimme": "give me", "lemme": "let me",
}  # fmt: skip
NAMED_WITH_CAPITALS = DAYS | LANGUAGES | UNITS | {"i", "rss", "atom", "easter", "pdf", "utc"}
# Without a cache of its own: ours is below, and its is changed by whichever thread asks.
_STEMMER = Stemmer("english", 0)


def normalise(text: str) -> str:
    """The same text without invisible characters. What a person wrote is otherwise left alone: x² stays x²."""
    return _ZERO_WIDTH.sub("", unicodedata.normalize("NFC", text)).replace("\u2028", "\n").strip()


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The stem of a lower-case word, British and American spelling alike."""
    if len(word) > 6:
        for british, american in (
            ("ise", "ize"),
            ("ising", "izing"),
            ("ised", "ized"),
            ("isation", "ization"),
        ):
            if word.endswith(british):
                word = word[: -len(british)] + american
                break
    return str(_STEMMER.stemWord(word))


def ends_like_a_past(word: str) -> bool:
    """Whether a word looks like the past of a regular verb; "feed", "shed" and "hundred" don't."""
    return word.endswith("ed") and stem(word) != word


def tokenise(text: str, *, correct: Correct) -> tuple[Token, ...]:
    """All tokens in order; quoted text is one token, and so is an address of any kind."""
    tokens: list[Token] = []
    hopeless: set[str] = set()
    position = 0
    while position < len(text):
        end = _quoted_until(text, position, hopeless)
        if end:
            tokens.append(Token(Kind.QUOTE, position, end, "<quote>"))
            position = end
            continue
        found = _PATTERN.match(text, position)
        if found is None:
            position += 1
            continue
        token = _to_token(found, correct)
        tokens.append(token)
        position = token.end
    return tuple(tokens)


def _quoted_until(text: str, start: int, hopeless: set[str]) -> int:
    """Where the quotation that opens at `start` ends; 0 where none does."""
    opening = text[start]
    if opening not in _CLOSING or opening in hopeless:
        return 0
    if opening in "'‘\"" and start and text[start - 1].isalnum():
        return 0
    for closing in _CLOSING[opening]:
        end = text.find(closing, start + 1)
        while opening == "'" and 0 < end < len(text) - 1 and text[end + 1].isalnum():
            end = text.find(closing, end + 1)
        if end > start + 1:
            return end + 1
    hopeless.add(opening)
    return 0


_KINDS = {
    "break": Kind.BREAK, "mailto": Kind.ADDRESS, "link": Kind.URL, "url": Kind.URL, "address": Kind.ADDRESS,
    "mention": Kind.MENTION, "domain": Kind.URL, "tldr": Kind.WORD, "date": Kind.DATE, "clock": Kind.CLOCK,
    "percent": Kind.PERCENT, "number": Kind.NUMBER, "word": Kind.WORD, "operator": Kind.SUM, "mark": Kind.MARK,
}  # fmt: skip


def _to_token(found: re.Match[str], correct: Correct) -> Token:
    name, written, start = str(found.lastgroup), found.group(), found.start()
    if name in ("url", "domain", "link"):
        written = written.rstrip(_TRAILING) or written
        return Token(Kind.URL, start, start + len(written), written.strip("<>").lower())
    if name == "word":
        lower = unicodedata.normalize("NFKC", written).lower().replace("’", "'")
        if lower not in _CONTRACTIONS and lower.endswith("'s"):
            lower = lower[:-2]
        meant = _CONTRACTIONS.get(lower) or correct(lower)
        capital = written[0].isupper() and written[1:].islower() and lower not in NAMED_WITH_CAPITALS
        return Token(Kind.WORD, start, found.end(), meant, name=capital)
    if name == "tldr":
        return Token(Kind.WORD, start, found.end(), "tldr")
    return Token(_KINDS[name], start, found.end(), written.lower())


def words_of(tokens: tuple[Token, ...]) -> list[str]:
    """The plain words, contractions taken apart."""
    return [part for token in tokens if token.kind is Kind.WORD for part in token.word.split()]
