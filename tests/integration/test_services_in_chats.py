"""Connected services in chats: who sees what is said about them, and the form behind the link."""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Mapping
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.chat.slack.modal import SERVICE_CALLBACK
from core.integrations.commands import ServiceCommands, Told
from core.memory.clock import ManualClock
from core.memory.invitations import InMemoryInvitations
from core.models import Address, Instruction, Person
from core.rendering import integrations as words
from core.rendering import page
from tests.counterparts.slack import SlackServer
from tests.counterparts.smtp import MailServer, mail_server
from tests.integration.http_harness import Reply, Service
from tests.integration.slack_harness import MENTION, MemoryReception, over_http
from tests.integration.test_page import HTML, Browser, known, place, said
from tests.integration.test_telegram import BOT, polling
from tests.scenarios.world import World
from tests.services.waiting import eventually
from tests.unit.test_integration_desk import Bench as Services

pytest_plugins = ("tests.integration.http_fixtures", "tests.integration.slack_fixtures")

LINK = "https://flow.example.org/connect?link=abc"
CONNECT = Told(text="Connect smtp on this page.", link=LINK)
OVERVIEW = Told(text="**Connected services**\n\n- **smtp** (smtp): works")
PASSWORD = "invented-password"
"""The one that the mail server takes."""
OPERATOR = Person(id="local:local:operator", name="operator")


def talkative() -> MemoryReception:
    return MemoryReception(about={"connect smtp": CONNECT, "integrations": OVERVIEW})


class TestInSlack:
    async def test_a_command_is_answered_to_one_person_alone(self, slack: SlackServer) -> None:
        reception = talkative()
        async with over_http(slack, reception):
            shown = await slack.command("/flowmate", "connect smtp", user="U1", channel="C1")
            await slack.command("/flowmate", "integrations", user="U1", channel="C1")
            await slack.settle()
        assert shown.status == 200
        first, second = slack.channel("C1").shown_to("U1")
        assert LINK in first.everything
        assert "Connected services" in second.everything
        assert slack.channel("C1").visible == []
        assert reception.instructions == {}
        address = reception.asked[0][2]
        assert (reception.asked[0][1], address.workspace, address.place) == ("slack:T0001:U1", "T0001", "C1")

    async def test_a_direct_message_is_answered_there(self, slack: SlackServer) -> None:
        reception = talkative()
        async with over_http(slack, reception):
            await slack.say("D1", "U1", "connect smtp")
            await slack.wait_for(lambda: slack.channel("D1").shown_to("U1"))
            await slack.say("D1", "U1", "what is 2+2")
            await slack.settle()
        [told] = slack.channel("D1").shown_to("U1")
        assert LINK in told.everything
        assert reception.texts == ["what is 2+2"]

    @pytest.mark.parametrize("message_first", [True, False])
    async def test_a_mention_is_answered_once_and_to_its_author_alone(
        self, slack: SlackServer, message_first: bool
    ) -> None:
        slack.message_first = message_first
        reception = talkative()
        async with over_http(slack, reception):
            await slack.say("C1", "U1", "<@U0BOT> connect smtp")
            await slack.settle()
            await slack.wait_for(lambda: slack.channel("C1").shown_to("U1"))
        [told] = slack.channel("C1").shown_to("U1")
        assert LINK in told.everything
        assert told.is_root, "in a thread that nobody has answered in, Slack would show it to nobody"
        assert len(slack.calls("chat.postEphemeral")) == 1
        assert slack.channel("C1").shown_to("U2") == []
        assert [LINK in message.everything for message in slack.channel("C1").visible] == [False]
        assert reception.instructions == {}

    async def test_in_a_thread_that_goes_on_it_is_told_there(self, slack: SlackServer) -> None:
        reception = talkative()
        async with over_http(slack, reception):
            root = await slack.say("C1", "U1", "<@U0BOT> what is 2+2")
            await slack.settle()
            await slack.say("C1", "U2", "connect smtp", thread_ts=root)
            await slack.wait_for(lambda: slack.channel("C1").shown_to("U2"))
        [told] = slack.channel("C1").shown_to("U2")
        assert (LINK in told.everything, told.thread_ts) == (True, root)
        assert slack.channel("C1").shown_to("U1") == []
        assert reception.texts == ["what is 2+2"]

    async def test_what_is_sent_again_is_shown_once(self, slack: SlackServer) -> None:
        reception = talkative()
        event = {**MENTION, "text": "<@U0BOT> connect smtp"}
        async with over_http(slack, reception):
            await slack.deliver_event(event, event_id="Ev7", copies=4)
            await slack.wait_for(lambda: slack.channel("C1").shown_to("U1"))
        assert len(slack.calls("chat.postEphemeral")) == 1
        assert reception.instructions == {}


