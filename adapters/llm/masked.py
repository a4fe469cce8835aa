"""A model that is never told a secret which this process knows, and whose turns hold none, whoever told it one."""

from __future__ import annotations

import json

from core.integrations.masking import KNOWN, KnownSecrets
from core.ports.language_model import LanguageModel, Message, ModelRequest, ModelTurn, OnText, ToolCall


class MaskedModel:
    """Another LanguageModel, asked without known secrets: a person may have pasted one, a page may quote one.

    Its turns are masked before anybody saves, runs or shows them. Pieces of a turn that are streamed are not: whoever
    shows them masks them.
    """

    def __init__(self, inner: LanguageModel, *, known: KnownSecrets = KNOWN) -> None:
        self._inner = inner
        self._known = known

    @property
    def name(self) -> str:
        return self._inner.name

    async def complete(self, request: ModelRequest, *, on_text: OnText | None = None) -> ModelTurn:
        messages = tuple(self._masked(message) for message in request.messages)
        if messages != request.messages:
            request = request.model_copy(update={"messages": messages})
        turn = await self._inner.complete(request, on_text=on_text)
        return turn.model_copy(
            update={
                "text": self._known.mask(turn.text),
                "tool_calls": tuple(map(self._call, turn.tool_calls)),
            }
        )

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _masked(self, message: Message) -> Message:
        calls = tuple(map(self._call, message.tool_calls))
        text = self._known.mask(message.text)
        if (text, calls) == (message.text, message.tool_calls):
            # Both are held for as long as the model thinks.
            return message
        return message.model_copy(update={"text": text, "tool_calls": calls})

    def _call(self, call: ToolCall) -> ToolCall:
        return call.model_copy(
            update={"name": self._known.mask(call.name), "arguments": self._arguments(call.arguments)}
        )

    def _arguments(self, text: str) -> str:
        """The arguments without secrets, however JSON spells them; what is no JSON is masked as it stands."""
        masked = self._known.mask(text)
        try:
            plain = json.dumps(json.loads(masked), ensure_ascii=False)
        except (ValueError, RecursionError):
            return masked
        without = self._known.mask(plain)
        return masked if without == plain else without
