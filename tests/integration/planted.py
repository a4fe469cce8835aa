"""Twenty invented secrets of all sorts, and how they are looked for."""

from __future__ import annotations

import base64
import contextlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from redis import Redis

SETTINGS = {
    "FLOWMATE_OPERATOR_TOKEN": "planted-operator-token-cxnlHqWm",
    "OPENAI_API_KEY": "sk-planted-model-key-0lZ3RkTb",
    "SLACK_BOT_TOKEN": "xoxb-planted-bot-token-9qYwEoIc",
    "SLACK_SIGNING_SECRET": "planted0signing0secret0f77a1e",
    "SLACK_APP_TOKEN": "xapp-planted-app-token-Vd2KsPuj",
    "TELEGRAM_BOT_TOKEN": "123456:planted-telegram-token-Hm5XgAnf",
    "TELEGRAM_WEBHOOK_SECRET": "planted-webhook-secret-Jr8NbQez",
    "JWT_SECRET": "planted-jwt-secret-of-thirty-two-bytes-Ks4VtLxo",
    "REFRESH_SECRET": "planted-refresh-secret-of-thirty-two-bytes-Wp1D",
}
MASTERS = ("planted-master-key-of-thirty-two-bytes-Ge6UyCah", "planted-older-master-key-of-thirty-two-Zi3Bmf")
MAILBOX = "planted+mail/box%word"
"""The password in SMTP_URL, where it is written with escapes."""
TOKEN, PASSWORD = "planted-service-token-Oc7SdRwk", 'planted "pass\\word" wörd'
GITHUB = "ghp_plantedGitHubTokenTn2JvYq"
CALENDAR = "/private/planted-calendar-Lx9FhMeu/basic.ics"
SMTP = "planted-smtp-password-Bq5ZoKgi"
DATABASE = "planted/database:password"
WORDY, SECOND = "planted words with blanks and ünïcödé", "planted-second-token-Xa8PcNwj"
ALL = (
    *SETTINGS.values(),
    *MASTERS,
    MAILBOX,
    TOKEN,
    PASSWORD,
    GITHUB,
    CALENDAR,
    SMTP,
    DATABASE,
    WORDY,
    SECOND,
)


def forms(secret: str) -> set[str]:
    """The ways in which something may have written it down."""
    quoted = {json.dumps(secret, ensure_ascii=ascii)[1:-1] for ascii in (True, False)}
    twice = {json.dumps(form)[1:-1] for form in quoted}
    return {
        secret,
        repr(secret)[1:-1],
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        base64.b64encode(secret.encode()).decode(),
        *quoted,
        *twice,
    }


def found_in(content: str | bytes) -> list[str]:
    """Which of the secrets it holds, in any of their forms."""
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    return [secret for secret in ALL if any(form.encode() in raw for form in forms(secret))]


def everything_in(redis: Redis) -> bytes:
    """Every key and value, unpacked where RQ packs them."""
    pieces: list[bytes] = []
    for key in redis.scan_iter():
        pieces += [key, *_flat(_value(redis, key))]
    return b"\n".join(variant for piece in pieces for variant in _unpacked(piece))


def _value(redis: Redis, key: bytes) -> Any:
    reads: dict[bytes, Callable[[bytes], Any]] = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"list": lambda name: redis.lrange(name, 0, -1),
        b"set": redis.smembers,
        b"zset": lambda name: redis.zrange(name, 0, -1),
        b"stream": redis.xrange,
    }
    kind: Any = redis.type(key)
    return None if kind == b"none" else reads[kind](key)


def _flat(value: Any) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        for pair in value.items():
            yield from _flat(pair)
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for one in value:
            yield from _flat(one)


def _unpacked(piece: bytes) -> Iterator[bytes]:
    yield piece
    with contextlib.suppress(ValueError, zlib.error):
        yield zlib.decompress(piece)
    with contextlib.suppress(ValueError, zlib.error):
        yield zlib.decompress(base64.b64decode(piece, validate=True))
