"""E-mail over SMTP, telling "not sent" from "perhaps sent"."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from core.errors import ToolFailed, TransientError

if TYPE_CHECKING:
    import aiosmtplib

SECONDS = 20.0
_BAD_URL = "SMTP_URL is wrong; it must look like smtp://user:password@host:587 or smtps://user:password@host."


@dataclass(frozen=True)
class Mail:
    """One e-mail; `message_id` is the local part of its Message-ID, the same for every repeat."""

    sender: str
    to: tuple[str, ...]
    subject: str
    body: str
    message_id: str
    at: datetime


@dataclass(frozen=True)
class Server:
    """Where and how e-mails are handed over."""

    host: str
    port: int
    tls: bool
    user: str = ""
    password: str = field(default="", repr=False)
    told_by: str = "SMTP_URL"
    """Where somebody can mend what is wrong with it."""
    sender_told_by: str = "SMTP_FROM"

    @property
    def local(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def to_server(url: str) -> Server:
    """The server of an smtp:// or smtps:// URL. Raises ToolFailed for anything else."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ToolFailed(_BAD_URL) from error
    if parts.scheme not in ("smtp", "smtps") or not host:
        raise ToolFailed(_BAD_URL)
    tls = parts.scheme == "smtps"
    return Server(
        host=host, port=port or (465 if tls else 587), tls=tls, user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )  # fmt: skip


def to_message(mail: Mail) -> EmailMessage:
    """The e-mail with headers that no subject or address can add to."""
    message = EmailMessage(policy=SMTP_POLICY)
    name, address = parseaddr(mail.sender)
    domain = address.rpartition("@")[2]
    if not re.fullmatch(r"[A-Za-z0-9.-]{1,253}", domain):
        raise ToolFailed("SMTP_FROM is wrong; it must be an e-mail address.")
    try:
        message["From"] = Address(_one_line(name), addr_spec=address)
        message["To"] = ", ".join(mail.to)
        message["Subject"] = _one_line(mail.subject)
        message["Date"] = format_datetime(mail.at)
        message["Message-ID"] = f"<{mail.message_id}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(_encodable(mail.body) + "\n", cte="quoted-printable")
    except (ValueError, LookupError, IndexError) as error:
        raise ToolFailed("That e-mail can't be written: check its addresses and its subject.") from error
    return message


class SmtpSender:
    """Sends over one server; all recipients or none."""

    def __init__(
        self, server: str | Server, *, seconds: float = SECONDS, tls_context: ssl.SSLContext | None = None
    ) -> None:
        """`server` may be the URL in SMTP_URL. Raises ToolFailed where that is none."""
        self._server = server if isinstance(server, Server) else to_server(server)
        self._seconds = seconds
        self._tls_context = tls_context

    async def send(self, mail: Mail) -> None:
        """Hand the e-mail over. Raises TransientError only where it was surely not sent, else ToolFailed."""
        message = to_message(mail)
        sender = parseaddr(mail.sender)[1]
        async with self._connected(sender) as client:
            async with self._explained():
                await self._begin(client, sender, mail.to)
            await _hand_over(client, message.as_bytes())

    async def greet(self, sender: str) -> None:
        """Connect and sign in, and send nothing. Raises as `send` does."""
        async with self._connected(parseaddr(sender)[1]) as client, self._explained():
            await client.connect()
            await self._log_in(client)

    @contextlib.asynccontextmanager
    async def _connected(self, sender: str) -> AsyncIterator[aiosmtplib.SMTP]:
        # Imported here: few steps send e-mail, and every process holds what is imported above.
        import aiosmtplib

        client = aiosmtplib.SMTP(
            hostname=self._server.host, port=self._server.port, use_tls=self._server.tls, timeout=self._seconds,
            tls_context=self._tls_context, local_hostname=sender.rpartition("@")[2],
        )  # fmt: skip
        try:
            yield client
        finally:
            await _leave(client)

    @contextlib.asynccontextmanager
    async def _explained(self) -> AsyncIterator[None]:
        """What goes wrong before the text is under way, as a sentence: nothing was sent."""
        # Imported here for the reason given in `_connected`.
        import aiosmtplib

        try:
            yield
        except aiosmtplib.SMTPException as error:
            raise _not_sent(error, self._server) from error
        except ssl.SSLError as error:
            raise ToolFailed("The mail server's certificate is not valid.") from error
        except (OSError, TimeoutError) as error:
            raise TransientError("The mail server did not answer.") from error

    async def _begin(self, client: aiosmtplib.SMTP, sender: str, recipients: tuple[str, ...]) -> None:
        """Everything before the text; nothing is sent by then."""
        await client.connect()
        await self._log_in(client)
        await client.mail(sender)
        for recipient in recipients:
            await _name_recipient(client, recipient)

    async def _log_in(self, client: aiosmtplib.SMTP) -> None:
        if not self._server.user:
            return
        if client.get_transport_info("sslcontext") is None and not self._server.local:
            raise ToolFailed("The mail server offers no encryption, so I don't send it the password.")
        await client.login(self._server.user, self._server.password)


async def _name_recipient(client: aiosmtplib.SMTP, recipient: str) -> None:
    # Imported here for the reason given in `_connected`.
    import aiosmtplib

    try:
        await client.rcpt(recipient)
    except aiosmtplib.SMTPResponseException as error:
        raise _answer(error.code, f"The mail server refuses {recipient}, so nothing was sent") from error


async def _hand_over(client: aiosmtplib.SMTP, text: bytes) -> None:
    """Send the text and wait for the receipt; from here on a lost connection tells nothing."""
    # Imported here for the reason given in `_connected`.
    import aiosmtplib

    try:
        await client.data(text)
    except aiosmtplib.SMTPResponseException as error:
        raise _answer(error.code, "The mail server refuses the e-mail") from error
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        raise ToolFailed(
            "The connection to the mail server broke while the e-mail was on its way: it may or may not have been sent."
        ) from error


def _answer(code: int, what: str) -> ToolFailed | TransientError:
    return (
        TransientError(f"{what} just now ({code}).") if 400 <= code < 500 else ToolFailed(f"{what} ({code}).")
    )


def _not_sent(error: aiosmtplib.SMTPException, server: Server) -> ToolFailed | TransientError:
    # Imported here for the reason given in `_connected`.
    import aiosmtplib

    if isinstance(error, aiosmtplib.SMTPAuthenticationError) and error.code >= 500:
        return ToolFailed(f"The mail server doesn't accept the user name and password in {server.told_by}.")
    if isinstance(error, aiosmtplib.SMTPSenderRefused):
        return _answer(error.code, f"The mail server refuses the sender in {server.sender_told_by}")
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _answer(error.code, "The mail server refuses the e-mail")
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return ToolFailed(f"The mail server doesn't offer what {server.told_by} asks for.")
    if isinstance(error.__cause__, ssl.SSLError):
        return ToolFailed("The mail server's certificate is not valid.")
    return TransientError("The mail server did not answer.")


async def _leave(client: aiosmtplib.SMTP) -> None:
    """Close without waiting long: the e-mail's fate is known by now."""
    # Imported here for the reason given in `_connected`.
    import aiosmtplib

    try:
        # Whatever closing meets, it changes nothing.
        with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            if client.is_connected:
                async with asyncio.timeout(2):
                    await client.quit()
    finally:
        client.close()


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in _encodable(text)).split())[:200]


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
