"""Plain words made ready for recognition: one spelling of quotes, no politeness, few typos."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from core.models import Task

KEPT = 256
"""How many texts' readings are kept: several tools look at the same few pieces of one instruction."""
KEPT_WORDS = 4096
_ONE_FOR_ONE = str.maketrans(
    {
        "’": "'", "‘": "'", "‛": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
        "\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ", "\t": " ", "\r": "\n",
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-",
    }
)  # fmt: skip
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f\u00ad\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_BLANKS = re.compile(r"[ \n]+")

_ALWAYS_RIGHT = frozenset(
    "ready main mean meal sent sand rest test need seed head heard data mate house votes quote "
    "quotes noted nose lost last "
    "lest past fine mine minute minus plan plane times dates dated backed savings saved cover coverage writer reader "
    "mailed emails mails notes weeks days hours months years hidden fund kind bind mind final finally signal single "
    "tie tame tome mall male tail nail rail there three these those their where when what that "
    "than then them they with "
    "left right other rather some same sale safe cave wave gave have here hear here's feet feel "
    "feeds reeds listen lists "
    "past post paste spend spent lend bend mends sends today's days' date's data's form from "
    "found round sound pound".split()
)
_SMALL_TYPOS = {
    "teh": "the", "adn": "and", "nad": "and", "nwe": "new", "waht": "what", "wat": "what", "whta": "what",
    "wht": "what",
    "hwo": "how", "tiem": "time", "pelase": "please", "plase": "please", "plese": "please", "taht": "that",
    "thta": "that", "si": "is", "fo": "of", "ot": "to", "ahve": "have", "amny": "many", "mnay": "many",
    "muhc": "much",
    "wich": "which", "jto": "jot", "nots": "notes", "finde": "find", "snd": "send", "eamil": "email", "emial": "email",
    "everythign": "everything", "bakup": "backup", "rember": "remember", "rihgt": "right",
    "untill": "until", "dais": "days", "wehn": "when", "tody": "today",
    "u": "you", "ur": "your", "r": "are", "tge": "the", "thier": "their", "whats": "what's", "hwat": "what",
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_][^\W_']*(?:'[a-z]{1,2})?")


@lru_cache(maxsize=KEPT)
def _words_of(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text))


@lru_cache(maxsize=KEPT)
def readable(text: str) -> str:
    """One line with straight quotes and plain dashes, without invisible characters."""
    return _BLANKS.sub(" ", lines(text).replace("\n", " ")).strip()


@lru_cache(maxsize=KEPT)
def lines(text: str) -> str:
    """Like `readable`, with the line breaks kept."""
    return _INVISIBLE.sub("", text.translate(_ONE_FOR_ONE)).strip()


@lru_cache(maxsize=KEPT)
def compatible(text: str) -> str:
    """`readable`, with full-width and other compatibility characters in their common form."""
    return readable(unicodedata.normalize("NFKC", text))


