"""Which of a process's settings are secret."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr
from pydantic_settings import BaseSettings

SHORTEST_SECRET = 8
SHORTEST_PASSWORD = 12
"""Of a database or a queue: many are called what their user is called, and that word stands in half of all lines."""


def known_secrets(settings: Iterable[BaseSettings]) -> Iterable[str]:
    """Every secret value of these settings that is long enough to be told from ordinary text."""
    for one in settings:
        for name in type(one).model_fields:
            value = getattr(one, name)
            if isinstance(value, SecretStr):
                secret = value.get_secret_value()
                # A list of keys is used key by key.
                yield from (
                    part for part in (secret, *map(str.strip, secret.split(","))) if _long_enough(part)
                )
            elif isinstance(value, str) and "://" in value:
                yield from _passwords(value)


def _long_enough(secret: str) -> bool:
    return len(secret) >= SHORTEST_SECRET


def _passwords(address: str) -> Iterable[str]:
    """What the address of a database or a queue holds, as it stands there and as drivers use it."""
    try:
        password = urlsplit(address).password
    except ValueError:
        return
    if password:
        yield f":{password}@"
        yield from (one for one in {password, unquote(password)} if len(one) >= SHORTEST_PASSWORD)
