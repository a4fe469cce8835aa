"""Links to the form behind which a service is connected: signed, good once, and for a quarter of an hour."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from pydantic import ValidationError

from core.errors import ConfigurationError
from core.models import Frozen
from core.ports.admissions import Admissions
from core.ports.invitations import Invitation
from core.rendering.integrations import NO_SAFE_ADDRESS

DOOR = "connect"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MAX_CHARACTERS = 2000


class _Letter(Frozen):
    """What a link says."""

    invitation: Invitation
    code: str


class SignedInvitations:
    """The Invitations port. What a link allows stands in it, signed; that it works once is kept with the admissions."""

    def __init__(self, *, base_url: str, secret: Callable[[], str], admissions: Admissions) -> None:
        self._base_url = base_url
        self._secret = secret
        self._admissions = admissions

    async def issue(self, invitation: Invitation) -> str:
        """See Invitations.issue."""
        parts = urlsplit(self._base_url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise ConfigurationError(NO_SAFE_ADDRESS)
        letter = _Letter(invitation=invitation, code=secrets.token_urlsafe(16))
        await self._admissions.issue(DOOR, letter.code, expires_at=invitation.until)
        said = base64.urlsafe_b64encode(letter.model_dump_json().encode()).decode().rstrip("=")
        return f"{self._base_url}/connect?link={said}.{self._sign(said)}"

    def read(self, link: str, *, now: datetime) -> Invitation | None:
        """What a link of ours invites to, unless it is too old. Uses nothing up."""
        letter = self._opened(link)
        return letter.invitation if letter is not None and now < letter.invitation.until else None

    async def use(self, link: str, nonce: str, *, now: datetime) -> Invitation | None:
        """The same, for the first form (its `nonce`) that is sent, and for no other. Raises StoreUnavailable."""
        letter = self._opened(link)
        if letter is None or now >= letter.invitation.until:
            return None
        good = await self._admissions.redeem(DOOR, letter.code, nonce, now=now)
        return letter.invitation if good else None

    def _opened(self, link: str) -> _Letter | None:
        said, _, signature = link[:MAX_CHARACTERS].partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(said).encode()):
            return None
        try:
            return _Letter.model_validate_json(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
        except (ValidationError, ValueError, binascii.Error):
            return None

    def _sign(self, said: str) -> str:
        # The operator's token itself signs nothing: whoever has a link must learn nothing about it.
        key = hmac.digest(self._secret().encode(), b"flowmate invitation", "sha256")
        return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()
