"""`/api/v1`: delegating a task, what would be planned, and who could do it."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import JSONResponse

from adapters.assembly import Assembly
from adapters.chat.text import clean
from adapters.operator import PLATFORM, TERMINAL, WORKSPACE
from bot.http import contract
from bot.http.auth import Asker
from bot.http.bodies import body_of, documented
from bot.http.delegations import answer
from bot.http.parts import Front, Parts
from bot.http.problems import invalid
from bot.http.schemas import (
    AcceptedOut,
    AnswerOut,
    Estimate,
    PlanIn,
    PlanOut,
    TaskIn,
    ToldOut,
    accepted,
    from_delegation,
    from_plan,
)
from bot.http.waiting import wait_for_answer
from core.context import to_task
from core.errors import Conflict, StoreUnavailable
from core.intake import check_instruction
from core.integrations.commands import Told
from core.models import Address, Delegation, DelegationState, Instruction, Person, Plan
from core.policies import HISTORY_EXCHANGES
from core.ports.planner import PlanRequest

SANE_KEY = re.compile(r"[\x21-\x7e]{1,200}\Z")
SANE_CONVERSATION = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
TOKENS_PER_STEP = (600, 200)
"""Roughly what one step of a run takes (input, output), for the estimate that is shown before it runs."""

router = APIRouter(prefix="/api/v1")


@dataclass(frozen=True)
class Wishes:
    """What a caller can ask for by header."""

    key: str | None
    conversation: str
    respond_async: bool
    origin: str


def _wishes(
    request: Request,
    key: Annotated[str | None, Header(alias="Idempotency-Key", description=contract.KEY)] = None,
    conversation: Annotated[str, Header(alias="X-Conversation", description=contract.CONVERSATION)] = "",
    prefer: Annotated[str, Header(alias="Prefer", description=contract.PREFER)] = "",
) -> Wishes:
    if key is not None and not SANE_KEY.match(key):
        raise invalid("Idempotency-Key", "use 1 to 200 visible ASCII characters.")
    if conversation and not SANE_CONVERSATION.match(conversation):
        raise invalid("X-Conversation", "use up to 64 letters, digits, dots, dashes and underscores.")
    # A header that is there several times is one list (RFC 9110); FastAPI would give its last part only.
    preferences = ",".join(request.headers.getlist("prefer")).lower().split(",")
    return Wishes(
        key=key,
        conversation=conversation,
        respond_async=any(one.partition(";")[0].strip() == "respond-async" for one in preferences),
        origin=TERMINAL if request.headers.get("x-origin") == TERMINAL else "api",
    )


Wanted = Annotated[Wishes, Depends(_wishes)]
Task = Annotated[TaskIn, Depends(body_of(TaskIn))]
Asked = Annotated[PlanIn, Depends(body_of(PlanIn))]


@router.post(
    "/agents/delegate/task",
    tags=["delegations"],
    summary="Delegate a task",
    response_model=AnswerOut,
    responses={
        200: contract.example("the answer", "answer"),
        202: {
            "model": AcceptedOut,
            **contract.example("still running; `Location` says where to look", "accepted"),
        },
        **contract.refusals(401, 413, 415, 422, 429, 503),
    },
    openapi_extra=documented(TaskIn, contract.shown("task")),
)
async def delegate(
    request: Request, asker: Asker, assembly: Parts, reception: Front, wishes: Wanted, task: Task
) -> Response:
    """Ask for something, and get one answer. Waits up to `timeout`; 202 after that, or at once with
    `Prefer: respond-async`. The work goes on whether somebody waits or not."""
    await check_agents(assembly, asker, task.preferred_agents)
    instruction = to_instruction(asker, task, wishes)
    # In the terminal a person speaks, as in a chat; a program has routes for what is told there.
    take = reception.hear if wishes.origin == TERMINAL else reception.receive
    try:
        receipt = await take(instruction)
    except Conflict as error:
        raise invalid("Idempotency-Key", error.sentence) from error
    if isinstance(receipt, Told):
        return JSONResponse(ToldOut(answer=receipt.text).model_dump(by_alias=True))
    if not wishes.respond_async and receipt.notice is None:
        await wait_for_answer(request, assembly, receipt.delegation_id, seconds=task.timeout / 1000)
    try:
        delegation = await assembly.store.load(receipt.delegation_id)
        body = from_delegation(delegation, now=assembly.clock.now())
    except StoreUnavailable:
        # It is saved, so that a refusal would be a lie, and asking again a second delegation.
        body = accepted(receipt.delegation_id)
    response = answer(request, body, notice=receipt.notice)
    if wishes.respond_async and response.status_code == 202:
        response.headers["Preference-Applied"] = "respond-async"
    return response


@router.post(
    "/plans",
    tags=["delegations"],
    summary="See what would run",
    responses={
        200: contract.example("the plan", "plan"),
        **contract.refusals(401, 413, 415, 422, 429, 503),
    },
    openapi_extra=documented(PlanIn, contract.shown("planRequest")),
)
async def plan(asker: Asker, assembly: Parts, wishes: Wanted, asked: Asked) -> PlanOut:
    """What would run, without saving or running anything; where nothing fits, no steps and a question."""
    await check_agents(assembly, asker, asked.preferred_agents)
    found = await _plan(assembly, to_instruction(asker, asked, wishes))
    return from_plan(found, estimate=estimate(found, model=assembly.model is not None))


def estimate(plan: Plan, *, model: bool) -> Estimate:
    """Roughly what running the plan takes, without the planning itself."""
    per_step = TOKENS_PER_STEP if model else (0, 0)
    count = len(plan.steps)
    return Estimate(
        input_tokens=count * per_step[0],
        output_tokens=count * per_step[1],
        cost_usd=None if model and count else 0.0,
    )


async def _plan(assembly: Assembly, instruction: Instruction) -> Plan:
    check_instruction(instruction)
    now = assembly.clock.now()
    preview = Delegation(
        id="preview", instruction=instruction, state=DelegationState.RECEIVED, received_at=now
    )
    history = await assembly.store.conversation(instruction.address, before=now, limit=HISTORY_EXCHANGES)
    task = to_task(preview, history=history, now=now, default_zone=assembly.settings.flowmate_zone)
    crew = await assembly.roster.of(PLATFORM, WORKSPACE)
    # Paid for like any other, but there is no answer below which a note about a budget could stand.
    task = task.model_copy(update={"delegation_id": ""})
    request = PlanRequest(
        task=task,
        agents=crew.usable_by(instruction.person.id),
        preferred_agents=instruction.preferred_agents,
    )
    return await assembly.planner.plan(request)


def to_instruction(person: Person, asked: PlanIn, wishes: Wishes) -> Instruction:
    """What is asked, as whoever is signed in asks it."""
    request = [asked.instruction, asked.preferred_agents, wishes.conversation]
    return Instruction(
        key=f"api:{person.id}:{wishes.key or secrets.token_hex(16)}",
        fingerprint=hashlib.sha256(json.dumps(request).encode()).hexdigest() if wishes.key else "",
        text=clean(asked.instruction),
        person=person,
        address=Address(
            platform=PLATFORM,
            workspace=WORKSPACE,
            place=wishes.conversation or f"once-{secrets.token_hex(8)}",
        ),
        origin=wishes.origin,
        preferred_agents=tuple(asked.preferred_agents),
    )


async def check_agents(assembly: Assembly, asker: Person, names: list[str]) -> None:
    """Raise a Problem that names the nearest ones where there is no such agent for this person."""
    if all(name in assembly.agents for name in names):
        return
    usable = (await assembly.roster.of(PLATFORM, WORKSPACE)).usable_by(asker.id)
    known = [agent.name for agent in usable]
    for place, name in enumerate(names):
        if name not in known:
            near = get_close_matches(clean(name)[:40].lower(), known, n=2)
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            raise invalid(
                f"preferredAgents.{place}",
                f"there is no agent {clean(name)[:40]!r}; {hint}The agents are {', '.join(sorted(known))}.",
            )
