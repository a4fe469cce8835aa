"""RSS, Atom and JSON feeds as one list, newest first."""

from __future__ import annotations

import asyncio
import calendar
import io
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

from yarl import URL

from adapters.text.markdown import line, link
from adapters.web import Fetched, Fetcher
from adapters.web.documents import to_text
from adapters.web.pages import none_read
from core.errors import FlowMateError, ToolFailed

MAX_FEEDS = 10
MAX_ENTRIES = 200
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")


@dataclass(frozen=True)
class Entry:
    """One entry of a feed; all of it is untrusted."""

    title: str
    address: str
    summary: str
    at: datetime | None
    feed: str


async def read_feeds(fetch: Fetcher, addresses: tuple[str, ...], *, items: int, zone: str) -> str:
    """The newest entries over all feeds; the feeds that fail are named. Raises where none could be read."""
    found = await asyncio.gather(*(_read(fetch, address) for address in addresses), return_exceptions=True)
    entries: list[Entry] = []
    failed: list[tuple[str, FlowMateError]] = []
    for address, feed in zip(addresses, found, strict=True):
        if isinstance(feed, list):
            entries.extend(feed)
        elif isinstance(feed, FlowMateError):
            failed.append((address, feed))
        else:
            raise feed
    if len(failed) == len(addresses):
        raise none_read([error for _, error in failed])
    parts = [_shown(_newest_first(entries), items=items, several=len(addresses) > 1, zone=ZoneInfo(zone))]
    if failed:
        parts.append(
            "Not read:\n"
            + "\n".join(f"- {line(address, limit=120)}: {error.sentence}" for address, error in failed)
        )
    return "\n\n".join(parts)


async def _read(fetch: Fetcher, address: str) -> list[Entry]:
    """The feed at an address, or the one that the page there names (one step only)."""
    document = await fetch.fetch(address)
    if _is_page(document):
        onward = await asyncio.to_thread(feed_of_page, document)
        if onward is None:
            raise ToolFailed(f"That page of {URL(document.url).host} names no feed.")
        document = await fetch.fetch(onward)
        if _is_page(document):
            raise ToolFailed(f"What {URL(document.url).host} names as its feed is no feed.")
    # On a thread: taking a large feed apart needs a noticeable time of a processor.
    return await asyncio.to_thread(to_entries, document)


def _is_page(document: Fetched) -> bool:
    head = document.body[:2000].lstrip().lower()
    if re.search(rb"<(?:rss|feed|rdf:rdf|\?xml-stylesheet)\b", head):
        return False
    return "html" in document.media_type or head.startswith((b"<!doctype html", b"<html"))


