"""Which planner answers: the rules where they are sure, then the model, and the rules again where it can't."""

from __future__ import annotations

import logging

from core.errors import BudgetSpent, ModelUnavailable, PermanentError, StoreUnavailable
from core.models import Plan
from core.planning.model import ModelPlanner
from core.planning.rules import RulePlanner
from core.ports.planner import PlanRequest
from core.rendering import planning as words

logger = logging.getLogger(__name__)


class TieredPlanner:
    """Spends a model call only where the words alone leave a doubt."""

    def __init__(self, *, rules: RulePlanner, model: ModelPlanner | None) -> None:
        self._rules = rules
        self._model = model

    async def plan(self, request: PlanRequest) -> Plan:
        """A plan; never raises: without the model the rules answer."""
        await self.learn(request)
        decision = self._rules.decide(request)
        if decision.certain or self._model is None:
            return decision.plan
        try:
            return await self._model.plan(request)
        except BudgetSpent as spent:
            logger.warning("the rules plan, since a budget is used up")
            return _saying(decision.plan, spent.sentence)
        except (ModelUnavailable, StoreUnavailable, PermanentError) as error:
            logger.warning("the rules plan instead of the model: %s", error.sentence)
            return _saying(
                decision.plan, words.rules_alone(error.sentence, found=decision.plan.question or "")
            )

    async def learn(self, request: PlanRequest) -> None:
        await self._rules.learn(request)


def _saying(plan: Plan, sentence: str) -> Plan:
    """The plan of the rules; where they don't know what to do, this is said instead."""
    unsure = not plan.steps and not plan.answered
    return plan.model_copy(update={"question": sentence}) if unsure else plan
