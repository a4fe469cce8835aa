"""Deliveries to the app: which way they go, when they go again, and when they are given up."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tests.counterparts.slack.http_route import HttpRoute, forbids_retry
from tests.counterparts.slack.record import Answer, Attempt, Delivery, Json, Kind
from tests.counterparts.slack.signing import FORM_TYPE, JSON_TYPE, form_body, json_body
from tests.counterparts.slack.socket_mode import Sockets

RESENDS = 3
REAL_RETRY_SECONDS = (0.0, 60.0, 300.0)
ENVELOPES = {"event": "events_api", "command": "slash_commands", "interactive": "interactive"}


class Outbox:
    """Sends over a connected socket, else to the request URL, else nowhere."""

    def __init__(
        self, *, sockets: Sockets, retry_seconds: tuple[float, ...], changed: Callable[[], None]
    ) -> None:
        self.deliveries: list[Delivery] = []
        self.http: HttpRoute | None = None
        self._sockets = sockets
        self._retry_seconds = retry_seconds
        self._changed = changed
        self._tasks: set[asyncio.Task[None]] = set()

    def send_event(self, payload: Json) -> Delivery:
        """Deliver an event in the background, resending it at most three times."""
        delivery = Delivery(kind="event", payload=payload)
        self.deliveries.append(delivery)
        self._start(self._deliver(delivery, resends=RESENDS))
        return delivery

    async def send_and_wait(self, kind: Kind, payload: Json, *, takes_payload: bool) -> Answer:
        """Deliver a command or an interaction; Slack posts those once, and resends unacked envelopes."""
        delivery = Delivery(kind=kind, payload=payload)
        self.deliveries.append(delivery)
        resends = RESENDS if self._route() == "socket" else 0
        await self._deliver(delivery, resends=resends, takes_payload=takes_payload)
        if not delivery.attempts:
            return Answer(status=None, error="dispatch_failed")
        answer = delivery.attempts[-1].answer
        if answer.error in ("http_timeout", "timeout"):
            return Answer(status=None, error="operation_timeout")
        return answer

    async def settle(self) -> None:
        """Wait until nothing is on its way any more."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Stop everything that is on its way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.http is not None:
            await self.http.close()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _route(self) -> str:
        if self._sockets.connections:
            return "socket"
        if self.http is not None:
            return "http"
        return "socket" if self._sockets.in_use else "none"

    async def _deliver(self, delivery: Delivery, *, resends: int, takes_payload: bool = False) -> None:
        waiting = self._sockets.new_waiting(takes_payload=takes_payload)
        reason = ""
        for number in range(resends + 1):
            if number:
                await asyncio.sleep(self._retry_seconds[min(number, len(self._retry_seconds)) - 1])
            if self._route() == "socket":
                attempt = await self._sockets.send(
                    ENVELOPES[delivery.kind], delivery.payload, waiting, number=number, reason=reason
                )
            elif self.http is not None:
                attempt = await self._post(self.http, delivery, number=number, reason=reason)
            else:
                break
            delivery.attempts.append(attempt)
            self._changed()
            if attempt.answer.accepted or forbids_retry(attempt.answer):
                break
            reason = attempt.answer.error or "unknown_error"
        delivery.settled = True
        self._changed()

    async def _post(self, http: HttpRoute, delivery: Delivery, *, number: int, reason: str) -> Attempt:
        if delivery.kind == "event":
            return await http.send(
                json_body(delivery.payload), content_type=JSON_TYPE, number=number, reason=reason
            )
        fields = delivery.payload
        if delivery.kind == "interactive":
            fields = {"payload": json_body(delivery.payload).decode()}
        return await http.send(form_body(fields), content_type=FORM_TYPE)
