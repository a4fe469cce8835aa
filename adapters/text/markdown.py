"""Markdown for chat: text from outside can't ping anyone, format anything or make a link of its own."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"([\\`*_\[\]<>~|#&])")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,30})://")
_DOMAIN_DOT = re.compile(r"(?<=[^\W_])\.(?=[^\W\d_]{2})")
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_BLANKS = re.compile(r"[ \t]+")
_LIST_LEAD = re.compile(r"^(\s*)([-+]|\d{1,9}[.)])(?=\s)", re.MULTILINE)
_JOINER = "\u2060"


def escape(text: str) -> str:
    """Untrusted text as literal Markdown: no mention, link, heading, list or code of its own.

    A word joiner, which can't be seen, keeps chat platforms from pinging by `@` and linking `://` or `example.org`.
    """
    text = _BLANKS.sub(" ", _INVISIBLE.sub("", text))
    text = _SPECIAL.sub(r"\\\1", text)
    text = text.replace("@", "@" + _JOINER).replace("<", "<" + _JOINER)
    text = _SCHEME.sub(rf"\1:{_JOINER}//", text)
    text = _DOMAIN_DOT.sub("." + _JOINER, text)
    return _LIST_LEAD.sub(r"\1\\\2", text).strip()


def line(text: str, *, limit: int = 200) -> str:
    """Untrusted text as one escaped line of at most `limit` characters."""
    flat = " ".join(text.split())
    if len(flat) > limit:
        flat = flat[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"
    return escape(flat)


def plain(text: str) -> str:
    """Markdown's marks that only a chat shows, taken out of the plain text."""
    text = re.sub(r"\*\*([^*\n]+)\*\*", r"\1", text)
    text = re.sub(r"\[([^\]\n]*)\]\((https?://[^)\s]*)\)", r"\1 (\2)", text)
    text = re.sub(r"\\(?=\d{1,9}[.)]\s)", "", text)
    return re.sub(r"\\([\\`*_\[\]<>~|#&+.-])", r"\1", text).replace(_JOINER, "")


def link(text: str, address: str, *, limit: int = 200) -> str:
    """`[text](address)` for http and https addresses, else only the text."""
    if not re.match(r"https?://[^\s/]", address, re.IGNORECASE):
        return line(text, limit=limit)
    safe = "".join(_quoted(character) for character in address.strip())
    return f"[{line(text, limit=limit) or safe_host(address)}]({safe})"


def safe_host(address: str) -> str:
    """The host of an address, as text that is no link."""
    host = re.sub(r"^[a-z]+://", "", address, flags=re.IGNORECASE).split("/", 1)[0].split("?", 1)[0]
    return escape(host.rsplit("@", 1)[-1])


def _quoted(character: str) -> str:
    if character in "()<>[]\\`\"'|*" or character.isspace() or ord(character) < 33:
        return "".join(f"%{byte:02X}" for byte in character.encode())
    return character
