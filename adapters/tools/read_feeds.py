"""Reads RSS, Atom and JSON feeds and lists what is new."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from adapters.text.requests import feeds_in, wanted_count
from adapters.text.words import own_words
from adapters.tools import ToolParts
from adapters.web import Fetcher
from adapters.web.feeds import MAX_FEEDS, read_feeds
from core.models import Task
from core.ports.tool import Effect, ToolOutput

USUAL = 10


class Feeds(BaseModel):
    """Which feeds, and how much of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    addresses: tuple[str, ...] = Field(
        min_length=1,
        max_length=MAX_FEEDS,
        description="addresses of RSS, Atom or JSON feeds, or of pages that name theirs",
    )
    items: int = Field(USUAL, ge=1, le=50, description="how many of the newest entries, over all feeds")


class ReadFeeds:
    """Merges feeds, newest first; a broken one is reported among the others."""

    name: str = "read_feeds"
    description: str = (
        "Lists the newest entries of RSS, Atom or JSON feeds with titles, links, dates and a line each."
    )
    arguments: type[Feeds] = Feeds
    effect: Effect = Effect.READ
    untrusted: bool = True
    integration: str | None = None
    verbatim: bool = True

    def __init__(self, fetch: Fetcher) -> None:
        self._fetch = fetch

    def parse(self, task: Task) -> Feeds | None:
        addresses = feeds_in(task)[:MAX_FEEDS]
        if not addresses:
            return None
        count = wanted_count(own_words(task))
        return Feeds(addresses=addresses, items=min(count, 50) if count else USUAL)

    def named_by(self, arguments: Feeds) -> tuple[str, ...]:
        return ()

    def reaches(self, arguments: Feeds) -> tuple[str, ...]:
        return arguments.addresses

    async def run(self, arguments: Feeds, *, task: Task, idempotency_key: str) -> ToolOutput:
        return ToolOutput(
            text=await read_feeds(self._fetch, arguments.addresses, items=arguments.items, zone=task.zone)
        )


def build(parts: ToolParts) -> ReadFeeds:
    return ReadFeeds(parts.fetch)
