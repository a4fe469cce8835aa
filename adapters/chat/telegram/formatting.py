"""Markdown as Telegram shows it: plain text with entities, and inline buttons; pure."""

from __future__ import annotations

import re
from itertools import groupby

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity
from telegramify_markdown import RenderConfig, convert, utf16_len

from adapters.chat import cutting
from adapters.chat.telegram.markdown import prepared
from core.integrations.masking import KNOWN
from core.models import Button, Reply

# Bot API, sendMessage: 4096 characters after entities parsing; in UTF-16 units we are inside every reading of it.
TEXT_LIMIT = 4096
PART_LIMIT = 3500
CALLBACK_LIMIT = 64
LABEL_LIMIT = 40
ENTITY_LIMIT = 100
_OPENS = ("http://", "https://", "mailto:")
# "@name" in a text would call that person; an invisible joiner keeps it readable and mute. Addresses are passed over.
_CALL = re.compile(r"\w+://\S*|(?<![\w.+-])(@)(?=\w{4,})")
_JOINER = "\u2060"
_CODE = ("code", "pre")


def _config() -> RenderConfig:
    config = RenderConfig.isolated()
    symbols = config.markdown_symbol
    # Not every font has the library's bullet, and its open task wears a check mark.
    symbols.unordered_list_item, symbols.task_completed, symbols.task_uncompleted = "•", "☑", "☐"
    for level in range(1, 7):
        setattr(symbols, f"heading_level_{level}", "")
    return config


_CONFIG = _config()


def to_text(markdown: str) -> tuple[str, list[MessageEntity]]:
    """The text without markup, and its entities; nothing in it calls anybody."""
    text, found = _converted(prepared(KNOWN.mask(markdown), plain=_plain))
    return _muted(*_apart(text, found[:ENTITY_LIMIT])) if text else ("…", [])


def split(reply: Reply) -> tuple[Reply, ...]:
    """Parts that fit one message each, in order; what can be pressed and opened is on the last one."""
    texts = cutting.cut(reply.text, limit=PART_LIMIT, measure=_size) if reply.text.strip() else ["…"]
    parts = [Reply(text=text) for text in texts[:-1]]
    return (*parts, Reply(text=texts[-1], buttons=reply.buttons, files=reply.files))


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


def _converted(markdown: str) -> tuple[str, list[MessageEntity]]:
    """Text and entities without the blank lines around them; indentation inside of an entity is code's own."""
    text, found = convert(markdown, latex_escape=False, config=_CONFIG)
    first = min((entity.offset for entity in found), default=len(text))
    lead = 0
    while lead < len(text) and text[lead].isspace() and utf16_len(text[:lead]) < first:
        lead += 1
    shift = utf16_len(text[:lead])
    text = text[lead:].rstrip()
    length = utf16_len(text)
    entities = []
    for entity in found:
        offset = entity.offset - shift
        size = min(entity.length, length - offset)
        opens = entity.url is None or entity.url.lower().startswith(_OPENS)
        if offset >= 0 and size > 0 and opens:
            entities.append(
                MessageEntity(
                    type=entity.type, offset=offset, length=size, url=entity.url, language=entity.language
                )
            )
    return text, entities


def _plain(markdown: str) -> str:
    return " ".join(_converted(markdown)[0].split())


def _muted(text: str, entities: list[MessageEntity]) -> tuple[str, list[MessageEntity]]:
    """The same with a joiner in every call, but in code and addresses: there nobody is called, and they must stay."""
    code = [(one.offset, one.offset + one.length) for one in entities if one.type in _CODE]
    calls = [match.end(1) for match in _CALL.finditer(text) if match[1]]
    return _with(
        text,
        entities,
        [
            (position, _JOINER)
            for position in calls
            if not any(start < utf16_len(text[:position]) <= end for start, end in code)
        ],
    )


def _apart(text: str, entities: list[MessageEntity]) -> tuple[str, list[MessageEntity]]:
    """The same with each block of code on lines of its own; in lists the converter puts it behind the item's words."""
    begins = {one.offset for one in entities if one.type == "pre"}
    found, at = [], 0
    for position, character in enumerate(text):
        if at in begins and position and text[position - 1] != "\n":
            found.append((position, "\n"))
        at += utf16_len(character)
    return _with(text, entities, found)


def _with(
    text: str, entities: list[MessageEntity], inserted: list[tuple[int, str]]
) -> tuple[str, list[MessageEntity]]:
    """The text with one unit inserted at each of these positions, in order, and the entities where they are then."""
    places = [utf16_len(text[:position]) for position, _ in inserted]
    for position, character in reversed(inserted):
        text = text[:position] + character + text[position:]
    return text, [
        MessageEntity(
            type=one.type,
            offset=one.offset + sum(at <= one.offset for at in places),
            length=one.length + sum(one.offset < at < one.offset + one.length for at in places),
            url=one.url,
            language=one.language,
        )
        for one in entities
    ]


def _size(markdown: str) -> int:
    """How much of a message this fills at most, by its text and by its entities, of which a message holds a hundred."""
    text, found = convert(prepared(markdown, plain=_plain), latex_escape=False, config=_CONFIG)
    # Each call gets a joiner, each block of code perhaps a line of its own.
    added = text.count("@") + sum(entity.type == "pre" for entity in found)
    return max(utf16_len(text) + added, len(found) * PART_LIMIT // (ENTITY_LIMIT - 1))
