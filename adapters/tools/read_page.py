"""Reads web pages and sums them up in their own sentences."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from adapters.text.requests import pages_in
from adapters.tools import ToolParts
from adapters.web import Fetcher
from adapters.web.pages import MAX_PAGES, read_pages
from core.models import Task
from core.ports.tool import Effect, ToolOutput


class Pages(BaseModel):
    """Which pages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    addresses: tuple[str, ...] = Field(
        min_length=1, max_length=MAX_PAGES, description="web addresses, http or https"
    )
    full_text: bool = Field(True, description="whether the page's text comes after the summary")


class ReadPage:
    """Fetches pages side by side; one that fails is reported among the others."""

    name: str = "read_page"
    description: str = (
        "Fetches web pages and gives their title, a summary in their own sentences and their text."
    )
    arguments: type[Pages] = Pages
    effect: Effect = Effect.READ
    untrusted: bool = True
    integration: str | None = None
    verbatim: bool = True

    def __init__(self, fetch: Fetcher) -> None:
        self._fetch = fetch

    def parse(self, task: Task) -> Pages | None:
        addresses = pages_in(task)[:MAX_PAGES]
        return Pages(addresses=addresses, full_text=False) if addresses else None

    def named_by(self, arguments: Pages) -> tuple[str, ...]:
        return ()

    def reaches(self, arguments: Pages) -> tuple[str, ...]:
        return arguments.addresses

    async def run(self, arguments: Pages, *, task: Task, idempotency_key: str) -> ToolOutput:
        return ToolOutput(
            text=await read_pages(self._fetch, arguments.addresses, full_text=arguments.full_text)
        )


def build(parts: ToolParts) -> ReadPage:
    return ReadPage(parts.fetch)
