"""Whether a person named somebody or something in their own words."""

from __future__ import annotations

import re

# What an address or a name can hold: next to these a match would be a piece of something longer.
_BEFORE = r"(?<![\w@.+%/#&=~\-])"
_AFTER = r"(?![\w@+%/#&=~]|[.\-:]\w)"


def named_in(target: str, *, words: str) -> bool:
    """Whether `target` stands in `words` verbatim but for upper and lower case, as a whole token.

    `ann@example.com` is not named by `joann@example.com` or by `ann@example.com.evil.example`.
    """
    wanted = _folded(target.strip())
    return bool(wanted) and re.search(_BEFORE + re.escape(wanted) + _AFTER, _folded(words)) is not None


def _folded(text: str) -> str:
    """Lower case that never turns another script's letter into an ASCII one (the Kelvin sign lowers to k)."""
    return "".join(c if not c.isascii() and c.lower().isascii() else c.lower() for c in text)
