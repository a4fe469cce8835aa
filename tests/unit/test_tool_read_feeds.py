"""The feed reader: which requests are its own, and feeds of every kind over a real server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from core.errors import ToolFailed
from tests.counterparts.web import WebServer, web_server
from tests.unit.tool_bench import said, task, tools

RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>Ops</title>
<item><title>Second outage</title><link>https://example.org/2</link>
<pubDate>Sat, 21 Nov 2026 10:00:00 GMT</pubDate>
<description>&lt;p&gt;The queue &lt;b&gt;stopped&lt;/b&gt; for an hour.&lt;/p&gt;</description></item>
<item><title>First outage</title><link>https://example.org/1</link>
<pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate></item>
</channel></rss>"""
ATOM = """<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Releases</title>
<entry><title>Version 2</title><link href="/v2"/><id>v2</id>
<updated>2026-11-20T08:00:00Z</updated><summary>Faster.</summary></entry></feed>"""
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Notes",
        "items": [
            {
                "id": "1",
                "url": "https://example.org/j",
                "title": "A note",
                "content_text": "Some text.",
                "date_published": "2026-11-21T12:00:00+01:00",
            }
        ],
    }
)


@pytest.fixture
async def server() -> AsyncIterator[WebServer]:
    async with web_server() as served:
        yield served


@pytest.mark.parametrize(
    ("text", "addresses", "items"),
    [
        ("what's new on https://example.org/feed.xml", ["https://example.org/feed.xml"], 10),
        ("headlines from https://example.org/blog", ["https://example.org/blog"], 10),
        (
            "digest of these feeds: https://example.org/rss https://example.com/atom.xml",
            ["https://example.org/rss", "https://example.com/atom.xml"],
            10,
        ),
        ("whats nwe on https://example.net/feed.xml", ["https://example.net/feed.xml"], 10),
        ("the last 5 entries of https://example.org/feed.json", ["https://example.org/feed.json"], 5),
        (
            "summarise the feed at https://example.com/posts/feed.xml",
            ["https://example.com/posts/feed.xml"],
            10,
        ),
        ("anything new on https://example.org/blog?", ["https://example.org/blog"], 10),
        (
            "any news in https://status.example.com/history.atom ?",
            ["https://status.example.com/history.atom"],
            10,
        ),
        ("@feeds https://example.org/blog", ["https://example.org/blog"], 10),
        ("https://example.org/feed/", ["https://example.org/feed/"], 10),
        ("get me 99 headlines of <https://example.org/rss>", ["https://example.org/rss"], 50),
    ],
)
def test_feeds_to_read_are_recognised(text: str, addresses: list[str], items: int) -> None:
    feeds = tools()["read_feeds"].parse(task(text))
    assert feeds is not None
    assert (list(feeds.addresses), feeds.items) == (addresses, items)


@pytest.mark.parametrize(
    "text",
    [
        "summarise https://example.org/post",
        "what does https://example.org/news-policy say",
        "note: the feed https://example.org/rss is broken",
        "mail ops@example.org that https://example.org/feed.xml is down",
        "headlines",
        "what's new",
        "",
        "read https://example.org/sitemap.xml.html",
        "make this friendlier: remember to send the feed URL to Bob",
    ],
)
def test_other_requests_are_left_alone(text: str) -> None:
    assert tools()["read_feeds"].parse(task(text)) is None


async def test_feeds_are_merged_newest_first(server: WebServer) -> None:
    server.serve("/rss", RSS, type="application/rss+xml")
    server.serve("/atom.xml", ATOM, type="application/atom+xml")
    server.serve("/feed.json", JSON_FEED, type="application/feed+json")
    text = await said(
        tools()["read_feeds"],
        task(
            f"digest of {server.address('/rss')} {server.address('/atom.xml')} {server.address('/feed.json')}"
        ),
    )
    titles = [line for line in text.splitlines() if line.startswith("- ")]
    assert titles == [
        "- [A note](https://example.org/j) (21 November 2026, 11:00, Notes)",
        "- [Second outage](https://example.org/2) (21 November 2026, 10:00, Ops)",
        f"- [Version 2]({server.address('/v2')}) (20 November 2026, 08:00, Releases)",
        "- [First outage](https://example.org/1) (2 November 2026, 10:00, Ops)",
    ]
    assert "  The queue stopped for an hour." in text.splitlines()


