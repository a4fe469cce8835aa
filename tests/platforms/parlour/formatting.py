"""A reply as Parlour shows it, which reads Markdown itself; pure."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from adapters.chat import cutting
from core.models import Reply

TEXT_LIMIT = 2000
LABEL_LIMIT = 80


def split(reply: Reply) -> tuple[Reply, ...]:
    """Parts that fit one message each, in order; what can be pressed is on the last one."""
    texts = cutting.cut(reply.text, limit=TEXT_LIMIT, measure=len) if reply.text.strip() else ["…"]
    parts = [Reply(text=text) for text in texts[:-1]]
    return (*parts, Reply(text=texts[-1], buttons=reply.buttons, files=reply.files))


def to_message(part: Reply) -> dict[str, Any]:
    """The fields that are the same for posting and editing; whatever the text says, nobody is called by it."""
    rows = [
        [{"label": one.label[:LABEL_LIMIT], "id": f"{one.action}:{one.value}"} for one in row]
        for _, row in groupby(part.buttons, key=lambda button: button.row)
    ]
    return {"text": part.text, "buttons": rows, "may_mention": False}
