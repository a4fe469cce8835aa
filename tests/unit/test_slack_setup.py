"""Settings, the manifest and what is imported when."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import adapters.chat.slack
from adapters.chat import PLATFORMS
from adapters.chat.slack import PLATFORM
from adapters.chat.slack.manifest import COMMAND, EVENTS, SCOPES, manifest, to_json
from adapters.chat.slack.settings import SlackSettings
from core.errors import ConfigurationError
from tests.counterparts.shared import in_memory
from tests.integration.slack_harness import SystemClock

SOURCES = sorted(Path(adapters.chat.slack.__file__).parent.glob("*.py"))
BOT, SECRET, APP = "xoxb-invented-token", "invented-signing-secret", "xapp-invented-token"
# What needs no scope of the bot's.
FREE = {"auth.test", "apps.connections.open", "views.open"}


def settings(
    *, bot: str = "", secret: str = "", app: str = "", url: str = "https://slack.com/api/"
) -> SlackSettings:
    return SlackSettings(
        _env_file=None,
        slack_bot_token=bot or None,
        slack_signing_secret=secret or None,
        slack_app_token=app or None,
        slack_api_url=url,
    )


def test_slack_is_one_of_the_platforms() -> None:
    assert PLATFORM in PLATFORMS


def test_without_settings_slack_is_not_connected() -> None:
    assert PLATFORM.connect(settings(), SystemClock(), in_memory(SystemClock())) is None


@pytest.mark.parametrize(
    ("given", "summary"),
    [
        (settings(bot=BOT, secret=SECRET), "Slack (HTTP at /slack/events)"),
        (settings(bot=BOT, app=APP), "Slack (Socket Mode)"),
        (settings(bot=BOT, secret=SECRET, app=APP), "Slack (Socket Mode)"),
    ],
)
def test_the_app_token_decides_how_slack_is_received(given: SlackSettings, summary: str) -> None:
    connection = PLATFORM.connect(given, SystemClock(), in_memory(SystemClock()))
    assert connection is not None
    assert connection.summary == summary
    assert BOT not in repr(vars(connection))


@pytest.mark.parametrize(
    ("given", "said", "unsaid"),
    [
        (settings(bot=BOT), ["SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN"], ["SLACK_BOT_TOKEN"]),
        (settings(secret=SECRET), ["SLACK_BOT_TOKEN is missing"], ["SLACK_APP_TOKEN"]),
        (settings(app=APP), ["SLACK_BOT_TOKEN is missing"], ["SLACK_SIGNING_SECRET"]),
        (settings(bot=APP, app=BOT), ["SLACK_BOT_TOKEN holds", "SLACK_APP_TOKEN holds"], ["missing"]),
        (settings(bot=BOT, secret=SECRET, url="slack.com"), ["SLACK_API_URL"], ["missing"]),
    ],
)
def test_halves_are_refused_naming_what_is_missing(
    given: SlackSettings, said: list[str], unsaid: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        PLATFORM.connect(given, SystemClock(), in_memory(SystemClock()))
    assert all(word in caught.value.sentence for word in said)
    assert not any(word in caught.value.sentence for word in unsaid)
    assert not any(secret in caught.value.sentence for secret in (BOT, SECRET, APP))


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", BOT)
    monkeypatch.setenv("SLACK_APP_TOKEN", "")
    found = SlackSettings(_env_file=None)
    assert found.slack_bot_token is not None
    assert found.slack_bot_token.get_secret_value() == BOT
    assert found.slack_app_token is None
    assert all(field.description for field in SlackSettings.model_fields.values())


def test_every_method_that_is_called_has_its_scope_in_the_manifest() -> None:
    called = {
        name.replace("_", ".")
        for source in SOURCES
        for name in re.findall(r"\bweb\.([a-z]+_\w+)\(", source.read_text())
    }
    assert "chat.postMessage" in called
    uploads = {"files.getUploadURLExternal", "files.completeUploadExternal"}
    needed = (called - FREE - {"files.upload.v2"}) | uploads
    granted = {method for methods in SCOPES.values() for method in methods if "." in method}
    assert needed == {method for method in granted if not method.startswith("message.")}


def test_every_event_that_is_handled_is_subscribed_and_every_message_has_its_scope() -> None:
    receiver = next(source for source in SOURCES if source.name == "receiver.py").read_text()
    handled = set(re.findall(r'app\.event\("(\w+)"\)', receiver)) | {"app_uninstalled", "tokens_revoked"}
    assert handled == {name.partition(".")[0] for name in EVENTS} - {"app_home_opened"}
    wanted = {name for needs in SCOPES.values() for name in needs}
    assert {name for name in EVENTS if name.startswith("message.") or name == "app_mention"} <= wanted


@pytest.mark.parametrize("socket_mode", [True, False])
def test_the_manifest_describes_one_app_for_both_ways_in(socket_mode: bool) -> None:
    made = manifest("https://flowmate.example/", socket_mode=socket_mode)
    assert json.loads(to_json("https://flowmate.example/", socket_mode=socket_mode)) == made
    assert made["settings"]["socket_mode_enabled"] is socket_mode
    urls = re.findall(r'"(?:request_)?url": "([^"]*)"', json.dumps(made))
    assert urls == ([] if socket_mode else ["https://flowmate.example/slack/events"] * 3)
    assert made["features"]["slash_commands"][0]["command"] == COMMAND
    assert made["oauth_config"]["scopes"]["bot"] == sorted(SCOPES)
    assert len(made["display_information"]["description"]) <= 140


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import adapters.chat", ("slack_sdk", "slack_bolt", "aiohttp")),
        ("import adapters.chat.slack.connection", ("slack_bolt",)),
    ],
)
def test_heavy_libraries_are_loaded_where_they_are_used(code: str, absent: tuple[str, ...]) -> None:
    check = f"import sys; {code}; print([name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
