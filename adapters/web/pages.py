"""Web pages as Markdown: title, source, a summary in their own sentences, and their text."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass

from yarl import URL

from adapters.text.markdown import escape, line, link
from adapters.text.summary import summarise
from adapters.web import Fetched, Fetcher
from adapters.web.documents import is_binary, to_text
from core.errors import FlowMateError, ToolFailed, TransientError

MAX_PAGES = 5
MAX_TEXT = 12_000
MAX_SUMMARY_OF_DATA = 600
MAX_TAGS = 30_000


@dataclass(frozen=True)
class Page:
    """What a page says; all of it is untrusted."""

    address: str
    title: str
    text: str
    detail: str = ""
    """Who published it and when, where the page says so."""
    data: bool = False
    """Whether it is data (JSON, a table) that has no sentences."""


async def read_pages(fetch: Fetcher, addresses: tuple[str, ...], *, full_text: bool) -> str:
    """The pages, read side by side; the ones that fail are named. Raises where none could be read."""
    found = await asyncio.gather(*(_read(fetch, address) for address in addresses), return_exceptions=True)
    shown: list[str] = []
    failed: list[tuple[str, FlowMateError]] = []
    for address, page in zip(addresses, found, strict=True):
        if isinstance(page, Page):
            shown.append(_shown(page, full_text=full_text, share=len(addresses)))
        elif isinstance(page, FlowMateError):
            failed.append((address, page))
        else:
            raise page
    if not shown:
        raise none_read([error for _, error in failed])
    if failed:
        shown.append(
            "Not read:\n"
            + "\n".join(f"- {line(address, limit=120)}: {error.sentence}" for address, error in failed)
        )
    return "\n\n".join(shown)


def none_read(errors: list[FlowMateError]) -> FlowMateError:
    """One error for several: worth trying again where one of them is."""
    sentence = " ".join(dict.fromkeys(error.sentence for error in errors))
    transient = [error for error in errors if isinstance(error, TransientError)]
    if transient:
        waits = [error.retry_after_seconds for error in transient if error.retry_after_seconds is not None]
        return TransientError(sentence, retry_after_seconds=max(waits, default=None))
    return ToolFailed(sentence)


async def _read(fetch: Fetcher, address: str) -> Page:
    document = await fetch.fetch(address)
    # On a thread: taking a large page apart needs a noticeable time of a processor.
    return await asyncio.to_thread(to_page, document)


def to_page(document: Fetched) -> Page:
    """The document's own words. Raises ToolFailed for what is no text."""
    host = URL(document.url).host or "that address"
    kind = document.media_type
    if kind == "application/pdf" or document.body[:5] == b"%PDF-":
        raise ToolFailed(f"{host} sends a PDF, which I can't read.")
    if kind.split("/", 1)[0] in ("image", "audio", "video", "font") or kind in (
        "application/zip",
        "application/gzip",
    ):
        raise ToolFailed(f"{host} sends a file that holds no text ({line(kind, limit=40)}).")
    text = to_text(document)
    if is_binary(text):
        raise ToolFailed(f"{host} sends a file that holds no text.")
    if kind.endswith(("/json", "+json")):
        return Page(document.url, _name(document.url), _data(text), data=True)
    if "html" in kind or (
        kind in ("application/octet-stream", "application/xml", "text/xml")
        and re.search(r"<html|<body|<p[ >]", text[:20_000], re.IGNORECASE)
    ):
        return _article(document.url, text, host)
    if kind.endswith("xml"):
        text = re.sub(r"<[^<>]{0,1000}>", " ", text)
    if not text.strip():
        raise ToolFailed(f"There is no text on that page of {host}.")
    first = next(part for part in text.splitlines() if part.strip())
    heading = first.strip("# ").strip() if len(first) <= 120 else _name(document.url)
    return Page(document.url, heading or _name(document.url), text.strip())


def _article(address: str, html: str, host: str) -> Page:
    # Imported here: trafilatura and its lists take tens of megabytes, which only processes that read pages should hold.
    import trafilatura

    try:
        found = trafilatura.bare_extraction(
            _bounded(html),
            url=address,
            with_metadata=True,
            include_comments=False,
            include_tables=True,
            favor_recall=True,
        )
    except (RecursionError, ValueError) as error:
        raise ToolFailed(f"That page of {host} is built in a way that I can't take apart.") from error
    text = (found.text or "").strip() if found is not None and not isinstance(found, dict) else ""
    if not text:
        raise ToolFailed(f"There is no readable text on that page of {host}.")
    title = str(getattr(found, "title", None) or _title(html) or _name(address))
    detail = " · ".join(
        str(part) for part in (getattr(found, "sitename", None), getattr(found, "date", None)) if part
    )
    return Page(address, title, text, detail)


def _bounded(html: str) -> str:
    """The page up to so many tags that taking it apart stays a matter of a second or two."""
    at = -1
    for _ in range(MAX_TAGS):
        at = html.find("<", at + 1)
        if at < 0:
            return html
    return html[:at]


def _title(html: str) -> str:
    match = re.search(r"<title[^>]{0,200}>([^<]{1,300})", html[:100_000], re.IGNORECASE)
    return " ".join(match.group(1).split()) if match else ""


def _data(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _name(address: str) -> str:
    url = URL(address)
    return (url.host or "") + (url.path if url.path != "/" else "")


def _shown(page: Page, *, full_text: bool, share: int) -> str:
    parts = [f"**{link(page.title, page.address)}**"]
    if page.detail:
        parts.append(line(page.detail, limit=100))
    if page.data:
        parts.append("\n" + escape(page.text[:MAX_SUMMARY_OF_DATA]))
    else:
        parts.append(
            "\n"
            + "\n".join(
                f"- {line(sentence, limit=400)}" for sentence in summarise(page.text, title=page.title)
            )
        )
    if full_text:
        room = MAX_TEXT // share
        parts.append(f"\nText{' (beginning)' if len(page.text) > room else ''}:\n{escape(page.text[:room])}")
    return "\n".join(parts)
