"""What stands in front of everything that Slack sends over HTTP; rows are those of the bad-input table."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.counterparts.slack import SlackServer
from tests.counterparts.slack.signing import FORM_TYPE
from tests.integration.slack_harness import (
    MENTION,
    MemoryReception,
    envelope,
)

pytest_plugins = ("tests.integration.slack_fixtures",)


@pytest.mark.usefixtures("slack_http")
class TestTheGuard:
    @pytest.mark.parametrize("headers", [{"X-Slack-Signature": "v0=" + "0" * 64}, {"X-Slack-Signature": None},
                                         {"X-Slack-Signature": ""}, {"X-Slack-Signature": "v0=\u00fc\u00e9"},
                                         {"X-Slack-Request-Timestamp": None}])  # fmt: skip
    async def test_row_1_a_wrong_or_missing_signature_is_401(
        self, slack: SlackServer, reception: MemoryReception, headers: dict[str, str | None]
    ) -> None:
        answer = await slack.deliver_raw(envelope(), headers=headers)
        assert answer.status == 401
        assert reception.received == []

    @pytest.mark.parametrize("offset", [-301, 310, -86_400])
    async def test_row_2_a_timestamp_far_from_now_is_401(
        self, slack: SlackServer, reception: MemoryReception, offset: int
    ) -> None:
        answer = await slack.deliver_raw(envelope(), timestamp=str(int(time.time()) + offset))
        assert answer.status == 401
        assert reception.received == []

    @pytest.mark.parametrize("timestamp", ["soon", "1_700_000_000", "-1", "1e9", "9" * 400])
    async def test_row_2_a_timestamp_that_is_no_number_is_401(
        self, slack: SlackServer, reception: MemoryReception, timestamp: str
    ) -> None:
        assert (await slack.deliver_raw(envelope(), timestamp=timestamp)).status == 401
        assert reception.received == []

    @pytest.mark.parametrize(
        "body",
        [b"{", b"[1]", b"", b"null", b"{}", b'"x"', b'{"a":' * 5000 + b"1" + b"}" * 5000,
         b'{"a":' * 200 + b"1" + b"}" * 200, b"[" * 5000, b"\xff\xfe",
         b'{"type":"event_callback","event":"x"}', b'{"type":"event_callback","event":{}}', b'{"a":NaN}',
         b'{"a":' + b"9" * 5000 + b"}", b'{"type":"event_callback","event":{"type":"message"},"authorizations":[1]}'],
    )  # fmt: skip
    async def test_row_4_a_malformed_body_is_400(
        self, slack: SlackServer, reception: MemoryReception, body: bytes
    ) -> None:
        assert (await slack.deliver_raw(body)).status == 400
        assert reception.received == []

    @pytest.mark.parametrize(
        "body", [b"payload=%7B", b"payload=x", b"", b"payload=[1]", b"text=%FF", b"payload="]
    )
    async def test_row_4_a_malformed_form_is_400(
        self, slack: SlackServer, reception: MemoryReception, body: bytes
    ) -> None:
        assert (await slack.deliver_raw(body, content_type=FORM_TYPE)).status == 400
        assert reception.received == []

    async def test_row_4_an_unsigned_payload_form_is_401(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        answer = await slack.deliver_raw(
            b"payload=x", content_type=FORM_TYPE, headers={"X-Slack-Signature": None}
        )
        assert answer.status == 401
        assert reception.received == []

    async def test_row_5_over_one_megabyte_is_413_before_anything_else(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        answer = await slack.deliver_raw(b"{" * 1_000_001, headers={"X-Slack-Signature": "v0=wrong"})
        assert answer.status == 413
        assert reception.received == []

    async def test_row_5_a_body_that_does_not_say_its_length_is_cut_off_too(self, slack: SlackServer) -> None:
        async def endless() -> AsyncIterator[bytes]:
            for _ in range(40):
                yield b"{" * 50_000

        assert slack.outbox.http is not None
        async with (
            aiohttp.ClientSession() as session,
            session.post(slack.outbox.http.url, data=endless()) as response,
        ):
            assert response.status == 413

    async def test_row_26_another_method_is_405_and_another_content_type_415(
        self, slack: SlackServer
    ) -> None:
        assert (await slack.deliver_raw(envelope(), content_type="text/plain")).status == 415
        assert slack.outbox.http is not None
        async with aiohttp.ClientSession() as session, session.get(slack.outbox.http.url) as response:
            assert response.status == 405

    async def test_the_url_is_verified(self, slack: SlackServer) -> None:
        assert await slack.verify_url()
        assert slack.requests == []


@pytest.mark.usefixtures("slack_http")
class TestTheOwnIdentity:
    async def test_ten_events_at_once_ask_who_we_are_once(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        events = [{**MENTION, "ts": f"1700000000.00010{n}"} for n in range(10)]
        await asyncio.gather(*(slack.deliver_event(event) for event in events))
        assert len(reception.instructions) == 10
        assert len(slack.calls("auth.test")) == 1

    @pytest.mark.parametrize(
        "fault", ["500", "503", "internal_error", "reset", "html_200", "cut_after", "429"]
    )
    async def test_an_event_is_not_lost_when_slack_does_not_say_who_we_are(
        self, slack: SlackServer, reception: MemoryReception, fault: str
    ) -> None:
        slack.fail_next("auth.test", fault)
        (delivery,) = await slack.deliver_event(MENTION)
        # All resends of this impatient Slack come within the pause before the next attempt.
        assert {attempt.answer.status for attempt in delivery.attempts} == {503}
        assert len(slack.calls("auth.test")) == 1
        assert reception.received == []
