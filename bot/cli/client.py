"""The running service, as the commands talk to it: our own HTTP API with the operator's token.

CallFailed              the service did not do it; the sentence says why
├── Unreachable         nothing answers there
├── Empty               there is nothing to do in that text
└── EventsLost          the event stream ended before its time; asking again and again still works
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlencode

import aiohttp
from pydantic import ValidationError

from adapters.settings import Settings
from bot.cli.bodies import (
    AgentCard,
    AgentCards,
    Answer,
    ApprovalCard,
    ApprovalCards,
    Body,
    Happening,
    IntegrationCard,
    IntegrationCards,
    KindCard,
    KindCards,
    PageLink,
    PlanAnswer,
    ScheduleCard,
    ScheduleCards,
)
from bot.cli.budget_bodies import BudgetCard, BudgetCards, UsageCard
from bot.cli.refusals import refusal, stranger
from core.errors import FlowMateError
from core.models.budget import Allowance, Period, Scope
from core.rendering.terminal import in_terminal

BodyT = TypeVar("BodyT", bound=Body)

AGENTS = "/api/v1/agents"
INTEGRATIONS = "/api/v1/integrations"
LARGEST_EVENT_BYTES = 4 * 1024 * 1024
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0
EVENTS_SILENT_SECONDS = 20.0


class CallFailed(FlowMateError):
    """The service could not do that."""

    exit_code = 1


class Unreachable(CallFailed):
    """FlowMate isn't running."""

    exit_code = 3


class Empty(CallFailed):
    """There is nothing to do in that message; write what you want, please."""

    exit_code = 2


class EventsLost(CallFailed):
    """The event stream ended too early."""


@dataclass(frozen=True)
class Question:
    """What is asked; `key` makes asking twice harmless."""

    text: str
    agents: tuple[str, ...] = ()
    timeout_ms: int | None = None
    conversation: str | None = None
    key: str = ""

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"instruction": self.text}
        if self.agents:
            body["preferredAgents"] = list(self.agents)
        if self.timeout_ms is not None:
            body["timeout"] = self.timeout_ms
        return body


def to_question(
    text: str,
    *,
    agents: Sequence[str] = (),
    timeout_ms: int | None = None,
    conversation: str | None = None,
    key: str | None = None,
) -> Question:
    """Raises Empty where there is no text."""
    if not text.strip():
        raise Empty()
    return Question(
        text=text,
        agents=tuple(agents),
        timeout_ms=timeout_ms,
        conversation=conversation,
        key=key or str(uuid.uuid4()),
    )


