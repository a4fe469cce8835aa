"""A reply as Slack shows it: a Markdown block, buttons, and a plain text for notifications; pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from adapters.chat.slack.markdown import cut, neutralise, size, to_plain
from core.integrations.masking import KNOWN
from core.models import Button, Reply

# All markdown blocks of one message together may hold 12,000 characters (docs.slack.dev, markdown block).
MARKDOWN_LIMIT = 12_000
PART_LIMIT = 11_000
# chat.update documents 4,000 characters of `text`, entities included.
TEXT_LIMIT = 3_000
LABEL_LIMIT = 75
ACTION_PREFIX = "flowmate."


def split(reply: Reply) -> tuple[Reply, ...]:
    """Parts that fit one message each, in order; what can be pressed and opened is on the last one."""
    texts = cut(reply.text, limit=PART_LIMIT)
    parts = [Reply(text=text) for text in texts[:-1]]
    return (*parts, Reply(text=texts[-1], buttons=reply.buttons, files=reply.files))


def to_message(part: Reply) -> dict[str, Any]:
    """The arguments of a message that are the same for posting and editing."""
    blocks: list[dict[str, Any]] = []
    text = KNOWN.mask(part.text)
    markdown = neutralise(text).strip()
    if markdown:
        blocks.append({"type": "markdown", "text": markdown})
    for row, buttons in groupby(part.buttons, key=lambda button: button.row):
        blocks.append(
            {"type": "actions", "block_id": f"{ACTION_PREFIX}{row}", "elements": _elements(buttons)}
        )
    return {"text": to_plain(text, limit=TEXT_LIMIT) or "…", "blocks": blocks}


def fits(part: Reply) -> bool:
    """Whether Slack takes this much Markdown in one message."""
    return size(neutralise(part.text)) <= MARKDOWN_LIMIT


def _elements(buttons: Iterable[Button]) -> list[dict[str, Any]]:
    elements: list[dict[str, Any]] = []
    seen: dict[str, int] = {}
    for button in buttons:
        count = seen[button.action] = seen.get(button.action, 0) + 1
        elements.append(
            {
                "type": "button",
                # Two elements of a block may not share an action id.
                "action_id": f"{ACTION_PREFIX}{button.action}" + (f".{count}" if count > 1 else ""),
                "text": {"type": "plain_text", "text": button.label[:LABEL_LIMIT], "emoji": False},
                "value": button.value,
            }
        )
    return elements
