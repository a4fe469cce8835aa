"""From an instruction to a plan: the rules, the model, and which of them answers."""

from core.planning.model import ModelPlanner, PlanRejected
from core.planning.rules import RulePlanner
from core.planning.tiered import TieredPlanner

__all__ = ["ModelPlanner", "PlanRejected", "RulePlanner", "TieredPlanner"]