SAID = {
    "connect": "- `toy`: A toy",
    "connect toy": "connect?link=1",
    "integrations": "**old** (toy): works",
    "revoke old": "old is revoked",
    "agents": "- **digest**: counts",
    "agent list": "- **digest**: counts",
    "schedules": "no schedules",
    "usage": "No model was used in the last 7 days",
    "budgets": "budget",
    "help": "- **digest**: counts",
}
"""What `/flowmate` understands, and a piece of the answer."""


@pytest.mark.parametrize("way", ["command", "direct message", "mention", "thread"])
async def test_what_the_command_understands_is_understood_wherever_people_write(
    slack: SlackServer, way: str
) -> None:
    bench = Services()
    ada = f"slack:{slack.team}:U1"
    await bench.connect("old", workspace=f"slack:{slack.team}")
    invitations = InMemoryInvitations()
    world = World(
        services=ServiceCommands(
            desk=bench.desk, invitations=invitations, clock=ManualClock(), admins=frozenset({ada})
        )
    )
    at = Address(platform="slack", workspace=slack.team, place="C1")
    await world.shop.create({"name": "digest", "description": "counts"}, by=Person(id=ada), at=at)
    channel = "D1" if way == "direct message" else "C1"
    async with over_http(slack, cast(MemoryReception, world.reception)):
        root = await slack.say("C1", "U1", "<@U0BOT> @one begin") if way == "thread" else None
        await slack.settle()
        await world.settle()
        for text, piece in SAID.items():
            if (way, text) == ("command", "connect toy"):
                # A command has a trigger for a form, which needs no link.
                await slack.command("/flowmate", text, user="U1", channel=channel)
                assert [view.content["callback_id"] for view in slack.workspace.views.values()] == [
                    SERVICE_CALLBACK
                ]
                continue
            before = len(slack.channel(channel).shown_to("U1"))
            if way == "command":
                await slack.command("/flowmate", text, user="U1", channel=channel)
            else:
                await slack.say(
                    channel, "U1", f"<@U0BOT> {text}" if way == "mention" else text, thread_ts=root
                )
            await slack.settle()
            await world.settle()
            recent = await world.store.recent(workspace=slack.team, limit=50)
            told = [one.reply.text for one in recent if one.instruction.text == text and one.reply]
            if not told:
                await eventually(lambda: slack.channel(channel).shown_to("U1")[before:])  # noqa: B023
            told += [whisper.everything for whisper in slack.channel(channel).shown_to("U1")[before:]]
            assert [piece in one for one in told] == [True], (text, told)
        assert [one.kind for one in invitations.issued] == ([] if way == "command" else ["toy"])
        assert all("link=" not in message.everything for message in slack.channel(channel).visible)
    assert slack.problems == []


