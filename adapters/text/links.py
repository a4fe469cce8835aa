"""Web and e-mail addresses in what people write, chat platforms' own notation included."""

from __future__ import annotations

import re

_CHAT_LINK = re.compile(r"<((?:https?://|mailto:)[^\s<>|]{1,2000})(?:\|[^<>]{0,500})?>", re.IGNORECASE)
_MARKDOWN_LINK = re.compile(r"\[[^\[\]]{0,300}\]\((https?://[^\s()]{1,2000})\)", re.IGNORECASE)
_WEB = re.compile(r"\b[a-z][a-z0-9+.-]{1,10}://[^\s<>\"'`]{1,2000}", re.IGNORECASE)
_ENDINGS = (
    "com|org|net|io|dev|app|co|info|edu|gov|mil|int|eu|de|at|ch|uk|fr|nl|be|es|it|pt|se|no|dk|fi"
    "|pl|cz|ie|us|ca|au|nz|jp|kr|cn|in|br|mx|ar"
    "|ai|me|tv|xyz|blog|news|site|online|tech|cloud|wiki|page|example|test|local|localhost"
)
_BARE = re.compile(
    rf"(?<![\w@./:-])(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.){{1,6}}(?:{_ENDINGS})(?::\d{{2,5}})?"
    r"(?![\w@-])(?:/[^\s<>\"'`]{0,2000})?",
    re.IGNORECASE,
)
_MAIL = re.compile(
    (
        r"(?<![\w.+%@-])[a-z0-9](?:[a-z0-9._%+'-]{0,62}[a-z0-9_%+-])?@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-"
        r"z0-9])?\.){1,6}[a-z]{2,24}(?![\w@-])"
    ),
    re.IGNORECASE,
)
_FEED_PATH = re.compile(
    r"(?:/(?:rss2?|feeds?|atom|syndication)(?:$|[/?#.])|\.(?:rss|atom|rdf)(?:$|[?#])"
    r"|/[^/?#]{0,80}\.xml(?:$|[?#])|/[^/?#]{0,40}feed[^/?#]{0,40}\.json(?:$|[?#])|[?&](?:feed"
    r"|format|type|alt)=(?:rss|atom|feed)"
    r"|://(?:feeds?|rss)\.)",
    re.IGNORECASE,
)
_NO_FEED = re.compile(r"/(?:sitemap|pom|robots)[^/?#]{0,40}\.xml", re.IGNORECASE)
_TRAILING = ".,;:!?)]}'\"*_"
_MOST = 20


def unwrapped(text: str) -> str:
    """The text with `<https://…|label>`, `<mailto:…|label>` and `[label](https://…)` as the bare addresses."""
    if "://" not in text and "<" not in text:
        return text
    text = _CHAT_LINK.sub(lambda match: match.group(1).removeprefix("mailto:"), text)
    return _MARKDOWN_LINK.sub(lambda match: match.group(1), text)


def web_addresses(text: str) -> tuple[str, ...]:
    """Every web address, once each, in order; a bare `example.com/x` is given `https://`."""
    if "." not in text and "://" not in text:
        return ()
    text = unwrapped(text)
    found: list[tuple[int, str]] = []
    taken: list[tuple[int, int]] = [match.span() for match in _MAIL.finditer(text)]
    for match in _WEB.finditer(text):
        taken.append(match.span())
        found.append((match.start(), _trimmed(match.group())))
    for match in _BARE.finditer(text):
        if not any(start <= match.start() < end for start, end in taken):
            found.append((match.start(), "https://" + _trimmed(match.group())))
    return tuple(dict.fromkeys(address for _, address in sorted(found)))[:_MOST]


def without_web_addresses(text: str) -> str:
    """The words around the web addresses."""
    text = _WEB.sub(" ", unwrapped(text))
    return re.sub(r" {2,}", " ", _BARE.sub(" ", text)).strip()


def mail_addresses(text: str) -> tuple[str, ...]:
    """Every e-mail address, once each, in order; those inside a web address are none."""
    if "@" not in text:
        return ()
    text = unwrapped(text)
    webs = [match.span() for match in _WEB.finditer(text)]
    found = (m for m in _MAIL.finditer(text) if not any(start <= m.start() < end for start, end in webs))
    return tuple(dict.fromkeys(match.group() for match in found))


def looks_like_feed(address: str) -> bool:
    """Whether an address names a feed by its own spelling."""
    return _FEED_PATH.search(address) is not None and _NO_FEED.search(address) is None


def _trimmed(address: str) -> str:
    """Without the sentence's punctuation; a closing bracket stays where the address opened one."""
    while address and address[-1] in _TRAILING:
        if address[-1] == ")" and address.count("(") >= address.count(")"):
            break
        address = address[:-1]
    return address
