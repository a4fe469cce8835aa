"""The page's style and script, by names that change with what is in them, so that browsers may keep them."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
NAMES = frozenset(path.name for path in FOLDER.iterdir() if path.suffix in MEDIA_TYPES)


@cache
def asset(name: str) -> tuple[bytes, str]:
    """The file's bytes and their mark. Raises KeyError for what is none of the page's files."""
    if name not in NAMES:
        raise KeyError(name)
    data = (FOLDER / name).read_bytes()
    return data, hashlib.blake2b(data, digest_size=6).hexdigest()


def asset_url(name: str) -> str:
    """Where a browser gets it."""
    return f"/assets/{asset(name)[1]}/{name}"