class TestInTelegram:
    async def test_in_private_the_link_is_shown(self) -> None:
        async with polling() as chat:
            chat.reception.about = talkative().about
            await chat.telegram.say(chat.ada, chat.private, "/flowmate connect smtp")
            await chat.telegram.until(lambda: chat.telegram.shown(chat.private))
            await chat.telegram.say(chat.ada, chat.private, "/integrations")
            await chat.telegram.until(lambda: len(chat.telegram.shown(chat.private)) == 2)
            first, second = chat.telegram.shown(chat.private)
            assert LINK in repr(first)
            assert "smtp (smtp): works" in second.text
            assert chat.reception.instructions == {}

    async def test_what_a_group_asks_for_goes_into_the_private_chat(self) -> None:
        async with polling() as chat:
            chat.reception.about = talkative().about
            await chat.telegram.say(chat.ada, chat.group, f"{BOT} connect smtp")
            await chat.telegram.until(lambda: chat.telegram.shown(chat.group))
            assert [message.text for message in chat.telegram.shown(chat.group)] == [words.TOLD_PRIVATELY]
            assert LINK not in repr(chat.telegram.shown(chat.group))
            assert LINK in repr(chat.telegram.shown(chat.private))
            [(_, _, address)] = chat.reception.asked
            assert address.workspace == str(chat.group.id), "the group's own service is connected"

    async def test_whoever_can_not_be_written_to_gets_no_link(self) -> None:
        async with polling() as chat:
            chat.reception.about = talkative().about
            chat.private.blocked = True
            await chat.telegram.say(chat.ada, chat.group, f"{BOT} connect smtp")
            await chat.telegram.until(lambda: chat.telegram.shown(chat.group))
            assert [message.text for message in chat.telegram.shown(chat.group)] == [words.WRITE_PRIVATELY]


class Form:
    """The form behind a link, as a browser that nobody is signed in to sees it."""

    def __init__(self, service: Service, link: str) -> None:
        self.browser = Browser(service)
        self.path = f"{urlsplit(link).path}?{urlsplit(link).query}"
        self.link = parse_qs(urlsplit(link).query)["link"][0]

    async def opened(self) -> Reply:
        return await self.browser.get(self.path)

    async def nonce(self) -> str:
        found = re.search(r'name="nonce" value="([^"]+)"', (await self.opened()).text)
        assert found is not None
        return found[1]

    async def send(
        self, values: Mapping[str, str], *, nonce: str, link: str = "", origin: str | None = ""
    ) -> Reply:
        fields = {f"field-{name}": value for name, value in values.items()}
        form = {"link": link or self.link, "nonce": nonce, **fields}
        return await self.browser.post("/connect", form, origin=origin, accept=HTML)


def smtp(mail: MailServer, **changes: str) -> dict[str, str]:
    fields = {"host": "127.0.0.1", "port": str(mail.port), "user": "ada", "sender": "a@example.org"}
    return {**fields, "password": PASSWORD, **changes}


async def invited(service: Service, *, workspace: str = "W9") -> Form:
    """The form that the operator is given when they ask in this workspace."""
    address = Address(platform="toy", workspace=workspace, place="hall")
    asked = Instruction(
        key=secrets.token_hex(8), text="connect smtp", person=OPERATOR, address=address, origin="toy"
    )
    told = await service.assembly.reception.hear(asked)
    assert isinstance(told, Told)
    return Form(service, told.link)


