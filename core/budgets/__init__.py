"""Money: what may be spent, setting it aside before each model call, and telling people about it."""

from core.budgets.metered import MeteredModel
from core.budgets.rules import BudgetRules

__all__ = ["BudgetRules", "MeteredModel"]
