"""An answer as a terminal shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.markdown import Markdown

from bot.readout import printable


class Answer(Markdown):
    """Markdown in which nothing is lost or moves: rich leaves out HTML, whole paragraphs of it, and puts pictures
    in front of the paragraph that they stand in."""

    def __init__(self, text: str) -> None:
        super().__init__("")
        self.markup = printable(text)
        parser = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])
        self.parsed = parser.parse(self.markup)
        for token in self.parsed:
            token.children = list(_with_links(token.children)) if token.children else token.children


def _with_links(tokens: Iterable[Token]) -> Iterator[Token]:
    """The same with a link in place of each picture."""
    for token in tokens:
        if token.type != "image":
            yield token
            continue
        yield Token("link_open", "a", 1, attrs={"href": token.attrs.get("src", "")})
        yield Token("text", "", 0, content=token.content)
        yield Token("link_close", "a", -1)
