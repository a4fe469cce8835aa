"""Where Slack can only be reached in part: foreign channels, files, doubtful credentials."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.chat.platform import Connection
from adapters.chat.slack import PLATFORM
from adapters.chat.slack.client import SlackClient
from adapters.chat.slack.identity import OwnIdentity
from adapters.chat.slack.manifest import SCOPES
from core.errors import MessengerRefused, MessengerUnavailable
from core.models import Address, Artifact, Button, Reply
from core.ports.messenger import Messenger, Reaching, Tag
from tests.counterparts.shared import in_memory
from tests.counterparts.slack import ManualClock, SlackServer, files_of
from tests.integration.slack_harness import SystemClock, settings_for, through_command

pytest_plugins = ("tests.integration.slack_fixtures",)


CANCEL = Button(action="cancel", label="Cancel", value="d1")
TAG = Tag(delegation_id="d1", part=0)
HERE = Address(platform="slack", workspace="T0001", place="C1")


class TestChannelsWithoutFlowMate:
    """Only the response URL of a slash command reaches them."""

    @pytest.mark.parametrize("channel", ["C2", "G1"])
    async def test_progress_is_for_the_person_and_the_answer_for_the_channel(
        self, slack: SlackServer, messenger: Messenger, channel: str
    ) -> None:
        address = await through_command(slack, channel)
        message_id = await messenger.post(address, Reply(text="On it.", buttons=(CANCEL,)), tag=TAG)
        for percent in range(10):
            await messenger.edit(address, message_id, Reply(text=f"{percent} %", buttons=(CANCEL,)))
        await messenger.edit(address, message_id, Reply(text="2"))
        assert [message.text for message in slack.channel(channel).shown_to("U1")] == ["On it."]
        assert slack.channel(channel).texts == ["2"]
        assert len(slack.calls("response_url")) == 2

    async def test_a_used_up_or_expired_url_is_refused(
        self, slack: SlackServer, messenger: Messenger
    ) -> None:
        address = await through_command(slack, "C2")
        for _ in range(5):
            await messenger.post(address, Reply(text="2"), tag=TAG)
        with pytest.raises(MessengerRefused, match="no member"):
            await messenger.post(address, Reply(text="2"), tag=TAG)

    async def test_an_expired_url_is_refused(self) -> None:
        clock = ManualClock()
        async with SlackServer(monotonic=clock) as slack:
            slack.add_user("U1")
            slack.add_channel("C2", members=["U1"], bot_is_member=False)
            connection = PLATFORM.connect(settings_for(slack), SystemClock(), in_memory(SystemClock()))
            assert connection is not None
            address = await through_command(slack, "C2")
            clock.advance(1801)
            with pytest.raises(MessengerRefused, match="too late"):
                await connection.messenger.post(address, Reply(text="2"), tag=TAG)
            await connection.aclose()

    @pytest.mark.parametrize("fault", ["500", "503", "429", "reset", "html_200"])
    async def test_a_response_url_that_does_not_answer_is_unavailable(
        self, slack: SlackServer, messenger: Messenger, fault: str
    ) -> None:
        address = await through_command(slack, "C2")
        slack.fail_next("response_url", fault)
        if fault == "html_200":
            # Slack answers a bare "ok" here: what came instead can't be told from it by status.
            await messenger.post(address, Reply(text="2"), tag=TAG)
            return
        with pytest.raises(MessengerUnavailable):
            await messenger.post(address, Reply(text="2"), tag=TAG)

    async def test_a_command_in_a_channel_with_flowmate_does_not_need_its_url(
        self, slack: SlackServer, messenger: Messenger
    ) -> None:
        await messenger.post(await through_command(slack, "C1"), Reply(text="2"), tag=TAG)
        assert slack.calls("response_url") == []
        assert slack.channel("C1").texts == ["2"]


class TestFiles:
    def artifact(self, folder: Path) -> Artifact:
        path = folder / "report.csv"
        path.write_bytes(b"a,b\n1,2\n")
        return Artifact(name="report.csv", path=str(path), media_type="text/csv", size_bytes=8)

    async def test_a_file_is_shared_once_however_often_the_answer_is_edited(
        self, slack: SlackServer, messenger: Messenger, tmp_path: Path
    ) -> None:
        root = await slack.say("C1", "U1", "hello")
        address = HERE.model_copy(update={"thread": root})
        reply = Reply(text="Done.", files=(self.artifact(tmp_path),))
        ts = await messenger.post(address, Reply(text="On it."), tag=TAG)
        for _ in range(3):
            await messenger.edit(address, ts, reply)
        shared = [files_of(message, slack.workspace) for message in slack.channel("C1").thread(root)]
        assert shared == [{}, {"report.csv": b"a,b\n1,2\n"}]

    async def test_a_file_that_is_gone_costs_nothing_but_itself(
        self, slack: SlackServer, messenger: Messenger, tmp_path: Path
    ) -> None:
        artifact = self.artifact(tmp_path)
        Path(artifact.path).unlink()
        await messenger.post(HERE, Reply(text="Done.", files=(artifact,)), tag=TAG)
        assert slack.channel("C1").texts == ["Done."]

    @pytest.mark.parametrize(
        "method", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"]
    )
    async def test_an_upload_that_fails_is_made_up_for_by_the_next_edit(
        self, slack: SlackServer, messenger: Messenger, tmp_path: Path, method: str
    ) -> None:
        reply = Reply(text="Done.", files=(self.artifact(tmp_path),))
        slack.fail_next(method, "500")
        with pytest.raises(MessengerUnavailable):
            await messenger.post(HERE, reply, tag=TAG)
        ts = await messenger.find_own(HERE, tag=TAG)
        assert ts is not None
        await messenger.edit(HERE, ts, reply)
        assert [list(files_of(m, slack.workspace)) for m in slack.channel("C1").visible] == [
            [],
            ["report.csv"],
        ]


class TestTheCheck:
    async def test_all_is_well(self, slack: SlackServer, connection: Connection) -> None:
        findings = await connection.check()
        assert [finding.ok for finding in findings] == [True]

    async def test_a_missing_scope_is_named(self) -> None:
        async with SlackServer(scopes=[scope for scope in SCOPES if scope != "chat:write"]) as slack:
            connection = PLATFORM.connect(settings_for(slack), SystemClock(), in_memory(SystemClock()))
            assert connection is not None
            (finding,) = await connection.check()
            await connection.aclose()
        assert (finding.ok, finding.detail) == (False, "It lacks chat:write.")
        assert "flowmate slack manifest" in finding.mend

    @pytest.mark.parametrize("fault", ["invalid_auth", "500", "reset", "html_200"])
    async def test_it_never_raises(self, slack: SlackServer, fault: str) -> None:
        slack.fail_next("*", fault, times=2)
        connection = PLATFORM.connect(
            settings_for(slack, socket_mode=True), SystemClock(), in_memory(SystemClock())
        )
        assert connection is not None
        findings = await connection.check()
        await connection.aclose()
        assert [finding.ok for finding in findings] == [False, False]
        assert all(finding.detail and finding.mend for finding in findings)

    async def test_nobody_listening_is_a_finding_too(self) -> None:
        async with SlackServer() as slack:
            settings = settings_for(slack)
        connection = PLATFORM.connect(settings, SystemClock(), in_memory(SystemClock()))
        assert connection is not None
        (finding,) = await connection.check()
        await connection.aclose()
        assert (finding.ok, finding.detail) == (False, "Slack did not answer.")


async def test_who_we_are_is_asked_again_only_after_a_pause(slack: SlackServer) -> None:
    class Clock(SystemClock):
        passed = 0.0

        def now(self) -> datetime:
            return datetime.fromtimestamp(time.time(), UTC)

        def monotonic(self) -> float:
            return 1000 + self.passed

    clock = Clock()
    client = SlackClient(slack.bot_token, base_url=slack.base_url)
    identity = OwnIdentity(client, clock=clock)
    slack.fail_next("auth.test", "429", retry_after=30)
    for passed, asked in ((0, 1), (29, 1), (30, 2), (31, 2)):
        clock.passed = passed
        if passed < 30:
            with pytest.raises(MessengerUnavailable) as caught:
                await identity.get()
            assert caught.value.retry_after_seconds == 30 - passed
        else:
            assert (await identity.get()).user == "U0BOT"
        assert len(slack.calls("auth.test")) == asked
    await client.aclose()


REACHED = [
    ("T0001", "C1", None),
    ("T0001", "D1", None),
    ("T0001", "C2", "invite it with /invite"),
    ("T0001", "C404", "invite it with /invite"),
    ("T9999", "C1", "installed in the workspace T0001, not in T9999"),
]


@pytest.mark.parametrize(("team", "channel", "said"), REACHED)
async def test_a_channel_can_be_looked_into_before_anything_is_posted_there(
    slack: SlackServer, messenger: Messenger, team: str, channel: str, said: str | None
) -> None:
    assert isinstance(messenger, Reaching)
    address = Address(platform="slack", workspace=team, place=channel)
    if said is None:
        await messenger.reach(address)
    else:
        with pytest.raises(MessengerRefused, match=said):
            await messenger.reach(address)
    assert slack.calls("chat.postMessage") == []
