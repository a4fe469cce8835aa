"""What a list of schedules tells of the last answer, in one line."""

from __future__ import annotations

import pytest

from bot.cli.schedules import first_line


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("6 × 7 = **42**\n\n_No model was used._", "6 × 7 = 42"),
        (
            "That did not work:\n- **feeds**: There is no host named example.org.",
            "That did not work: feeds: There is no host named example.org.",
        ),
        ("_One run was missed: Tue 1 Dec._\n\nIt is **15:50** in Tokyo.", "It is 15:50 in Tokyo."),
        ("## Harbour news:\n\n1. Ferry late\n2. New crane", "Harbour news: Ferry late"),
        ("> said somebody\n\nmore", "said somebody"),
        ("**clock**: It is 9.", "clock: It is 9."),
        ("_One run was missed._", "One run was missed."),
        ("Only this leads up:", "Only this leads up:"),
        ("", ""),
    ],
)
def test_it_is_the_first_line_that_says_something(answer: str, expected: str) -> None:
    assert first_line(answer) == expected
