"""What model calls cost."""

from __future__ import annotations

import pytest

from adapters.llm.prices import cost_usd

OPENAI = "https://api.openai.com/v1"


def price(
    model: str, base_url: str = OPENAI, *, given: int = 1_000_000, made: int = 0, cached: int = 0
) -> float | None:
    return cost_usd(model, base_url=base_url, input_tokens=given, output_tokens=made, cached_tokens=cached)


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
