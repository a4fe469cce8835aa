"""A third chat platform is one folder and one line: Parlour, through the real assembly, queue and worker.

Its adapter is `tests/platforms/parlour/`, its server `tests/counterparts/parlour/`; nothing else knows of either.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from unittest import mock

import pytest

from adapters.chat import PLATFORMS
from adapters.chat.platform import Platform
from core.errors import (
    InvalidInstruction,
    MessageGone,
    MessengerRefused,
    MessengerUnavailable,
    RecipientGone,
    StoreUnavailable,
)
from core.memory.clock import ManualClock
from core.models import Address, Reply
from core.ports.limiter import Limit
from core.ports.messenger import Tag
from core.rendering import refusals
from core.rendering.buttons import LABELS
from tests.counterparts.parlour import ME, TOKEN, Message, ParlourServer, parlour_server
from tests.counterparts.shared import deliver, in_memory
from tests.integration.http_harness import Service, fresh
from tests.platforms.parlour import PLATFORM, outbound, pace
from tests.platforms.parlour.settings import ParlourSettings
from tests.services.waiting import eventually

SECONDS = 120.0
SIXTY = range(60)
HERE = Address(platform="parlour", workspace="H1", place="C1")


@asynccontextmanager
async def talking(**options: float) -> AsyncIterator[tuple[ParlourServer, Service]]:
    """Parlour, and FlowMate listening to it, with a worker."""
    async with parlour_server(**options) as parlour:
        with registered(PLATFORM):
            async with fresh(PARLOUR_TOKEN=TOKEN, PARLOUR_URL=parlour.url) as service:
                await parlour.until(lambda: parlour.gateway.session)
                yield parlour, service
        assert parlour.gateway.problems == []
        assert parlour.pings == []
        assert [one for one in parlour.refused if one[0] == 400] == []


def registered(platform: Platform) -> ExitStack:
    """The list of platforms with one line more, wherever it was imported."""
    patches = ExitStack()
    for module in list(sys.modules.values()):
        if (
            module.__name__.startswith(("adapters", "bot"))
            and getattr(module, "PLATFORMS", None) is PLATFORMS
        ):
            patches.enter_context(mock.patch.object(module, "PLATFORMS", (*PLATFORMS, platform)))
    return patches


async def answered(parlour: ParlourServer, question: Message, *texts: str) -> list[Message]:
    """What stands in the question's thread once these texts are all there."""
    thread = question.thread or question.id

    def all_there() -> list[Message]:
        own = parlour.shown(question.channel, thread=thread)
        return own if all(any(text in one.text for one in own) for text in texts) else []

    found: list[Message] = await parlour.until(all_there, seconds=SECONDS)
    return found


async def test_a_conversation_a_follow_up_and_the_same_event_again() -> None:
    async with talking() as (parlour, service):
        ada = parlour.person("ada")
        await parlour.say(ada, "C1", "nobody is meant by this")
        question = await parlour.say(ada, "C1", f"<@{ME}> what is 15% of 320 and what time is it in Tokyo")
        await parlour.gateway.repeat()
        (answer,) = await answered(parlour, question, "48")
        assert "Tokyo" in answer.text
        assert answer.edits >= 1, "a placeholder first, then the answer in its place"
        follow_up = await parlour.say(ada, "C1", "and what is 3 * 14", thread=question.id)
        own = await answered(parlour, follow_up, "48", "42")
        assert len(own) == 2
        await parlour.say(ada, "C1", "not for the bot", thread="m999")
        assert len(parlour.shown("C1")) == 2
        found = await service.assembly.connections["parlour"].check()
        assert [(one.ok, one.detail) for one in found] == [(True, "FlowMate")]
        assert (await service.get("/api/v1/status")).text.count("Parlour (gateway)") == 1


