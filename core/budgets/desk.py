"""Where people talk about money: what was spent, what may be, and the line below an answer when it gets short."""

from __future__ import annotations

from collections.abc import Collection

from core.budgets.accounting import Accounting, Overview
from core.budgets.commands import ChangeBudget, ShowBudgets, ShowUsage, read_command
from core.errors import NotFound, ToolFailed
from core.models import Artifact, Delegation, Person, Plan, Reply, Status, Usage
from core.models.budget import Budget, Scope, Standing
from core.ports.charts import Charts
from core.rendering import budgets as words

Answer = tuple[Status, Reply]


class BudgetDesk:
    """Answers instructions that are about money, without any model."""

    def __init__(self, *, accounting: Accounting, operators: Collection[str], charts: Charts | None) -> None:
        """`operators`: ids of those who may set budgets."""
        self._accounting = accounting
        self._operators = operators
        self._charts = charts

    async def answer(self, delegation: Delegation) -> Answer | None:
        """The answer; None where it is about something else. Raises StoreUnavailable."""
        instruction = delegation.instruction
        command = None if instruction.preferred_agents else read_command(instruction.text)
        if command is None:
            return None
        workspace = f"{instruction.address.platform}:{instruction.address.workspace}"
        if isinstance(command, ShowUsage):
            return await self._usage(command, workspace, key=delegation.id)
        if isinstance(command, ShowBudgets):
            seen = await self._accounting.listed(workspace=workspace)
            agents = await self._accounting.agents_of_all(workspace)
            mine = [one for one in seen if self._sees(instruction.person, one, agents=agents)]
            return Status.SUCCESS, Reply(text=words.listing(mine))
        if instruction.person.id not in self._operators:
            return Status.FAILED, Reply(text=words.OPERATOR_ONLY)
        if not isinstance(command, ChangeBudget):
            return Status.FAILED, Reply(text=f"{command.problem} {words.HOW_TO_SET}".strip())
        try:
            return Status.SUCCESS, Reply(text=await self._change(command, workspace, instruction.person))
        except NotFound as unknown:
            return Status.FAILED, Reply(text=unknown.sentence)

    async def watches(self) -> bool:
        """Whether there is a budget that an answer could bring over 80%. Raises StoreUnavailable."""
        return bool(self._accounting.rules.defaults) or await self._accounting.budgets.exist()

    async def below(self, reply: Reply, delegation: Delegation, plan: Plan | None = None) -> Reply:
        """The reply, with a line below it for each budget that this delegation brought over 80%.

        `plan`: what it was planned as, where that is not saved with it. Raises StoreUnavailable. Safe to repeat.
        """
        usage = delegation.usage + (plan.usage if plan is not None else Usage())
        if not (usage.input_tokens or usage.output_tokens) or not await self.watches():
            return reply
        noted = await self._accounting.budgets.noted(delegation.id)
        lines = [words.nearly(standing) for standing in noted]
        return reply.model_copy(update={"text": "\n\n".join([reply.text, *lines])}) if lines else reply

    async def _usage(self, command: ShowUsage, workspace: str, *, key: str) -> Answer:
        overview = await self._accounting.overview(workspace=workspace, days=command.days, by=command.by)
        files = await self._drawn(overview, key=key)
        return Status.SUCCESS, Reply(text=words.usage(overview), files=files)

    async def _drawn(self, overview: Overview, *, key: str) -> tuple[Artifact, ...]:
        if self._charts is None or not overview.spending.rows:
            return ()
        try:
            return (await self._charts.spending(overview.spending, by=overview.by, key=key),)
        except ToolFailed:
            # The numbers are in the text; a picture that can't be drawn must not cost the answer.
            return ()

    async def _change(self, command: ChangeBudget, workspace: str, person: Person) -> str:
        scope = command.scope
        subject, whose = await self._accounting.named(
            scope, command.subject, workspace=workspace, person=person
        )
        said = []
        for period, allowance in command.amounts.items():
            if allowance is None:
                await self._accounting.remove(scope, subject, period)
                said.append(words.REMOVED)
                continue
            budget = Budget(
                scope=scope,
                subject=subject,
                period=period,
                allowance=allowance,
                workspace=whose,
                set_by=person.id,
            )
            said.append(words.was_set(await self._accounting.set(budget)))
        return "\n".join(said)

    def _sees(self, person: Person, standing: Standing, *, agents: Collection[str]) -> bool:
        """What is set for others is for the operator's eyes, and so is what agents there are that not all may use."""
        budget = standing.cap.budget
        shared = budget.scope is Scope.WORKSPACE or (budget.scope is Scope.AGENT and budget.subject in agents)
        return shared or budget.subject == person.id or person.id in self._operators
