"""Agents on rounds of six turns that write as they go, where each is cut, and what must have come of it."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.rendering.agents import may_have_happened
from tests.counterparts.openai_server import Answer

COURIER = """---
name: courier
description: Goes on a round.
tools: [calculate, send_email, save_note]
integrations: [smtp]
examples: [round 1]
limits:
  timeout_seconds: 60
---
Go on the round.
"""
TURNS = 6
CALLS = ("0.0", "1.0", "2.0", "2.1", "3.0", "4.0")
MAILS = ("1.0", "2.0", "4.0")
CUTS = (
    *(f"{word} {turn}" for turn in range(TURNS) for word in ("asking", "model")),
    *(f"{word} {turn}" for turn in range(TURNS - 1) for word in ("turning", "turned")),
    *(f"{word} {key}" for key in CALLS for word in ("ending", "ended")),
    *(f"{word} {key}" for key in MAILS for word in ("calling", "called", "RCPT", "text")),
    "finishing",
    "finished",
)
"""Everywhere between two things that a run does: tests.chaos.held says where; at `model 2` the model's server has the
request, at `RCPT 2.0` the mail server the recipient, at `text 2.0` the mail, and none of them has answered."""
TOKENS = (120, 30, 0)
"""What each turn takes: input, output and cached input."""
DOUBT = may_have_happened("send_email")


@dataclass(frozen=True)
class Round:
    """One run, and the place at which its worker is killed."""

    number: int
    cut: str

    @property
    def text(self) -> str:
        return f"@courier round {self.number}"

    @property
    def done(self) -> str:
        return f"Round {self.number} is done."

    @property
    def wanted(self) -> tuple[str, ...]:
        return (self.done, DOUBT) if self.doubtful else (self.done,)

    @property
    def note(self) -> str:
        return f"the note of round {self.number}"

    def asked(self, turn: int) -> int:
        """How often the model is asked for this turn: again only where it was asked, and the turn not saved. The last
        one is saved with the end of the step."""
        again = {f"model {turn}", f"turning {turn}", f"in turn {turn}"}
        return 2 if self.cut in (again | {"finishing"} if turn == TURNS - 1 else again) else 1

    def sent(self, key: str) -> int:
        """How many mails the call sends: none where it was marked and had not begun."""
        return 0 if self.cut in (f"called {key}", f"RCPT {key}") else 1

    @property
    def doubtful(self) -> str | None:
        """The call of which nobody can tell any more: a mail that was marked, and how it ended was not saved."""
        marked = ("called", "RCPT", "text", "ending", "in end")
        return next((key for key in MAILS if self.cut in (f"{word} {key}" for word in marked)), None)


class Counterparts:
    """What the model says and the mail server waits for; counts what they are asked, and who is where it is cut."""

    def __init__(self, rounds: Sequence[Round], *, last: Round) -> None:
        """The `last` kills its process: not before all others are held."""
        self.rounds = {one.number: one for one in rounds}
        self.asked: Counter[tuple[int, int]] = Counter()
        self.told: dict[tuple[int, int], list[str]] = {}
        """What the tools' messages said when the model was asked for a turn."""
        self.mails: Counter[tuple[int, str]] = Counter()
        self.awaited = {one.cut for one in rounds} - {last.cut}
        self._last = last
        self._all_held = asyncio.Event()

    def hold(self, cut: str) -> None:
        """Note that the run that is cut here is here."""
        self.awaited.remove(cut)
        if not self.awaited:
            self._all_held.set()

    def model(self, body: dict[str, Any]) -> Answer:
        messages = body["messages"]
        number = _number(next(m["content"] for m in messages if m["role"] == "user"))
        turn = sum(message["role"] == "assistant" for message in messages)
        self.asked[number, turn] += 1
        self.told[number, turn] = [m["content"] for m in messages if m["role"] == "tool"]
        if self.rounds[number].cut == f"model {turn}" and self.asked[number, turn] == 1:
            self.hold(f"model {turn}")
            return Answer(until=asyncio.Event())
        return self._turn(self.rounds[number], turn)

    async def mail(self, stage: str, recipient: str) -> None:
        """The mail server's gate."""
        key, number = recipient.partition("@")[0].rsplit("-", 1)
        asked = self.rounds[int(number)]
        if stage == "text":
            self.mails[asked.number, key] += 1
        if asked.cut == f"{stage} {key}" and asked.cut in self.awaited:
            self.hold(asked.cut)
            await asyncio.Event().wait()
        if asked is self._last and (stage, key) == ("text", MAILS[0]):
            await self._all_held.wait()

    def _turn(self, asked: Round, turn: int) -> Answer:
        """What the model says in its six turns: each call's key says which turn it is of."""
        calls = {
            "0.0": ("calculate", {"expression": "6 * 7"}),
            "2.1": ("calculate", {"expression": "7 * 6"}),
            "3.0": ("save_note", {"text": asked.note}),
            **{key: ("send_email", _mail(asked, key)) for key in MAILS},
        }
        made = tuple(
            (calls[key][0], json.dumps(calls[key][1])) for key in CALLS if key.startswith(f"{turn}.")
        )
        return Answer(tool_calls=made, usage=TOKENS) if made else Answer(text=asked.done, usage=TOKENS)


def _mail(asked: Round, key: str) -> dict[str, Any]:
    return {"to": [f"{key}-{asked.number}@rounds.example.org"], "subject": "Round", "body": asked.done}


def _number(text: str) -> int:
    found = re.search(r"round (\d+)", text)
    assert found is not None, text
    return int(found[1])
