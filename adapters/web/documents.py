"""Fetched bytes as text, whatever the server says about their encoding."""

from __future__ import annotations

import codecs
import re

from adapters.web import Fetched

_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
_XML = re.compile(rb"""^\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9_:.-]{1,40})["']""", re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def to_text(document: Fetched) -> str:
    """The document's text: by its mark, as UTF-8 where it is that, by what it declares, else as Western European."""
    body = document.body
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body.decode(encoding, "replace")
    head = body[:4096]
    declared = [match.group(1).decode("ascii") for match in (_META.search(head), _XML.search(head)) if match]
    # UTF-8 first: text that isn't UTF-8 hardly ever passes for it, and servers often declare what isn't true.
    candidates: tuple[str | None, ...] = ("utf-8", document.charset, *declared)
    for name in candidates:
        decoded = _decoded(body, name)
        if decoded is not None:
            return decoded
    return body.decode("cp1252", "replace")


def _decoded(body: bytes, encoding: str | None) -> str | None:
    if not encoding:
        return None
    try:
        return body.decode(encoding)
    except (LookupError, UnicodeError, ValueError):
        return None


def is_binary(text: str) -> bool:
    """Whether what should be text is none."""
    sample = text[:4000]
    odd = sum(
        (ord(character) < 32 and character not in "\t\n\r\f") or character == "\ufffd" for character in sample
    )
    return "\x00" in sample or odd > len(sample) // 20
