"""What model calls cost."""

from __future__ import annotations

from urllib.parse import urlsplit

OPENAI_HOST = "api.openai.com"


def cost_usd(
    model: str, *, base_url: str, input_tokens: int, output_tokens: int, cached_tokens: int = 0
) -> float | None:
    """The price of one call in US dollars; None where server or model has no known price (a local one, say).

    `input_tokens` holds the cached ones too. The prices are those that genai-prices ships; nothing is fetched.
    """
    # Imported here: see load.
    from genai_prices import Usage, calc_price

    usage = Usage(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cache_read_tokens=min(cached_tokens, input_tokens),
    )
    try:
        return float(calc_price(usage, model, provider_api_url=_known_url(base_url)).total_price)
    except (LookupError, ValueError):
        return None


def load() -> None:
    """Load the tables, which takes a tenth of a second or two: do it on a thread before the first call ends."""
    # Imported here: the tables take about 5 MB, and processes that never call a model go without them.
    import genai_prices.data_snapshot

    genai_prices.data_snapshot.get_snapshot()


def _known_url(base_url: str) -> str:
    """The URL without credentials, and OpenAI's regional hosts as the one that the tables know."""
    try:
        host = (urlsplit(base_url).hostname or "").lower()
    except ValueError:
        return ""
    if host.endswith("." + OPENAI_HOST):
        host = OPENAI_HOST
    return f"https://{host}{urlsplit(base_url).path}"
