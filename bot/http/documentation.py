"""`/docs`: the API on one page, made from the OpenAPI document, without a script or anything loaded from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

STYLE = (Path(__file__).parent / "documentation.css").read_text(encoding="utf-8")
POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
BOUNDS = {
    "maxLength": "{:,} characters at most",
    "minimum": "{:,} at least",
    "maximum": "{:,} at most",
    "maxItems": "{:,} items at most",
}
Operation = tuple[str, str, dict[str, Any]]
"""Method, path, and what the document says of it."""


def build(app: FastAPI, *, base_url: str) -> Route:
    """The route; the examples name `base_url`, not the host that a request claims."""
    made: list[str] = []

    async def docs(_: Request) -> Response:
        if not made:
            made.append(page(app.openapi(), base_url=base_url))
        return HTMLResponse(made[0], headers={"Content-Security-Policy": POLICY})

    return Route("/docs", docs, include_in_schema=False)


def page(document: dict[str, Any], *, base_url: str) -> str:
    """The whole page as HTML."""
    info = document["info"]
    operations = list(_operations(document))
    sections = "".join(_section(one, document, base_url) for one in operations)
    title = escape(info["title"])
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title} API</title>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<style>{STYLE}</style></head><body>"
        f"<header id=top><h1>{title} API <small>{escape(info['version'])}</small></h1>"
        f"{_prose(info['description'])}"
        f"<pre><code>{escape(_begin(base_url))}</code></pre>"
        "<p>For programs: <a href='/openapi.json'>openapi.json</a>.</p></header>"
        f"<nav aria-label=Routes><a class=home href='#top'>{title} API</a>{_contents(operations)}</nav>"
        f"<main>{sections}</main></body></html>"
    )


def _operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield method, path, operation


def _contents(operations: list[Operation]) -> str:
    tags = list(dict.fromkeys(operation["tags"][0] for _, _, operation in operations))
    parts = []
    for tag in tags:
        links = [
            f"<li><a href='#{_anchor(method, path)}'>{_badge(method)} {escape(operation['summary'])}</a>"
            for method, path, operation in operations
            if operation["tags"][0] == tag
        ]
        parts.append(f"<h2>{escape(tag.capitalize())}</h2><ul>{''.join(links)}</ul>")
    return "".join(parts)


def _section(operation: Operation, document: dict[str, Any], base_url: str) -> str:
    method, path, about = operation
    content = about.get("requestBody", {}).get("content", {}).get("application/json", {})
    curl = _curl(method, base_url + path, _example(content, document), about)
    anchor = _anchor(method, path)
    lock = "<span class=lock>needs the token</span>" if about.get("security") else ""
    shown = escape(path).replace("{", "<wbr><i>{").replace("}", "}</i>")
    return (
        f"<section id='{anchor}'><h2><a href='#{anchor}'>{escape(about['summary'])}</a></h2>"
        f"<p class=route>{_badge(method)} <code>{shown}</code> {lock}</p>"
        f"{_prose(about.get('description', ''))}"
        f"{_table('Body', _fields(_resolved(content.get('schema', {}), document)))}"
        f"{_table('Parameters', _parameters(about))}"
        f"<pre><code>{escape(curl)}</code></pre>"
        f"{''.join(_responses(about['responses'], document))}</section>"
    )


def _fields(schema: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    required = schema.get("required", [])
    for name, described in schema.get("properties", {}).items():
        schema = next(iter(described.get("anyOf", [])), described)
        yield name, _kind(schema, needed=name in required), _about({**described, **schema}, described)


def _parameters(operation: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for one in operation.get("parameters", []):
        schema = next(iter(one["schema"].get("anyOf", [])), one["schema"])
        kind = f"{one['in']}, {_kind(schema, needed=one.get('required', False))}"
        yield one["name"], kind, _about(schema, one)


def _kind(schema: dict[str, Any], *, needed: bool) -> str:
    kind = "list" if schema.get("type") == "array" else schema.get("type", "")
    return f"{kind}, required" if needed else kind


def _about(schema: dict[str, Any], described: dict[str, Any]) -> str:
    bounds = [" or ".join(f"`{value}`" for value in schema.get("enum", []))]
    bounds += [form.format(schema[name]) for name, form in BOUNDS.items() if name in schema]
    if schema.get("default"):
        default = schema["default"]
        bounds.append(f"default {default:,}" if isinstance(default, int) else f"default `{default}`")
    sentences = [described.get("description", ""), ", ".join(bound for bound in bounds if bound)]
    return "; ".join(sentence.rstrip(".") for sentence in sentences if sentence)


def _table(title: str, rows: Iterator[tuple[str, str, str]]) -> str:
    lines = [
        f"<tr><th scope=row><code>{escape(name)}</code><td>{escape(kind)}<td>{_marked(about)}"
        for name, kind, about in rows
    ]
    return f"<h3>{title}</h3><table>{''.join(lines)}</table>" if lines else ""


def _responses(responses: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
    """Each with its example; the first, which is the good one, unfolded."""
    for number, (status, response) in enumerate(responses.items()):
        (media_type, content), *_ = response["content"].items()
        example = _example(content, document)
        body = example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)
        yield (
            f"<details{'' if number else ' open'}><summary><b class=s{status[0]}>{status}</b> "
            f"{_marked(response['description'])}</summary>"
            f"<p class=type>{escape(media_type)}</p><pre><code>{escape(body)}</code></pre></details>"
        )


def _example(content: dict[str, Any], document: dict[str, Any]) -> Any:
    for one in content.get("examples", {}).values():
        return _resolved(one, document)["value"]
    return content.get("example")


def _resolved(described: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document
    for part in described.get("$ref", "").split("/")[1:]:
        found = found[part]
    return found if "$ref" in described else described


def _badge(method: str) -> str:
    return f"<span class='method {method}'>{method.upper()}</span>"


def _anchor(method: str, path: str) -> str:
    return "-".join([method, *re.findall(r"[a-z_]+", path)])


def _prose(text: str) -> str:
    return "".join(f"<p>{_marked(' '.join(part.split()))}</p>" for part in text.split("\n\n") if part)


def _marked(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _begin(base_url: str) -> str:
    return f"TOKEN=$(cat data/operator.token)\ncurl {shlex.quote(base_url)}/health/ready"


def _curl(method: str, url: str, example: Any, operation: dict[str, Any]) -> str:
    words = ["curl", *([] if method == ("get" if example is None else "post") else ["-X", method.upper()])]
    lines = [" ".join([*words, re.sub(r"\{.*?\}", "$ID", url)])]
    if operation.get("security"):
        lines.append('  -H "Authorization: Bearer $TOKEN"')
    if example is not None:
        lines.append("  -H 'Content-Type: application/json'")
        lines.append(f"  -d {shlex.quote(json.dumps(example))}")
    return " \\\n".join(lines)
