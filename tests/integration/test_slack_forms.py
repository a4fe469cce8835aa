"""A new agent through a modal: Slack in front of the real core."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, NoReturn, cast

import pytest

from adapters.chat.slack.inbound import Profile
from adapters.chat.slack.modal import to_errors, to_submission, to_view
from core.errors import RateLimited, StoreUnavailable
from core.making.commands import Wish
from core.making.forms import new_agent
from core.memory.clock import START
from core.models import Address, Instruction, MadeAgent, Person, Verdict, Visibility
from tests.counterparts.slack import SlackServer
from tests.counterparts.slack.state import View
from tests.integration.slack_harness import MemoryReception, over_http, over_socket, whispered
from tests.scenarios.world import World
from tests.unit.test_integration_desk import Bench as Services

pytest_plugins = ("tests.integration.slack_fixtures",)

FILLED = {
    "name": "digest",
    "description": "counts the news",
    "tools": ["one_tool"],
    "visibility": "workspace",
}


@pytest.fixture
async def world(slack: SlackServer) -> AsyncIterator[World]:
    world = World()
    async with over_http(slack, cast(MemoryReception, world.reception)):
        yield world


def opened(slack: SlackServer) -> View:
    (view,) = slack.workspace.views.values()
    return view


async def made(world: World, slack: SlackServer) -> tuple[MadeAgent, ...]:
    return (await world.made.roster("slack", slack.team)).agents


async def test_a_command_that_leaves_something_out_opens_a_form_with_what_it_says(
    slack: SlackServer, world: World
) -> None:
    answer = await slack.command(
        "/flowmate", "agent new for everyone digest; tools: one_tool, fly", user="U1", channel="C1"
    )
    assert (answer.status, answer.body) == (200, "")
    blocks = {block["block_id"]: block for block in opened(slack).content["blocks"]}
    assert list(blocks) == ["name", "description", "system_prompt", "tools", "visibility"]
    assert blocks["name"]["element"]["initial_value"] == "digest"
    assert [one["value"] for one in blocks["tools"]["element"]["initial_options"]] == ["one_tool"]
    assert blocks["visibility"]["element"]["initial_option"]["value"] == "workspace"
    assert await world.store.recent(workspace=slack.team, limit=5) == ()
    assert slack.problems == []


async def test_what_is_filled_in_makes_the_agent_once_and_the_channel_is_told(
    slack: SlackServer, world: World
) -> None:
    await slack.command("/flowmate", "agent new", user="U1", channel="C1")
    view = opened(slack).id
    answer = await slack.submit(view, FILLED)
    assert (answer.status, answer.payload) == (200, None)
    await world.settle()
    (agent,) = await made(world, slack)
    assert (agent.name, agent.agent.tools, agent.visibility) == (
        "digest",
        ("one_tool",),
        Visibility.WORKSPACE,
    )
    assert agent.owner.id == f"slack:{slack.team}:U1"
    (delegation,) = await world.store.recent(workspace=slack.team, limit=5)
    assert delegation.instruction.address.place == "C1"
    assert "/actions/" in delegation.instruction.address.via
    assert delegation.reply is not None
    assert "Made the agent **digest**." in delegation.reply.text
    # The same submission, sent again.
    payload = next(d.payload for d in slack.deliveries if d.payload.get("type") == "view_submission")
    again = await slack.outbox.send_and_wait("interactive", payload, takes_payload=True)
    assert again.status == 200
    await world.settle()
    assert len(await world.store.recent(workspace=slack.team, limit=5)) == 1
    assert slack.problems == []


@pytest.mark.parametrize(
    ("values", "block", "said"),
    [
        ({"name": "Big News!"}, "name", "has to begin with a letter"),
        ({"name": "one"}, "name", "files come first"),
        ({"name": "templates"}, "name", "stands for something else"),
        ({"description": " \u200b "}, "description", "needs a description"),
    ],
)
async def test_what_has_to_be_mended_is_said_in_the_form_which_stays_open(
    slack: SlackServer, world: World, values: dict[str, Any], block: str, said: str
) -> None:
    await slack.command("/flowmate", "agent new", user="U1", channel="C1")
    view = opened(slack).id
    answer = await slack.submit(view, {**FILLED, **values})
    assert answer.payload is not None
    assert answer.payload["response_action"] == "errors"
    assert said in answer.payload["errors"][block]
    assert view in slack.workspace.views
    assert await made(world, slack) == ()
    assert (await slack.submit(view, FILLED)).payload is None
    await world.settle()
    assert len(await made(world, slack)) == 1
    assert slack.problems == []


async def test_a_form_offers_the_connected_services_that_some_tool_can_use(
    slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Services()
    world = World(access=bench.desk)
    world.tool("one").integration = "toy"
    workspace = f"slack:{slack.team}"
    async with over_http(slack, cast(MemoryReception, world.reception)):
        await slack.command("/flowmate", "agent new", user="U1", channel="C1")
        view = opened(slack)
        assert "integrations" not in {block["block_id"] for block in view.content["blocks"]}
        await slack.submit(view.id, {**FILLED, "name": "bare"})
        for name in ("office", "private"):
            await bench.connect(name, workspace=workspace)
        await bench.connect("letters", kind="mail", workspace=workspace)
        await slack.command(
            "/flowmate", "agent new x; integrations: office, letters", user="U1", channel="C1"
        )
        view = list(slack.workspace.views.values())[-1]
        (field,) = [block for block in view.content["blocks"] if block["block_id"] == "integrations"]
        assert [one["value"] for one in field["element"]["options"]] == ["office", "private"]
        assert [one["value"] for one in field["element"]["initial_options"]] == ["office"]
        assert "one_tool can use office or private" in field["hint"]["text"]
        answer = await slack.submit(view.id, {**FILLED, "integrations": ["private"]})
        assert answer.payload is None
        await world.settle()
        agents = (await world.roster.of("slack", slack.team)).made
        assert agents["digest"].agent.integrations == ("private",)
        assert agents["bare"].agent.integrations == ()

        async def out(workspace: str) -> NoReturn:
            raise StoreUnavailable()

        monkeypatch.setattr(bench.desk, "names", out)
        await slack.command("/flowmate", "agent new", user="U1", channel="C1")
        view = list(slack.workspace.views.values())[-1]
        assert "integrations" not in {block["block_id"] for block in view.content["blocks"]}
    assert slack.problems == []


async def test_a_complete_command_needs_no_form(slack: SlackServer, world: World) -> None:
    text = "agent new digest: counts the news; tools: one_tool"
    await slack.command("/flowmate", text, user="U1", channel="C1")
    assert slack.workspace.views == {}
    await world.settle()
    assert len(await made(world, slack)) == 1


@pytest.mark.parametrize("fault", ["429", "500", "fatal_error"])
async def test_where_no_form_can_be_shown_the_questions_are_asked_in_words(
    slack: SlackServer, world: World, fault: str
) -> None:
    slack.fail_next("views.open", fault)
    answer = await slack.command("/flowmate", "agent new", user="U1", channel="D1")
    assert answer.status == 200
    await world.settle()
    (delegation,) = await world.store.recent(workspace=slack.team, limit=5)
    assert delegation.reply is not None
    assert "What shall the agent be called?" in delegation.reply.text


async def test_a_mention_has_no_form_and_is_a_dialogue(slack: SlackServer, world: World) -> None:
    await slack.say("C1", "U1", "<@U0BOT> agent new")
    await slack.settle()
    await world.settle()
    (delegation,) = await world.store.recent(workspace=slack.team, limit=5)
    assert delegation.reply is not None
    assert "What shall the agent be called?" in delegation.reply.text


async def test_a_limit_is_said_in_the_form(slack: SlackServer) -> None:
    reception = MemoryReception(shown={"agent new": new_agent(Wish(verb="new"), tools=("one_tool",))})
    verdict = Verdict(allowed=False, limit=1, remaining=0, window_seconds=900, reset_at=START)
    async with over_http(slack, reception):
        await slack.command("/flowmate", "agent new", user="U1", channel="C1")
        reception.down = RateLimited("That is too much.", verdict=verdict)
        answer = await slack.submit(opened(slack).id, FILLED)
        assert answer.payload == {"response_action": "errors", "errors": {"name": "That is too much."}}
        reception.down = StoreUnavailable()
        assert (await slack.submit(opened(slack).id, FILLED)).status == 503
        reception.down = None
        reception.notice = "It starts late."
        assert (await slack.submit(opened(slack).id, FILLED)).status == 200
        assert await whispered(slack, to="U1") == "It starts late."
    assert slack.problems == []


async def test_over_a_socket_it_is_the_same(slack: SlackServer) -> None:
    world = World()
    async with over_socket(slack, cast(MemoryReception, world.reception)):
        await slack.command("/flowmate", "agent new", user="U1", channel="C1")
        answer = await slack.submit(opened(slack).id, {**FILLED, "name": "one"})
        assert answer.payload is not None
        assert "files come first" in answer.payload["errors"]["name"]
        assert (await slack.submit(opened(slack).id, FILLED)).accepted
        await world.settle()
    assert len(await made(world, slack)) == 1


@pytest.mark.parametrize(
    "view",
    [
        {},
        {"private_metadata": "[1]", "state": {"values": []}},
        {"private_metadata": "{", "state": []},
        {
            "private_metadata": 7,
            "state": {"values": {"name": {"input": {"value": 7}}, "tools": 3, "x": {"input": 4}}},
        },
        {"state": {"values": {"tools": {"input": {"selected_options": [{"value": 3}, 4]}}}}},
    ],
)
def test_a_submission_of_any_shape_is_read(view: dict[str, Any]) -> None:
    read = to_submission({"view": view, "user": {"id": "U1"}}, team="T1", profile=Profile())
    assert set("".join(read.values.values())) <= set()
    assert read.person.id == "slack:T1:U1"
    assert to_errors({"view": view}, [("limits.rounds", "No."), ("", "Nor that.")]) == {
        "name": "No. Nor that."
    }


def test_a_form_of_many_tools_keeps_to_the_limits() -> None:
    form = new_agent(Wish(verb="new"), tools=tuple(f"tool_{n}" for n in range(150)))
    asked = Instruction(
        key="k",
        text="agent new",
        person=Person(id="p"),
        address=Address(platform="slack", workspace="T1", place="C1", via="https://hooks.example/x"),
        origin="slack",
    )
    view = to_view(form, asked=asked)
    tools = next(block for block in view["blocks"] if block["block_id"] == "tools")
    assert len(tools["element"]["options"]) == 100
    assert json.loads(view["private_metadata"])["place"] == "C1"
    assert len(view["title"]["text"]) <= 24


async def test_help_names_made_agents_to_those_who_may_use_them_alone(
    slack: SlackServer, world: World
) -> None:
    at = Address(platform="slack", workspace=slack.team, place="C1")
    ada = Person(id=f"slack:{slack.team}:U1", name="ada")
    fields = {"description": "Counts the news.", "tools": ["one_tool"]}
    await world.shop.create({"name": "diary", **fields}, by=ada, at=at)
    await world.shop.create({"name": "digest", **fields}, by=ada, at=at, visibility=Visibility.WORKSPACE)
    for user, named in (("U1", ["digest", "diary"]), ("U2", ["digest"])):
        await slack.command("/flowmate", "help", user=user, channel="C1")
        (shown,) = slack.channel("C1").shown_to(user)
        assert [name for name in ("digest", "diary") if f"**{name}**: Counts" in shown.everything] == named
    assert slack.problems == []


@pytest.mark.parametrize("way", ["command", "mention"])
async def test_a_channel_reads_nothing_of_an_agent_that_is_its_owners_alone(
    slack: SlackServer, way: str
) -> None:
    world = World()
    at = Address(platform="slack", workspace=slack.team, place="C1")
    ada = Person(id=f"slack:{slack.team}:U1", name="ada")
    fields = {"description": "Counts the news.", "tools": ["one_tool"]}
    await world.shop.create({"name": "diary", **fields}, by=ada, at=at)

    async def say(text: str, user: str = "U1") -> None:
        if way == "command":
            await slack.command("/flowmate", text, user=user, channel="C1")
        else:
            await slack.say("C1", user, f"<@U0BOT> {text}")
        await slack.settle()
        await world.settle()

    async with over_http(slack, cast(MemoryReception, world.reception)) as connection:
        world.messengers["slack"] = connection.messenger
        await say("agent list")
        assert "diary: Counts the news. (yours)" in await whispered(slack, to="U1")
        posted = len(slack.calls("chat.postMessage"))
        await say("agent list", user="U2")
        await say("agent delete diary")
        assert len(slack.calls("chat.postMessage")) == posted + 2
    told = [one.everything for one in slack.channel("C1").visible if one.user == "U0BOT"]
    assert any("Nobody has made an agent here yet" in text for text in told)
    assert all("diary" not in text for text in told)
    assert (await world.roster.of("slack", slack.team)).gone.keys() == {"diary"}
    assert slack.problems == []