class Spelling:
    """Mends typos of a tool's own words: a letter too many, too few, or two in the wrong order.

    A replaced letter counts only in longer words: in short ones it makes another real word too often.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = tuple(sorted(set(words)))
        self._known = frozenset(self._words) | _ALWAYS_RIGHT
        self._one = lru_cache(maxsize=KEPT_WORDS)(self._mended)
        self._right: set[str] = set()

    def mended(self, text: str, *, first: int = 60) -> str:
        """The text with the typos among its `first` words mended."""
        words = _words_of(text)[:first]
        if self._right.issuperset(words):
            return text
        if len(self._right) > KEPT_WORDS:
            self._right = set()
        self._right.update(word for word in words if self._one(word) == word)
        left = first

        def mend(match: re.Match[str]) -> str:
            nonlocal left
            left -= 1
            return self._one(match.group()) if left >= 0 else match.group()

        return _WORD.sub(mend, text)

    def _mended(self, word: str) -> str:
        low = word.lower()
        if low in _SMALL_TYPOS:
            return _SMALL_TYPOS[low]
        if (
            len(low) < 4
            or len(low) > 16
            or low in self._known
            or low + "s" in self._known
            or not self._known.isdisjoint(_stems(low))
        ):
            return word
        found = process.extractOne(
            low, self._words, scorer=OSA.distance, score_cutoff=2 if len(low) > 7 else 1
        )
        if found is None:
            return word
        best = str(found[0])
        if len(best) < 4 or (best[0] != low[0] and sorted(best) != sorted(low)):
            return word
        replaced = len(best) == len(low) and sorted(best) != sorted(low)
        return word if replaced and len(best) < 7 else best


def _stems(word: str) -> tuple[str, ...]:
    endings = ("ing", "ed", "es", "'s", "s", "d", "er", "ly")
    return tuple(word[: -len(e)] for e in endings if word.endswith(e) and len(word) - len(e) >= 3)


def chosen_by_hand(task: Task, stem: str) -> bool:
    """Whether the person put an `@agent` whose name holds `stem` right in front of this very task.

    Then no other tool is meant, and the words need not look like a request.
    """
    if "@" not in task.instruction and "@" not in task.text:
        return False
    whole, own = readable(task.instruction), readable(task.text)
    own_mention = _MENTION.match(own)
    if own_mention is not None:
        rest = own[own_mention.end() :]
        return stem in own_mention.group(1).lower() and not re.search(
            r"(?:^|[ ;,])@[a-z]", rest, re.IGNORECASE
        )
    at = whole.find(own) if own else len(whole)
    before = re.search(
        r"(?:^|[\s(])@([a-z][\w-]{0,39})[ :,-]*$", whole[max(0, at - 60) : max(at, 0)], re.IGNORECASE
    )
    return before is not None and stem in before.group(1).lower()


_MENTION = re.compile(r"@([a-z][\w-]{0,39})(?:[ :,]|$)", re.IGNORECASE)
_SECOND = re.compile(
    (
        r"(?:[,;?!\n]|\.(?= )|\band\b|\bthen\b|\balso\b|&)[ ,]*(?:(?:and|then|also|please|afterwards"
        r"|after that|once done|finally|separately|i need|me|can you|could you)[ ,]+){0,4}"
        r"(?:list (?:all|my|the|our)|translate|write|draft|compose|rewrite|rephrase|e-?mail|mail|send"
        r"|forward|save|store|create|back (?:up|it|every|the|all)|make (?:a|me|it)"
        r"|run (?:a|the)|find|search|get the|get me|headlines|turn (?:it|that|them|this)|post"
        r"|note (?:that|down)|remember|jot|calculate|compute|convert|multiply|divide|split"
        r"|show|how (?:much|many)|what (?:time|day|date|week|is|does|did|are)|what's|when is|latest"
        r"|digest|summari[sz]e (?:https?|them|the notes)|list)\b"
    ),
    re.IGNORECASE,
)


@lru_cache(maxsize=KEPT)
def asks_twice(text: str) -> bool:
    """Whether a second request seems to follow the first: the words are then more than one tool's business."""
    return _SECOND.search(text, 1) is not None


_ADDRESSED = re.compile(r"^\s*@[A-Za-z][\w-]{0,39}[ :,]*")


def own_words(task: Task) -> str:
    """The task's text without an `@agent` in front of it."""
    text = lines(task.text)
    return _ADDRESSED.sub("", text) if text.startswith("@") else text


_CONTENT_LEAD = re.compile(
    (
        r"(?:remember|note|notes? (?:that|to self)|jot|write|draft|compose|formulate|phrase|translate"
        r"|rewrite|rephrase|reword|paraphrase|shorten|proofread|polish"
        r"|e-?mail|mail|send|forward|reply|respond|post|tweet|announce|notify|inform|message|ping"
        r"|remind|save|store|record|log(?! ?[\d(])|keep in mind|don't forget|do not forget"
        r"|make (?:this|that|it|a note|the following)|(?:take|make|add|create|leave|put) (?:a "
        r"|another |this |that |the )?(?:quick |short )?notes?\b"
        r"|fix (?:the|this|my)|correct (?:the|this|my)|book|order|buy|call|phone|schedule"
        r"|set (?:up )?(?:an? |the )?(?:alarm|reminder|timer|meeting)|invite|restart|deploy"
        r"|merge|delete|remove|upload|install|turn (?:on|off)|play|pay|drop|shoot|tell [\w.+-]{1,64}@"
        r"|let [\w.+-]{1,64}@|write to|(?:put|have|get|place) (?:it |this |that )?(?:down )?(?:on"
        r"|in) (?:the )?(?:record|minutes|file)"
        r"|let it be (?:noted|recorded|known)|let the record|(?:don't|do not|never) let (?:me|us)\b"
        r"|for the (?:record|minutes|protocol)|(?:dump|stick|throw|scribble|stash|capture|park) |(?:take"
        r"|mark|get|pen) (?:this |that |it )?down"
        r"|give [\w.+-]{1,64}@)\b"
    ),
    re.IGNORECASE,
)


def hands_over_content(text: str) -> bool:
    """Whether the request begins with a verb whose rest is content (to note, send, translate), not a question."""
    return _CONTENT_LEAD.match(text) is not None
