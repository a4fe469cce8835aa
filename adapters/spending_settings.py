"""Settings about money: which models do the work, what they cost, and what may be spent."""

from __future__ import annotations

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from adapters.llm.prices import Own, read_prices
from core.budgets.amounts import read_amounts
from core.models.budget import Allowance, Period, Scope

PLANNER_MODEL = "gpt-5-nano"


class SpendingSettings(BaseSettings):
    """A part of the one settings class."""

    model_config = SettingsConfigDict(frozen=True)

    flowmate_planner_model: str | None = Field(
        None,
        description=f"model that plans; default: {PLANNER_MODEL} at OpenAI, FLOWMATE_MODEL at a server of one's own",
    )
    flowmate_model_prices: str = Field(
        "",
        description="US dollars a million tokens of input/output, where they are not known or other than usual: "
        "llama3.2=0.1/0.4, *=1/2",
    )
    flowmate_budget_workspace: str = Field(
        "", description="what each workspace may spend where no budget is set: 5 usd a day, 100 usd a month"
    )
    flowmate_budget_person: str = Field(
        "", description="what each person may spend: 1 usd or 200k tokens a day (whichever is reached first)"
    )
    flowmate_budget_agent: str = Field(
        "", description="what each agent may spend, in all workspaces together"
    )
    flowmate_budget_schedule: str = Field("", description="what each schedule may spend")
    flowmate_operators: str = Field(
        "",
        description="people who may set budgets in chat beside the operator of this machine, "
        "as platform:workspace:user, separated by commas",
    )

    @field_validator(*(f"flowmate_budget_{scope.value}" for scope in Scope))
    @classmethod
    def _amounts(cls, value: str) -> str:
        if value.strip() and read_amounts(value) is None:
            raise ValueError("must look like: 5 usd a day, 100 usd a month, 200k tokens a day")
        return value

    @field_validator("flowmate_model_prices")
    @classmethod
    def _prices(cls, value: str) -> str:
        read_prices(value)
        return value

    @property
    def prices(self) -> Own:
        """Prices that are set, by model."""
        return read_prices(self.flowmate_model_prices)

    @property
    def budgets(self) -> dict[tuple[Scope, Period], Allowance]:
        """What may be spent where no budget is set."""
        given = {
            scope: read_amounts(getattr(self, f"flowmate_budget_{scope.value}")) or {} for scope in Scope
        }
        return {(scope, period): most for scope, found in given.items() for period, most in found.items()}

    @property
    def operators(self) -> frozenset[str]:
        """Ids of people."""
        return frozenset(part.strip() for part in self.flowmate_operators.split(",") if part.strip())
