"""Whatever is asked of them in whatever order, the store in memory and the one in a database answer the same."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from adapters.sql.database import Database
from adapters.sql.store import SqlStore
from core.errors import FlowMateError
from core.memory.store import InMemoryStore
from core.models import Delegation, Event, EventKind, Plan, PlannedStep, Reply, Result, Status, StepState
from core.ports.store import Store
from tests.contracts.conftest import SQL
from tests.contracts.samples import HERE, NOW, instruction

DELEGATIONS = ("d0", "d1", "d2", "d3", "d4")
STEPS = 3
OPERATIONS = 200
ENDS = [state for state in StepState if state.terminal]
Operation = Callable[[Store], Awaitable[Any]]


class Dice:
    """Makes up operations; the same seed makes the same ones. Most tokens and rounds in them are the right ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._now = NOW
        self._seen: dict[str, Delegation] = {}

    async def look(self, store: Store) -> None:
        """Learn the present tokens and rounds."""
        for delegation_id in DELEGATIONS:
            if await store.known(f"key-{delegation_id}"):
                self._seen[delegation_id] = await store.load(delegation_id)

    def operation(self) -> tuple[str, Operation]:
        self._now += timedelta(seconds=self._random.choice([0, 0.5, 3, 20, 40]))
        make = self._random.choice(
            [self._whole, self._whole, self._step, self._step, self._step, self._post, self._look]
        )
        return make()

    def _pick(self, *operations: tuple[str, Operation]) -> tuple[str, Operation]:
        return self._random.choice(operations)

    def _whole(self) -> tuple[str, Operation]:
        d, now = self._random.choice(DELEGATIONS), self._now
        round_ = self._mostly(self._seen[d].round if d in self._seen else 0)
        asked = instruction(f"do {d}", key=f"key-{d}", fingerprint=self._random.choice(["", "", "", "x"]))
        plan, status = self._plan(), self._random.choice(list(Status))
        reply = Reply(text=f"{d} in round {round_}")
        failure = self._random.choice([None, "No such channel."])
        stage, ids = self._random.random() < 0.5, self._step_ids(d)
        at_once = self._random.random() < 0.25
        return self._pick(
            *[("accept", lambda s: s.accept(asked, delegation_id=d, now=now))] * 2,
            *[("save_plan", lambda s: s.save_plan(d, plan, now=now))] * 4,
            (
                "save_answer",
                lambda s: s.save_answer(
                    d, round=round_, status=status, reply=reply, now=now, delivered=at_once
                ),
            ),
            *[("mark_delivered", lambda s: s.mark_delivered(d, round=round_, now=now, failure=failure))] * 4,
            ("cancel", lambda s: s.cancel(d, by="u", now=now)),
            *[("retry", lambda s: s.retry(d, by="u", now=now))] * 4,
            *[("revise", lambda s: s.revise(d, Reply(text="revised"), now=now))] * 4,
            ("redispatch", lambda s: s.redispatch(d, step_ids=ids, stage=stage, now=now)),
            ("check_later", lambda s: s.check_later(d, at=now)),
        )

    def _step(self) -> tuple[str, Operation]:
        (d, number), now = self._likely_step(), self._now
        step_id, token = f"{d}-{number}", self._token(d, number)
        until, ids = now + timedelta(seconds=30), self._step_ids(d)
        result = Result(state=self._random.choice(ENDS), output="out", error=None)
        held = {f"{d}-{n}": self._token(d, n) for n in range(STEPS)}
        return self._pick(
            *[("claim_step", lambda s: s.claim_step(step_id, now=now, lease_until=until))] * 3,
            ("renew", lambda s: s.renew(held, now=now, lease_until=until)),
            (
                "retrying",
                lambda s: s.retrying(step_id, token=token, delay_seconds=1.25, reason="busy", now=now),
            ),
            ("release_step", lambda s: s.release_step(step_id, token=token, now=now)),
            ("end_step", lambda s: s.end_step(step_id, token=token, result=result, now=now)),
            ("skip_steps", lambda s: s.skip_steps(ids[:1], reason="no", now=now)),
        )

    def _post(self) -> tuple[str, Operation]:
        d, part = self._random.choice(DELEGATIONS), self._random.randrange(3)
        message = f"m{self._random.randrange(4)}"
        fact = Event(delegation_id=d, kind=EventKind.STEP_TOOL, at=self._now, data={"part": part})
        return self._pick(
            ("attempt_post", lambda s: s.attempt_post(d, part=part)),
            ("abandon_post", lambda s: s.abandon_post(d, part=part)),
            ("record_post", lambda s: s.record_post(d, part=part, message_id=message)),
            ("forget_post", lambda s: s.forget_post(d, part=part, message_id=message)),
            ("append", lambda s: s.append(fact)),
        )

    def _look(self) -> tuple[str, Operation]:
        d, now, few = self._random.choice(DELEGATIONS), self._now, self._random.randrange(1, 4)
        address = HERE.model_copy(
            update={"thread": self._random.choice([HERE.thread] * 3 + ["", "m0", "m1"])}
        )
        return self._pick(
            ("to_check", lambda s: s.to_check(now=now, limit=few)),
            ("in_conversation", lambda s: s.in_conversation(address, before=now, limit=few)),
            (
                "conversations",
                lambda s: s.conversations(platform=HERE.platform, workspace="W1", before=now, limit=few),
            ),
            ("recent", lambda s: s.recent(workspace="W1", before=now, limit=few)),
            ("conversation", lambda s: s.conversation(address, before=now, limit=few)),
            ("knows", lambda s: s.knows(address)),
            ("known", lambda s: s.known(f"key-{d}")),
            ("load_shown", lambda s: s.load_shown(d)),
            ("replied", lambda s: s.replied(d)),
            ("events", lambda s: s.events(d, after=few)),
        )

    def _plan(self) -> Plan:
        steps = [
            PlannedStep(agent=f"a{n}", task="task", after=tuple(range(n))[: self._random.randrange(3)])
            for n in range(self._random.choice([0, 2, STEPS, STEPS]))
        ]
        return Plan(planner="rules", steps=tuple(steps))

    def _likely_step(self) -> tuple[str, int]:
        """One that has not ended, where there is one; and sometimes any."""
        live = [
            (d, step.index)
            for d, seen in self._seen.items()
            for step in seen.steps
            if not step.state.terminal
        ]
        anything = (self._random.choice(DELEGATIONS), self._random.randrange(STEPS))
        return self._random.choice(live) if live and self._random.random() < 0.8 else anything

    def _token(self, delegation_id: str, number: int) -> int:
        steps = self._seen[delegation_id].steps if delegation_id in self._seen else ()
        return self._mostly(steps[number].token if number < len(steps) else 0)

    def _mostly(self, right: int) -> int:
        return right if self._random.random() < 0.8 else self._random.randrange(5)

    def _step_ids(self, delegation_id: str) -> list[str]:
        return [f"{delegation_id}-{n}" for n in range(STEPS) if self._random.random() < 0.5]


