"""How fast webhooks are acknowledged, each with its row committed: `python -m benchmarks.ack [--quick]`.

Signed Slack events and Telegram updates at 50, 200 and 500 a second for 20 s, to the web process as it is run, over
loopback; the sender is a process of its own. Afterwards the rows are counted. Only the web process runs, unless
`--workers` adds what works on them meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from benchmarks import report
from benchmarks.service import Service, cpu_seconds, helper, service
from benchmarks.webhooks import Pace
from tests.counterparts.slack import SlackServer
from tests.counterparts.telegram import TOKEN, telegram_server

RATES = (50, 200, 500)
TARGETS = {200: 100.0, 500: 500.0}
"""p99 in ms by events a second."""
PEOPLE = 200
"""None of them reaches the limit of 100 requests in 15 minutes."""
WARM_UP_RATE = 50
SECRET = "invented-webhook-secret"
HEADER = (
    "webhooks",
    "per second",
    "sent",
    "p50 ms",
    "p99 ms",
    "max ms",
    "answered 200",
    "others",
    "rows",
    "web CPU ms each",
    "sender late p99 ms",
)


@dataclass(frozen=True)
class Options:
    """What is measured."""

    seconds: float
    rates: Sequence[int]
    workers: int


async def measure(options: Options) -> list[list[report.Cell]]:
    """One row for each platform and rate; the platforms' own servers are pretended ones, here in this process."""
    rows: list[list[report.Cell]] = []
    async with _running(options) as (running, paces):
        for pace in paces:
            # Everybody is known by then: Slack is asked once for each person's name and zone, behind the answer.
            warm = replace(pace, per_second=WARM_UP_RATE, seconds=PEOPLE / WARM_UP_RATE)
            await _one(running, warm)
            first = warm.count
            for rate in options.rates:
                this = replace(pace, per_second=rate, seconds=options.seconds, first=first)
                first += this.count
                rows.append(await _one(running, this))
                await asyncio.sleep(1)
    return rows


@asynccontextmanager
async def _running(options: Options) -> AsyncIterator[tuple[Service, list[Pace]]]:
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackServer(burst=100_000, posts_per_second=100_000.0))
        for person in range(PEOPLE):
            slack.add_user(f"U{person:06d}", name=f"someone{person}")
        telegram = await stack.enter_async_context(telegram_server(scale=0.0))
        running = await stack.enter_async_context(
            service(
                {
                    "SLACK_BOT_TOKEN": slack.bot_token,
                    "SLACK_SIGNING_SECRET": slack.signing_secret,
                    "SLACK_API_URL": slack.base_url,
                    "TELEGRAM_BOT_TOKEN": TOKEN,
                    "TELEGRAM_API_URL": telegram.url,
                    "TELEGRAM_WEBHOOK_SECRET": SECRET,
                    "TELEGRAM_ALLOWED_USERS": "*",
                }
            )
        )
        for _ in range(options.workers):
            await stack.enter_async_context(running.worker())
        url = await stack.enter_async_context(running.web())
        plain = Pace("slack", f"{url}/slack/events", slack.signing_secret, 1, 1, PEOPLE, 0)
        yield (
            running,
            [plain, replace(plain, platform="telegram", url=f"{url}/telegram/webhook", secret=SECRET)],
        )


async def _one(running: Service, pace: Pace) -> list[report.Cell]:
    before = await asyncio.to_thread(_rows, running, pace.platform)
    web = running.pids["web"][0]
    used = cpu_seconds(web)
    async with helper("benchmarks.webhooks", json.dumps(asdict(pace))) as sender:
        out, _ = await sender.communicate()
    sent: dict[str, Any] = json.loads(out)
    times, statuses = sent["milliseconds"], sent["statuses"]
    others = {status: number for status, number in statuses.items() if status != "200"}
    return [
        pace.platform,
        pace.per_second,
        pace.count,
        report.cut(times, 50),
        report.cut(times, 99),
        max(times, default=float("nan")),
        statuses.get("200", 0),
        ", ".join(f"{number} × {status}" for status, number in sorted(others.items())) or "0",
        await asyncio.to_thread(_rows, running, pace.platform) - before,
        (cpu_seconds(web) - used) * 1000 / pace.count,
        report.cut(sent["late"], 99),
    ]


def _rows(running: Service, platform: str) -> int:
    path = running.settings.database.removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        query = "SELECT count(*) FROM delegations WHERE platform = ?"
        number: int = connection.execute(query, (platform,)).fetchone()[0]
    connection.close()
    return number


def misses(rows: Sequence[Sequence[Any]]) -> list[str]:
    """What isn't as it should be, in sentences."""
    found = []
    for platform, rate, sent, _, p99, _, acknowledged, _, saved, *_ in rows:
        if saved < acknowledged:
            found.append(f"LOST: {platform} at {rate}/s: {acknowledged} acknowledged, {saved} rows")
        if acknowledged < sent:
            found.append(f"{platform} at {rate}/s: {sent - acknowledged} of {sent} were not acknowledged")
        if rate in TARGETS and not p99 <= TARGETS[rate]:
            found.append(f"MISSED: {platform} at {rate}/s: p99 {p99:.0f} ms, target {TARGETS[rate]:.0f} ms")
    return found


def main() -> None:
    """Measure and say what was missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="three seconds of 50 and 200 a second")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--workers", type=int, default=0, help="worker processes that run meanwhile")
    given = parser.parse_args()
    options = Options(
        seconds=3.0 if given.quick else given.seconds,
        rates=RATES[:2] if given.quick else RATES,
        workers=given.workers,
    )
    rows = asyncio.run(measure(options))
    title = (
        f"Webhooks of {PEOPLE} people acknowledged by one web process, {options.workers} workers beside it, SQLite, "
        f"{options.seconds:.0f} s each"
    )
    report.publish("ack", title, HEADER, rows, notes=misses(rows) or ["Every target is met; none was lost."])


if __name__ == "__main__":
    main()