@pytest.mark.asyncio(loop_scope="session")
class TestTheForm:
    async def test_what_it_is_filled_in_with_is_connected_where_it_was_asked_for(
        self, service: Service
    ) -> None:
        form = await invited(service)
        page = await form.opened()
        assert page.status == 200
        assert 'type="password"' in page.text
        assert page.headers["Cache-Control"] == "no-store"
        async with mail_server(with_login=True) as mail:
            done = await form.send(smtp(mail), nonce=await form.nonce())
            assert mail.logins == [("ada", PASSWORD)]
        assert (done.status, PASSWORD in done.text) == (200, False)
        assert "smtp works: The mail server lets FlowMate in." in html.unescape(done.text)
        [made] = await service.assembly.integrations.listed("toy:W9")
        assert (made.connected_by, made.name) == (OPERATOR.id, "smtp")
        assert await service.assembly.integrations.listed("local:local") == ()
        await service.assembly.integrations.revoke("toy:W9", made.id)

    async def test_a_link_connects_once(self, service: Service) -> None:
        form = await invited(service)
        first, second = await form.nonce(), await form.nonce()
        async with mail_server(with_login=True) as mail:
            assert (await form.send(smtp(mail), nonce=first)).status == 200
            again = await form.send(smtp(mail, user="eve"), nonce=second)
        assert (again.status, words.LINK_CLOSED in again.text) == (403, True)
        [made] = await service.assembly.integrations.listed("toy:W9")
        assert made.fields["user"] == "ada"
        await service.assembly.integrations.revoke("toy:W9", made.id)

    async def test_what_is_wrong_is_said_and_the_secret_is_not_shown_again(self, service: Service) -> None:
        form = await invited(service)
        nonce = await form.nonce()
        async with mail_server(with_login=True) as mail:
            wrong = await form.send(smtp(mail, sender="nobody"), nonce=nonce)
            assert wrong.status == 422
            assert "sender must be an e-mail address" in wrong.text
            assert f'value="{mail.port}"' in wrong.text
            assert PASSWORD not in wrong.text
            assert (await form.send(smtp(mail), nonce=nonce)).status == 200
        [made] = await service.assembly.integrations.listed("toy:W9")
        await service.assembly.integrations.revoke("toy:W9", made.id)

    @pytest.mark.parametrize("link", ["", "abc", "abc.def"])
    async def test_an_invented_link_opens_nothing(self, service: Service, link: str) -> None:
        form = await invited(service)
        assert (await form.browser.get(f"/connect?link={link}")).status == 403
        reply = await form.send({"host": "h"}, nonce="a-nonce-of-mine", link=link or "x")
        assert reply.status == 403
        assert (await form.send({"host": "h"}, nonce="short")).status == 403
        assert await service.assembly.integrations.listed("toy:W9") == ()

    @pytest.mark.parametrize("origin", [None, "https://evil.example.org"])
    async def test_another_page_can_send_nothing(self, service: Service, origin: str | None) -> None:
        form = await invited(service)
        reply = await form.send({"host": "h"}, nonce=await form.nonce(), origin=origin)
        assert reply.status == 403
        assert words.LINK_CLOSED not in reply.text
        assert await service.assembly.integrations.listed("toy:W9") == ()


@pytest.mark.asyncio(loop_scope="session")
class TestOnThePage:
    async def test_the_page_shows_what_is_connected_and_leads_to_the_form(self, service: Service) -> None:
        browser, where = await known(service), place()
        overview = await said(browser, "integrations", where)
        assert "Nothing is connected yet; <code>connect</code> shows what can be." in overview.body["told"]
        assert page.FOR_YOU_ALONE in overview.body["told"]
        told = (await said(browser, "connect smtp", where)).body["told"]
        [link] = re.findall(r'href="([^"]+)">' + words.OPEN_FORM, told)
        assert (await browser.get(html.unescape(link))).status == 200
        plain = await browser.post(f"/conversations/{where}/messages", {"text": "connect smtp"})
        assert plain.status == 303
        assert plain.headers["Location"].startswith("/connect?link=")
        shown = await browser.post(f"/conversations/{where}/messages", {"text": "integrations"})
        assert "Nothing is connected yet; <code>connect</code>" in shown.text
        assert page.FOR_YOU_ALONE in shown.text

    async def test_what_was_asked_is_repeated_unless_it_may_hold_a_secret(self, service: Service) -> None:
        browser, where = await known(service), place()
        assert "connect &lt;smtp" in (await said(browser, "connect <smtp", where)).body["told"]
        told = (await said(browser, "connect smtp invented-secret-471147", where)).body["told"]
        assert "connect …" in told
        assert "invented-secret-471147" not in told

    async def test_a_stranger_on_the_page_is_told_nothing(self, service: Service) -> None:
        reply = await Browser(service).post(f"/conversations/{place()}/messages", {"text": "connect smtp"})
        assert reply.status == 401
        assert "/connect" not in reply.text