async def outcome(asking: Awaitable[Any]) -> Any:
    try:
        return await asking
    except FlowMateError as error:
        return type(error), error.sentence


async def portrait(store: Store) -> list[Any]:
    """All that can be read of everything."""
    return [
        await outcome(read(delegation_id))
        for delegation_id in DELEGATIONS
        for read in (store.load, store.events, store.posted)
    ]


def succeeded(told: Any) -> bool:
    return told is None or (bool(told) and not (isinstance(told, tuple) and isinstance(told[0], type)))


async def compare(fake: Store, real: Store, seed: int) -> Counter[str]:
    """Ask both the same; returns how often each operation did something."""
    dice, story, reached = Dice(seed), [], Counter[str]()
    for _ in range(OPERATIONS):
        name, operation = dice.operation()
        story.append(name)
        told = await outcome(operation(fake))
        assert told == await outcome(operation(real)), f"seed {seed}, after {story}"
        reached[name] += succeeded(told)
        await dice.look(fake)
    assert await portrait(fake) == await portrait(real), f"seed {seed}"
    return reached


@pytest.mark.parametrize("kind", SQL)
async def test_both_stores_answer_the_same(request: pytest.FixtureRequest, kind: str) -> None:
    real = SqlStore(Database(request.getfixturevalue(f"{kind}_url")))
    tables = ("messages", "steps", "events", "delegations")
    reached: Counter[str] = Counter()
    try:
        for seed in range(12):
            reached += await compare(InMemoryStore(), real, seed)
            await real.database.write(lambda c: [c.exec_driver_sql(f"DELETE FROM {t}") for t in tables])
    finally:
        await real.aclose()
    asked = {name for name, member in vars(Store).items() if callable(member) and not name.startswith("_")}
    assert {name for name in asked if not reached[name]} == {
        "load",
        "load_to_plan",
        "load_step",
        "posted",
        "ping",
        "aclose",
    }
