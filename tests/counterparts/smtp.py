"""An SMTP server on loopback (aiosmtpd) that keeps what it got, and misbehaves on request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


async def _at_once(stage: str, recipient: str) -> None:
    pass


@dataclass
class MailServer:
    """What came in, and what to answer: `replies` maps a command or a recipient to a reply line."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    drop_after_text: bool = False
    """Break the connection when the text has come in, before the receipt."""
    drop_at: str = ""
    """Break the connection at this command."""
    gate: Callable[[str, str], Awaitable[None]] = _at_once
    """Awaited with a recipient before an answer: to "RCPT", and to the "text", which has come in by then."""

    def url(self, credentials: str = "") -> str:
        return f"smtp://{credentials}127.0.0.1:{self.port}"

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.drop_at == "MAIL":
            _drop(server)
        if "MAIL" in self.replies:
            return self.replies["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.replies:
            return self.replies[address]
        await self.gate("RCPT", address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "text" in self.replies:
            return self.replies["text"]
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(message_from_bytes(content, policy=default))
        self.envelopes.append((envelope.mail_from or "", tuple(envelope.rcpt_tos)))
        if self.drop_after_text:
            _drop(server)
        await self.gate("text", envelope.rcpt_tos[0])
        return "250 taken"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"invented-password", handled=False)


def _drop(server: SMTP) -> None:
    transport = server.transport
    assert isinstance(transport, asyncio.Transport)
    transport.abort()


@asynccontextmanager
async def mail_server(*, with_login: bool = False) -> AsyncIterator[MailServer]:
    """The server, listening for as long as the context lasts."""
    served = MailServer()
    sessions: list[SMTP] = []

    def session() -> SMTP:
        options: dict[str, Any] = (
            {"authenticator": served.authenticate, "auth_require_tls": False} if with_login else {}
        )
        sessions.append(SMTP(served, hostname="mail.example.org", **options))
        return sessions[-1]

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for open_session in sessions:
            if open_session.transport is not None:
                _drop(open_session)
        await server.wait_closed()
        await asyncio.gather(
            *(s._handler_coroutine for s in sessions if s._handler_coroutine), return_exceptions=True
        )
