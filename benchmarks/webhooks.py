"""Sends webhooks at a steady pace, from a process of its own: `python -m benchmarks.webhooks '<JSON of Pace>'`.

Open loop: each goes out when its time comes, whatever became of those before, and its time is counted from then, so
that a server that stalls can't hide it. Prints one JSON object: milliseconds of each answer, how many of each status,
and how late the sender itself was.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

import aiohttp

from tests.counterparts.slack.signing import JSON_TYPE, json_body, signed_headers

LEAD_SECONDS = 0.5
TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Pace:
    """What is sent where, and how fast."""

    platform: Literal["slack", "telegram"]
    url: str
    secret: str
    per_second: int
    seconds: float
    people: int
    first: int
    """The number of the first event: numbers that were used are known."""

    @property
    def count(self) -> int:
        return round(self.per_second * self.seconds)


@dataclass
class Sent:
    """What became of them."""

    milliseconds: list[float]
    statuses: Counter[str]
    late: list[float]


def to_request(pace: Pace, number: int) -> tuple[bytes, dict[str, str]]:
    """Body and headers, as the platform would send them."""
    person = number % pace.people
    return _slack(pace, number, person) if pace.platform == "slack" else _telegram(pace, number, person)


def _slack(pace: Pace, number: int, person: int) -> tuple[bytes, dict[str, str]]:
    ts = f"{1_700_000_000 + number}.000100"
    event = {
        "type": "app_mention",
        "user": f"U{person:06d}",
        "text": "<@U0BOT> what is 6*7?",
        "channel": f"C{person:06d}",
        "ts": ts,
        "event_ts": ts,
    }
    body = json_body(
        {
            "type": "event_callback",
            "team_id": "T0001",
            "api_app_id": "A1",
            "event_id": f"Ev{number}",
            "event_time": 1_700_000_000 + number,
            "event": event,
        }
    )
    stamp = str(int(time.time()))
    return body, signed_headers(pace.secret, body, timestamp=stamp, content_type=JSON_TYPE)


def _telegram(pace: Pace, number: int, person: int) -> tuple[bytes, dict[str, str]]:
    user = {"id": 1000 + person, "is_bot": False, "first_name": "Someone", "username": f"someone{person}"}
    message = {
        "message_id": number + 1,
        "date": int(time.time()),
        "chat": {"id": 1000 + person, "type": "private"},
        "from": user,
        "text": "what is 6*7?",
    }
    body = json_body({"update_id": number + 1, "message": message})
    return body, {"Content-Type": JSON_TYPE, "X-Telegram-Bot-Api-Secret-Token": pace.secret}


async def send(pace: Pace) -> Sent:
    """Send them all, and wait for every answer."""
    sent = Sent([], Counter(), [])
    requests = [to_request(pace, pace.first + n) for n in range(pace.count)]
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(timeout=timeout, connector=connector) as session,
        asyncio.TaskGroup() as tasks,
    ):
        began = time.perf_counter() + LEAD_SECONDS
        for n, (body, headers) in enumerate(requests):
            at = began + n / pace.per_second
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            sent.late.append((time.perf_counter() - at) * 1000)
            tasks.create_task(_one(session, pace.url, body, headers, at=at, sent=sent))
    return sent


async def _one(
    session: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str], *, at: float, sent: Sent
) -> None:
    try:
        async with session.post(url, data=body, headers=headers) as answer:
            await answer.read()
            status = str(answer.status)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        status = type(error).__name__
    sent.statuses[status] += 1
    if status == "200":
        sent.milliseconds.append((time.perf_counter() - at) * 1000)


def main() -> None:
    given: dict[str, Any] = json.loads(sys.argv[1])
    sent = asyncio.run(send(Pace(**given)))
    json.dump({"milliseconds": sent.milliseconds, "statuses": sent.statuses, "late": sent.late}, sys.stdout)


if __name__ == "__main__":
    main()
