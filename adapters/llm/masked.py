"""A model that is never told a secret which this process knows, wherever the prompt has it from."""

from __future__ import annotations

from core.integrations.masking import KNOWN, KnownSecrets
from core.ports.language_model import LanguageModel, Message, ModelRequest, ModelTurn, OnText


class MaskedModel:
    """Another LanguageModel, asked without known secrets: a person may have pasted one, a page may quote one."""

    def __init__(self, inner: LanguageModel, *, known: KnownSecrets = KNOWN) -> None:
        self._inner = inner
        self._known = known

    @property
    def name(self) -> str:
        return self._inner.name

    async def complete(self, request: ModelRequest, *, on_text: OnText | None = None) -> ModelTurn:
        messages = tuple(self._masked(message) for message in request.messages)
        return await self._inner.complete(request.model_copy(update={"messages": messages}), on_text=on_text)

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _masked(self, message: Message) -> Message:
        calls = tuple(
            call.model_copy(update={"arguments": self._known.mask(call.arguments)})
            for call in message.tool_calls
        )
        return message.model_copy(update={"text": self._known.mask(message.text), "tool_calls": calls})
