"""A calendar at a private address (RFC 5545). The address is the secret: whoever has it reads the calendar."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.integrations import KindParts
from adapters.integrations.addresses import check_url, host_of
from adapters.web import SignedFetcher
from core.errors import ToolFailed
from core.ports.integrations import Field


class ICal:
    """A calendar's feed, read only."""

    name: str = "ical"
    title: str = "A calendar"
    fields: tuple[Field, ...] = (Field(name="url", title="calendar's private address", secret=True),)

    def __init__(self, fetch: SignedFetcher) -> None:
        self._fetch = fetch

    def check(self, values: Mapping[str, str]) -> None:
        check_url(values["url"], field="fields.url")

    async def test(self, values: Mapping[str, str]) -> str:
        found = await self._fetch.fetch(values["url"])
        lines = found.body.decode("utf-8-sig", "replace").splitlines()
        if not lines or lines[0].strip().upper() != "BEGIN:VCALENDAR":
            raise ToolFailed(f"What {host_of(values['url'])} sends is no calendar.")
        count = sum(line.strip().upper() == "BEGIN:VEVENT" for line in lines)
        return f"The calendar holds {count} event{'' if count == 1 else 's'}."


def build(parts: KindParts) -> ICal:
    return ICal(parts.fetch)