class Api:
    """The service's API for the length of an `async with`. Every method may raise CallFailed or Unreachable."""

    def __init__(self, settings: Settings, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._base_url = settings.base_url
        self._answer_seconds = answer_seconds
        self._token = _token(settings)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            # A connection for each request: between two of them a person may think, and the service closes what idles.
            connector=aiohttp.TCPConnector(force_close=True),
            headers={"Authorization": f"Bearer {self._token}"},
            timeout=aiohttp.ClientTimeout(total=self._answer_seconds, connect=CONNECT_SECONDS),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def delegate(self, question: Question) -> Answer:
        """Hand the instruction in; the answer is final, and has no id, where it is told at once."""
        headers = {"Prefer": "respond-async", "Idempotency-Key": question.key, "X-Origin": "terminal"}
        if question.conversation is not None:
            headers["X-Conversation"] = question.conversation
        text = await self._call("POST", "/api/v1/agents/delegate/task", json=question.body, headers=headers)
        return self._read(Answer, text).model_copy(update={"body": text})

    async def answer(self, question: Question) -> Answer:
        """Hand the instruction in, and wait for the answer for as long as the question says."""
        headers = {"Idempotency-Key": question.key}
        if question.conversation is not None:
            headers["X-Conversation"] = question.conversation
        text = await self._call("POST", "/api/v1/agents/delegate/task", json=question.body, headers=headers)
        return self._read(Answer, text).model_copy(update={"body": text})

    async def delegation(self, delegation_id: str) -> Answer:
        text = await self._call("GET", f"/api/v1/delegations/{delegation_id}")
        return self._read(Answer, text).model_copy(update={"body": text})

    async def cancel(self, delegation_id: str) -> None:
        await self._call("POST", f"/api/v1/delegations/{delegation_id}/cancel")

    async def plan(self, question: Question) -> PlanAnswer:
        text = await self._call("POST", "/api/v1/plans", json=question.body)
        return self._read(PlanAnswer, text).model_copy(update={"body": text})

    async def agents(self) -> tuple[AgentCard, ...]:
        return self._read(AgentCards, await self._call("GET", AGENTS)).agents

    async def link(self) -> PageLink:
        return self._read(PageLink, await self._call("POST", "/api/v1/links"))

    async def schedules(self) -> tuple[ScheduleCard, ...]:
        return self._read(ScheduleCards, await self._call("GET", "/api/v1/schedules")).schedules

    async def add_schedule(self, body: Mapping[str, str]) -> ScheduleCard:
        return self._read(ScheduleCard, await self._call("POST", "/api/v1/schedules", json=dict(body)))

    async def change_schedule(self, schedule_id: str, change: str) -> ScheduleCard:
        path = f"/api/v1/schedules/{schedule_id}"
        if change == "delete":
            return self._read(ScheduleCard, await self._call("DELETE", path))
        return self._read(ScheduleCard, await self._call("POST", f"{path}/{change}"))

    async def kinds(self) -> tuple[KindCard, ...]:
        return self._read(KindCards, await self._call("GET", f"{INTEGRATIONS}/kinds")).kinds

    async def integrations(self, workspace: str) -> tuple[IntegrationCard, ...]:
        text = await self._call("GET", f"{INTEGRATIONS}?{urlencode({'workspace': workspace})}")
        return self._read(IntegrationCards, text).integrations

    async def connect(
        self, kind: str, fields: Mapping[str, str], *, name: str, workspace: str
    ) -> IntegrationCard:
        """Connect a service; it is tested by that."""
        body = {"kind": kind, "name": name, "workspace": workspace, "fields": dict(fields)}
        return self._read(IntegrationCard, await self._call("POST", INTEGRATIONS, json=body))

    async def test_integration(self, card: IntegrationCard) -> IntegrationCard:
        path = f"{INTEGRATIONS}/{card.id}/test?{urlencode({'workspace': card.workspace})}"
        return self._read(IntegrationCard, await self._call("POST", path))

    async def revoke_integration(self, card: IntegrationCard) -> None:
        await self._call("DELETE", f"{INTEGRATIONS}/{card.id}?{urlencode({'workspace': card.workspace})}")

    async def approvals(self, **of: str) -> tuple[ApprovalCard, ...]:
        """What waits for a yes; `delegation=…`: all that one asked for; `id=…`: all whose id begins so."""
        query = f"?{urlencode(of)}" if of else ""
        return self._read(ApprovalCards, await self._call("GET", f"/api/v1/approvals{query}")).approvals

    async def decide(self, approval_id: str, decision: str) -> ApprovalCard:
        path = f"/api/v1/approvals/{quote(approval_id, safe='')}"
        return self._read(ApprovalCard, await self._call("POST", path, json={"decision": decision}))

    async def usage(self, *, days: int, by: str) -> UsageCard:
        text = await self._call("GET", f"/api/v1/usage?days={days}&by={by}")
        return self._read(UsageCard, text).model_copy(update={"body": text})

    async def budgets(self) -> tuple[BudgetCard, ...]:
        return self._read(BudgetCards, await self._call("GET", "/api/v1/budgets")).budgets

    async def set_budget(
        self, scope: Scope, subject: str, period: Period, allowance: Allowance
    ) -> BudgetCard:
        given = {"scope": scope.value, "subject": subject, "period": period.value}
        body = given | allowance.model_dump(exclude_none=True)
        return self._read(BudgetCard, await self._call("POST", "/api/v1/budgets", json=body))

    async def remove_budget(self, scope: Scope, subject: str, period: Period) -> None:
        whose = quote(subject or "-", safe=":")
        await self._call("DELETE", f"/api/v1/budgets/{scope.value}/{period.value}/{whose}")

    async def events(self, delegation_id: str, *, words: bool) -> AsyncGenerator[Happening, None]:
        """Every event of the delegation from its beginning, and its words as they come. Raises EventsLost."""
        try:
            async with self._session.ws_connect(
                f"{self._base_url}/api/v1/events",
                params={"delegation": delegation_id, **({"words": "true"} if words else {})},
                heartbeat=EVENTS_SILENT_SECONDS,
                max_msg_size=LARGEST_EVENT_BYTES,
            ) as socket:
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        yield self._read(Happening, message.data)
        except (aiohttp.ClientError, OSError, TimeoutError, CallFailed) as error:
            raise EventsLost() from error
        raise EventsLost()

    async def _call(
        self, method: str, path: str, *, json: Any = None, headers: dict[str, str] | None = None
    ) -> str:
        """The answer's text. Redirects aren't followed: they would carry the token elsewhere."""
        url = f"{self._base_url}{path}"
        try:
            async with self._session.request(
                method, url, json=json, headers=headers, allow_redirects=False
            ) as response:
                text = await response.text(errors="replace")
                status = response.status
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ConnectionTimeoutError):
                raise CallFailed(f"FlowMate at {self._base_url} takes too long to answer.") from error
            raise Unreachable(
                f"FlowMate isn't running at {self._base_url}; start it with `flowmate up`."
            ) from error
        if not 200 <= status < 300:
            raise CallFailed(in_terminal(refusal(self._base_url, status, text)))
        return text

    def _read(self, kind: type[BodyT], text: str) -> BodyT:
        try:
            return kind.model_validate_json(text)
        except ValidationError as error:
            raise CallFailed(stranger(self._base_url)) from error


def _token(settings: Settings) -> str:
    """The operator's token, where there is one already: asking must not make a data folder where nobody runs."""
    if settings.flowmate_operator_token is not None:
        return settings.flowmate_operator_token.get_secret_value()
    try:
        return (settings.data_dir / "operator.token").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
