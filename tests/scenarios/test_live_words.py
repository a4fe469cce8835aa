"""Whose words are told while a plan runs, and what becomes of them where the path is not straight."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

import pytest

from core.errors import ModelUnavailable
from core.live_words import Piece, Writing
from core.memory.model import ScriptedModel, says
from core.models import Status
from core.ports.language_model import ModelRequest, ModelTurn, OnText
from tests.scenarios.world import World


class Writer(ScriptedModel):
    """A model that takes its time after its words, until `finished` is set."""

    def __init__(self, *turns: ModelTurn) -> None:
        super().__init__(*turns)
        self.finished = asyncio.Event()
        self.finished.set()
        self.wrote = asyncio.Event()

    async def complete(self, request: ModelRequest, *, on_text: OnText | None = None) -> ModelTurn:
        turn = await super().complete(request, on_text=on_text)
        self.wrote.set()
        for _ in range(50):
            # Meanwhile the words are told, on a clock that moves by itself.
            await asyncio.sleep(0)
        await self.finished.wait()
        return turn


def told(world: World) -> dict[int, str]:
    """What a listener without any patience has seen last, by step."""
    shown: dict[int, str] = {}
    for _, text in world.broadcast.sent:
        piece = Piece.model_validate_json(text)
        shown[piece.step] = shown.get(piece.step, "")[: piece.start] + piece.text
    return shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@one count", {0}),
        ("@one count; @two sing", {0, 1}),
        ("@one count then @two sing", {1}),
        ("@one count then @two sing then @three dance", {2}),
    ],
    ids=["alone", "side by side", "one after the other", "a chain"],
)
async def test_words_are_told_of_steps_that_no_other_step_reads(text: str, shown: set[int]) -> None:
    count = text.count("@")
    async with Writer(*(says(f"words of number {n}") for n in range(count))) as model:
        world = World(model=model)
        delegation_id = await world.receive(text)
        with world.words.listen() as ears:
            ears.turn_to([delegation_id])
            await world.settle()
        assert (await world.store.load(delegation_id)).status is Status.SUCCESS
    assert set(told(world)) == shown
    await world.words.aclose()


async def test_nobody_listens_and_nothing_is_told() -> None:
    async with Writer(says("words of number 1")) as model:
        world = World(model=model)
        delegation = await world.ask("@one count")
    assert delegation.status is Status.SUCCESS
    assert world.broadcast.sent == []


async def test_whoever_takes_a_step_over_tells_that_the_words_before_are_void() -> None:
    async with Writer(says("Once upon a time"), says("Long ago there lived")) as model:
        world = World(model=model)
        delegation_id = await world.receive("@one count")
        await world.coordinator.plan(delegation_id)
        [step] = (await world.store.load(delegation_id)).steps
        with world.words.listen() as ears:
            ears.turn_to([delegation_id])
            model.finished.clear()
            running = asyncio.create_task(world.coordinator.run_step(step.id))
            await model.wrote.wait()
            while not told(world).get(0):  # noqa: ASYNC110 - the clock moves by itself
                await asyncio.sleep(0)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            model.finished.set()
            await world.reconciler.sweep()
            await world.settle()
        pieces = [Piece.model_validate_json(text) for _, text in world.broadcast.sent]
        first = next(n for n, piece in enumerate(pieces) if piece.claim > 1)
        assert "Once" in pieces[0].text
        assert pieces[first].start == 0
        assert all(piece.claim == pieces[-1].claim > 1 for piece in pieces[first:])
        assert told(world)[0].startswith("Long ago")
        assert (await world.store.load(delegation_id)).status is Status.SUCCESS
    await world.words.aclose()


async def test_while_another_attempt_is_waited_for_the_words_before_are_void(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with ScriptedModel(ModelUnavailable("The model is busy just now."), says("done")) as model:
        world = World(model=model)
        began: list[float] = []

        class Noted(Writing):
            def begin(self, text: str = "") -> None:
                began.append(world.clock.monotonic())
                super().begin(text)

        noted = Noted("d1", step=0, agent="one", claim=1, begun=lambda _: None)
        monkeypatch.setattr(world.words, "writing", lambda *_, **__: nullcontext(noted))
        assert (await world.ask("@one count")).status is Status.SUCCESS
    first, void, second = began
    assert first == void < second
