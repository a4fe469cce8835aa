"""Answers as Slack gets them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.chat.slack import blocks
from adapters.chat.slack.markdown import cut, neutralise, size, to_plain
from core.models import Artifact, Button, Reply

PING = re.compile(
    r"(?:<|&lt;)(?:!(?:channel|here|everyone|subteam)|[@#])|(?<!\w)@(?:channel|here|everyone)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**bold** and `code` and [x](https://x.y)", "**bold** and `code` and [x](https://x.y)"),
        ("2 < 3 & 4 > 3", "2 < 3 & 4 > 3"),
        ("<!channel> <@U1> <#C1>", "&lt;\u2060!channel> <\u2060@U1> <\u2060#C1>"),
        ("`<!here>`", "`<\u2060!here>`"),
        ("&lt;!here&gt; &#60;@U1>", "&lt;\u2060!here&gt; &#60;\u2060@U1>"),
        ("@everyone, @Here: bob@here.com", "@\u2060everyone, @\u2060Here: bob@here.com"),
        ("<script>x</script>", "&lt;script>x&lt;/script>"),
        ("`<b>` stays", "`<b>` stays"),
        ("```html\n<!DOCTYPE html><b>\n```", "```html\n<!DOCTYPE html><b>\n```"),
        ("<https://x.y/a> <mailto:a@b.c>", "https://x.y/a mailto:a@b.c"),
        ("[x](javascript:alert(1)) y", "[x] y"),
        ("[a [b] c](JavaScript:alert('1'))", "[a [b] c]"),
        ("[x](<java&#x73;cript:alert(1)> 'title')", "[x]"),
        ("![x](data:text/html;base64,AAAA)", "![x]"),
        ("[x](/relative \"t\") [y](mailto:a@b.c)", "[x](/relative \"t\") [y](mailto:a@b.c)"),
        ("[x]\n\n[x]: javascript:alert(1)\n", "[x]\n\n\n"),
        ("`[x](javascript:1)`", "`[x](javascript:1)`"),
    ],
)  # fmt: skip
def test_row_24_only_what_is_harmful_changes(markdown: str, shown: str) -> None:
    assert neutralise(markdown) == shown


@given(st.text(alphabet="<>!@#&;`~\\ \nahelrctv()[]:1"))
def test_row_24_nothing_pings_whatever_it_is_wrapped_in(text: str) -> None:
    markdown = f"{text}<!channel>{text}<@U1>{text} @here {text}"
    assert not PING.search(neutralise(markdown))
    assert not re.search("<|(?<!\\w)@here", to_plain(markdown, limit=3000))


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("## Sum\n\n**2** and __3__", "Sum\n\n2 and 3"),
        ("[docs](https://x.y) ![logo](https://x.y/l.png)", "docs (https://x.y) logo (https://x.y/l.png)"),
        ("[x](javascript:alert)", "x"),
        ("<!channel> & @here", "&lt;!channel&gt; &amp; @\u2060here"),
        ("", ""),
    ],
)
def test_notifications_get_plain_escaped_text(markdown: str, plain: str) -> None:
    assert to_plain(markdown, limit=3000) == plain


@given(st.text(alphabet="<&ab🎉\n"), st.integers(min_value=20, max_value=60))
def test_plain_text_is_cut_between_entities(text: str, limit: int) -> None:
    plain = to_plain(text, limit=limit)
    assert size(plain) <= limit
    assert re.fullmatch(r"(?:&(?:amp|lt|gt);|[^&<>])*", plain)


@pytest.mark.parametrize(
    ("markdown", "parts"),
    [
        ("short", ["short"]),
        ("", [""]),
        ("a" * 30 + "\n\n" + "b" * 30, ["a" * 30, "b" * 30]),
        ("a" * 25 + "\n- " + "b" * 30, ["a" * 25, "- " + "b" * 30]),
        ("a" * 25 + ". " + "b" * 30, ["a" * 25 + ".", "b" * 30]),
        ("a" * 90, ["a" * 40, "a" * 40, "a" * 10]),
    ],
)
def test_a_long_answer_is_cut_where_it_hurts_least(markdown: str, parts: list[str]) -> None:
    assert cut(markdown, limit=40) == parts


def test_a_code_block_that_is_cut_is_closed_and_opened_again() -> None:
    lines = [f"line {number}" for number in range(60)]
    parts = cut("Before\n\n```python\n" + "\n".join(lines) + "\n```\n\nAfter", limit=200)
    assert len(parts) > 2
    for part in parts[:-1]:
        assert part.count("```") == 2
    assert all(part.startswith("```python\n") for part in parts[1:-1])
    assert [line for part in parts for line in part.split("\n") if line.startswith("line")] == lines
    assert parts[-1].endswith("After")


@given(st.text(alphabet="ab .\n`<@!#🎉~-", max_size=3000))
def test_every_part_fits_and_no_word_is_lost(text: str) -> None:
    parts = cut(text, limit=300)
    assert all(size(neutralise(part)) <= 300 for part in parts)
    assert "".join(re.findall("[ab🎉!#@]", "".join(parts))) == "".join(re.findall("[ab🎉!#@]", text))


def test_buttons_and_files_are_on_the_last_part() -> None:
    button = Button(action="retry", label="Retry", value="d1")
    file = Artifact(name="a.csv", path="a.csv", media_type="text/csv", size_bytes=1)
    parts = blocks.split(Reply(text="word " * 6000, buttons=(button,), files=(file,)))
    assert len(parts) == 3
    assert [(part.buttons, part.files) for part in parts] == [((), ()), ((), ()), ((button,), (file,))]
    assert all(blocks.fits(part) for part in parts)


def test_a_long_label_is_cut() -> None:
    message = blocks.to_message(
        Reply(text="x", buttons=(Button(action="retry", label="r" * 90, value="d1"),))
    )
    assert len(message["blocks"][1]["elements"][0]["text"]["text"]) == 75