class _Alternates(HTMLParser):
    """Collects `<link rel="alternate" type="application/rss+xml" href="…">`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "link":
            return
        given = {name: (value or "") for name, value in attrs}
        kind = given.get("type", "").lower().strip()
        if "alternate" in given.get("rel", "").lower().split() and kind in _FEED_TYPES and given.get("href"):
            self.found.append(given["href"].strip())


def feed_of_page(document: Fetched) -> str | None:
    """The address of the first feed that a page names; comment feeds last."""
    parser = _Alternates()
    parser.feed(to_text(document)[:300_000])
    addresses = sorted(parser.found, key=lambda address: "comment" in address.lower())
    try:
        return str(URL(document.url).join(URL(addresses[0]))) if addresses else None
    except ValueError:
        return None


def to_entries(document: Fetched) -> list[Entry]:
    """The entries of a feed. Raises ToolFailed where it is none, or broken beyond reading."""
    host = URL(document.url).host or "that address"
    if "json" in document.media_type or document.body[:200].lstrip().startswith(b"{"):
        return _from_json(document, host)
    # Imported here: only processes that read feeds should hold it.
    import feedparser

    # A stream, never a string: feedparser would take a string for an address or a file's name.
    headers = {
        "content-type": document.media_type + (f"; charset={document.charset}" if document.charset else ""),
        "content-location": document.url,
    }
    try:
        parsed: Any = feedparser.parse(io.BytesIO(document.body), response_headers=headers)
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise ToolFailed(f"{host} sends a feed that is broken.") from error
    if not parsed.entries and (parsed.get("bozo") or not parsed.get("version")):
        broken = parsed.get("version") or document.body[:200].lstrip().startswith(b"<")
        raise ToolFailed(f"{host} sends a feed that is broken." if broken else f"{host} sends no feed.")
    name = _plain(parsed.feed.get("title", "")) or host
    return [_entry(entry, name, document.url) for entry in parsed.entries[:MAX_ENTRIES]]


def _entry(entry: Any, feed: str, base: str) -> Entry:
    stamp = entry.get("published_parsed") or entry.get("updated_parsed")
    return Entry(
        title=_plain(str(entry.get("title", ""))), address=_joined(base, str(entry.get("link", ""))),
        summary=_plain(str(entry.get("summary", ""))), at=_instant(stamp), feed=feed,
    )  # fmt: skip


def _instant(stamp: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(stamp), UTC) if stamp else None
    except (ValueError, OverflowError, TypeError, OSError):
        return None


def _from_json(document: Fetched, host: str) -> list[Entry]:
    try:
        data = json.loads(to_text(document))
    except (ValueError, RecursionError) as error:
        raise ToolFailed(f"{host} sends a feed that is broken.") from error
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list) or "jsonfeed.org" not in str(data.get("version", "")):
        raise ToolFailed(f"{host} sends no feed.")
    name = _plain(str(data.get("title") or "")) or host
    return [_json_entry(item, name, document.url) for item in items[:MAX_ENTRIES] if isinstance(item, dict)]


def _json_entry(item: dict[str, Any], feed: str, base: str) -> Entry:
    text = item.get("summary") or item.get("content_text") or item.get("content_html") or ""
    try:
        at: datetime | None = datetime.fromisoformat(
            str(item.get("date_published") or item.get("date_modified"))
        )
        at = at.astimezone(UTC) if at is not None and at.tzinfo else None
    except (ValueError, OverflowError):
        at = None
    address = item.get("url") or item.get("external_url") or ""
    return Entry(
        _plain(str(item.get("title") or "")), _joined(base, str(address)), _plain(str(text)), at, feed
    )


def _joined(base: str, address: str) -> str:
    try:
        return str(URL(base).join(URL(address.strip()))) if address.strip() else ""
    except ValueError:
        return ""


def _plain(text: str) -> str:
    """Text without tags, on one line."""
    bare = re.sub(r"<(?:script|style)\b[^>]{0,500}>[^<]{0,20000}<", "<", text[:20_000], flags=re.IGNORECASE)
    return " ".join(unescape(re.sub(r"<[^<>]{0,2000}>", " ", bare)).split())


def _newest_first(entries: list[Entry]) -> list[Entry]:
    """Dated ones first, newest on top; the rest in the feeds' own order; each address once."""
    ordered = sorted(
        entries, key=lambda entry: entry.at.timestamp() if entry.at else float("-inf"), reverse=True
    )
    seen: set[str] = set()
    kept: list[Entry] = []
    for entry in ordered:
        mark = entry.address or entry.title
        if mark and mark not in seen:
            seen.add(mark)
            kept.append(entry)
    return kept


def _shown(entries: list[Entry], *, items: int, several: bool, zone: ZoneInfo) -> str:
    if not entries:
        return "There are no entries yet."
    rows = []
    for entry in entries[:items]:
        title = link(entry.title or entry.summary[:80] or "Untitled", entry.address, limit=160)
        about = [f"{entry.at.astimezone(zone):%d %B %Y, %H:%M}".lstrip("0")] if entry.at else []
        about += [line(entry.feed, limit=60)] if several else []
        rows.append(f"- {title}" + (f" ({', '.join(about)})" if about else ""))
        if entry.summary and entry.summary != entry.title:
            rows.append(f"  {line(entry.summary, limit=200)}")
    more = len(entries) - items
    if more > 0:
        rows.append(f"\n{more} more {'entry' if more == 1 else 'entries'}.")
    return "\n".join(rows)
