"""The parts of a process that depend on what is configured: platforms, the model, tools and planners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapters.archives import build_archive
from adapters.chat import PLATFORMS
from adapters.chat.platform import Connection, Shared
from adapters.chat.unconnected import UnconnectedMessenger
from adapters.clock import SystemClock
from adapters.settings import Settings
from adapters.sql.database import Database
from adapters.sql.notes import SqlNotes
from adapters.sql.usage import SqlUsageLog
from adapters.tools.registry import ToolParts, build_tools
from adapters.web.on_demand import OnDemandFetcher
from core.approvals.gate import Gate
from core.approvals.policy import read_rules
from core.budgets import BudgetRules, MeteredModel
from core.errors import ConfigurationError
from core.ports.approvals import Asking
from core.ports.budgets import Budgets
from core.ports.clock import Clock
from core.ports.integrations import Credentials
from core.ports.language_model import LanguageModel
from core.ports.messenger import Messenger
from core.ports.planner import Planner
from core.ports.tool import Tool
from core.schedules.routines import RoutineRules

if TYPE_CHECKING:
    from adapters.llm.openai_model import OpenAIModel


def build_planner(
    tools: Mapping[str, Tool[Any]], model: LanguageModel | None, *, planner_model: str | None = None
) -> Planner:
    """What makes plans: the rules, with a model before them where there is one."""
    # What the planners know of words is 9 MB, which a process that plans nothing goes without.
    from core.planning import ModelPlanner, RulePlanner, TieredPlanner

    rules = RulePlanner(tools=tools, alone=model is None)
    return TieredPlanner(
        rules=rules, model=ModelPlanner(model, name=planner_model) if model is not None else None
    )


def all_tools(
    settings: Settings, database: Database, clock: Clock, credentials: Credentials
) -> dict[str, Tool[Any]]:
    """Every tool, by name."""
    return build_tools(
        ToolParts(
            settings=settings,
            clock=clock,
            notes=SqlNotes(database, clock=clock),
            archive=build_archive(settings, database),
            fetch=OnDemandFetcher(allow=settings.fetch_allow),
            usage=SqlUsageLog(database),
            credentials=credentials,
        )
    )


def build_gate(settings: Settings, approvals: Asking, clock: Clock) -> Gate:
    """What lets calls that change the world through, by this deployment's rules."""
    return Gate(
        approvals=approvals,
        clock=clock,
        rules=read_rules(settings.flowmate_approval),
        patience_seconds=settings.flowmate_approval_seconds,
    )


def redis_url(settings: Settings) -> str:
    """The queue's URL; `flowmate up` sets it for its own processes. Raises ConfigurationError where it is missing."""
    if settings.redis_url is None:
        raise ConfigurationError(
            "REDIS_URL is not set: start everything with `flowmate up`, or name a Redis or Valkey server."
        )
    return settings.redis_url


def connect_platforms(clock: Clock, shared: Shared) -> dict[str, Connection]:
    """Every chat platform that is configured, by name."""
    connections = {
        platform.name: platform.connect(platform.settings(), clock, shared) for platform in PLATFORMS
    }
    return {name: connection for name, connection in connections.items() if connection is not None}


def messengers_of(connections: Mapping[str, Connection]) -> dict[str, Messenger]:
    """One for every platform that there is: an answer for one that isn't connected here has to wait, not to vanish."""
    return {
        platform.name: connections[platform.name].messenger
        if platform.name in connections
        else UnconnectedMessenger(platform.name, setup=platform.setup)
        for platform in PLATFORMS
    }


def routine_rules(settings: Settings) -> RoutineRules:
    """What the schedules of agents are held against."""
    return RoutineRules(
        platforms=[platform.name for platform in PLATFORMS],
        minimum_seconds=settings.flowmate_schedule_minimum_seconds,
        default_zone=settings.flowmate_zone,
    )


def budget_rules(settings: Settings) -> BudgetRules:
    """What may be spent where no budget is set, and when days begin."""
    return BudgetRules(defaults=settings.budgets, zone=settings.flowmate_zone)


def build_model(settings: Settings) -> OpenAIModel | None:
    """The configured model, or None."""
    if not settings.model_configured:
        return None
    # The client and the prices of models, for those who have a model.
    from adapters.llm.openai_model import OpenAIModel

    key = settings.openai_api_key
    return OpenAIModel(
        model=settings.flowmate_model,
        api_key=key.get_secret_value() if key is not None else None,
        base_url=settings.openai_base_url,
        clock=SystemClock(),
        own_prices=settings.prices,
    )


def metered(settings: Settings, budgets: Budgets) -> MeteredModel | None:
    """The configured model, its calls paid from budgets; or None."""
    model = build_model(settings)
    if model is None:
        return None
    from adapters.llm.masked import MaskedModel

    return MeteredModel(
        MaskedModel(model),
        budgets=budgets,
        rules=budget_rules(settings),
        price=model.price,
        clock=SystemClock(),
    )
