"""Reaching the public web on a person's behalf, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Fetched:
    """A document as it came: `url` is where the redirects ended, `body` is unpacked and whole."""

    url: str
    media_type: str
    charset: str | None
    body: bytes


class Fetcher(Protocol):
    """Gets documents from addresses that may be reached."""

    async def fetch(self, url: str) -> Fetched:
        """The document at an http(s) address. Safe to repeat.

        Raises ToolFailed with a sentence where the address is refused, is not there or is too much;
        TransientError where the other side may answer later.
        """
        ...


class SignedFetcher(Protocol):
    """A fetcher that can sign in."""

    async def fetch(self, url: str, *, headers: Mapping[str, str] | None = None) -> Fetched:
        """As Fetcher.fetch; the headers go to the origin of `url` alone, also after redirects."""
        ...

    async def addresses(self, url: str) -> list[str]:
        """The addresses of the URL's host that a connection of one's own may go to. Safe to repeat.

        Raises ToolFailed with a sentence where it may not be reached, TransientError where it can't be looked up now.
        """
        ...