async def test_a_button_is_answered_in_time_and_does_what_it_says() -> None:
    async with talking() as (parlour, service):
        service.lever.free.clear()
        ada, bob = parlour.person("ada"), parlour.person("bob")
        question = await parlour.say(ada, "C1", f"<@{ME}> pull the lever")
        placeholder = await parlour.until(lambda: next(iter(parlour.shown("C1")), None), seconds=SECONDS)
        await eventually(lambda: service.lever.runs)
        theirs = await parlour.press(bob, placeholder, LABELS["cancel"])
        await eventually(lambda: theirs.answer)
        assert theirs.answer == {"kind": "whisper", "text": refusals.NOT_YOURS}
        own = await parlour.press(ada, placeholder, LABELS["cancel"])
        await answered(parlour, question, "Cancelled")
        await eventually(lambda: own.answer)
        assert own.answer == {"kind": "quiet"}


async def test_rows_21_to_23_nothing_and_too_much_are_told_to_the_person_alone_and_the_rest_runs() -> None:
    async with talking() as (parlour, _):
        ada = parlour.person("ad\u202ea\x00")
        refused = {
            f"<@{ME}> \u200b\u2060": InvalidInstruction().sentence,
            f"<@{ME}> {'x' * 5001}": refusals.too_long(characters=5001, limit=5000),
        }
        for text in refused:
            await parlour.say(ada, "C1", text)
        question = await parlour.say(ada, "C1", f"<@{ME}> what\u202e is\x00 2+2 \ud800")
        await answered(parlour, question, "4")

        def whispered() -> list[str]:
            return [one.text for one in parlour.messages if one.only_for == ada.id]

        await parlour.until(lambda: len(whispered()) == len(refused), seconds=SECONDS)
        assert sorted(whispered()) == sorted(refused.values())
        assert len(parlour.shown("C1")) == 1


async def test_what_happens_during_a_break_comes_with_the_resume() -> None:
    async with talking() as (parlour, _):
        ada = parlour.person("ada")
        await parlour.gateway.cut()
        missed = [await parlour.say(ada, "C1", f"<@{ME}> what is {number} + 1000") for number in (1, 2)]
        for number, question in enumerate(missed, 1):
            await answered(parlour, question, f"{1000 + number:,}")
        assert (parlour.gateway.identified, parlour.gateway.resumed) == (1, 1)
        # What is committed is said to be, with a heartbeat, and kept no longer.
        await parlour.until(lambda: parlour.gateway.session and not parlour.gateway.session.kept)


async def test_a_session_that_is_gone_is_begun_anew() -> None:
    async with talking() as (parlour, _):
        session = parlour.gateway.session
        assert session is not None
        assert session.socket is not None
        parlour.gateway.forget()
        await session.socket.close()
        await parlour.until(lambda: parlour.gateway.identified == 2)
        question = await parlour.say(parlour.person("ada"), "C1", f"<@{ME}> what is 2 + 2")
        await answered(parlour, question, "4")


async def test_an_event_comes_again_until_it_is_committed() -> None:
    async with talking() as (parlour, service):
        accept = service.assembly.store.accept
        failures = [StoreUnavailable(), StoreUnavailable()]

        async def reluctant(*given: object, **more: object) -> object:
            if failures:
                raise failures.pop()
            return await accept(*given, **more)  # type: ignore[arg-type]

        with mock.patch.object(service.assembly.store, "accept", reluctant):
            question = await parlour.say(parlour.person("ada"), "C1", f"<@{ME}> what is 2 + 2")
            await answered(parlour, question, "4")
        assert parlour.gateway.resumed == 2
        assert len(parlour.shown("C1")) == 1


async def test_a_rate_limit_and_a_lost_answer_cost_nothing_but_time() -> None:
    async with talking() as (parlour, _):
        parlour.fail("post", status=429, retry_after=0.2)
        parlour.fail("post", status=0, applied=True)
        parlour.fail("edit", status=503)
        question = await parlour.say(parlour.person("ada"), "C1", f"<@{ME}> what is 2 + 2")
        await answered(parlour, question, "4")
        assert len(parlour.shown("C1")) == 1


async def test_a_long_answer_is_cut_and_code_stays_code_and_calls_nobody() -> None:
    async with writing() as (parlour, messenger, _):
        reply = Reply(text="```py\n" + "x = 1  # @everyone\n" * 300 + "```\n\nThe end.")
        parts = messenger.split(reply)
        for number, part in enumerate(parts):
            await messenger.post(HERE, part, tag=Tag(delegation_id="d1", part=number))
        texts = [one.text for one in parlour.shown("C1")]
        assert len(texts) == len(parts) > 2
        assert all(text.count("```") == 2 for text in texts)
        assert parlour.pings == []


