"""Answers as HTML on the page: right to read, and able to do nothing else."""

from __future__ import annotations

import pytest

from bot.page.markup import to_html

HARMLESS = [
    ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ('<img src=x onerror="alert(1)">', '&lt;img src=x onerror="alert(1)"&gt;'),
    ("**bold** <b>raw</b>", "<strong>bold</strong> &lt;b&gt;raw&lt;/b&gt;"),
    ("<style>*{display:none}</style>", "&lt;style&gt;*{display:none}&lt;/style&gt;"),
    ("<!channel> <@U123> @everyone", "&lt;!channel&gt; &lt;@U123&gt; @everyone"),
    ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
]


# INPUTS 24
@pytest.mark.parametrize(("markdown", "html"), HARMLESS)
def test_markup_in_an_answer_is_text(markdown: str, html: str) -> None:
    assert to_html(markdown).strip() == f'<p dir="auto">{html}</p>'


# INPUTS 24
@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#x0A;script:alert(1)",
        "&#106;avascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "data:image/png;base64,aGVsbG8=",
        "vbscript:x",
        "file:///etc/passwd",
        "/leave",
        "//evil.example/x",
        "blob:0f3a",
    ],
)
@pytest.mark.parametrize("form", ["[words]({})", "![words]({})", "[words][1]\n\n[1]: {}", "<{}>"])
def test_a_link_leads_to_pages_and_mail_only(target: str, form: str) -> None:
    assert "href" not in to_html(form.format(target))


def test_a_link_opens_elsewhere_and_tells_nothing() -> None:
    html = to_html("[docs](https://example.org/a_b?q=1 'the \"title\"')")

    assert 'href="https://example.org/a_b?q=1"' in html
    assert 'target="_blank"' in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_an_image_is_a_link_that_loads_nothing() -> None:
    html = to_html("![the **chart**](https://example.org/secret.png)")

    assert "<img" not in html
    assert ">the chart</a>" in html
    assert to_html("![](https://example.org/x.png)").count(">image</a>") == 1


def test_addresses_become_links_and_names_of_files_do_not() -> None:
    assert 'href="https://example.org/x"' in to_html("see https://example.org/x, and notes.md or example.org")
    assert to_html("see https://example.org/x, and notes.md or example.org").count("<a ") == 1
    assert "<a " not in to_html("`https://example.org`")


def test_headings_stand_below_the_page_s_own() -> None:
    html = to_html("# one\n\n## two\n\n###### six")

    assert [part[:2] for part in html.split("<")[1::2]] == ["h3", "h4", "h6"]


def test_a_table_keeps_its_alignment_without_styles_of_its_own() -> None:
    html = to_html("| a | b |\n|:--|--:|\n| 1 | 2 |")

    assert "style" not in html
    assert '<td class="right" dir="auto">2</td>' in html
    assert '<div class="wide" role="region" aria-label="Table" tabindex="0"><table>' in html


def test_code_is_kept_to_the_letter() -> None:
    html = to_html("```python\nif a < b:\n    print('&amp; **x**')\n```")

    assert "if a &lt; b:\n    print('&amp;amp; **x**')\n" in html
    assert "<strong>" not in html


def test_line_breaks_of_plain_text_stay() -> None:
    assert "one<br>" in to_html("one\ntwo")
