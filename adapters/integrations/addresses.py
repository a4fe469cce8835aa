"""Web addresses of services."""

from __future__ import annotations

from urllib.parse import urlsplit

from core.errors import InvalidIntegration


def check_url(url: str, *, field: str) -> None:
    """Raises InvalidIntegration where it is no plain http(s) address; https, unless on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise InvalidIntegration("That is no proper web address.", field=field) from None
    if parts.scheme not in ("http", "https") or not host or any(c.isspace() for c in url):
        raise InvalidIntegration("That is no proper web address.", field=field)
    if parts.username is not None or parts.password is not None:
        raise InvalidIntegration("Leave the user name and the password out of the address.", field=field)
    if parts.scheme == "http" and host not in ("localhost", "127.0.0.1", "::1"):
        raise InvalidIntegration("Secrets go over https:// only.", field=field)


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""
