"""Translations of what Slack sends."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.chat.slack.identity import Identity
from adapters.chat.slack.inbound import (
    Audience,
    Profile,
    from_command,
    to_audience,
    to_instruction,
    to_press,
    to_team,
    to_text,
)

WHO = Identity(team="T1", user="UBOT", bot="BBOT")
TS = "1700000000.000100"
WRITTEN: dict[str, Any] = {"type": "message", "user": "U1", "channel": "C1", "ts": TS, "text": "hello"}
MENTION = {**WRITTEN, "type": "app_mention", "text": "<@UBOT> hello"}
DIRECT = {**WRITTEN, "channel": "D1", "channel_type": "im"}
REPLY = {**WRITTEN, "thread_ts": "1600000000.000100"}


@pytest.mark.parametrize(
    ("event", "audience"),
    [
        (MENTION, Audience.MENTION),
        ({**WRITTEN, "text": "ask <@UBOT|flowmate>"}, Audience.MENTION),
        ({**MENTION, "thread_ts": TS}, Audience.MENTION),
        (DIRECT, Audience.DIRECT),
        ({**DIRECT, "channel_type": None}, Audience.DIRECT),
        ({**DIRECT, "subtype": "file_share"}, Audience.DIRECT),
        (REPLY, Audience.THREAD),
        ({**REPLY, "subtype": "thread_broadcast"}, Audience.THREAD),
        ({**REPLY, "text": "thanks, <@U2>"}, Audience.THREAD),
        ({**REPLY, "text": " <@U2> what do you think?"}, Audience.NOBODY),
        ({**REPLY, "text": "<@UBOT> and you?"}, Audience.MENTION),
        (WRITTEN, Audience.NOBODY),
        ({**WRITTEN, "thread_ts": TS}, Audience.NOBODY),
        ({**MENTION, "bot_id": "B2"}, Audience.NOBODY),
        ({**DIRECT, "user": "UBOT"}, Audience.NOBODY),
        ({**DIRECT, "user": "USLACKBOT"}, Audience.NOBODY),
        ({**DIRECT, "user": None}, Audience.NOBODY),
        ({**DIRECT, "hidden": True}, Audience.NOBODY),
        ({**DIRECT, "ts": None}, Audience.NOBODY),
        *[
            ({**DIRECT, "subtype": subtype}, Audience.NOBODY)
            for subtype in ("bot_message", "message_changed", "message_deleted", "channel_join", "invented")
        ],
    ],
)
def test_whom_a_message_is_for(event: dict[str, Any], audience: Audience) -> None:
    assert to_audience(event, who=WHO) is audience


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<@UBOT> add 1", "add 1"),
        ("<@UBOT>: add 1", "add 1"),
        ("<@UBOT|flowmate>, <@UBOT> add 1", "add 1"),
        ("please <@UBOT> add 1", "please add 1"),
        ("add 1 <@UBOT>", "add 1"),
        ("<@UBOT>", ""),
        ("<@UBOTX> add 1", "@UBOTX add 1"),
        ("mail <mailto:a@b.c|a@b.c>", "mail a@b.c"),
        ("mail <mailto:a@b.c|Ada>", "mail Ada (a@b.c)"),
        ("<https://x.y|x.y> <https://x.y/> <https://x.y/|x.y>", "https://x.y https://x.y/ https://x.y/"),
        ("<https://x.y/?a=1&amp;b=2|here>", "here (https://x.y/?a=1&b=2)"),
        ("<tel:+4930|+4930>", "+4930"),
        ("in <#C1|general> and <#C2> and <#C3|>", "in #general and #C2 and #C3"),
        ("ask <@U2|bob> or <@U3>", "ask @bob or @U3"),
        ("<!here> <!channel|channel> <!subteam^S1|@team>", "@here channel @team"),
        ("<!date^1700000000^{date}|14 Nov> <!date^1^{date}>", "14 Nov"),
        ("2 &lt; 3 &amp;&amp; 4 &gt; 3", "2 < 3 && 4 > 3"),
        ("&amp;lt; stays encoded once, &nbsp; stays", "&lt; stays encoded once, &nbsp; stays"),
        ("a\u202eb\x00c", "abc"),
    ],
)
def test_markup_becomes_plain_text(raw: str, text: str) -> None:
    assert to_text(raw, own_user="UBOT") == text


def test_both_events_of_one_mention_are_the_same_instruction() -> None:
    as_mention = to_instruction(MENTION, who=WHO, team="T1", profile=Profile())
    as_message = to_instruction({**MENTION, "type": "message"}, who=WHO, team="T1", profile=Profile())
    assert as_mention == as_message
    assert as_mention.key == f"slack:T1:C1:{TS}"


@pytest.mark.parametrize(
    ("event", "thread"),
    [
        (MENTION, TS),
        ({**MENTION, "thread_ts": "1.2"}, "1.2"),
        (DIRECT, ""),
        ({**DIRECT, "thread_ts": "1.2"}, "1.2"),
    ],
)
def test_where_the_answer_goes(event: dict[str, Any], thread: str) -> None:
    instruction = to_instruction(event, who=WHO, team="T1", profile=Profile(name="Ada", zone="Europe/Berlin"))
    assert instruction.address.conversation == ("slack", "T1", event["channel"], thread)
    assert (instruction.person.id, instruction.person.name) == ("slack:T1:U1", "Ada")
    assert instruction.person.zone == "Europe/Berlin"


def test_a_command_carries_its_response_url_beside_its_address() -> None:
    body = {"team_id": "T1", "channel_id": "C1", "user_id": "U1", "user_name": "ada", "text": "add 1 &amp; 1"}
    body |= {"trigger_id": "1.2.3", "response_url": "https://hooks.invalid/1"}
    instruction = from_command(body, who=WHO, team="T1", profile=Profile())
    assert (instruction.key, instruction.text) == ("slack:T1:command:1.2.3", "add 1 & 1")
    assert instruction.address.conversation == ("slack", "T1", "C1", "")
    assert instruction.address.via == "https://hooks.invalid/1"
    assert "hooks" not in repr(instruction)


def test_a_press_names_its_action_even_if_it_was_numbered() -> None:
    body = {
        "user": {"id": "U1", "username": "ada"},
        "container": {"channel_id": "C1", "thread_ts": "1.2"},
        "actions": [{"action_id": "flowmate.retry.2", "value": "d1"}],
        "trigger_id": "7.8.9",
    }
    press = to_press(body, team="T1", profile=Profile())
    assert (press.action, press.value, press.key) == ("retry", "d1", "slack:T1:press:7.8.9")
    assert press.address.conversation == ("slack", "T1", "C1", "1.2")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"team_id": "T2", "authorizations": [{"team_id": "T1", "enterprise_id": "E1"}]}, ("T1", "E1")),
        ({"team_id": "T1", "enterprise_id": "E1"}, ("T1", "E1")),
        ({"team": {"id": "T1", "enterprise_id": "E1"}}, ("T1", "E1")),
        ({"team": None, "enterprise": {"id": "E1"}, "user": {"team_id": "T1"}}, ("T1", "E1")),
        ({}, ("", "")),
    ],
)
def test_for_which_workspace_something_is(body: dict[str, Any], expected: tuple[str, str]) -> None:
    assert to_team(body) == expected


@pytest.mark.parametrize(
    ("who", "team", "enterprise", "covered"),
    [
        (WHO, "T1", "", True),
        (WHO, "T2", "", False),
        (WHO, "", "", False),
        (Identity(team="E1", user="U", bot="B", enterprise="E1", org_wide=True), "T2", "E1", True),
        (Identity(team="E1", user="U", bot="B", enterprise="E1", org_wide=True), "T2", "E2", False),
        (Identity(team="T1", user="U", bot="B", enterprise="E1"), "T2", "E1", False),
    ],
)
def test_which_workspaces_are_ours(who: Identity, team: str, enterprise: str, covered: bool) -> None:
    assert who.covers(team, enterprise=enterprise) is covered
