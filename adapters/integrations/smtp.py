"""A mail server that e-mails are handed to."""

from __future__ import annotations

import re
from collections.abc import Mapping

from adapters.integrations import KindParts
from adapters.web.smtp import Server, SmtpSender
from core.errors import InvalidIntegration
from core.ports.integrations import Field

NAME = "smtp"
TLS_PORT = 465
STARTTLS_PORT = 587
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_SENDER = re.compile(r"(?:[^<>\r\n]{0,100}<)?[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9.-]{1,253}>?")


class Smtp:
    """SMTP, with encryption from the start on port 465, and else from STARTTLS on."""

    name: str = NAME
    title: str = "E-mail over SMTP"
    fields: tuple[Field, ...] = (
        Field(name="host", title="mail server"),
        Field(name="port", title="port (587)", required=False),
        Field(name="user", title="user name", required=False),
        Field(name="password", title="password", secret=True, required=False),
        Field(name="sender", title="sender's address"),
    )

    def check(self, values: Mapping[str, str]) -> None:
        if not _HOST.fullmatch(values["host"]):
            raise InvalidIntegration("That is no host name.", field="fields.host")
        port = values.get("port", "1")
        if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536):
            raise InvalidIntegration("A port is a number up to 65535.", field="fields.port")
        if not _SENDER.fullmatch(values["sender"]):
            raise InvalidIntegration("The sender must be an e-mail address.", field="fields.sender")
        if ("user" in values) != ("password" in values):
            raise InvalidIntegration("A user name and a password go together.", field="fields.user")

    async def test(self, values: Mapping[str, str]) -> str:
        await SmtpSender(to_server(values)).greet(values["sender"])
        return "The mail server lets FlowMate in." if "user" in values else "The mail server answers."


def to_server(values: Mapping[str, str]) -> Server:
    """The server of an smtp integration."""
    port = int(values.get("port", STARTTLS_PORT))
    return Server(
        host=values["host"],
        port=port,
        tls=port == TLS_PORT,
        user=values.get("user", ""),
        password=values.get("password", ""),
        told_by="the smtp integration",
        sender_told_by="the smtp integration",
    )


def build(parts: KindParts) -> Smtp:
    return Smtp()
