"""Agents over the API: made, read, changed, run and deleted, with a real worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.http.agent_schemas import CHANGE, REQUEST
from core.catalog import TEMPLATES, load_agents
from tests.integration.http_harness import DELEGATE, PLANS, Reply, Service

pytest_plugins = ("tests.integration.http_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

AGENTS = "/api/v1/agents"
PULLER: dict[str, Any] = {"name": "puller", "description": "Pulls the lever.", "tools": ["pull"]}


@pytest_asyncio.fixture(loop_scope="session")
async def made(service: Service) -> AsyncIterator[Reply]:
    """An agent, deleted in the end."""
    reply = await service.post(AGENTS, PULLER)
    assert reply.status == 201, reply.text
    yield reply
    await service.call("DELETE", f"{AGENTS}/puller")


async def test_an_agent_is_made_read_and_listed(service: Service, made: Reply) -> None:
    assert made.headers["Location"] == f"{AGENTS}/puller"
    assert made.headers["ETag"] == f'"{made.body["version"]}"'
    assert made.body["systemPrompt"].startswith("You are the puller agent")
    assert (made.body["source"], made.body["visibility"], made.body["owner"]) == ("made", "me", "operator")
    read = await service.get(f"{AGENTS}/puller")
    assert (read.status, read.body, read.headers["ETag"]) == (200, made.body, made.headers["ETag"])
    listed = (await service.get(AGENTS)).body
    assert [one["name"] for one in listed][-1] == "puller"
    assert {one["source"] for one in listed[:-1]} == {"file"}
    assert set(listed[0]) == set(listed[-1])
    from_file = await service.get(f"{AGENTS}/clock")
    assert (from_file.body["source"], from_file.body["version"]) == ("file", None)
    assert from_file.headers["ETag"]


async def test_it_runs_at_once_and_says_which_version_did(service: Service, made: Reply) -> None:
    reply = await service.post(f"{AGENTS}/puller/run", {"input": "pull the lever"})
    assert (reply.status, reply.body["status"]) == (200, "success"), reply.text
    (result,) = reply.body["results"]
    assert (result["agent"], result["output"]) == ("puller", "pulled")
    assert (result["agentVersion"], result["note"]) == (made.body["version"], None)
    planned = await service.post(PLANS, {"instruction": "@puller pull the lever"})
    assert [step["agent"] for step in planned.body["steps"]] == ["puller"]
    chosen = await service.post(DELEGATE, {"instruction": "pull the lever", "preferredAgents": ["puller"]})
    assert chosen.body["results"][0]["agent"] == "puller"
    service.lever.free.clear()
    later = await service.post(
        f"{AGENTS}/puller/run", {"input": "pull the lever"}, headers={"Prefer": "respond-async"}
    )
    service.lever.free.set()
    assert later.status == 202
    assert later.headers["Location"].startswith("/api/v1/delegations/")
    built_in = await service.post(f"{AGENTS}/calculator/run", {"input": "2+2"})
    assert "4" in built_in.body["answer"]


async def test_a_change_is_a_new_version_and_nothing_else_moves(service: Service, made: Reply) -> None:
    first = made.body["version"]
    reply = await service.call(
        "PATCH", f"{AGENTS}/puller", json={"description": "Pulls it.", "limits": {"rounds": 3}}
    )
    assert (reply.status, reply.body["version"]) == (200, first + 1)
    assert reply.body["limits"] == {**made.body["limits"], "rounds": 3}
    assert reply.body["tools"] == ["pull"]
    kept = await service.call("PATCH", f"{AGENTS}/puller", json={"visibility": "workspace"})
    assert kept.body["limits"]["rounds"] == 3
    whole = await service.call("PUT", f"{AGENTS}/puller", json={**PULLER, "systemPrompt": "Pull."})
    assert (whole.body["version"], whole.body["limits"]["rounds"], whole.body["visibility"]) == (
        first + 3,
        8,
        "me",
    )
    versions = (await service.get(f"{AGENTS}/puller/versions")).body
    assert [one["version"] for one in versions[:4]] == [first + 3, first + 2, first + 1, first]
    assert versions[0]["systemPrompt"] == "Pull."
    same = await service.call("PATCH", f"{AGENTS}/puller", json={})
    assert same.body["version"] == first + 3


async def test_who_saw_another_version_changes_nothing(service: Service, made: Reply) -> None:
    seen = {"If-Match": made.headers["ETag"]}
    changed = await service.call("PATCH", f"{AGENTS}/puller", json={"description": "a"}, headers=seen)
    assert changed.status == 200
    for method, options in (
        ("PATCH", {"json": {"description": "b"}}),
        ("PUT", {"json": PULLER}),
        ("DELETE", {}),
    ):
        late = await service.call(method, f"{AGENTS}/puller", headers=seen, **options)
        assert late.status == 412
        assert "changed meanwhile" in late.problem
        assert late.headers["ETag"] == changed.headers["ETag"]
    either = {"If-Match": f"{made.headers['ETag']}, {changed.headers['ETag']}"}
    assert (
        await service.call("PATCH", f"{AGENTS}/puller", json={"model": None}, headers=either)
    ).status == 200
    assert (await service.get(f"{AGENTS}/puller")).body["description"] == "a"


async def test_of_many_changes_at_once_each_that_counts_is_a_version(service: Service, made: Reply) -> None:
    tries = [service.call("PATCH", f"{AGENTS}/puller", json={"description": f"no. {n}"}) for n in range(8)]
    replies = await asyncio.gather(*tries)
    assert {reply.status for reply in replies} <= {200, 409}
    versions = [reply.body["version"] for reply in replies if reply.status == 200]
    assert versions
    assert len(set(versions)) == len(versions)


async def test_of_many_that_make_one_name_at_once_one_does(service: Service) -> None:
    given = {**PULLER, "name": "only-one"}
    replies = await asyncio.gather(*(service.post(AGENTS, given) for _ in range(6)))
    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409, 409, 409]
    assert "is taken" in next(reply for reply in replies if reply.status == 409).problem


async def test_a_deleted_agent_is_gone_and_its_history_says_so(service: Service) -> None:
    given = {**PULLER, "name": "short-lived"}
    made = await service.post(AGENTS, given)
    ran = await service.post(f"{AGENTS}/short-lived/run", {"input": "pull the lever"})
    schedule = await service.post(
        "/api/v1/schedules", {"instruction": "@short-lived pull the lever", "when": "every day at 9"}
    )
    deleted = await service.call("DELETE", f"{AGENTS}/short-lived")
    assert (deleted.status, deleted.body) == (200, made.body)
    for reply in (
        await service.get(f"{AGENTS}/short-lived"),
        await service.call("DELETE", f"{AGENTS}/short-lived"),
        await service.post(f"{AGENTS}/short-lived/run", {"input": "x"}),
    ):
        assert reply.status == 404
        assert "The agent short-lived was deleted on" in reply.problem
    before = await service.get(f"/api/v1/delegations/{ran.body['delegationId']}")
    (result,) = before.body["results"]
    assert result["output"] == "pulled"
    assert result["note"].startswith("The agent short-lived was deleted on")
    rests = (await service.get(f"/api/v1/schedules/{schedule.body['id']}")).body
    assert rests["state"] == "paused"
    assert rests["reason"] == result["note"]
    await service.call("DELETE", f"/api/v1/schedules/{schedule.body['id']}")
    (version,) = (await service.get(f"{AGENTS}/short-lived/versions")).body
    assert version == made.body
    asked = await service.delegate("@short-lived pull the lever")
    assert asked.body["answer"] == result["note"]
    unknown = await service.delegate("x", preferredAgents=["short-lived"])
    assert unknown.fields == ["preferredAgents.0"]


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"name": "Big News"}, "name", "has to begin with a letter"),
    ({"description": ""}, "description", "is empty"),
    ({"description": 7}, "description", "valid string"),
    ({"tools": ["pul"]}, "tools.0", "Do you mean pull?"),
    ({"tools": "pull"}, "tools", "valid list"),
    ({"limits": {"rounds": 99}}, "limits.rounds", "8 at most"),
    ({"limits": {"timeoutSeconds": 599}}, "limits.timeoutSeconds", "at most here"),
    ({"limits": {"wings": 1}}, "limits.wings", "there is no such field"),
    ({"systemPrompt": "p" * 20_001}, "systemPrompt", "20,000 characters at most"),
    ({"system_prompt": "p"}, "system_prompt", "there is no such field"),
    ({"schedule": "now and then"}, "schedule", "Say when"),
    ({"examples": ["x"] * 31}, "examples", "30 examples at most"),
    ({"visibility": "world"}, "visibility", "me"),
    ({"postTo": "x:y:z"}, "postTo", "there is no such field"),
]


@pytest.mark.parametrize(("fields", "field", "said"), WRONG)
async def test_what_is_wrong_is_422_naming_the_field(
    fields: dict[str, Any], field: str, said: str, service: Service
) -> None:
    reply = await service.post(AGENTS, {**PULLER, "name": "wrong", **fields})
    assert reply.status == 422
    assert field in reply.fields
    assert said in reply.problem + str(reply.body["errors"])
    assert (await service.get(f"{AGENTS}/wrong")).status == 404


async def test_what_a_file_has_can_be_neither_taken_nor_changed(service: Service) -> None:
    taken = await service.post(AGENTS, {**PULLER, "name": "clock"})
    assert taken.status == 409
    assert "files come first" in taken.problem
    for method, options in (
        ("PATCH", {"json": CHANGE}),
        ("PUT", {"json": {**PULLER, "name": "clock"}}),
        ("DELETE", {}),
    ):
        reply = await service.call(method, f"{AGENTS}/clock", **options)
        assert reply.status == 409
        assert "comes from a file" in reply.problem
    assert (await service.post(AGENTS, {**PULLER, "name": "templates"})).status == 409
    assert (await service.get(f"{AGENTS}/clock/versions")).status == 404


async def test_an_agent_keeps_its_name(service: Service, made: Reply) -> None:
    reply = await service.call("PUT", f"{AGENTS}/puller", json={**PULLER, "name": "other"})
    assert (reply.status, reply.fields) == (422, ["name"])
    assert (await service.call("PATCH", f"{AGENTS}/puller", json={"name": "other"})).fields == ["name"]


@pytest.mark.parametrize("given", ["", " \u200b ", "x" * 5001])
async def test_a_run_needs_something_to_do(given: str, service: Service) -> None:
    reply = await service.post(f"{AGENTS}/clock/run", {"input": given})
    assert (reply.status, reply.fields) == (422, ["input"])


@pytest.mark.parametrize("name", ["nobody", "x" * 300, "..", "%00", "a%2Fb"])
async def test_an_unknown_agent_is_404(name: str, service: Service) -> None:
    for reply in (
        await service.get(f"{AGENTS}/{name}"),
        await service.call("DELETE", f"{AGENTS}/{name}"),
        await service.post(f"{AGENTS}/{name}/run", {"input": "x"}),
    ):
        assert reply.status == 404
        assert reply.problem


async def test_the_templates_can_be_sent_as_they_are(service: Service) -> None:
    found = (await service.get(f"{AGENTS}/templates")).body
    assert {one["name"] for one in found} == set(load_agents([TEMPLATES]))
    for one in found:
        assert (await service.post(AGENTS, one)).status == 201, one["name"]
        assert (await service.call("DELETE", f"{AGENTS}/{one['name']}")).status == 200


async def test_the_examples_can_be_sent(service: Service) -> None:
    assert (await service.post(AGENTS, REQUEST)).status == 201
    assert (await service.call("PATCH", f"{AGENTS}/{REQUEST['name']}", json=CHANGE)).status == 200
    assert (await service.call("DELETE", f"{AGENTS}/{REQUEST['name']}")).status == 200


async def test_an_agents_schedule_is_listed_with_the_others(service: Service) -> None:
    given = {**PULLER, "name": "daily", "schedule": "every day at 9: pull the lever"}
    assert (await service.post(AGENTS, given)).body["schedule"] == given["schedule"]
    (row,) = [one for one in (await service.get("/api/v1/schedules")).body if "@daily" in one["instruction"]]
    assert (row["instruction"], row["state"]) == ("@daily pull the lever", "active")
    await service.call("PATCH", f"{AGENTS}/daily", json={"schedule": None})
    assert not [
        one for one in (await service.get("/api/v1/schedules")).body if "@daily" in one["instruction"]
    ]
    await service.call("DELETE", f"{AGENTS}/daily")


async def test_what_its_tools_need_and_do_not_have_is_said_with_the_agent(service: Service) -> None:
    mailer = {"name": "mailer", "description": "Sends.", "tools": ["send_email"]}
    made = await service.post(AGENTS, mailer)
    try:
        assert made.status == 201
        [connect, give] = made.body["notes"]
        assert connect.startswith("send_email needs the smtp integration, which isn't connected here; ")
        assert "`flowmate integrations connect smtp --workspace local:local`" in connect
        assert "the mailer agent wasn't given" in give
        given = await service.call("PATCH", f"{AGENTS}/mailer", json={"integrations": ["smtp"]})
        assert given.body["notes"] == [connect]
        assert (await service.get(f"{AGENTS}/mailer")).body["notes"] == [connect]
        assert (await service.get(f"{AGENTS}/email")).body["notes"] == [connect.replace("mailer", "email")]
        assert (await service.get(f"{AGENTS}/clock")).body["notes"] == []
        # The same words as where it runs.
        ran = await service.post(f"{AGENTS}/mailer/run", {"input": "email hello to ann@example.org"})
        assert connect in ran.body["answer"]
    finally:
        await service.call("DELETE", f"{AGENTS}/mailer")
