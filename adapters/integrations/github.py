"""GitHub, or a GitHub Enterprise server, with a personal access token."""

from __future__ import annotations

import json
from collections.abc import Mapping

from adapters.integrations import KindParts
from adapters.integrations.addresses import check_url, host_of
from adapters.web import SignedFetcher
from core.errors import InvalidIntegration, ToolFailed
from core.ports.integrations import Field

API = "https://api.github.com"


class GitHub:
    """The REST API; the test asks whose token it is (https://docs.github.com/rest/users)."""

    name: str = "github"
    title: str = "GitHub"
    fields: tuple[Field, ...] = (
        Field(name="token", title="access token", secret=True),
        Field(name="url", title=f"API's address ({API})", required=False),
    )

    def __init__(self, fetch: SignedFetcher) -> None:
        self._fetch = fetch

    def check(self, values: Mapping[str, str]) -> None:
        if "url" in values:
            check_url(values["url"], field="fields.url")
        if not values["token"].isascii() or any(c.isspace() for c in values["token"]):
            raise InvalidIntegration("A token is one word of ASCII characters.", field="fields.token")

    async def test(self, values: Mapping[str, str]) -> str:
        url = values.get("url", API).rstrip("/")
        headers = {"Authorization": f"Bearer {values['token']}", "Accept": "application/vnd.github+json"}
        found = await self._fetch.fetch(f"{url}/user", headers=headers)
        try:
            login = str(json.loads(found.body)["login"])[:60]
        except (ValueError, KeyError, TypeError):
            raise ToolFailed(f"{host_of(url)} doesn't answer as GitHub does.") from None
        return f"The token is {login}'s."


def build(parts: KindParts) -> GitHub:
    return GitHub(parts.fetch)
