"""A web service behind a token, or behind a user name and a password."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from adapters.integrations import KindParts
from adapters.integrations.addresses import check_url, host_of
from adapters.web import SignedFetcher
from core.errors import InvalidIntegration
from core.ports.integrations import Field


class Http:
    """Bearer (RFC 6750) or Basic (RFC 7617) authentication, sent to the base URL's origin alone."""

    name: str = "http"
    title: str = "A web service"
    fields: tuple[Field, ...] = (
        Field(name="url", title="base URL"),
        Field(name="token", title="token (or else a user name and a password)", secret=True, required=False),
        Field(name="user", title="user name", required=False),
        Field(name="password", title="password", secret=True, required=False),
        Field(name="test_path", title="path to try, such as /me", required=False),
    )

    def __init__(self, fetch: SignedFetcher) -> None:
        self._fetch = fetch

    def check(self, values: Mapping[str, str]) -> None:
        check_url(values["url"], field="fields.url")
        if ("token" in values) == ("user" in values):
            raise InvalidIntegration(
                "Give a token, or else a user name and a password.", field="fields.token"
            )
        if ("user" in values) != ("password" in values):
            raise InvalidIntegration("A user name and a password go together.", field="fields.user")
        if not values.get("token", "").isascii() or any(c.isspace() for c in values.get("token", "")):
            raise InvalidIntegration("A token is one word of ASCII characters.", field="fields.token")
        if "test_path" in values and not values["test_path"].startswith("/"):
            raise InvalidIntegration("The path to try begins with a slash.", field="fields.test_path")

    async def test(self, values: Mapping[str, str]) -> str:
        path = values.get("test_path", "")
        address = values["url"].rstrip("/") + path if path else values["url"]
        await self._fetch.fetch(address, headers=signed(values))
        return f"{host_of(values['url'])} answers."


def signed(values: Mapping[str, str]) -> dict[str, str]:
    """What a request signs in with."""
    if "token" in values:
        return {"Authorization": f"Bearer {values['token']}"}
    both = f"{values['user']}:{values['password']}".encode()
    return {"Authorization": f"Basic {base64.b64encode(both).decode()}"}


def build(parts: KindParts) -> Http:
    return Http(parts.fetch)
