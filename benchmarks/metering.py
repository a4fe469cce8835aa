"""What paying from budgets adds to a model's turn: `python -m benchmarks.metering [DATABASE_URL]`.

A turn is one call of a model that answers at once, and saving it. Turns with no budget, with one and with eight are
made in turn with turns that nobody pays for; what they take more is what budgets add. Without a URL: SQLite, a new
file.
"""

from __future__ import annotations

import asyncio
import secrets
import statistics
import sys
import tempfile
import time
from pathlib import Path

from adapters.clock import SystemClock
from adapters.sql.budgets import SqlBudgets
from adapters.sql.database import Database
from adapters.sql.migrations import upgrade
from adapters.sql.runs import SqlRuns
from core.budgets import BudgetRules, MeteredModel
from core.memory.model import says
from core.models.budget import Allowance, Period, Scope, Spender
from core.ports.language_model import LanguageModel, Message, ModelRequest, ModelTurn, OnText

ROUNDS = 300
MUCH = Allowance(usd=100_000.0, tokens=10**11)
VARIANTS: dict[str, dict[tuple[Scope, Period], Allowance]] = {
    "no budget": {},
    "one budget": {(Scope.WORKSPACE, Period.DAY): MUCH},
    "eight budgets": {(scope, period): MUCH for scope in Scope for period in Period},
}


class Instant:
    """A model that answers before it was asked."""

    name = "instant"

    async def complete(self, request: ModelRequest, *, on_text: OnText | None = None) -> ModelTurn:
        return says("Done.")

    async def aclose(self) -> None:
        return None


async def price(model: str, *, input_tokens: int, output_tokens: int) -> float | None:
    return (input_tokens + output_tokens) / 1_000_000


async def measure(database: Database, *, rounds: int = ROUNDS) -> dict[str, list[tuple[float, float]]]:
    """Seconds of each turn by the clock and of the processor, by variant; "unpaid" is the turn without any of it."""
    clock, runs = SystemClock(), SqlRuns(database)
    models: dict[str, LanguageModel] = {"unpaid": Instant()}
    for name, defaults in VARIANTS.items():
        models[name] = MeteredModel(
            Instant(),
            budgets=SqlBudgets(database, clock=clock),
            rules=BudgetRules(defaults=defaults),
            price=price,
            clock=clock,
        )
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in models}
    for number in range(rounds + 5):
        for name, model in models.items():
            began = time.perf_counter(), time.process_time()
            await _turn(model, runs, workspace=f"toy:{name}")
            ended = time.perf_counter(), time.process_time()
            if number >= 5:
                taken[name].append((ended[0] - began[0], ended[1] - began[1]))
    return taken


async def _turn(model: LanguageModel, runs: SqlRuns, *, workspace: str) -> None:
    run = secrets.token_hex(12)
    spender = Spender(
        person=f"{workspace}:ada",
        workspace=workspace,
        agent="writer",
        schedule="s1",
        delegation="d1",
        run=run,
    )
    messages = (Message(role="system", text="s" * 1500), Message(role="user", text="u" * 6000))
    turn = await model.complete(ModelRequest(messages=messages, spender=spender))
    await runs.save_turn(run, 0, turn)


async def report(url: str) -> None:
    database = Database(url)
    upgrade(database.engine)
    taken = await measure(database)
    database.close()
    plain = [statistics.median(times) for times in zip(*taken["unpaid"], strict=True)]
    print(f"{'ms a turn':<16}{'p50':>8}{'p95':>8}{'added p50':>12}{'added processor p50':>22}")
    for name, times in taken.items():
        wall, cpu = (sorted(column) for column in zip(*times, strict=True))
        p50, p95 = wall[len(wall) // 2], wall[int(len(wall) * 0.95)]
        added = (p50 - plain[0]) * 1e3, (cpu[len(cpu) // 2] - plain[1]) * 1e3
        print(f"{name:<16}{p50 * 1e3:>8.2f}{p95 * 1e3:>8.2f}{added[0]:>12.2f}{added[1]:>22.2f}")


def main() -> None:
    if len(sys.argv) > 1:
        asyncio.run(report(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(report(f"sqlite:///{Path(folder) / 'metering.sqlite3'}"))


if __name__ == "__main__":
    main()
