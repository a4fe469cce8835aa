"""What model calls cost."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.ports.clock import Clock

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

OPENAI_HOST = "api.openai.com"
ANY_MODEL = "*"
MILLION = 1_000_000
REMEMBERED = 256
"""How many models of servers are looked up once only."""

Own = Mapping[str, tuple[float, float]]
"""Prices that the deployment set: by model (or `*`) US dollars a million tokens of input and of output."""


class Prices:
    """What the models of one server cost: as it was set, else as OpenAI's are known."""

    def __init__(self, base_url: str, *, clock: Clock, own: Own | None = None) -> None:
        self._base_url = base_url
        self._clock = clock
        self._own = own or {}
        self._loaded = False

    async def __call__(self, model: str, *, input_tokens: int, output_tokens: int) -> float | None:
        """The price of a call that is still to be made, in US dollars; None where it is not known."""
        if not self._loaded and not self._set(model):
            await asyncio.to_thread(load)
            self._loaded = True
        return self.cost_usd(model, input_tokens=input_tokens, output_tokens=output_tokens)

    def cost_usd(
        self, model: str, *, input_tokens: int, output_tokens: int, cached_tokens: int = 0, asked: str = ""
    ) -> float | None:
        """The price of one call in US dollars; servers name the model more exactly than it was `asked` for."""
        price = self._own.get(model) or self._set(asked)
        if price is not None:
            return (input_tokens * price[0] + output_tokens * price[1]) / MILLION
        return cost_usd(
            model,
            base_url=self._base_url,
            now=self._clock.now(),
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cached_tokens=cached_tokens,
        )

    def _set(self, model: str) -> tuple[float, float] | None:
        return self._own.get(model) or self._own.get(ANY_MODEL)


def read_prices(text: str) -> dict[str, tuple[float, float]]:
    """Prices as they are set: "llama3.2=0.1/0.4, *=1/2". Raises ValueError."""
    prices = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        model, sign, numbers = part.rpartition("=")
        given, slash, made = numbers.partition("/")
        try:
            price = (float(given), float(made))
        except ValueError:
            price = (-1.0, -1.0)
        if not (sign and slash and model.strip()) or not all(0 <= number < MILLION for number in price):
            raise ValueError(
                f"{part!r} is no price; write model=input/output in US dollars a million tokens, "
                "such as llama3.2=0.1/0.4"
            )
        prices[model.strip()] = price
    return prices


def cost_usd(
    model: str,
    *,
    base_url: str,
    now: datetime,
    input_tokens: int,
    output_tokens: int,
    cached_tokens: int = 0,
) -> float | None:
    """The price of one call in US dollars; None where server or model has no known price (a local one, say).

    `input_tokens` holds the cached ones too. The prices are those that genai-prices ships; nothing is fetched.
    """
    cached_tokens = min(cached_tokens, input_tokens)
    found = _found(model, base_url)
    if found is None or cached_tokens < 0 or output_tokens < 0:
        return None
    return float(_amount(found.get_prices(now), input_tokens, output_tokens, cached_tokens))


def load() -> None:
    """Load the tables, which takes a tenth of a second or two: do it on a thread before the first call ends."""
    # Imported here: the tables take about 5 MB, and processes that never call a model go without them.
    import genai_prices.data_snapshot

    genai_prices.data_snapshot.get_snapshot()


@lru_cache(maxsize=REMEMBERED)
def _found(model: str, base_url: str) -> ModelInfo | None:
    """The model in the tables, which never change while a process lives; servers choose what they call theirs."""
    # Imported here: see load.
    from genai_prices.data_snapshot import get_snapshot

    try:
        return get_snapshot().find_provider_model(model, None, None, _known_url(base_url))[1]
    except LookupError:
        return None


def _amount(prices: ModelPrice, given: int, made: int, cached: int) -> Decimal:
    # Not calc_price, which checks the tables and takes usage of forty kinds apart at each call: 90 us against 5. A
    # test holds this to what it says for every model.
    from genai_prices.types import calc_unit_price

    cheaper = prices.cache_read_mtok
    if cheaper is None:
        cached = 0
    return (
        calc_unit_price(prices.input_mtok, given - cached, given, MILLION)
        + calc_unit_price(cheaper, cached, given, MILLION)
        + calc_unit_price(prices.output_mtok, made, given, MILLION)
        + calc_unit_price(prices.requests_kcount, 1, given, 1000)
    )


def _known_url(base_url: str) -> str:
    """The URL without credentials, and OpenAI's regional hosts as the one that the tables know."""
    try:
        host = (urlsplit(base_url).hostname or "").lower()
    except ValueError:
        return ""
    if host.endswith("." + OPENAI_HOST):
        host = OPENAI_HOST
    return f"https://{host}{urlsplit(base_url).path}"