async def test_row_24_an_answer_calls_nobody() -> None:
    async with writing() as (parlour, messenger, _):
        text = "@everyone <@p1> <b>x</b> <script>alert(1)</script> [click](javascript:alert(1)) <!channel>"
        await messenger.post(HERE, Reply(text=text), tag=Tag(delegation_id="d1", part=0))
        (shown,) = parlour.shown("C1")
        assert parlour.pings == []
        assert "alert(1)" in shown.text, "shown as what it is: Parlour renders no markup of its own"


FAILURES: list[tuple[int, type[Exception]]] = [
    (429, MessengerUnavailable),
    (500, MessengerUnavailable),
    (0, MessengerUnavailable),
    (403, RecipientGone),
    (404, MessageGone),
    (401, MessengerRefused),
]


@pytest.mark.parametrize(("status", "error"), FAILURES)
async def test_failures_are_what_delivery_knows(status: int, error: type[Exception]) -> None:
    async with writing() as (parlour, messenger, _):
        parlour.fail("post", status=status, retry_after=7.5 if status == 429 else None)
        with pytest.raises(error) as raised:
            await messenger.post(HERE, Reply(text="x"), tag=Tag(delegation_id="d1", part=0))
        assert getattr(raised.value, "retry_after_seconds", None) == (7.5 if status == 429 else None)
        assert parlour.calls.count("post") == 1


async def test_sixty_answers_into_one_channel_arrive_in_order_without_a_429() -> None:
    async with writing() as (parlour, messenger, clock):

        async def answer(number: int) -> None:
            tag = Tag(delegation_id=f"d{number}", part=0, order=float(number))
            await deliver(lambda: messenger.post(HERE, Reply(text=f"{number}"), tag=tag), clock=clock)

        await asyncio.gather(*(answer(number) for number in (0, *reversed(SIXTY[1:]))))
        assert [one.text for one in parlour.shown("C1")] == [str(number) for number in SIXTY]
        assert parlour.refused == []


@pytest.mark.slow
async def test_sixty_questions_get_sixty_answers_each_in_its_own_thread() -> None:
    """The whole path, with buckets that empty twenty times faster."""
    with (
        mock.patch.object(pace, "POSTS", Limit(requests=5, window_seconds=0.25)),
        mock.patch.object(pace, "EDITS", Limit(requests=10, window_seconds=0.25 + 2.0)),
        mock.patch("adapters.chat.pace.PLACEHOLDER_WAIT_SECONDS", 0.25),
    ):
        async with talking(scale=0.05) as (parlour, _):
            people = [parlour.person(f"p{number}") for number in SIXTY]
            questions = [
                await parlour.say(person, "C1", f"<@{ME}> what is {number} + 1000")
                for number, person in enumerate(people)
            ]
            await parlour.until(lambda: len(complete(parlour)) == len(SIXTY), seconds=SECONDS)
            for number, question in enumerate(questions):
                (own,) = parlour.shown("C1", thread=question.id)
                assert f"{1000 + number:,}" in own.text
            assert parlour.refused == []


def complete(parlour: ParlourServer) -> list[Message]:
    return [one for one in parlour.shown("C1") if "1,0" in one.text and not one.buttons]


@asynccontextmanager
async def writing() -> AsyncIterator[tuple[ParlourServer, outbound.ParlourMessenger, ManualClock]]:
    """A messenger on a clock that it shares with Parlour."""
    clock = ManualClock(auto_advance=True)
    async with parlour_server(monotonic=clock.monotonic) as parlour:
        settings = ParlourSettings.model_validate({"parlour_token": TOKEN, "parlour_url": parlour.url})
        connection = PLATFORM.connect(settings, clock, in_memory(clock))
        assert connection is not None
        assert isinstance(connection.messenger, outbound.ParlourMessenger)
        yield parlour, connection.messenger, clock
        await connection.aclose()
