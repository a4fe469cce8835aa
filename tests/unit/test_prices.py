"""What model calls cost."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from genai_prices import Usage
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
)

from adapters.llm import prices
from adapters.llm.prices import cost_usd

OPENAI = "https://api.openai.com/v1"
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def price(
    model: str,
    base_url: str = OPENAI,
    *,
    given: int = 1_000_000,
    made: int = 0,
    cached: int = 0,
    now: datetime = NOW,
) -> float | None:
    return cost_usd(
        model, base_url=base_url, now=now, input_tokens=given, output_tokens=made, cached_tokens=cached
    )


def test_a_call_costs_what_its_tokens_cost() -> None:
    given, made = price("gpt-5-mini"), price("gpt-5-mini", given=0, made=1_000_000)
    assert given is not None
    assert made is not None
    assert 0 < given < made
    assert price("gpt-5-mini", given=500_000, made=500_000) == pytest.approx((given + made) / 2)


def test_cached_tokens_are_cheaper_and_never_counted_twice() -> None:
    full, half, all_cached = (price("gpt-5-mini", cached=n) for n in (0, 500_000, 1_000_000))
    assert full is not None
    assert half is not None
    assert all_cached is not None
    assert all_cached < half < full
    assert price("gpt-5-mini", cached=9_000_000) == all_cached


@pytest.mark.parametrize(
    "base_url",
    [
        "https://api.openai.com/v1/",
        "https://eu.api.openai.com/v1",
        "https://API.openai.com/v1",
        "https://someone:invented@api.openai.com/v1",
    ],
)
def test_openai_is_known_by_all_its_addresses(base_url: str) -> None:
    assert price("gpt-5-mini", base_url) == price("gpt-5-mini")


def test_a_dated_model_costs_what_its_family_costs() -> None:
    assert price("gpt-5-mini-2025-08-07") == price("gpt-5-mini")


@pytest.mark.parametrize(
    ("model", "base_url"),
    [
        ("llama3.2", OPENAI),
        ("", OPENAI),
        ("gpt-5-mini", "http://127.0.0.1:11434/v1"),
        ("gpt-5-mini", "http://ollama.internal/v1"),
        ("gpt-5-mini", "http://[::1"),
    ],
)
def test_an_unknown_model_or_server_has_no_price(model: str, base_url: str) -> None:
    assert price(model, base_url) is None


def test_no_tokens_cost_nothing() -> None:
    assert price("gpt-5-mini", given=0) == 0.0


def test_every_model_costs_what_the_package_of_the_tables_says() -> None:
    assert _others(get_snapshot().providers) == {}


def _others(providers: list[Provider]) -> dict[str, object]:
    usages = ((300_000, 50, 1_000), (900, 70, 900))
    found: dict[str, object] = {}
    # Tiers, prices a request, and models without a price of cached tokens are all among these.
    for provider in (one for one in providers if one.id in ("openai", "google", "perplexity")):
        for model in provider.models:
            for given, made, cached in usages:
                usage = Usage(input_tokens=given, output_tokens=made, cache_read_tokens=cached)
                theirs = model.calc_price(usage, provider, genai_request_timestamp=NOW).total_price
                ours = prices._amount(model.get_prices(NOW), given, made, cached)
                if ours != theirs:
                    found[model.id] = (ours, theirs)
    return found


def test_numbers_that_no_server_should_say_have_no_price() -> None:
    assert price("gpt-5-mini", given=-1) is None
    assert price("gpt-5-mini", made=-1) is None
    assert price("gpt-5-mini", cached=-1) is None


def test_a_price_changes_on_its_day_while_the_process_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    day = datetime(2100, 1, 1, tzinfo=UTC)
    before = ConditionalPrice(prices=ModelPrice(input_mtok=Decimal(5)))
    after = ConditionalPrice(StartDateConstraint(day.date()), prices=ModelPrice(input_mtok=Decimal(7)))
    model = ModelInfo("m", ClauseEquals("m"), prices=[before, after])
    monkeypatch.setattr(prices, "_found", lambda *_: model)
    assert (price("m"), price("m", now=day)) == (5.0, 7.0)
