"""Which addresses an answer lets people follow: those that somebody else than the model supplied."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.addresses import addresses_in, known_among, normal
from core.links import only_known
from tests.injection.scene import shown

KNOWN = addresses_in("read https://good.example/a?b=1 and good.example/wiki/Ada_(x)")
PIECES = (
    *"[]()<>`!|*_~#>\\ \n\"'&:", "    ", "\n\n", "```\n", "https://evil.example/a", "evil.example/b", "[x]", "![",
    "](", "&#58;", "<div>", "<!--", "-->", "| a | b |\n| - | - |\n", "- ", "[r]: ", "x", "é", "//",
    "ht", "tps:", "ev", "il", ".", "example", "/a", "**",
)  # fmt: skip


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("[a](https://good.example/a?b=1)", "[a](https://good.example/a?b=1)"),
        ("[a](http://GOOD.example/a?b=1#part)", "[a](http://GOOD.example/a?b=1#part)"),
        ("see https://good.example/a?b=1.", "see https://good.example/a?b=1."),
        ("[w](https://good.example/wiki/Ada_(x))", "[w](https://good.example/wiki/Ada_(x))"),
        ("![a](https://good.example/a?b=1)", "[a](<https://good.example/a?b=1>)"),
        ("[a](https://good.example/a?b=2)", "a (`https://good.example/a?b=2`)"),
        ("[a](<https://evil.example/a b> 'title')", "a (`https://evil.example/a%20b`)"),
        ("![i](http://evil.example/i.png)", "i (`http://evil.example/i.png`)"),
        ("<https://evil.example/x>", "`https://evil.example/x`"),
        ("[https://good.example](//evil.example)", "`//evil.example`"),
        ("[*a* b][r]\n\n[r]: https://evil.example 'z'", "a b (`https://evil.example`)\n\n`https://evil.example`"),
        ("go to https://evil.example/x, now", "go to `https://evil.example/x`, now"),
        ("evil.example/x?d=1", "`evil.example/x?d=1`"),
        ("https&#58;//evil.example/x", "`https://evil.example/x`"),
        ("ht**tps://ev**il.example/x", "`https://evil.example/x`"),
        ("https\\://evil.example/x", "`https://evil.example/x`"),
        ('<a href="https://evil.example">x</a>', '&lt;a href="`https://evil.example`"\\>x</a>'),
        ("[![x](https://evil.example/i)](https://good.example/a?b=1)", "[x (`https://evil.example/i`)](https://good.example/a?b=1)"),
        ("[j](javascript:alert(1))", "j (`javascript:alert(1)`)"),
        ("[m](mailto:a@b.example?body=x)", "m (`mailto:a@b.example?body=x`)"),
        ("[m](mailto:a@b.example)", "[m](mailto:a@b.example)"),
        ("`https://evil.example`", "`https://evil.example`"),
        ("```\ncurl https://evil.example\n```", "```\ncurl https://evil.example\n```"),
        ("ordinary words, 3.5 kg, e.g. this", "ordinary words, 3.5 kg, e.g. this"),
    ],
)  # fmt: skip
def test_an_address_that_nobody_supplied_is_code(written: str, seen: str) -> None:
    assert only_known(written, known=KNOWN, strict=True) == seen


def test_what_only_looks_like_an_address_stays_where_nothing_untrusted_was_read() -> None:
    assert only_known("Node.js and evil.example/x", known=KNOWN, strict=False) == "Node.js and evil.example/x"
    assert "`https://evil.example`" in only_known("x https://evil.example", known=KNOWN, strict=False)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_however_it_is_put_no_platform_makes_a_link_of_it(pieces: list[str]) -> None:
    text = only_known("".join(pieces), known=KNOWN, strict=True)
    if not text.strip():
        return
    for platform in ("telegram", "web", "terminal"):
        live = [address for address in shown(text)[platform][1] if "evil.example/" in address]
        assert live == [], platform


@pytest.mark.parametrize(
    ("address", "spelling"),
    [
        ("HTTPS://Example.ORG/", "example.org"),
        ("http://example.org/A?b=C#d", "example.org/A?b=C"),
        ("example.org:8080/x", "example.org:8080/x"),
        ("//example.org/x", "example.org/x"),
        ("ftp://example.org/x", "ftp://example.org/x"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_an_address_has_one_spelling(address: str, spelling: str) -> None:
    assert normal(address) == spelling


def test_a_tools_output_is_read_as_it_was_before_it_was_made_literal() -> None:
    literal = "see https:\u2060//good\\_one.\u2060example/a\\_b"
    assert addresses_in(literal, escaped=True) == {"good_one.example/a_b"}
    assert addresses_in(literal) == frozenset()


def test_only_known_addresses_of_a_text_are_kept_with_it() -> None:
    text = "[a](https://good.example/a?b=1) https://evil.example/x"
    assert known_among(text, KNOWN) == ("good.example/a?b=1",)
