"""Looking back into a conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from adapters.chat.slack.client import SlackClient
from adapters.chat.slack.errors import NOT_A_MEMBER, SlackRefused
from core.models import Address

PAGES = 5
PAGE = 200
# Where nothing can be read, nothing of ours can stand.
_NOTHING_THERE = NOT_A_MEMBER | {"thread_not_found"}


async def messages_since(
    client: SlackClient, address: Address, *, oldest: float, own_bot: str
) -> AsyncIterator[Mapping[str, Any]]:
    """FlowMate's own messages of the thread (or of the channel itself) after `oldest`, from at most 1,000 messages.

    Raises what a call raises, but for a conversation that can't be read: there is nothing in it.
    """
    arguments: dict[str, Any] = {
        "channel": address.place,
        "oldest": f"{oldest:.6f}",
        "limit": PAGE,
        "include_all_metadata": True,
    }
    for _ in range(PAGES):
        try:
            page = await _page(client, address, arguments=arguments)
        except SlackRefused as refusal:
            if refusal.code in _NOTHING_THERE:
                return
            raise
        for message in page.get("messages") or ():
            if message.get("bot_id") == own_bot:
                yield message
        arguments["cursor"] = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not arguments["cursor"]:
            return


async def _page(client: SlackClient, address: Address, *, arguments: Mapping[str, Any]) -> Any:
    if address.thread:
        return await client.call(lambda web: web.conversations_replies(ts=address.thread, **arguments))
    return await client.call(lambda web: web.conversations_history(**arguments))
