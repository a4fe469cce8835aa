"""Secrets that this process has opened, masked by value wherever text leaves it."""

from __future__ import annotations

import base64
import json
import re
import threading
from bisect import insort
from collections.abc import Iterable
from urllib.parse import quote, quote_plus, unquote, urlsplit

from core.integrations.first_look import FirstLook

MASK = "***"
SHORTEST = 6
"""Shorter ones can't be told from ordinary text."""
LONG = 16
"""Shorter parts of an address may be words: "/calendar"."""
_MARKDOWN = re.compile(r"([\\`*_\[\]<>~|#&])")
MOST = 15_000
FEW = 3_000
"""Up to here, looking for each of them is faster than going through the text (measured: twenty times at 200)."""
VERY_FEW = 64
"""Up to here it is faster than the first look, too."""


class KnownSecrets:
    """Values that must not be read by anybody, also as they look in JSON, in an address, or in Basic authentication.

    Holds the newest few thousand, beside those that are kept: a process that opens more has forgotten the oldest.
    """

    def __init__(self) -> None:
        self._forms: dict[str, None] = {}
        """The oldest first, without those that are kept."""
        self._kept: set[str] = set()
        self._starts: dict[str, list[str]] = {}
        """By their first letters, the longest first: a text is gone through once, however many secrets there are."""
        self._first_look = FirstLook()
        self._adding = threading.Lock()
        """So that a new first look lacks nothing that another thread adds while it is made."""

    def add(self, *secrets: str) -> None:
        """Mask these from now on."""
        found = _all_forms(secrets)
        with self._adding:
            for form in found:
                if form not in self._forms and form not in self._kept:
                    self._forms[form] = None
                    self._look_for(form)
            while len(self._forms) > MOST:
                oldest = next(iter(self._forms))
                del self._forms[oldest]
                self._starts[oldest[:SHORTEST]].remove(oldest)
                self._first_look.forget(oldest)
            if self._first_look.forgotten > MOST // 4:
                self._first_look = FirstLook((*self._forms, *self._kept))

    def keep(self, *secrets: str) -> None:
        """Mask these for as long as the process lives: the deployment's own."""
        found = _all_forms(secrets)
        with self._adding:
            for form in found:
                if form in self._forms:
                    del self._forms[form]
                elif form not in self._kept:
                    self._look_for(form)
                self._kept.add(form)

    def mask(self, text: str) -> str:
        """The text without any of them."""
        known = len(self._forms) + len(self._kept)
        if len(text) < SHORTEST or (known > VERY_FEW and not self._first_look.may_hold(text)):
            return text
        if known <= FEW and not any(form in text for form in (*self._forms, *self._kept)):
            return text
        return self._walked(text, more=False)[0]

    def released(self, text: str, *, more: bool) -> tuple[str, str]:
        """What of a text may be shown already, masked, and the rest, which may be the beginning of a secret.

        `more`: whether text may still follow; where none does, there is no rest.
        """
        return self._walked(text, more=True) if more else (self.mask(text), "")

    def _walked(self, text: str, *, more: bool) -> tuple[str, str]:
        parts: list[str] = []
        kept = at = 0
        while at <= len(text) - SHORTEST:
            same = self._starts.get(text[at : at + SHORTEST], ())
            left = len(text) - at
            if more and any(len(form) > left and form.startswith(text[at:]) for form in same):
                break
            found = next((form for form in same if text.startswith(form, at)), None)
            if found is None:
                at += 1
                continue
            parts += (text[kept:at], MASK)
            kept = at = at + len(found)
        end = at if more else len(text)
        return "".join((*parts, text[kept:end])), text[end:]

    def _look_for(self, form: str) -> None:
        same = self._starts.setdefault(form[:SHORTEST], [])
        insort(same, form, key=lambda other: -len(other))
        self._first_look.add(form)


def _all_forms(secrets: Iterable[str]) -> set[str]:
    parts = [part for secret in secrets for part in (secret, *_pieces(secret))]
    return {form for part in parts for form in _forms(part)}


def _pieces(secret: str) -> Iterable[str]:
    """What an address holds: drivers take it apart and may name the pieces; a web server's answer names the path."""
    try:
        parts = urlsplit(secret) if "://" in secret else None
        password = parts.password if parts is not None else None
    except ValueError:
        return ()
    found = [password, unquote(password)] if password else []
    if parts is not None and parts.scheme in ("http", "https"):
        paths = (parts.path, unquote(parts.path), parts.query, *parts.path.split("/"))
        found += [path for path in paths if len(path) >= LONG]
    return found


def _forms(secret: str) -> Iterable[str]:
    if len(secret.strip()) < SHORTEST:
        return ()
    encoded = base64.b64encode(secret.encode()).decode()
    in_json = [json.dumps(secret, ensure_ascii=ascii)[1:-1] for ascii in (True, False)]
    # An answer that quotes JSON is itself quoted in JSON, in events and prompts.
    in_json += [json.dumps(form, ensure_ascii=ascii)[1:-1] for form in in_json for ascii in (True, False)]
    found = {
        secret,
        repr(secret)[1:-1],
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        encoded,
        secret.encode().hex(),
        *_within_base64(secret.encode()),
        *_in_markdown(secret),
        *in_json,
    }
    # A multi-line secret is logged line by line, or on one.
    return found | {line.strip() for line in secret.splitlines() if len(line.strip()) >= SHORTEST}


def _within_base64(secret: bytes) -> Iterable[str]:
    """What of it stays the same in the base64 of whatever text it stands in: by its place there, three variants."""
    for offset, unsure in ((0, 0), (1, 2), (2, 3)):
        certain = slice(unsure, (offset + len(secret)) * 8 // 6)
        padded = bytes(offset) + secret
        for encoded in (base64.b64encode(padded), base64.urlsafe_b64encode(padded)):
            if len(encoded[certain]) >= SHORTEST:
                yield encoded[certain].decode()


def _in_markdown(secret: str) -> Iterable[str]:
    """As what a page says is made literal: every platform shows it without the backslashes and joiners."""
    escaped = _MARKDOWN.sub(r"\\\1", secret)
    yield escaped
    joined = escaped.replace("@", "@\u2060").replace("<", "<\u2060")
    joined = re.sub(r"([A-Za-z][A-Za-z0-9+.-]{1,30})://", "\\1:\u2060//", joined)
    yield re.sub(r"(?<=[^\W_])\.(?=[^\W\d_]{2})", ".\u2060", joined)


KNOWN = KnownSecrets()
"""This process's: whatever was opened in it once may turn up in any of its lines."""
