"""A service connected through a modal: its secrets come in one payload, and are found nowhere but sealed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn, cast

import pytest

from adapters.chat.slack.inbound import Profile
from adapters.chat.slack.modal import to_submission
from core.errors import StoreUnavailable, ToolFailed
from core.integrations.commands import ServiceCommands
from core.memory.clock import ManualClock
from core.memory.invitations import InMemoryInvitations
from tests.counterparts.slack import SlackServer
from tests.counterparts.slack.state import View
from tests.integration.slack_harness import MemoryReception, over_http, over_socket, whispered
from tests.scenarios.world import World
from tests.unit.test_integration_desk import SECRET, Bench

pytest_plugins = ("tests.integration.slack_fixtures",)

FILLED = {"host": "h.example.org", "token": SECRET}


class Place:
    """A workspace in which U1 may connect services."""

    def __init__(self, slack: SlackServer) -> None:
        self.slack = slack
        self.bench = Bench()
        self.invitations = InMemoryInvitations()
        services = ServiceCommands(
            desk=self.bench.desk,
            invitations=self.invitations,
            clock=ManualClock(),
            admins=frozenset({f"slack:{slack.team}:U1"}),
        )
        self.world = World(services=services)

    @property
    def workspace(self) -> str:
        return f"slack:{self.slack.team}"

    async def opened(self, text: str = "connect toy spare", *, channel: str = "C1") -> View:
        answer = await self.slack.command("/flowmate", text, user="U1", channel=channel)
        assert (answer.status, answer.body) == (200, "")
        return list(self.slack.workspace.views.values())[-1]

    async def untold(self) -> None:
        """Nothing of the secret in whatever was sent to the platform, or kept."""
        assert self.slack.calls("views.open")
        messages = [one for place in ("C1", "C2") for one in self.slack.channel(place).shown_to("U1")]
        sent = [dict(request.arguments) for request in self.slack.requests]
        assert SECRET not in json.dumps(sent, default=str) + "".join(one.everything for one in messages)
        assert await self.world.store.recent(workspace=self.slack.team, limit=5) == ()
        assert self.world.queue.enqueued == []


@asynccontextmanager
async def served(slack: SlackServer, *, by: Any = over_http) -> AsyncIterator[Place]:
    place = Place(slack)
    async with by(slack, cast(MemoryReception, place.world.reception)):
        yield place
    assert slack.problems == []


@pytest.mark.parametrize("by", [over_http, over_socket])
async def test_what_is_filled_in_is_connected_and_its_test_told_to_the_person_alone(
    slack: SlackServer, by: Any
) -> None:
    async with served(slack, by=by) as place:
        view = await place.opened()
        lead, *fields = view.content["blocks"]
        assert "It will be called spare." in lead["text"]["text"]
        assert [(one["block_id"], one["optional"]) for one in fields] == [
            ("host", False), ("user", True), ("token", False), ("pin", True)
        ]  # fmt: skip
        answer = await slack.submit(view.id, FILLED)
        assert (answer.accepted, answer.payload) == (True, None)
        assert view.id not in slack.workspace.views
        assert await whispered(slack, to="U1") == "spare works: It answers."
        [made] = await place.bench.desk.listed(place.workspace)
        assert (made.name, made.fields, made.connected_by) == (
            "spare",
            {"host": "h.example.org"},
            f"{place.workspace}:U1",
        )
        assert (await place.bench.desk.open(place.workspace, made.id))["token"] == SECRET
        assert slack.channel("C1").shown_to("U2") == []
        assert [message for message in slack.channel("C1").visible if message.user == "U0BOT"] == []
        assert place.invitations.issued == []
        await place.untold()


async def test_what_has_to_be_mended_is_said_in_the_form_which_stays_open(slack: SlackServer) -> None:
    async with served(slack) as place:
        view = await place.opened()
        for values, errors in (
            ({**FILLED, "host": "wrong"}, {"host": "That is no host."}),
            ({**FILLED, "token": "  "}, {"token": "It can't do without the token."}),
        ):
            answer = await slack.submit(view.id, values)
            assert answer.payload == {"response_action": "errors", "errors": errors}
        assert view.id in slack.workspace.views
        assert await place.bench.desk.listed(place.workspace) == ()
        await place.bench.connect("spare", kind="mail", workspace=place.workspace)
        answer = await slack.submit(view.id, FILLED)
        assert answer.payload is not None
        assert "There is an integration named spare already" in answer.payload["errors"]["host"]
        await place.untold()


async def test_a_service_that_refuses_is_told_of_without_the_secret_where_there_is_no_bot(
    slack: SlackServer,
) -> None:
    async with served(slack) as place:
        place.bench.toy.fails = ToolFailed(f"h refuses {SECRET}.")
        view = await place.opened(channel="C2")
        assert (await slack.submit(view.id, FILLED)).payload is None
        assert await whispered(slack, to="U1", channel="C2") == "spare does not work: h refuses ***."
        await place.untold()


async def test_a_secret_is_taken_exactly_as_it_was_written(slack: SlackServer) -> None:
    odd = "invented\u200bse\u00adcret\u202e-\u2028of\u00a0nobody"
    async with served(slack) as place:
        view = await place.opened()
        await slack.submit(view.id, {"host": "h.exam\u200bple.org", "token": odd})
        await whispered(slack, to="U1")
        [made] = await place.bench.desk.listed(place.workspace)
        opened = await place.bench.desk.open(place.workspace, made.id)
        assert (opened["host"], opened["token"]) == ("h.example.org", odd)


async def test_whoever_may_not_connect_gets_no_form_but_the_reason(slack: SlackServer) -> None:
    async with served(slack) as place:
        await slack.command("/flowmate", "connect toy", user="U2", channel="C1")
        assert "Only those who look after FlowMate" in await whispered(slack, to="U2")
        assert slack.workspace.views == {}
        assert place.invitations.issued == []


@pytest.mark.parametrize("way", ["no form is shown", "a mention", "words too many"])
async def test_the_link_is_there_where_no_form_can_be(slack: SlackServer, way: str) -> None:
    async with served(slack) as place:
        if way == "no form is shown":
            slack.fail_next("views.open", "fatal_error")
            await slack.command("/flowmate", "connect toy", user="U1", channel="C1")
        elif way == "a mention":
            await slack.say("C1", "U1", "<@U0BOT> connect toy")
            await slack.settle()
        else:
            await slack.command("/flowmate", f"connect toy {SECRET}", user="U1", channel="C1")
        shown = await slack.wait_for(lambda: slack.channel("C1").shown_to("U1"))
        if way == "words too many":
            assert "delete that message" in shown[0].everything
            assert SECRET not in shown[0].everything
            assert place.invitations.issued == []
        else:
            assert "connect?link=1" in shown[0].everything
        assert slack.workspace.views == {}


async def test_a_database_that_is_out_leaves_the_form_open_and_takes_it_later(
    slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(slack) as place:
        view = await place.opened()

        async def out(workspace: str) -> NoReturn:
            raise StoreUnavailable()

        with monkeypatch.context() as patch:
            patch.setattr(place.bench.rows, "listed", out)
            assert (await slack.submit(view.id, FILLED)).status == 503
        assert (await slack.submit(view.id, FILLED)).status == 200
        assert await whispered(slack, to="U1") == "spare works: It answers."
        await place.untold()


@pytest.mark.parametrize("metadata", ["{}", '{"secret": 7}', '{"secret": [1, {}], "service": ["x"]}', "["])
def test_a_services_submission_of_any_shape_is_read(metadata: str) -> None:
    view = {"private_metadata": metadata, "state": {"values": {"token": {"input": {"value": "x"}}}}}
    read = to_submission({"view": view, "user": {"id": "U1"}}, team="T1", profile=Profile())
    assert read.values == {"token": "x"}
    assert isinstance(read.service, str)
