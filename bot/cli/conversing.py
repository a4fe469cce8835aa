"""One question to the running service: hand it in, watch it, cancel it, and bring its answer."""

from __future__ import annotations

import asyncio
import signal
from contextlib import aclosing, suppress

from bot.cli.asking_back import Prompt
from bot.cli.bodies import Answer
from bot.cli.client import Api, CallFailed, EventsLost, Question, Unreachable
from bot.cli.progress import Progress
from core.rendering import answers
from core.rendering import terminal as words

POLL_SECONDS = 0.5
AWAY_SECONDS = 30.0
"""How long the service may be away, restarting, while we wait for an answer that it has promised."""
CANCEL_SECONDS = 5.0


class NotYet(CallFailed):
    """There was no answer within the time; it is still worked on."""


class Interrupted(CallFailed):
    """Cancelled."""

    exit_code = 130


async def converse(api: Api, question: Question, *, progress: Progress, prompt: Prompt) -> Answer:
    """The answer to the question, with `progress` kept up to date; `prompt` asks for a yes where that is needed.

    Ctrl-C asks the service to cancel and raises Interrupted, whose sentence says how that went.
    """
    accepting = asyncio.create_task(api.delegate(question))
    answering = asyncio.create_task(_follow(api, accepting, progress, prompt))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, answering.cancel)
    try:
        # Only the waiting has this limit: what was accepted is worked on until it is answered.
        async with asyncio.timeout(None if question.timeout_ms is None else question.timeout_ms / 1000):
            return await answering
    except TimeoutError:
        place = (
            f"/api/v1/delegations/{accepting.result().delegation_id}"
            if accepting.done()
            else "/api/v1/delegations"
        )
        raise NotYet(words.not_yet(timeout_ms=question.timeout_ms or 0, place=place)) from None
    except asyncio.CancelledError:
        sentence = await _withdraw(api, accepting)
        progress.withdraw()
        raise Interrupted(sentence) from None
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        accepting.cancel()
        await asyncio.gather(accepting, return_exceptions=True)


async def _follow(api: Api, accepting: asyncio.Task[Answer], progress: Progress, prompt: Prompt) -> Answer:
    # Shielded: when Ctrl-C comes just now, it must still be known what there is to cancel.
    accepted = await asyncio.shield(accepting)
    delegation_id = accepted.delegation_id
    if not delegation_id:
        progress.settle(accepted)
        return accepted
    async with prompt:
        with suppress(EventsLost):
            async with aclosing(api.events(delegation_id, words=progress.written is not None)) as events:
                async for event in events:
                    progress.apply(event)
                    prompt.hear(event, delegation_id)
                    if progress.ended:
                        break
    answer = await _poll(api, delegation_id)
    progress.settle(answer)
    return answer


async def _poll(api: Api, delegation_id: str) -> Answer:
    """Ask until there is an answer; a service that is away for a moment has not forgotten it."""
    loop = asyncio.get_running_loop()
    heard = loop.time()
    while True:
        try:
            answer = await api.delegation(delegation_id)
            if answer.final:
                return answer
            heard = loop.time()
        except Unreachable:
            if loop.time() - heard > AWAY_SECONDS:
                raise
        await asyncio.sleep(POLL_SECONDS)


async def _withdraw(api: Api, accepting: asyncio.Task[Answer]) -> str:
    try:
        async with asyncio.timeout(CANCEL_SECONDS):
            delegation_id = (await accepting).delegation_id
            if not delegation_id:
                return words.NOT_WITHDRAWN
            await api.cancel(delegation_id)
    except (CallFailed, TimeoutError):
        return words.NOT_WITHDRAWN
    return answers.CANCELLED
