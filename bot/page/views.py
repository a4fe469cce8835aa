"""The page's HTML, made from templates. Loaded with the first page that is opened: templates and Markdown are 8 MB."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from bot.page.assets import asset_url
from bot.page.markup import to_html
from bot.page.shown import SHOWN_CONVERSATIONS, Conversation, Turn
from core.models import (
    Approval,
    ApprovalState,
    Artifact,
    Button,
    ConversationOutline,
    Delegation,
    StepState,
)
from core.ports.integrations import Field, Kind
from core.rendering import approvals as asking
from core.rendering import integrations, progress, times
from core.rendering import page as words

TITLE_CHARACTERS = 80
PICTURES = frozenset({"image/png", "image/jpeg"})
GOOD = frozenset({StepState.PENDING, StepState.RUNNING, StepState.WAITING, StepState.SUCCEEDED})


class Views:
    """Everything the page is made of."""

    def __init__(self, *, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(instant=self._instant, marked=_marked, duration=times.duration)
        self._templates.globals.update(words=words, asset_url=asset_url, is_picture=_is_picture)

    def page(self, shown: Conversation, outlines: Sequence[ConversationOutline], *, key: str) -> str:
        """The whole page of one conversation; `key` makes a form that is sent twice one instruction."""
        titles = [one.title for one in outlines if one.address.place == shown.place]
        return self._render(
            "page.html",
            shown=shown,
            title=_title(titles[0]) if titles else words.NEW_CONVERSATION,
            side=Markup(self.side(outlines, place=shown.place)),
            agents=sorted(shown.agents, key=lambda agent: agent.name),
            key=key,
        )

    def side(self, outlines: Sequence[ConversationOutline], *, place: str) -> str:
        """The list of conversations, this one marked; it leads on where there may be more."""
        older = outlines[-1].latest_at if len(outlines) >= SHOWN_CONVERSATIONS else None
        rows = [(one.address.place, _title(one.title), one.latest_at) for one in outlines]
        return self._render("side.html", rows=rows, place=place, older=older)

    def turn(self, delegation: Delegation, approvals: Sequence[Approval] = ()) -> Turn:
        """One instruction with its answer or how far it is, and what it asked before changing anything."""
        html = self._render(
            "turn.html",
            delegation=delegation,
            answer=Markup(to_html(delegation.reply.text)) if delegation.reply else None,
            lead=progress.lead(delegation),
            steps=[(step, progress.doing(delegation, step)) for step in delegation.steps],
            details=[(step, words.after(step, delegation.steps)) for step in delegation.steps],
            good=GOOD,
            rows=_rows(delegation),
            approvals=[(one, _decisions(one)) for one in approvals],
            asking=asking,
            zone=str(self._zone),
        )
        return Turn(
            id=delegation.id,
            version=hashlib.blake2b(html.encode(), digest_size=8).hexdigest(),
            html=html,
            answered=delegation.reply is not None,
            asks=any(one.state is ApprovalState.PENDING for one in approvals),
            spoken=_spoken(delegation, approvals),
        )

    def enter(self, code: str, *, nonce: str) -> str:
        """The page behind a link: it sends itself, so that only a browser that a person opened uses the link up."""
        return self._render("enter.html", code=code, nonce=nonce)

    def connect(
        self,
        kind: Kind,
        rows: Sequence[tuple[Field, str]],
        *,
        link: str,
        nonce: str,
        name: str,
        wrong: str,
    ) -> str:
        """The form in which a service's fields are filled in, with what they hold already."""
        return self._render(
            "connect.html",
            kind=kind,
            rows=rows,
            link=link,
            nonce=nonce,
            called=name,
            wrong=wrong,
            words_of=integrations,
        )

    def sentence(self, heading: str, sentence: str, *, back: str = "/") -> str:
        """A page that says one thing; `back` leads to what it is about, or nowhere."""
        return self._render("sentence.html", heading=heading, sentence=sentence, part="", back=back)

    def told(self, asked: str, answer: str, *, form: str = "") -> str:
        """What is said to one person alone, under what they asked, as a part of the conversation's page."""
        return self._told(asked, answer, form=form, back="")

    def told_alone(self, asked: str, answer: str, *, back: str) -> str:
        """The same on a page of its own, for a browser without the script."""
        part = Markup(self._told(asked, answer, form="", back=back))
        return self._render("sentence.html", heading=words.NAME, sentence="", part=part, back=back)

    def _told(self, asked: str, answer: str, *, form: str, back: str) -> str:
        return self._render(
            "told.html",
            asked=asked,
            answer=Markup(to_html(answer)),
            form=form,
            back=back,
            open_form=integrations.OPEN_FORM,
        )

    def _render(self, name: str, **values: Any) -> str:
        return self._templates.get_template(name).render(**values)

    def _instant(self, at: datetime) -> Markup:
        """An instant in the deployment's zone; the page's script puts the reader's own in its place."""
        local = at.astimezone(self._zone)
        shown = local.strftime("%d %b %Y, %H:%M %Z")
        return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), shown)


def _marked(text: str) -> Markup:
    """What stands between backticks as code, everything else as text."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _rows(delegation: Delegation) -> list[list[Button]]:
    """The buttons under the turn, row by row."""
    reply = delegation.reply if delegation.reply is not None else progress.progress(delegation)
    rows: dict[int, list[Button]] = {}
    for button in reply.buttons:
        rows.setdefault(button.row, []).append(button)
    return [rows[number] for number in sorted(rows)]


def _decisions(approval: Approval) -> Sequence[Button]:
    """What can be pressed under a request; nothing once it is decided."""
    return asking.buttons(approval) if approval.state is ApprovalState.PENDING else ()


def _spoken(delegation: Delegation, approvals: Sequence[Approval]) -> str:
    waits = [one for one in approvals if one.state is ApprovalState.PENDING]
    if waits and delegation.reply is None:
        return asking.lead(waits[0])
    return words.ANSWERED if delegation.reply else progress.lead(delegation)


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_CHARACTERS else f"{line[: TITLE_CHARACTERS - 1].rstrip()}…"


def _is_picture(artifact: Artifact) -> bool:
    return artifact.media_type in PICTURES
