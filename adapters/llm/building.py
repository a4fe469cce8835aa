"""The language model, built from settings."""

from __future__ import annotations

from adapters.clock import SystemClock
from adapters.settings import Settings
from core.ports.language_model import LanguageModel


def build_model(settings: Settings) -> LanguageModel | None:
    """The configured model, or None."""
    if not settings.model_configured:
        return None
    # The client and the prices of models, for those who have a model.
    from adapters.llm.masked import MaskedModel
    from adapters.llm.openai_model import OpenAIModel

    key = settings.openai_api_key
    model = OpenAIModel(
        model=settings.flowmate_model,
        api_key=key.get_secret_value() if key is not None else None,
        base_url=settings.openai_base_url,
        clock=SystemClock(),
    )
    return MaskedModel(model)
