"""Who may use the page: the browser that was opened with a link of this service, and no other page in it.

A link carries a code that works once. It becomes a cookie that scripts can't read and other sites can't send along.
Other sites, and other services on this machine (which are the same *site* to a browser), are kept out by the Host and
the Origin that a browser tells truthfully. The API takes no cookie, so none of its routes can be reached this way.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from bot.http.problems import Problem
from core.ports.admissions import Admissions
from core.rendering import page as words

DOOR = "page"
LINK_HOURS = 24
SESSION_DAYS = 30
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SANE_NONCE = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")
SESSION = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{8,64})\.([0-9a-f]{64})\Z")


class Access:
    """Links, sessions, and where a request may come from."""

    def __init__(self, *, base_url: str, secret: str, admissions: Admissions) -> None:
        parts = urlsplit(base_url)
        self._base_url = base_url
        self._origin = f"{parts.scheme}://{parts.netloc}".lower()
        self._host = (parts.hostname or "").lower()
        self._admissions = admissions
        # The operator's token itself signs nothing: whoever has a cookie must learn nothing about it.
        self._key = hmac.digest(secret.encode(), b"flowmate page session", "sha256")
        self.secure = parts.scheme == "https"
        port = parts.port or (443 if self.secure else 80)
        # Cookies know no ports: two services on one machine must not overwrite each other's.
        self.cookie = "__Host-flowmate" if self.secure else f"flowmate-{port}"

    async def issue(self, *, now: datetime) -> tuple[str, datetime]:
        """A link that opens the page once, and until when. Raises StoreUnavailable."""
        code = secrets.token_urlsafe(16)
        until = now + timedelta(hours=LINK_HOURS)
        await self._admissions.issue(DOOR, code, expires_at=until)
        return f"{self._base_url}/enter?code={code}", until

    async def redeem(self, code: str, nonce: str, *, now: datetime) -> str | None:
        """A session for this code, if it is good. One form, sent twice, gets in twice. Raises StoreUnavailable."""
        if not SANE_NONCE.match(nonce) or not await self._admissions.redeem(DOOR, code, nonce, now=now):
            return None
        expires = int((now + timedelta(days=SESSION_DAYS)).timestamp())
        return f"{expires}.{nonce}.{self._sign(expires, nonce)}"

    def signed_in(self, session: str | None, *, now: datetime) -> bool:
        """Whether the cookie's value is one that this service gave, and still good."""
        found = SESSION.match(session or "")
        if found is None:
            return False
        expires, nonce, signature = found.groups()
        good = hmac.compare_digest(signature, self._sign(int(expires), nonce))
        return good and now.timestamp() < int(expires)

    def check_host(self, headers: Headers) -> None:
        """Refuse a Host that isn't ours: a name that leads here by somebody else's DNS. Raises Problem."""
        try:
            host = (urlsplit(f"//{headers.get('host', '')}").hostname or "").lower()
        except ValueError:
            host = ""
        if host not in LOOPBACK and host != self._host:
            raise Problem(403, words.WRONG_HOST.format(url=self._base_url))

    def check_origin(self, headers: Headers) -> None:
        """Refuse what another page sends. Raises Problem."""
        origin = headers.get("origin", "").lower()
        own = {f"{scheme}://{headers.get('host', '')}".lower() for scheme in ("http", "https")}
        if origin not in own and origin != self._origin:
            raise Problem(403, words.WRONG_ORIGIN)

    def check_fetch(self, headers: Headers) -> None:
        """Refuse what another page loads as a part of itself, where the browser says so. Raises Problem."""
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise Problem(403, words.WRONG_ORIGIN)

    def _sign(self, expires: int, nonce: str) -> str:
        return hmac.new(self._key, f"{expires}.{nonce}".encode(), hashlib.sha256).hexdigest()
