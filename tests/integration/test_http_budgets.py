"""Budgets and usage over the real API and the command line, and a model whose budget runs out, asked by everything."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from adapters.settings import Settings
from bot.cli import budgets
from bot.cli.client import CallFailed
from core.models import Address, Person, Usage
from core.models.budget import Charge, Period, Scope, Spender, accounts_of
from tests.counterparts.openai_server import KEY, Answer, ScriptedOpenAI
from tests.integration.http_harness import TOKEN, Service, fresh
from tests.integration.test_cli_command import Flowmate

pytest_plugins = ("tests.integration.http_fixtures",)
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

BUDGETS, USAGE = "/api/v1/budgets", "/api/v1/usage"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def paid() -> AsyncIterator[Service]:
    """A service with a model at a server of its own, which has a price."""

    def answer(body: dict[str, Any]) -> Answer:
        return Answer(text="A line.", usage=(1000, 500, 0), model=body["model"])

    async with ScriptedOpenAI(default=answer) as server:
        options = {
            "OPENAI_BASE_URL": server.url,
            "OPENAI_API_KEY": KEY,
            "FLOWMATE_MODEL": "local",
            "FLOWMATE_MODEL_PRICES": "local=1/2",
            "FLOWMATE_BUDGET_PERSON": "10 usd a month",
        }
        async with fresh(**options) as service:
            yield service


async def test_a_budget_over_the_api_stops_the_model_and_tells_how_it_stands(paid: Service) -> None:
    before = [
        row for row in (await paid.get(f"{USAGE}?by=agent&days=1")).body["rows"] if row["name"] == "writer"
    ]
    spent = sum(1500 * row["calls"] for row in before)
    wanted = {"scope": "agent", "subject": "writer", "period": "day", "tokens": 4000 + spent}
    made = await paid.post(BUDGETS, wanted)
    assert (made.status, made.body["leftTokens"], made.body["default"]) == (200, 4000, False)
    first = await paid.delegate("@writer write a line")
    assert first.body["answer"] == "A line."
    assert first.body["metrics"]["costUsd"] == pytest.approx(0.002)
    second = await paid.delegate("@writer write a line")
    assert second.body["answer"].startswith("A line.") or second.body["status"] == "failed"
    third = await paid.delegate("@writer write a line")
    assert third.body["status"] == "failed"
    assert "The writer agent's budget for today has no room for another model call" in third.body["answer"]
    assert (await paid.delegate("what is 2+2", preferredAgents=["calculator"])).body["status"] == "success"
    found = (await paid.get(f"{USAGE}?by=agent&days=1")).body
    row = next(row for row in found["rows"] if row["name"] == "writer")
    assert row["inputTokens"] == 1000 * row["calls"]
    assert row["costUsd"] == pytest.approx(0.002 * row["calls"])
    assert found["days"][-1]["inputTokens"] >= row["inputTokens"]
    listed = (await paid.get(BUDGETS)).body
    assert [(one["subject"], one["spentTokens"]) for one in listed] == [("writer", 1500 * row["calls"])]
    gone = await paid.call("DELETE", f"{BUDGETS}/agent/day/writer")
    assert (gone.status, gone.body) == (200, [])
    assert (await paid.call("DELETE", f"{BUDGETS}/agent/day/writer")).status == 404
    assert (await paid.delegate("@writer write a line")).body["status"] == "success"


async def test_usage_can_be_asked_for_in_a_conversation_with_a_picture(paid: Service) -> None:
    await paid.delegate("@writer write a line")
    answer = await paid.delegate("usage by person")
    assert answer.body["status"] == "success"
    assert "| operator |" in answer.body["answer"]
    assert "of $10.00 left this month" in answer.body["answer"]
    delegation = await paid.assembly.store.load(answer.body["delegationId"])
    assert delegation.reply is not None
    (picture,) = delegation.reply.files
    assert Path(picture.path).read_bytes().startswith(b"\x89PNG")


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"scope": "agent", "subject": "nobody", "period": "day", "usd": 1}, 404, "no agent called nobody"),
    ({"scope": "schedule", "subject": "99", "period": "day", "usd": 1}, 404, "no such schedule"),
    ({"scope": "workspace", "period": "day"}, 422, "usd"),
    ({"scope": "workspace", "period": "week", "usd": 1}, 422, "period"),
    ({"scope": "team", "period": "day", "usd": 1}, 422, "scope"),
    ({"scope": "workspace", "period": "day", "usd": 0}, 422, "usd"),
    ({"scope": "workspace", "period": "day", "tokens": 1.5}, 422, "tokens"),
    ({"scope": "workspace", "period": "day", "usd": 1, "more": 1}, 422, "more"),
]


@pytest.mark.parametrize(("body", "status", "said"), WRONG)
async def test_what_can_not_be_set_is_refused_and_why(
    service: Service, body: dict[str, Any], status: int, said: str
) -> None:
    reply = await service.post(BUDGETS, body)
    assert reply.status == status
    assert said in reply.problem


@pytest.mark.parametrize("query", ["days=0", "days=91", "by=colour", "days=x"])
async def test_a_wrong_question_about_usage_names_its_field(service: Service, query: str) -> None:
    reply = await service.get(f"{USAGE}?{query}")
    assert reply.status == 422
    assert query.split("=")[0] in reply.problem


async def test_only_the_operator_may_look_and_set(service: Service) -> None:
    assert (await service.get(USAGE, signed_in=False)).status == 401
    assert (await service.post(BUDGETS, {}, signed_in=False)).status == 401


async def test_the_command_line_sets_lists_and_removes_and_shows_usage(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    spent = await settled(service)
    settings = Settings(flowmate_port=service.port, flowmate_operator_token=TOKEN)

    async def said(command: Awaitable[int]) -> str:
        assert await command == 0
        return capsys.readouterr().out

    out = await said(budgets.set_budget(settings, Scope.PERSON, spent, "$2 a day, 900k tokens a month"))
    assert out.splitlines() == [
        f"Set: person {spent}, $2.00 a day; $1.50 of $2.00 left today.",
        f"Set: person {spent}, 900,000 tokens a month; 899,000 of 900,000 tokens left this month.",
    ]
    out = await said(budgets.list_budgets(settings, as_json=False))
    assert f"- person {spent}: 899,000 of 900,000 tokens left this month" in out
    out = await said(budgets.show_usage(settings, days=1, by="person", as_json=False))
    assert "| Cleo | 1 | 1,000 | $0.50 | $1.50 of $2.00 left today; 899,000" in out
    with pytest.raises(CallFailed, match="flowmate budget set workspace - "):
        await budgets.set_budget(settings, Scope.WORKSPACE, "", "much")
    for period in Period:
        assert await said(budgets.remove_budget(settings, Scope.PERSON, spent, period)) == "Removed.\n"
    with pytest.raises(CallFailed, match="No such budget was set; `flowmate budget list` shows"):
        await budgets.remove_budget(settings, Scope.WORKSPACE, "", Period.DAY)


async def test_the_api_and_the_command_line_say_what_can_not_be_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "FLOWMATE_MODEL": "local"}
    async with fresh(**options) as service:
        made = await service.post(BUDGETS, {"scope": "agent", "subject": "writer", "period": "day", "usd": 5})
        assert made.body["unpricedModel"] == "local"
        settings = Settings(flowmate_port=service.port, flowmate_operator_token=TOKEN)
        assert await budgets.set_budget(settings, Scope.AGENT, "writer", "5 usd a day") == 0
        assert "FLOWMATE_MODEL_PRICES=local=INPUT/OUTPUT" in capsys.readouterr().out
        assert await budgets.list_budgets(settings, as_json=False) == 0
        assert "$5.00 a day not counted (local has no known price)" in capsys.readouterr().out


async def test_an_agent_that_was_made_in_any_workspace_is_known(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    at = Address(platform="toy", workspace="W9", place="P")
    cleo = Person(id="toy:W9:cleo", name="Cleo")
    await service.assembly.shop.create({"name": "digest", "description": "Counts."}, by=cleo, at=at)
    settings = Settings(flowmate_port=service.port, flowmate_operator_token=TOKEN)
    for name, workspace, said in (
        ("digst", "", "There is no agent called digst. Do you mean digest?"),
        ("digest", "toy:W8", "There is no agent called digest."),
    ):
        body = {"scope": "agent", "subject": name, "period": "day", "usd": 1, "workspace": workspace}
        reply = await service.post(BUDGETS, body)
        assert (reply.status, said in reply.problem) == (404, True)
    assert await budgets.set_budget(settings, Scope.AGENT, "digest", "$2 a day") == 0
    assert "Set: agent digest, $2.00 a day" in capsys.readouterr().out
    with pytest.raises(CallFailed, match="Do you mean writer"):
        await budgets.set_budget(settings, Scope.AGENT, "writr", "$2 a day")
    assert await budgets.remove_budget(settings, Scope.AGENT, "digest", Period.DAY) == 0


async def test_the_command_prints_the_apis_answer_alone(service: Service, tmp_path: Path) -> None:
    flowmate = Flowmate(tmp_path, port=service.port)
    ran = await flowmate.run("usage", "--json", environment={"FLOWMATE_OPERATOR_TOKEN": TOKEN})
    assert (ran.code, ran.err) == (0, "")
    assert set(json.loads(ran.out)) == {"by", "days", "rows", "budgets"}


async def settled(service: Service) -> str:
    """A model call that was paid for, by somebody of another workspace; who that is."""
    now = service.assembly.clock.now()
    spender = Spender(person="toy:W9:cleo", person_name="Cleo", workspace="toy:W9", agent="writer")
    used = Usage(input_tokens=900, output_tokens=100, cost_usd=0.5)
    charge = Charge(
        id="invented-charge",
        spender=spender,
        model="m",
        at=now,
        expires_at=now + timedelta(seconds=60),
        estimate=used,
        accounts=accounts_of(spender, now, zone="UTC"),
        actual=used,
    )
    await service.assembly.accounting.budgets.settle(charge)
    return spender.person
