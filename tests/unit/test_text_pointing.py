"""Sums that go on from an earlier number."""

from __future__ import annotations

import pytest

from adapters.text.pointing import about_it

SUMS: list[tuple[str, str | None]] = [
    ("halve the result", "it / 2"),
    ("then double it", "it * 2"),
    ("take 15% of that", "15% of it"),
    ("next, find 20 percent of the total", "20% of it"),
    ("and then take the square root of it", "sqrt(it)"),
    ("tell me what half of that is", "it / 2"),
    ("add 8", "it + 8"),
    ("plus 3.5", "it + 3.5"),
    ("subtract 10 from the answer", "it - 10"),
    ("take 4 from that", "it - 4"),
    ("multiply by 3", "it * 3"),
    ("divide that by 7.", "it / 7"),
    ("add 19% to the price", "it + 19%"),
    ("take 20% off", "it - 20%"),
    ("increase it by 5%", "it + 5%"),
    ("square it", "it ^ 2"),
    ("add 8 to the list", None),
    ("add milk", None),
    ("take that to the bank", None),
    ("double check it", None),
    ("split the team by 2 pm", None),
    ("half of the team is away", None),
]


@pytest.mark.parametrize(("text", "expression"), SUMS)
def test_what_goes_on_from_a_number_is_a_sum_about_it(text: str, expression: str | None) -> None:
    assert about_it(text) == expression
