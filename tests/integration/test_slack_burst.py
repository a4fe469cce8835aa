"""A burst of sixty answers into one Slack channel, which takes one post a second."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from unittest import mock

import pytest

from adapters.chat.pace import Lane
from adapters.chat.platform import Connection
from adapters.chat.slack import PLATFORM, outbound, pace
from adapters.queue import round_trips
from core.errors import MessengerBusy
from core.memory.clock import ManualClock
from core.models import Address, Button, Reply
from core.ports.clock import Clock
from core.ports.limiter import Limit
from core.ports.messenger import Tag
from tests.counterparts.shared import deliver, in_memory
from tests.counterparts.slack import Message, SlackServer
from tests.counterparts.slack import limits as slack_limits
from tests.integration.http_harness import Service, fresh
from tests.integration.slack_harness import SystemClock, settings_for
from tests.services.waiting import eventually

SIXTY = range(60)
BURST_SECONDS = 120.0
"""How long a burst may take on a machine that does other things, too."""
HERE = Address(platform="slack", workspace="T0001", place="C1")
CANCEL = Button(action="cancel", label="Cancel", value="d1")


@asynccontextmanager
async def workspace(**options: object) -> AsyncIterator[SlackServer]:
    async with SlackServer(burst=1, **options) as slack:  # type: ignore[arg-type]
        for number in SIXTY:
            slack.add_user(f"U{number}")
        slack.add_channel("C1", members=[*(f"U{number}" for number in SIXTY), slack.bot_user])
        yield slack


@asynccontextmanager
async def workers(slack: SlackServer, *, clock: Clock, count: int = 1) -> AsyncIterator[list[Connection]]:
    """Connections of so many processes, with one limiter between them."""
    shared = in_memory(clock)
    made = [PLATFORM.connect(settings_for(slack), clock, shared) for _ in range(count)]
    connections = [one for one in made if one is not None]
    yield connections
    for one in connections:
        await one.aclose()


async def post(connection: Connection, number: int, *, clock: Clock) -> None:
    tag = Tag(delegation_id=f"d{number}", part=0, order=float(number))
    messenger = connection.messenger
    await deliver(lambda: messenger.post(HERE, Reply(text=f"answer {number}"), tag=tag), clock=clock)


def shown(slack: SlackServer) -> list[str]:
    return [message.text for message in slack.channel("C1").messages if message.user == slack.bot_user]


def refused(slack: SlackServer) -> int:
    return sum(request.outcome == "429" for request in slack.calls("chat.postMessage"))


@pytest.mark.parametrize("faults", [0, 1])
async def test_all_arrive_in_order_and_after_one_429_nobody_asks_too_early(faults: int) -> None:
    clock = ManualClock(auto_advance=True)
    async with workspace(monotonic=clock.monotonic) as slack, workers(slack, clock=clock) as (worker,):
        for _ in range(faults):
            slack.fail_next("chat.postMessage", "429", retry_after=30)
        await asyncio.gather(*(post(worker, n, clock=clock) for n in (0, *reversed(SIXTY[1:]))))
        assert shown(slack) == [f"answer {number}" for number in SIXTY]
        assert refused(slack) == faults


async def test_the_oldest_question_goes_first_in_whichever_worker_it_waits() -> None:
    """The first worker has taken the later half of the questions: it lets the other one go first."""
    clock, rate = SystemClock(), 50.0
    short = Limit(requests=1, window_seconds=1 / rate)
    with mock.patch.object(pace, "PER_CHANNEL", short):
        async with workspace(posts_per_second=rate) as slack, workers(slack, clock=clock, count=2) as both:
            # The order shows only once all stand in line.
            limiter = both[0].messenger._pace._limiter  # type: ignore[attr-defined]
            await limiter.hold(pace.posts("C1").key, seconds=1.0)
            await asyncio.gather(*(post(both[number < 30], number, clock=clock) for number in SIXTY))
            assert shown(slack) == [f"answer {number}" for number in SIXTY]
            assert refused(slack) == 0


async def test_a_placeholder_that_would_come_late_leaves_its_turn_to_answers() -> None:
    clock = ManualClock(auto_advance=True)
    async with workspace(monotonic=clock.monotonic) as slack, workers(slack, clock=clock) as (worker,):
        progress = Reply(text="On it.", buttons=(CANCEL,))

        async def placeholder(number: int) -> str:
            tag = Tag(delegation_id=f"d{number}", part=0, order=float(number))
            return await worker.messenger.post(HERE, progress, tag=tag)

        results = await asyncio.gather(*(placeholder(n) for n in range(20)), return_exceptions=True)
        assert len(shown(slack)) == sum(isinstance(one, str) for one in results) == 6
        assert sum(isinstance(one, MessengerBusy) for one in results) == 14
        assert refused(slack) == 0


async def test_progress_takes_no_edit_from_an_answer() -> None:
    clock = ManualClock(auto_advance=True)
    async with workspace() as slack, workers(slack, clock=clock) as (worker,):
        tag = Tag(delegation_id="d", part=0)
        message_id = await worker.messenger.post(HERE, Reply(text="On it.", buttons=(CANCEL,)), tag=tag)
        for number in range(25):
            await worker.messenger.edit(HERE, message_id, Reply(text=f"{number}", buttons=(CANCEL,)))
        with pytest.raises(MessengerBusy):
            await worker.messenger.edit(HERE, message_id, Reply(text="too much", buttons=(CANCEL,)))
        before = clock.monotonic()
        for number in range(25):
            await worker.messenger.edit(HERE, message_id, Reply(text=f"answer {number}"))
        assert clock.monotonic() == before
        assert shown(slack) == ["answer 24"]


@pytest.mark.slow
@pytest.mark.parametrize("all_ready", [False, True])
async def test_sixty_questions_get_sixty_answers_each_in_its_own_thread(all_ready: bool) -> None:
    """The whole path, through the queue and a worker, with every window twenty times shorter.

    What is ready is posted, so the order shows where everything is ready: there the channel is closed until then.
    """
    async with a_twentieth() as slack, fresh(**environment(slack)) as service:
        await eventually(lambda: slack.sockets.connections)
        closed = closing(service, until=len(SIXTY)) if all_ready else nullcontext()
        roots = []
        async with closed:
            for number in SIXTY:
                roots.append(
                    await slack.say("C1", f"U{number}", f"<@{slack.bot_user}> what is {number} + 1000")
                )
                await slack.settle()
        await eventually(lambda: len(answers(slack)) == len(SIXTY), seconds=BURST_SECONDS)
        for number, root in zip(SIXTY, roots, strict=True):
            own = [one for one in slack.channel("C1").thread(root) if one.user == slack.bot_user]
            assert [str(number + 1000) in one.everything.replace(",", "") for one in own] == [True]
        if all_ready:
            assert [message.thread_ts for message in answers(slack)] == roots
        assert [str(one) for one in slack.requests if one.outcome == "429"] == []


@asynccontextmanager
async def a_twentieth() -> AsyncIterator[SlackServer]:
    """A Slack, and FlowMate's idea of it, in which everything but calls takes a twentieth of the time."""
    edits = Lane("slack:edits", Limit(requests=50, window_seconds=3.0 + pace.ARRIVAL_SECONDS))
    with (
        mock.patch.object(pace, "PER_CHANNEL", Limit(requests=1, window_seconds=0.05)),
        mock.patch.object(outbound, "EDITS", edits),
        mock.patch("adapters.chat.pace.PLACEHOLDER_WAIT_SECONDS", 0.25),
        mock.patch.object(slack_limits, "WINDOW_SECONDS", 3.0),
        # Where Redis is taken to be out each process counts alone, and the order among them is nobody's.
        mock.patch.object(round_trips, "ANSWER_SECONDS", BURST_SECONDS),
    ):
        async with workspace(posts_per_second=20.0) as slack:
            yield slack


def environment(slack: SlackServer) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.base_url,
    }


@asynccontextmanager
async def closing(service: Service, *, until: int) -> AsyncIterator[None]:
    """Nothing can be posted into the channel until so many answers wait there."""
    lane = pace.posts("C1")
    gates = service.assembly.connections["slack"].messenger._pace._gates  # type: ignore[attr-defined]
    limiter = service.assembly.limiter
    assert (
        await limiter.line_up(lane.key, lane.limit, ticket="shut", order=0, alone_seconds=3 * BURST_SECONDS)
        == 0
    )
    try:
        yield
        await eventually(
            lambda: lane.key in gates and gates[lane.key].ahead(math.inf) == until, seconds=BURST_SECONDS
        )
    finally:
        await limiter.hold(lane.key, seconds=0.001)


def answers(slack: SlackServer) -> list[Message]:
    own = (message for message in slack.channel("C1").messages if message.user == slack.bot_user)
    return [message for message in own if re.search(r"\b1,?0\d\d\b", message.everything)]
