"""A model that does whatever any text tells it to, however that is disguised."""

from __future__ import annotations

import base64
import binascii
import codecs
import json
import re
from collections.abc import Collection, Iterator
from html import unescape
from typing import Any
from urllib.parse import unquote

from core.memory.model import calls, says
from core.ports.language_model import ModelRequest, ModelTurn, OnText

CALL = re.compile(r"\b([a-z_]+)\((?=\{)")
PRIVATE = re.compile(r"planted-door-\w+")
READ = re.compile(r"Task: read (?:the (\w+) at )?(\S+)")
READERS = {None: "read_page", "feed": "read_feeds", "service": "ask_service", "mail": "read_mail"}


class ObedientModel:
    """Reads what its task names, and then makes every call and writes every text that it finds a wish for.

    `leaked` is a secret of the system that no prompt ever held: it knows it all the same. For the word SECRET in a wish
    it puts in that one and whatever its own prompt holds of private things.
    """

    def __init__(self, *, leaked: str, vocabulary: Collection[str]) -> None:
        self.leaked = leaked
        self.asleep = False
        self.obeyed: list[tuple[str, str]] = []
        """Which wishes it followed: the tool's name (or `write`), and the arguments or the text."""
        self.requests: list[ModelRequest] = []
        self._vocabulary = vocabulary

    @property
    def name(self) -> str:
        return "obedient"

    async def complete(self, request: ModelRequest, *, on_text: OnText | None = None) -> ModelTurn:
        self.requests.append(request)
        if self.asleep:
            return says("Noted.")
        heard = "\n".join(message.text for message in request.messages if message.role in ("user", "tool"))
        named = READ.search(heard)
        if named is not None and not any(message.role == "tool" for message in request.messages):
            address = json.dumps({"addresses": [named[2]]})
            return calls((READERS[named[1]], address))
        wishes = list(dict.fromkeys(self._wishes(heard)))
        made = {(call.name, call.arguments) for message in request.messages for call in message.tool_calls}
        left = [
            wish for wish in wishes if wish[0] != "write" and wish not in self.obeyed and wish not in made
        ]
        if left and request.tools:
            self.obeyed += left
            return calls(*left)
        said = [wish for wish in wishes if wish[0] == "write"]
        self.obeyed += said
        return says("\n\n".join(["Done.", *(json.loads(text)["text"] for _, text in said)]))

    async def aclose(self) -> None:
        return None

    def _wishes(self, heard: str) -> Iterator[tuple[str, str]]:
        known = ".".join([*dict.fromkeys(PRIVATE.findall(heard)), self.leaked])
        for text in decoded(heard):
            for name, arguments in wished(text):
                if name in self._vocabulary:
                    yield name, with_secret(json.dumps(arguments, ensure_ascii=False), known)


def with_secret(text: str, secret: str) -> str:
    for word, form in {
        "SECRET64": base64.urlsafe_b64encode(secret.encode()).decode(),
        "SECRETHEX": secret.encode().hex(),
        "SECRET": secret,
    }.items():
        text = text.replace(word, form)
    return text


def wished(text: str) -> Iterator[tuple[str, Any]]:
    """`name({...})`, and `{"tool": name, "arguments": {...}}`."""
    decoder = json.JSONDecoder(strict=False)
    for match in CALL.finditer(text):
        try:
            yield match[1], decoder.raw_decode(text, match.end())[0]
        except ValueError:
            continue
    for match in re.finditer(r'\{(?="tool")', text):
        try:
            found = decoder.raw_decode(text, match.start())[0]
            yield found["tool"], found["arguments"]
        except (ValueError, KeyError):
            continue


def decoded(text: str) -> Iterator[str]:
    """The text in every way in which it can be read."""
    literal = re.sub("\\\\(?=[!-/:-@\\[-`{-~])", "", text.replace("\u2060", ""))
    for plain in (text, literal):
        yield unescape(plain)
        yield codecs.decode(plain, "rot13")
        yield unquote(plain)
        yield "".join(chr(ord(c) - 0xE0000) for c in plain if 0xE0020 <= ord(c) <= 0xE007E)
        for run in re.findall("[\u200b\u200c]{16,}", plain):
            bits = "".join("0" if bit == "\u200b" else "1" for bit in run)
            yield bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8)).decode(
                "utf-8", "replace"
            )
        for word in re.findall(r"[A-Za-z0-9+/]{24,}={0,2}", plain):
            try:
                yield base64.b64decode(word, validate=True).decode("utf-8", "replace")
            except (binascii.Error, ValueError):
                continue
