"""What a server answered, as text."""

from __future__ import annotations

import json

from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    InputRequiredResult,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from core.rendering import mcp as words

LONGEST = 50_000
_ASKED = {
    "sampling/createMessage": "a language model's words",
    "elicitation/create": "a person's answers",
    "roots/list": "files of this machine",
}


def to_text(answer: CallToolResult) -> str:
    """All that can be read; what can't be is named with its size."""
    parts = [part for part in map(_shown, answer.content) if part]
    if not parts and answer.structured_content is not None:
        parts = [json.dumps(answer.structured_content, ensure_ascii=False)]
    return "\n\n".join(parts)[:LONGEST]


def asked_for(answer: InputRequiredResult) -> str:
    """What a server wants before it does anything."""
    methods = [getattr(request, "method", "") for request in (answer.input_requests or {}).values()]
    return next((_ASKED[method] for method in methods if method in _ASKED), "something else first")


def _shown(block: ContentBlock) -> str:
    match block:
        case TextContent():
            return block.text
        case ImageContent() | AudioContent():
            return words.omitted(block.mime_type[:60], size=len(block.data) * 3 // 4)
        case ResourceLink():
            return f"{block.title or block.name}: {block.uri}"
        case EmbeddedResource(resource=TextResourceContents() as resource):
            return resource.text
        case EmbeddedResource(resource=BlobResourceContents() as resource):
            return words.omitted(str(resource.uri)[:200], size=len(resource.blob) * 3 // 4)
    return ""
