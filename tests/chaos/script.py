"""What is asked, what the model answers to it, and what a right answer holds."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from typing import Any

from tests.counterparts.openai_server import Answer

KINDS = ("think", "pair", "chain", "mail", "sum")
THINKER = """---
name: thinker
description: Thinks about a token.
examples: [think about a token]
---
Think about the token.
"""
ON_IT = "On it."


@dataclass(frozen=True)
class Question:
    """One instruction; its number is in everything that belongs to it."""

    number: int
    kind: str

    @property
    def text(self) -> str:
        n = self.number
        return {
            "think": f"@thinker think about token-{n}",
            "pair": f"@thinker think about token-{n}; @calculator {n} * 7",
            "chain": f"@thinker think about token-{n} then @email send email to c{n}@chaos.example.org",
            "mail": f"@email send email to c{n}@chaos.example.org saying token-{n}",
            "sum": f"@calculator {n} * 7",
        }[self.kind]

    @property
    def wanted(self) -> tuple[str, ...]:
        """What a complete answer holds."""
        n = self.number
        thought, product, mailed = f"thought {n}", str(n * 7), f"mailed c{n}@"
        return {
            "think": (thought,),
            "pair": (thought, product),
            "chain": (thought, mailed),
            "mail": (mailed,),
            "sum": (product,),
        }[self.kind]


class Model:
    """A model that does what the question needs, slowly, and is unwell now and then."""

    def __init__(self, *, seed: int, slowest: float, faulty: float) -> None:
        self._dice = random.Random(seed)
        self._slowest = slowest
        self._faulty = faulty

    def __call__(self, body: dict[str, Any]) -> Answer:
        delay = self._dice.uniform(0.1, 1.0) * self._slowest
        if self._dice.random() < self._faulty:
            return self._dice.choice(
                [
                    Answer(status=429, code="rate_limit_exceeded", headers={"Retry-After": "1"}),
                    Answer(status=500),
                    Answer(status=503),
                    Answer(reset=True),
                    Answer(text="half an answer", cut_stream="clean", delay=delay),
                    Answer(text="half an answer", cut_stream="abrupt", delay=delay),
                ]
            )
        return self._good(body, delay)

    def _good(self, body: dict[str, Any], delay: float) -> Answer:
        said = "\n".join(_text(message) for message in body["messages"] if message["role"] == "user")
        results = [_text(message) for message in body["messages"] if message["role"] == "tool"]
        tools = [tool["function"]["name"] for tool in body.get("tools", ())]
        if "calculate" in tools:
            found = re.search(r"(\d+) \* 7", said)
            assert found is not None, said
            if not results:
                return Answer(tool_calls=(("calculate", json.dumps({"expression": found[0]})),), delay=delay)
            return Answer(text=str(int(found[1]) * 7), delay=delay)
        if "send_email" in tools:
            to = re.search(r"(c\d+)@chaos\.example\.org", said)
            assert to is not None, said
            if not results:
                mail = {"to": [to[0]], "subject": "chaos", "body": f"for {to[1]}"}
                return Answer(tool_calls=(("send_email", json.dumps(mail)),), delay=delay)
            return Answer(text=f"mailed {to[0]}", delay=delay)
        token = re.search(r"token-(\d+)", said)
        return Answer(text=f"thought {token[1] if token else '?'}", delay=delay)


def _text(message: dict[str, Any]) -> str:
    content = message.get("content")
    return content if isinstance(content, str) else json.dumps(content)
