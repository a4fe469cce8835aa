"""Answers as Telegram gets them, beyond what the golden answer holds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.chat.telegram import formatting
from adapters.chat.telegram.markdown import width
from core.models import Reply
from tests.counterparts.telegram.checks import check_text, units


def shown(markdown: str) -> list[str]:
    """The texts of all parts, each as the server would take it."""
    texts = []
    for part in formatting.split(Reply(text=markdown)):
        text, entities = formatting.to_text(part.text)
        check_text(text, [one.to_dict() for one in entities])
        texts.append(text)
    return texts


WORDS = [
    ("@ada_b and ops@example.org", "@\u2060ada_b and ops@example.org"),
    ("see https://medium.com/@ada_b", "see https://medium.com/@ada_b"),
    ("`@dataclass`", "@dataclass"),
    ("a || b || c costs $5 or $10 in $HOME/$PATH", "a || b || c costs $5 or $10 in $HOME/$PATH"),
    (r"\$x\$ \|\| y", "$x$ || y"),
    ("<!channel> hi\nall", "<!channel> hi\nall"),
    ("<div>\nkept\n</div>", "<div>\nkept\n</div>"),
    ("one<br>two", "one\ntwo"),
    ("> a\n> > b", "a\n» b"),
    ("- [x] done\n- [ ] open", "☑ done\n☐ open"),
    ("- a\n    - b\n      ```sh\n      echo $HOME || x <b>\n      ```", "• a\n  • b\necho $HOME || x <b>"),
    ("| a | b |\n| --- | ---: |\n| `x` <br> y | 10 |\n| z || c |", "a   |   b\n----+----\nx y |  10\nz   |"),
    ("<https://example.org/$x$>", "https://example.org/$x$"),
    ("   ", "…"),
]


@pytest.mark.parametrize(("markdown", "text"), WORDS)
def test_what_telegram_would_take_for_markup_is_shown_as_it_is(markdown: str, text: str) -> None:
    assert shown(markdown) == [text]


def test_the_address_of_a_link_stays_as_it_is() -> None:
    (link,) = formatting.to_text("[x](https://medium.com/@ada_b)")[1]
    assert link.url == "https://medium.com/@ada_b"


def test_entities_move_with_the_joiners_before_and_inside_of_them() -> None:
    text, entities = formatting.to_text("🎉 @ada_b **and @bob_c** _end_")
    encoded = text.encode("utf-16-le")
    pieces = [encoded[one.offset * 2 : (one.offset + one.length) * 2].decode("utf-16-le") for one in entities]
    assert pieces == ["and @\u2060bob_c", "end"]


def test_every_message_of_a_table_that_is_cut_has_its_head() -> None:
    rows = "\n".join(f"| row {number} | {'word ' * 8}|" for number in range(200))
    texts = shown(f"Before.\n\n| Name | What |\n| --- | --- |\n{rows}\n\nAfter.")
    assert len(texts) > 2
    assert all("Name" in text and "\n---" in text for text in texts)
    assert re.findall(r"row (\d+) ", "\n".join(texts)) == [str(number) for number in range(200)]


def test_a_list_that_is_cut_stays_a_list() -> None:
    items = "\n".join(f"    - inner {number} {'word ' * 12}" for number in range(120))
    markdown = f"- outer\n{items}\n- last"
    for part in formatting.split(Reply(text=markdown)):
        text, entities = formatting.to_text(part.text)
        assert not [one for one in entities if one.type == "pre"]
        assert all(line.lstrip().startswith("•") for line in text.split("\n"))


def test_a_heading_is_not_left_alone_at_the_end_of_a_message() -> None:
    markdown = "\n\n".join(f"## Part {number}\n\n{'word ' * 150}" for number in range(12))
    for text in shown(markdown):
        assert not re.match(r"Part \d+$", text.split("\n")[-1])


def test_more_markup_than_a_message_holds_goes_into_the_next_one() -> None:
    texts = [formatting.to_text(part.text) for part in formatting.split(Reply(text="**a** b " * 250))]
    assert sum(len(entities) for _, entities in texts) == 250
    assert all(len(entities) <= 100 for _, entities in texts)


@given(st.text(alphabet="ab |\n`<>@$_*~-[](:)/!#🎉\u05d0", max_size=6000))
def test_the_server_takes_every_part_of_whatever_is_said(markdown: str) -> None:
    assert all(units(text) <= 4096 for text in shown(markdown))


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("abc", 3),
        ("苹果", 4),
        ("🍐", 2),
        ("👩‍👩‍👧‍👦", 2),
        ("👍🏽", 2),
        ("✈️", 2),
        ("e\u0301", 1),
        ("שם", 2),
        ("🇩🇪", 2),
    ],
)
def test_columns_are_as_wide_as_they_look(text: str, columns: int) -> None:
    assert width(text) == columns
