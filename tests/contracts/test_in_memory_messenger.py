"""`InMemoryMessenger` does what tests of delivery count on; the real messengers have suites of their own."""

from __future__ import annotations

import asyncio

import pytest

from core.errors import MessageGone, MessengerUnavailable
from core.memory.messenger import InMemoryMessenger
from core.models import Address, Artifact, Button, Reply
from core.ports.messenger import Capabilities, Messenger, Tag

HERE = Address(platform="memory", workspace="W1", place="C1")
THERE = HERE.model_copy(update={"place": "C2"})
TAG = Tag(delegation_id="d1", part=0)
OUT = MessengerUnavailable(retry_after_seconds=3)


async def test_messages_stand_where_they_were_posted() -> None:
    messenger: Messenger = InMemoryMessenger()
    assert isinstance(messenger, InMemoryMessenger)
    one = await messenger.post(HERE, Reply(text="one"), tag=TAG)
    await messenger.post(THERE, Reply(text="two"), tag=TAG)
    await messenger.edit(HERE, one, Reply(text="one, edited"))
    assert messenger.texts(HERE) == ["one, edited"]
    assert messenger.texts() == ["one, edited", "two"]
    await messenger.delete(HERE, one)
    await messenger.delete(HERE, one)
    assert messenger.texts() == ["two"]
    assert [call.action for call in messenger.calls] == ["post", "post", "edit", "delete", "delete"]


async def test_a_message_that_is_gone_can_not_be_edited() -> None:
    messenger = InMemoryMessenger()
    one = await messenger.post(HERE, Reply(text="one"), tag=TAG)
    with pytest.raises(MessageGone):
        await messenger.edit(THERE, one, Reply(text="elsewhere"))
    messenger.remove(one)
    with pytest.raises(MessageGone):
        await messenger.edit(HERE, one, Reply(text="again"))


@pytest.mark.parametrize("applied", [False, True])
async def test_a_post_fails_on_demand_before_or_after_it_was_applied(applied: bool) -> None:
    messenger = InMemoryMessenger()
    messenger.fail("post", OUT, applied=applied)
    with pytest.raises(MessengerUnavailable):
        await messenger.post(HERE, Reply(text="one"), tag=TAG)
    assert messenger.texts() == ["one"] * applied
    await messenger.post(HERE, Reply(text="two"), tag=TAG)
    assert messenger.texts() == ["one"] * applied + ["two"]


async def test_only_the_action_that_was_named_fails() -> None:
    messenger = InMemoryMessenger()
    messenger.fail("edit", OUT, times=2)
    one = await messenger.post(HERE, Reply(text="one"), tag=TAG)
    for _ in range(2):
        with pytest.raises(MessengerUnavailable):
            await messenger.edit(HERE, one, Reply(text="x"))
    await messenger.edit(HERE, one, Reply(text="y"))
    assert messenger.texts() == ["y"]


async def test_own_messages_are_found_only_where_the_platform_can() -> None:
    messenger = InMemoryMessenger(capabilities=Capabilities(find_own=True))
    one = await messenger.post(HERE, Reply(text="one"), tag=TAG)
    assert await messenger.find_own(HERE, tag=TAG) == one
    assert await messenger.find_own(THERE, tag=TAG) is None
    assert await messenger.find_own(HERE, tag=Tag(delegation_id="d1", part=1)) is None
    messenger.capabilities = Capabilities(find_own=False)
    assert await messenger.find_own(HERE, tag=TAG) is None


async def test_calls_wait_while_the_platform_is_held() -> None:
    messenger = InMemoryMessenger()
    messenger.hold()
    posting = asyncio.create_task(messenger.post(HERE, Reply(text="one"), tag=TAG))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not posting.done()
    assert messenger.texts() == []
    messenger.release()
    assert await posting in messenger.messages


def test_a_long_reply_is_cut_and_its_buttons_and_files_come_last() -> None:
    messenger = InMemoryMessenger(splits_at=4)
    button = Button(action="retry", label="Try again", value="d1")
    file = Artifact(name="a", path="/a", media_type="text/plain", size_bytes=1)
    parts = messenger.split(Reply(text="abcdefghi", buttons=(button,), files=(file,)))
    assert [part.text for part in parts] == ["abcd", "efgh", "i"]
    assert [bool(part.buttons or part.files) for part in parts] == [False, False, True]
    assert messenger.split(Reply(text="")) == (Reply(text=""),)
