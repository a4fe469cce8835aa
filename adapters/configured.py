"""The parts of a process that depend on what is configured: platforms, the model, tools and planners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
from core.errors import ConfigurationError
from core.ports.clock import Clock
from core.ports.integrations import Credentials
from core.ports.language_model import LanguageModel
from core.ports.messenger import Messenger
from core.ports.planner import Planner
from core.ports.tool import Tool
from core.schedules.routines import RoutineRules


def build_planner(tools: Mapping[str, Tool[Any]], model: LanguageModel | None) -> Planner:
    """What makes plans: the rules, with a model before them where there is one."""
    # What the planners know of words is 9 MB, which a process that plans nothing goes without.
    from core.planning import ModelPlanner, RulePlanner, TieredPlanner

    rules = RulePlanner(tools=tools)
    return TieredPlanner(rules=rules, model=ModelPlanner(model) if model is not None else None)


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


def build_model(settings: Settings) -> LanguageModel | None:
    """The configured model, or None."""
    if not settings.model_configured:
        return None
    # The client and the prices of models, for those who have a model.
    from adapters.llm.masked import MaskedModel
    from adapters.llm.openai_model import OpenAIModel

    key = settings.openai_api_key
    model = OpenAIModel(
        model=settings.flowmate_model,
        api_key=key.get_secret_value() if key is not None else None,
        base_url=settings.openai_base_url,
        clock=SystemClock(),
    )
    return MaskedModel(model)
