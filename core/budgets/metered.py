"""A language model whose calls are paid from budgets: set aside before, settled after."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Protocol

from core.budgets import estimate
from core.budgets.rules import BudgetRules
from core.errors import BudgetSpent, ModelUnavailable, PermanentError, StoreUnavailable
from core.models import Usage
from core.models.budget import Charge, Spender, accounts_of
from core.ports.budgets import Budgets, Refusal
from core.ports.clock import Clock
from core.ports.language_model import FinishReason, LanguageModel, ModelRequest, ModelTurn, OnText
from core.rendering import budgets as words
from core.tickets import Tickets

logger = logging.getLogger(__name__)
WAIT_SECONDS = 8.0
"""How long a call waits for others that have set aside what it needs, and mostly give some of it back."""
PAUSES = (0.1, 0.2, 0.4, 0.8)
"""Seconds between asking again, the last one for as long as it takes."""
DENSEST = 2.5
"""How many times our estimate a prompt can be: then every character is a token."""
AFTERWARDS = timedelta(seconds=60)
"""How long after a call's own time limit it may still be settled, before its process is taken for dead."""


@dataclass(frozen=True)
class _Learned:
    """How a model's server counts prompts, where that is more than we think: so many times, and so many beside."""

    density: float = 1.0
    overhead: int = 0


class Price(Protocol):
    """What tokens of a model cost."""

    async def __call__(self, model: str, *, input_tokens: int, output_tokens: int) -> float | None:
        """In US dollars; None where no price is known."""
        ...


class Unpriced(Protocol):
    """Which model is in use, where dollars can't be counted."""

    async def __call__(self, model: str | None) -> str:
        """The name of this model, or of the default one; empty where its price is known."""
        ...


class MeteredModel:
    """The LanguageModel port over another one: a call with a `spender` is made only where all budgets have room.

    A turn that is going to be saved carries its `charge` and is settled by saving it, in the same transaction; any
    other is settled here. A call that ends without an answer gives back what was set aside, unless the server may
    have worked for it.
    """

    def __init__(
        self, model: LanguageModel, *, budgets: Budgets, rules: BudgetRules, price: Price, clock: Clock
    ) -> None:
        self._model = model
        self._budgets = budgets
        self._rules = rules
        self._price = price
        self._clock = clock
        self._tickets = Tickets()
        self._learned: dict[str, _Learned] = {}

    @property
    def name(self) -> str:
        return self._model.name

    async def unpriced(self, model: str | None) -> str:
        """See Unpriced."""
        name = model or self._model.name
        return name if await self._price(name, input_tokens=1, output_tokens=1) is None else ""

    async def complete(self, request: ModelRequest, *, on_text: OnText | None = None) -> ModelTurn:
        """As the port says; raises BudgetSpent where a budget has no room, and StoreUnavailable."""
        if request.spender is None:
            return await self._model.complete(request, on_text=on_text)
        charge = await self._reserved(request, request.spender)
        try:
            turn = await self._model.complete(request, on_text=on_text)
        except (ModelUnavailable, PermanentError) as error:
            if charge.caps and not getattr(error, "may_have_cost", False):
                await self._release(charge)
            raise
        self._learn(request, charge, turn)
        charge = charge.model_copy(
            update={"actual": _actual(turn, charge), "model": turn.model or charge.model}
        )
        if request.spender.run:
            return turn.model_copy(update={"charge": charge})
        await self._settle(charge)
        return turn

    async def aclose(self) -> None:
        await self._model.aclose()

    async def _reserved(self, request: ModelRequest, spender: Spender) -> Charge:
        """The charge, with its estimate set aside where there is a budget. Raises BudgetSpent and StoreUnavailable."""
        charge = await self._charge(request, spender)
        waited = 0.0
        while charge.caps and (refusal := await self._budgets.reserve(charge)) is not None:
            if not refusal.waits or waited >= WAIT_SECONDS:
                raise BudgetSpent(self._sentence(refusal))
            pause = next((pause for pause in PAUSES if pause > waited), PAUSES[-1])
            await self._clock.sleep(pause)
            waited += pause
        return charge

    async def _charge(self, request: ModelRequest, spender: Spender) -> Charge:
        now = self._clock.now()
        caps = self._rules.caps(spender, await self._budgets.of(spender.subjects), now=now)
        model = request.model or self._model.name
        learned = self._learned.get(model, _Learned())
        given = ceil(estimate.input_tokens(request) * learned.density) + learned.overhead
        made = request.max_output_tokens
        in_money = any(cap.budget.allowance.usd is not None for cap in caps)
        price = await self._price(model, input_tokens=given, output_tokens=made) if in_money else None
        return Charge(
            id=self._tickets.next(),
            spender=spender,
            model=model,
            at=now,
            expires_at=now + timedelta(seconds=request.timeout_seconds) + AFTERWARDS,
            estimate=Usage(input_tokens=given, output_tokens=made, cost_usd=price),
            caps=caps,
            accounts=accounts_of(spender, now, zone=self._rules.zone),
        )

    def _learn(self, request: ModelRequest, charge: Charge, turn: ModelTurn) -> None:
        """A model whose tokens are smaller, or whose server adds words of its own, is not underestimated twice."""
        counted = turn.usage.input_tokens
        if counted <= charge.estimate.input_tokens:
            return
        plain = estimate.input_tokens(request)
        density = min(counted / plain, DENSEST)
        known = self._learned.get(charge.model, _Learned())
        self._learned[charge.model] = _Learned(
            max(known.density, density), max(known.overhead, ceil(counted - plain * density))
        )

    def _sentence(self, refusal: Refusal) -> str:
        return words.no_room(refusal.standing, zone=self._rules.zone)

    async def _settle(self, charge: Charge) -> None:
        try:
            await asyncio.shield(self._budgets.settle(charge))
        except StoreUnavailable:
            # What was set aside counts as spent when it expires; the answer is paid for, and must not be lost.
            logger.warning("a model call of %s is not settled; the database is out", charge.spender.agent)

    async def _release(self, charge: Charge) -> None:
        try:
            await self._budgets.release(charge)
        except StoreUnavailable:
            logger.warning("what was set aside for a model call is not given back; the database is out")


def _actual(turn: ModelTurn, charge: Charge) -> Usage:
    """The server's own numbers; ours where it gave none, and the model answered."""
    if turn.usage.input_tokens or turn.usage.output_tokens:
        return turn.usage
    if turn.finish is FinishReason.CONTENT_FILTER:
        return Usage()
    made = min(estimate.output_tokens(turn), charge.estimate.output_tokens)
    return Usage(input_tokens=charge.estimate.input_tokens, output_tokens=made, cost_usd=None)
