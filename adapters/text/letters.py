"""Requests to send an e-mail: to whom, about what, saying what."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from adapters.text.content import is_reference
from adapters.text.introductions import pieces
from adapters.text.letter_shapes import (
    ABOUT,
    AFTER,
    ASKS,
    BODY_WORD,
    MAIL_WORD,
    NO_LETTER,
    NO_MAIL,
    OBJECT,
    PAIR,
    RECIPIENTS,
    SAYING_INSIDE,
    SAYS,
    SUBJECT,
    SURE_VERB,
    VERB,
    commanded,
)
from adapters.text.links import mail_addresses, unwrapped
from adapters.text.politeness import without_politeness, without_thanks, worded_as_question
from adapters.text.words import Spelling, asks_twice, lines, readable

MAX_RECIPIENTS = 10
_SPELLING = Spelling(
    "email mail send message tell write notify inform forward subject about saying summary result drop".split()
)


@dataclass(frozen=True)
class Letter:
    """An e-mail as the person's words give it; what they don't say is empty."""

    to: tuple[str, ...]
    subject: str = ""
    body: str = ""
    refers: bool = False
    """Whether the words point at something said before as the content."""


def to_letter(text: str, *, sure: bool = False) -> Letter | None:
    """The e-mail that is asked for; None where none is. `sure`: the person chose the e-mail agent by hand."""
    whole = lines(unwrapped(text))
    if "@" not in whole:
        return None
    for candidate in _candidates(whole):
        asked = without_politeness(_SPELLING.mended(candidate, first=5))
        asked = commanded(asked)
        asked = re.sub(r"^(?:compose|write) and (?=send |mail |e-?mail )", "", asked, flags=re.IGNORECASE)
        found = _read(asked, sure=sure)
        if found is None:
            continue
        polite = worded_as_question(candidate) and found.body.endswith("?")
        return replace(found, body=found.body[:-1].rstrip()) if polite else found
    return None


def _candidates(text: str) -> tuple[str, ...]:
    """The text, and what follows an introduction that asks for nothing and names no page."""
    starts = [
        match.end()
        for match in re.finditer(r"[.!][ \n]+|\n+|,[ ]+(?=(?:so|please|could|can)\b)", text[:1500])
    ][:4]
    return (
        text,
        *(
            text[start:]
            for start in starts
            if "?" not in text[:start] and "://" not in text[:start] and "@" not in text[:start]
        ),
        *pieces(text),
    )


def _read(text: str, *, sure: bool) -> Letter | None:
    match = RECIPIENTS.search(text)
    if match is None or (not sure and not _asks_to_mail(text, match)):
        return None
    before, after = text[: match.start()].rstrip(), text[match.end() :]
    if asks_twice(before) and not sure and SAYING_INSIDE.search(before) is None and "that " not in before:
        return None
    recipients = mail_addresses(match.group())[: MAX_RECIPIENTS + 1]
    if not recipients:
        return None
    before = re.sub(r"(?:\b(?:to|for|at|cc)|:)[ :]*$", "", before).strip()
    inside = _said_before(before)
    if inside is not None:
        subject, body, refers = inside
        more_subject, more_body, more_refers = _said_after(after)
        return Letter(recipients, subject or more_subject, body or more_body, refers or more_refers)
    subject, body, refers = _said_after(after)
    return Letter(recipients, subject, body, refers)


def _asks_to_mail(text: str, recipients: re.Match[str]) -> bool:
    if NO_LETTER.match(text) or VERB.match(text) is None:
        return False
    if NO_MAIL.match(text) and not MAIL_WORD.search(text):
        return False
    return SURE_VERB.match(text) is not None or MAIL_WORD.search(text[: recipients.end() + 40]) is not None


def _said_before(before: str) -> tuple[str, str, bool] | None:
    """What stands between the verb and the recipients: "send *the summary* to …"."""
    verb = VERB.match(before)
    rest = (before[verb.end() :] if verb else before).strip(" ,:")
    rest = re.sub(
        (
            r"^(?:off|out|over|on|along|back|know|up) |(?:^| )(?:by|via|per|through"
            r"|in) (?:an? )?(?:e-?mail|mail)$|^(?:by|via|per|through|in) (?:an? )?(?:e-?mail|mail) "
        ),
        "",
        rest,
        flags=re.IGNORECASE,
    ).strip(" ,:")
    quoted = _unquoted(rest)
    if quoted is not None:
        return "", quoted, False
    said = OBJECT.sub("", rest, count=1).strip(" ,:")
    if not said:
        return None
    if is_reference(said):
        return "", "", True
    if match := SUBJECT.match(said):
        return _subject_and_body(match.group("rest"))
    if match := SAYS.match(" " + said):
        return "", _clean(match.group("body")), False
    if match := ABOUT.match(said):
        return _about(match.group("subject"))
    if re.match(r"(?:the|that|this|these|those|my|our|all|both)\b", said, re.IGNORECASE):
        return "", "", True
    return None if len(said) < 3 else ("", _sentence(rest), False)


def _said_after(after: str) -> tuple[str, str, bool]:
    """What follows the recipients: subject, body, and whether it points back."""
    rest = AFTER.sub("", after, count=1)
    if not rest.strip(" .,!?;:\n"):
        return "", "", False
    if match := SUBJECT.match(rest):
        return _subject_and_body(match.group("rest"))
    if match := ABOUT.match(rest):
        return _about(match.group("subject"))
    if match := re.match(r"[ ,;.:-]*(?:text|body|message|content) ?: ?(?=\S)", rest, re.IGNORECASE):
        return "", _clean(rest[match.end() :]), False
    if match := SAYS.match(rest):
        body = _clean(match.group("body"))
        return ("", "", True) if is_reference(body) else ("", body, False)
    if match := ASKS.match(rest):
        return "", _asking(match.group("how").lower(), _clean(match.group("body"))), False
    body = _clean(rest)
    if is_reference(body) or is_reference(re.sub(r"^with ", "", body, flags=re.IGNORECASE)):
        return "", "", True
    return "", body, False


def _subject_and_body(rest: str) -> tuple[str, str, bool]:
    quoted = re.match(r"\s*\"([^\"\n]{1,200})\"(.*)$|\s*'([^'\n]{1,200})'(.*)$", rest, re.DOTALL)
    if quoted is not None:
        subject, tail = (
            (quoted.group(1), quoted.group(2)) if quoted.group(1) else (quoted.group(3), quoted.group(4))
        )
        body = re.sub(
            r"^[ ,;.:-]*(?:and |with )*(?:the |a )?(?:text|body|message|content|saying)?(?: is| of| that"
            r"|:)?[: ]*",
            "",
            tail,
            count=1,
            flags=re.IGNORECASE,
        )
        return subject.strip(), "" if is_reference(body) else _clean(body), is_reference(body)
    split = BODY_WORD.search(rest)
    subject, body = (rest[: split.start()], rest[split.end() :]) if split else [*rest.split("\n", 1), ""][:2]
    return _one_line(subject), "" if is_reference(body) else _clean(body), is_reference(body)


def _about(text: str) -> tuple[str, str, bool]:
    split = SAYING_INSIDE.search(text)
    if split is not None:
        return _one_line(text[: split.start()]), _clean(text[split.end() :]), False
    subject, mark, body = text.partition(": ")
    if mark:
        return _one_line(subject), _clean(body), False
    return ("", "", True) if is_reference(text) else (_one_line(text), "", False)


def _asking(how: str, body: str) -> str:
    if how in ("and ask", "to ask", "asking", "and request", "to request", "requesting"):
        return _sentence(f"A request: {body}" if body.lower().startswith("for ") else f"A question: {body}")
    return _sentence(f"{how.removeprefix('and ').removeprefix('to ')} {body}")


def _clean(text: str) -> str:
    text = without_thanks(text.strip(" ,;\n")).strip()
    quoted = _unquoted(text)
    return quoted if quoted is not None else text


def _unquoted(text: str) -> str | None:
    """The inside where the whole of it stands in quotes."""
    text = text.strip()
    if (
        len(text) > 2
        and text[0] in PAIR
        and text.rstrip(".!")[-1:] == PAIR[text[0]]
        and text[1:-1].count(text[0]) <= (1 if text[-1] in ".!" else 0)
    ):
        return text.rstrip(".!")[1:-1].strip()
    return None


def _one_line(text: str) -> str:
    return readable(_clean(text)).strip(" .,;:\"'")[:200]


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    if "://" in text:
        return text
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
