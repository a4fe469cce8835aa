"""A fetcher that loads its HTTP client (8 MB of it) with the first page that somebody wants."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.web import Fetched, SignedFetcher
from adapters.web.addresses import to_allowed


class OnDemandFetcher:
    """The guarded fetcher, made when it is first needed."""

    def __init__(self, *, allow: tuple[str, ...]) -> None:
        """Raises ConfigurationError where `allow` names something that is no host and no network."""
        to_allowed(allow)
        self._allow = allow
        self._fetcher: SignedFetcher | None = None

    async def fetch(self, url: str, *, headers: Mapping[str, str] | None = None) -> Fetched:
        """See SignedFetcher.fetch."""
        return await self._loaded().fetch(url, headers=headers)

    async def addresses(self, url: str) -> list[str]:
        """See SignedFetcher.addresses."""
        return await self._loaded().addresses(url)

    def _loaded(self) -> SignedFetcher:
        if self._fetcher is None:
            # Most processes of most deployments never fetch anything; they need not hold the client.
            from adapters.web.fetch import GuardedFetcher

            self._fetcher = GuardedFetcher(allow=self._allow)
        return self._fetcher
