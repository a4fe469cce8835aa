"""Markdown as Telegram shows it: plain text with entities, and inline buttons; pure."""

from __future__ import annotations

import re
from itertools import groupby

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity
from telegramify_markdown import RenderConfig, convert, utf16_len

from core.models import Button, Reply

# Bot API, sendMessage: 4096 characters after entities parsing; in UTF-16 units we are inside every reading of it.
TEXT_LIMIT = 4096
PART_LIMIT = 3500
CALLBACK_LIMIT = 64
LABEL_LIMIT = 40
ENTITY_LIMIT = 100
_OPENS = ("http://", "https://", "mailto:")
# "@name" in a text would call that person; an invisible joiner keeps it readable and mute.
_CALL = re.compile(r"(?<![\w.+-])@(?=\w{4,})")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")


def _config() -> RenderConfig:
    config = RenderConfig()
    symbols = config.markdown_symbol
    for level in range(1, 7):
        setattr(symbols, f"heading_level_{level}", "")
    return config


_CONFIG = _config()


def to_text(markdown: str) -> tuple[str, list[MessageEntity]]:
    """The text without markup, and its entities."""
    text, found = convert(_CALL.sub("@\u2060", markdown), latex_escape=False, config=_CONFIG)
    lead = len(text) - len(text.lstrip())
    shift = utf16_len(text[:lead])
    text = text.strip()
    length = utf16_len(text)
    entities = []
    for entity in found[:ENTITY_LIMIT]:
        offset = entity.offset - shift
        size = min(entity.length, length - offset)
        opens = entity.url is None or entity.url.lower().startswith(_OPENS)
        if offset >= 0 and size > 0 and opens:
            entities.append(
                MessageEntity(
                    type=entity.type, offset=offset, length=size, url=entity.url, language=entity.language
                )
            )
    return text or "…", entities


def split(reply: Reply) -> tuple[Reply, ...]:
    """Parts that fit one message each, in order; what can be pressed and opened is on the last one."""
    texts = cut(reply.text, limit=PART_LIMIT)
    parts = [Reply(text=text) for text in texts[:-1]]
    return (*parts, Reply(text=texts[-1], buttons=reply.buttons, files=reply.files))


def cut(markdown: str, *, limit: int) -> list[str]:
    """Pieces of at most `limit` UTF-16 units when shown, cut between lines; code fences go on."""
    pieces: list[str] = []
    current: list[str] = []
    fence = ""
    for line in _short_lines(markdown, limit // 2):
        if current and utf16_len("\n".join([*current, line])) > limit - len(fence) - 8:
            pieces.append(
                "\n".join([*current, _closing(fence)]).rstrip("\n") if fence else "\n".join(current)
            )
            current = [fence] if fence else []
        opened = _FENCE.match(line)
        if opened is not None:
            fence = "" if fence else line.strip()
        current.append(line)
    pieces.append("\n".join(current))
    return [piece.strip("\n") for piece in pieces if piece.strip()] or ["…"]


def to_keyboard(buttons: tuple[Button, ...]) -> InlineKeyboardMarkup | None:
    """Inline buttons, a row for each row of them."""
    rows = [
        [
            InlineKeyboardButton(button.label[:LABEL_LIMIT], callback_data=f"{button.action}:{button.value}")
            for button in row
            if len(f"{button.action}:{button.value}".encode()) <= CALLBACK_LIMIT
        ]
        for _, row in groupby(buttons, key=lambda button: button.row)
    ]
    rows = [row for row in rows if row]
    return InlineKeyboardMarkup(rows) if rows else None


def _closing(fence: str) -> str:
    found = _FENCE.match(fence)
    return found[1] if found is not None else ""


def _short_lines(markdown: str, most: int) -> list[str]:
    lines = []
    for line in markdown.splitlines():
        rest = line
        while utf16_len(rest) > most:
            # A character is at most two units, so that half as many always fit.
            end = rest.rfind(" ", 1, most // 2)
            end = end if end > 0 else most // 2
            lines.append(rest[:end])
            rest = rest[end:].lstrip(" ")
        lines.append(rest)
    return lines
