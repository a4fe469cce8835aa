"""Text as people and platforms send it, made safe to keep and to show."""

from __future__ import annotations

import re

# Control characters but tab and line feed, soft hyphens, bidi controls, zero-width and filler characters, "tag"
# characters (they can hide whole sentences from the reader), and lone surrogates, which no UTF-8 column takes.
_UNSAFE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
# Joiners belong inside emoji and some scripts, and nowhere else.
_STRAY_JOINER = re.compile(
    "(?<![^\x00-\x7f\\s\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f\\s\u200c\u200d])"
)
_LINE_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")


def clean(text: str) -> str:
    """The text without anything invisible or unstorable; empty where nothing visible is left."""
    text = _LINE_BREAK.sub("\n", text)
    return _STRAY_JOINER.sub("", _UNSAFE.sub("", text)).strip()


def clean_name(text: str, *, limit: int = 80) -> str:
    """A person's or a channel's name: clean, on one line, and short."""
    return " ".join(clean(text).split())[:limit].rstrip()