async def test_the_number_of_entries_is_kept(server: WebServer) -> None:
    address = server.serve("/rss", RSS, type="application/rss+xml")
    text = await said(tools()["read_feeds"], task(f"latest 1 headlines from {address}"))
    assert "Second outage" in text
    assert "First outage" not in text
    assert "1 more entry." in text


async def test_a_page_is_followed_to_the_feed_that_it_names_once(server: WebServer) -> None:
    server.serve("/rss", RSS, type="application/rss+xml")
    page = server.serve(
        "/blog", '<html><head><link rel="alternate" type="application/rss+xml" href="/rss"></head></html>'
    )
    assert "Second outage" in await said(tools()["read_feeds"], task(f"headlines from {page}"))
    server.serve(
        "/a", '<html><head><link rel="alternate" type="application/rss+xml" href="/b"></head></html>'
    )
    server.serve(
        "/b", '<html><head><link rel="alternate" type="application/rss+xml" href="/rss"></head></html>'
    )
    with pytest.raises(ToolFailed, match="no feed"):
        await said(tools()["read_feeds"], task(f"headlines from {server.address('/a')}"))


async def test_broken_feeds_are_named_among_the_others(server: WebServer) -> None:
    server.serve("/rss", RSS, type="application/rss+xml")
    server.serve("/broken.xml", "<rss><channel><item", type="application/rss+xml")
    text = await said(
        tools()["read_feeds"], task(f"digest of {server.address('/rss')} and {server.address('/broken.xml')}")
    )
    assert "Second outage" in text
    assert "Not read:" in text
    assert "127.0.0.1 sends" in text


@pytest.mark.parametrize(
    ("body", "type"),
    [
        ("", "application/rss+xml"),
        ("not xml at all", "text/plain"),
        ("{}", "application/json"),
        ("{", "application/json"),
        ("[" * 100_000, "application/json"),
        ('{"version": "https://jsonfeed.org/version/1", "items": 3}', "application/json"),
        ("<html><head></head></html>", "text/html"),
        ("\x00\x01", "application/xml"),
    ],
)
async def test_what_is_no_feed_fails_plainly(body: str, type: str, server: WebServer) -> None:
    with pytest.raises(ToolFailed, match=r"no feed|broken"):
        await said(tools()["read_feeds"], task(f"headlines from {server.serve('/feed', body, type=type)}"))


async def test_a_feed_makes_no_links_of_its_own_and_reaches_no_file(server: WebServer) -> None:
    evil = RSS.replace("https://example.org/2", "javascript:alert(1)").replace(
        "Second outage", "@channel &lt;!here&gt; [x](https://evil.example)"
    )
    evil = evil.replace(
        '<?xml version="1.0"?>',
        '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY passwd SYSTEM "file:///etc/passwd">]>',
    )
    evil = evil.replace("First outage", "&passwd;")
    text = await said(
        tools()["read_feeds"],
        task(f"headlines from {server.serve('/rss', evil, type='application/rss+xml')}"),
    )
    assert "root:" not in text
    for live in ("javascript:", "@channel", "<!here", "](https://evil"):
        assert live not in text, live


async def test_an_entity_bomb_does_no_harm(server: WebServer) -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = (
        f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "boom">{levels}]><rss '
        'version="2.0"><channel><title>&l11;</title></channel></rss>'
    )
    try:
        text = await said(
            tools()["read_feeds"],
            task(f"headlines from {server.serve('/rss', bomb, type='application/rss+xml')}"),
        )
    except ToolFailed:
        return
    assert len(text) < 10_000
