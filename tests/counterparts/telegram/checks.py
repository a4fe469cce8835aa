"""What the Bot API refuses; each check raises BadRequest with the server's own words."""

from __future__ import annotations

from typing import Any

TYPES = frozenset(
    "mention hashtag cashtag bot_command url email phone_number bold italic underline strikethrough spoiler "
    "blockquote expandable_blockquote code pre text_link text_mention custom_emoji date_time".split()
)
ALONE = frozenset({"code", "pre"})
"""These hold no other entities and stand in none but a quotation."""
QUOTES = frozenset({"blockquote", "expandable_blockquote"})
"""These can't be nested."""
ENTITIES = 100
"""What is beyond it Telegram leaves out without a word; here nobody may lose anything."""
PARAMETERS: dict[str, frozenset[str]] = {
    "getMe": frozenset(),
    "getUpdates": frozenset({"offset", "limit", "timeout", "allowed_updates"}),
    "setWebhook": frozenset({"url", "secret_token", "allowed_updates", "drop_pending_updates", "max_connections"}),
    "deleteWebhook": frozenset({"drop_pending_updates"}),
    "sendMessage": frozenset(
        {"chat_id", "text", "entities", "message_thread_id", "reply_parameters", "reply_markup", "link_preview_options"}
    ),
    "sendMessageDraft": frozenset({"chat_id", "draft_id", "text", "entities", "message_thread_id"}),
    "editMessageText": frozenset(
        {"chat_id", "message_id", "text", "entities", "reply_markup", "link_preview_options"}
    ),
    "deleteMessage": frozenset({"chat_id", "message_id"}),
    "answerCallbackQuery": frozenset({"callback_query_id", "text", "show_alert"}),
    "setMyCommands": frozenset({"commands"}),
    "getChat": frozenset({"chat_id"}),
    "getMyCommands": frozenset(),
    "sendPhoto": frozenset({"chat_id", "photo", "message_thread_id"}),
    "sendDocument": frozenset({"chat_id", "document", "message_thread_id"}),
}  # fmt: skip


class BadRequest(Exception):
    """400, in the server's words."""


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def check_parameters(method: str, given: dict[str, Any]) -> None:
    if method not in PARAMETERS:
        raise BadRequest(f"there is no method {method}")
    unknown = set(given) - PARAMETERS[method]
    if unknown:
        raise BadRequest(f"{method} takes no {', '.join(sorted(unknown))}")


def check_text(text: Any, entities: Any) -> None:
    if not isinstance(text, str) or not text.strip():
        raise BadRequest("message text is empty")
    length = units(text)
    if length > 4096:
        raise BadRequest("message is too long")
    boundaries, at = {0}, 0
    for character in text:
        at += units(character)
        boundaries.add(at)
    spans: list[tuple[int, int, str]] = []
    if len(entities or ()) > ENTITIES:
        raise BadRequest("too many entities")
    for entity in entities or ():
        kind, start = entity["type"], entity["offset"]
        end = start + entity["length"]
        if kind not in TYPES:
            raise BadRequest(f"can't parse entities: unknown type {kind}")
        if start < 0 or entity["length"] <= 0 or end > length:
            raise BadRequest("can't parse entities: entity beyond the text")
        if not {start, end} <= boundaries:
            raise BadRequest("can't parse entities: entity cuts a surrogate pair")
        url = entity.get("url", "")
        if kind == "text_link" and not url.startswith(("http://", "https://", "tg://", "mailto:")):
            raise BadRequest("can't parse entities: wrong link")
        spans.append((start, end, kind))
    check_nesting(spans)


def check_nesting(spans: list[tuple[int, int, str]]) -> None:
    for start, end, kind in spans:
        for other_start, other_end, other in spans:
            if (start, end, kind) == (other_start, other_end, other):
                continue
            if start < other_start < end < other_end:
                raise BadRequest("can't parse entities: entities overlap")
            inside = start <= other_start and other_end <= end
            if inside and kind in QUOTES and other in QUOTES:
                raise BadRequest("can't parse entities: quotations can't be nested")
            if inside and kind in ALONE and other not in QUOTES:
                raise BadRequest(f"can't parse entities: {other} inside {kind}")


def check_markup(markup: Any) -> None:
    if markup is None:
        return
    rows = markup["inline_keyboard"]
    if not rows or not all(rows):
        raise BadRequest("inline keyboard expected")
    for row in rows:
        if len(row) > 8:
            raise BadRequest("too many buttons in a row")
        for button in row:
            if not button["text"].strip():
                raise BadRequest("button text is empty")
            if not 1 <= len(button["callback_data"].encode()) <= 64:
                raise BadRequest("BUTTON_DATA_INVALID")
