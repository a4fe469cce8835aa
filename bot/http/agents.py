"""`/api/v1/agents`: the agents that there are, and making, changing, deleting and running them."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response

from adapters.assembly import Assembly
from adapters.chat.text import clean
from adapters.operator import PLATFORM, WORKSPACE, to_own_place
from bot.http import contract
from bot.http.agent_schemas import (
    IF_MATCH,
    AgentChange,
    AgentDetail,
    AgentIn,
    RunIn,
    TemplateOut,
    from_file,
    from_made,
    to_detail,
    to_fields,
    to_template,
    to_visibility,
)
from bot.http.api import Wanted, delegate
from bot.http.auth import Asker
from bot.http.bodies import body_of, documented
from bot.http.parts import Front, Parts
from bot.http.problems import Problem, invalid
from bot.http.schemas import AcceptedOut, AgentOut, AnswerOut, TaskIn
from core.catalog import to_file
from core.errors import InvalidInstruction
from core.making.templates import templates as ready_made
from core.models import Agent, MadeAgent, Person, Visibility
from core.rendering import making as words

router = APIRouter(prefix="/api/v1/agents", tags=["agents"])

Whole = Annotated[AgentIn, Depends(body_of(AgentIn))]
Change = Annotated[AgentChange, Depends(body_of(AgentChange))]
Input = Annotated[RunIn, Depends(body_of(RunIn))]
Match = Annotated[str | None, Header(alias="If-Match", description=IF_MATCH)]
CHANGING = contract.refusals(401, 404, 409, 412, 413, 415, 422, 503)


@router.get(
    "",
    summary="List the agents",
    responses={200: contract.example("every agent", "agents"), **contract.refusals(401, 503)},
)
async def agents(asker: Asker, assembly: Parts) -> list[AgentOut]:
    """Those that come from files, then those that were made over the API, in the terminal and on the page."""
    crew = await assembly.roster.of(PLATFORM, WORKSPACE)
    made = sorted(crew.made.values(), key=lambda one: one.name)
    return [
        *map(from_file, crew.files.values()),
        *(from_made(one) for one in made if one.usable_by(asker.id)),
    ]


@router.post(
    "",
    summary="Make an agent",
    status_code=201,
    responses={
        201: contract.example("made; `Location` says where it is", "agent"),
        **contract.refusals(401, 409, 413, 415, 422, 503),
    },
    openapi_extra=documented(AgentIn, contract.shown("agentRequest")),
)
async def create(asker: Asker, assembly: Parts, given: Whole, response: Response) -> AgentDetail:
    """Make an agent. It can be used with the next instruction, everywhere, and keeps every version of itself."""
    made = await assembly.shop.create(
        to_fields(given),
        by=asker,
        at=to_own_place(given.name[:40]),
        visibility=Visibility(given.visibility),
    )
    response.headers["Location"] = f"{router.prefix}/{made.name}"
    return await _detail(made, assembly, response)


@router.get(
    "/templates",
    summary="List the templates",
    responses={200: contract.example("every template", "agentTemplates"), **contract.refusals(401)},
)
async def templates(asker: Asker) -> list[TemplateOut]:
    """Ready-made agents for common work; each can be sent as a new one, as it is or changed."""
    return [to_template(agent) for agent in ready_made().values()]


@router.get(
    "/{name}",
    summary="Look at an agent",
    responses={
        200: contract.example("as it is now; `ETag` names its version", "agent"),
        **contract.refusals(401, 404, 503),
    },
)
async def agent(name: str, asker: Asker, assembly: Parts, response: Response) -> AgentDetail:
    """One agent, whole. Of one that was deleted the 404 says when."""
    if (found := assembly.agents.get(name)) is not None:
        response.headers["ETag"] = etag(found)
        return to_detail(from_file(found), found, notes=await _notes(assembly, found))
    return await _detail(await _find(assembly, name, asker), assembly, response)


@router.put(
    "/{name}",
    summary="Replace an agent",
    responses={200: contract.example("the new version", "agent"), **CHANGING},
    openapi_extra=documented(AgentIn, contract.shown("agentRequest")),
)
async def replace(
    name: str, asker: Asker, assembly: Parts, given: Whole, response: Response, match: Match = None
) -> AgentDetail:
    """Put a whole new version in place of the current one; what is left out is set to its default."""
    if given.name != name:
        raise invalid("name", "an agent keeps its name; make another one, and delete this one.")
    found = await _current(assembly, name, asker, match)
    changed = await assembly.shop.change(
        found, to_fields(given), by=asker, at=to_own_place(name), visibility=to_visibility(given)
    )
    return await _detail(changed, assembly, response)


@router.patch(
    "/{name}",
    summary="Change an agent",
    responses={200: contract.example("the new version", "agent"), **CHANGING},
    openapi_extra=documented(AgentChange, contract.shown("agentChange")),
)
async def change(
    name: str, asker: Asker, assembly: Parts, given: Change, response: Response, match: Match = None
) -> AgentDetail:
    """A new version with what is given; everything else stays as it is."""
    found = await _current(assembly, name, asker, match)
    if not given.model_fields_set:
        return await _detail(found, assembly, response)
    fields = {**found.agent.model_dump(), **to_fields(given, only_given=True)}
    fields["limits"] = {**found.agent.limits.model_dump(), **fields["limits"]}
    changed = await assembly.shop.change(
        found,
        fields,
        by=asker,
        at=to_own_place(name),
        visibility=to_visibility(given, only_given=True),
    )
    return await _detail(changed, assembly, response)


@router.delete(
    "/{name}",
    summary="Delete an agent",
    responses={200: contract.example("as it was", "agent"), **contract.refusals(401, 404, 409, 412, 503)},
)
async def delete(name: str, asker: Asker, assembly: Parts, match: Match = None) -> AgentDetail:
    """End it. What it did and its versions stay readable; schedules that name it are paused, and say why."""
    found = await _current(assembly, name, asker, match)
    await assembly.shop.delete(found, by=asker)
    return to_detail(from_made(found), found.agent, changed_at=found.at)


@router.get(
    "/{name}/versions",
    summary="List an agent's versions",
    responses={
        200: contract.example("the newest first", "agentVersions"),
        **contract.refusals(401, 404, 503),
    },
)
async def versions(name: str, asker: Asker, assembly: Parts) -> list[AgentDetail]:
    """Every version of an agent that somebody made, whole; also of one that was deleted."""
    found = await assembly.shop.history(name, by=asker, at=to_own_place(name[:40]))
    return [to_detail(from_made(one), one.agent, changed_at=one.at) for one in found]


@router.post(
    "/{name}/run",
    summary="Run an agent",
    response_model=AnswerOut,
    responses={
        200: contract.example("the answer", "answer"),
        202: {
            "model": AcceptedOut,
            **contract.example("still running; `Location` says where to look", "accepted"),
        },
        **contract.refusals(401, 404, 413, 415, 422, 429, 503),
    },
    openapi_extra=documented(RunIn, contract.shown("agentRun")),
)
async def run(
    name: str, request: Request, asker: Asker, assembly: Parts, reception: Front, wishes: Wanted, asked: Input
) -> Response:
    """Hand one task to this agent alone; answers like a delegation."""
    if name not in assembly.agents:
        await _find(assembly, name, asker)
    if not clean(asked.input):
        raise invalid("input", InvalidInstruction().sentence)
    task = {"instruction": asked.input, "preferredAgents": [name], "timeout": asked.timeout}
    return await delegate(request, asker, assembly, reception, wishes, TaskIn.model_validate(task))


def etag(found: MadeAgent | Agent) -> str:
    """What names a version: its number, or what the file holds."""
    if isinstance(found, MadeAgent):
        return f'"{found.version}"'
    return f'"{hashlib.sha256(to_file(found).encode()).hexdigest()[:16]}"'


async def _detail(made: MadeAgent, assembly: Assembly, response: Response) -> AgentDetail:
    response.headers["ETag"] = etag(made)
    notes = await _notes(assembly, made.agent)
    return to_detail(from_made(made), made.agent, changed_at=made.at, notes=notes)


async def _notes(assembly: Assembly, agent: Agent) -> tuple[str, ...]:
    return await assembly.shop.unmet(agent, platform=PLATFORM, workspace=WORKSPACE)


async def _find(assembly: Assembly, name: str, asker: Person) -> MadeAgent:
    return await assembly.shop.find(name, by=asker, at=to_own_place(name[:40]))


async def _current(assembly: Assembly, name: str, asker: Person, match: str | None) -> MadeAgent:
    """The agent as it is now. Raises Problem(412) where the caller has seen another version."""
    found = await _find(assembly, name, asker)
    wanted = {tag.strip() for tag in (match or "*").split(",")}
    if not wanted & {"*", etag(found)}:
        raise Problem(412, words.changed_meanwhile(name), headers={"ETag": etag(found)})
    return found
