"""What a process logs holds no secret that it knows, whoever logs it and however."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from adapters.llm.masked import MaskedModel
from adapters.settings import Settings
from bot.secrets import known_secrets
from core.integrations import masking
from core.integrations.first_look import LETTERS
from core.integrations.masking import VERY_FEW, KnownSecrets
from core.memory.model import ScriptedModel, calls, says
from core.ports.language_model import Message, ModelRequest, ToolCall

SECRET = "invented-secret-of-the-process"
LOUD = """
import asyncio, logging, threading, warnings
from adapters.settings import Settings
from bot.logging import configure_logging

secret = "invented-" + "secret-of-the-process"
configure_logging("DEBUG", Settings(openai_api_key=secret, _env_file=None))
logging.getLogger("a.library").debug("signing in with %s", {"key": secret})
logging.getLogger("extra").info("hello", extra={"process_name": secret})
warnings.warn(f"careful with {secret}")
try:
    raise ValueError(secret)
except ValueError:
    logging.getLogger("a.library").exception("it broke")

class Unraisable:
    def __del__(self):
        raise RuntimeError(secret)

Unraisable()
thread = threading.Thread(target=lambda: int(secret))
thread.start()
thread.join()

async def forgotten():
    raise RuntimeError(secret)

async def main():
    task = asyncio.ensure_future(forgotten())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task

asyncio.run(main())
raise RuntimeError(f"the end of {secret}")
"""


def test_nothing_that_a_process_writes_to_stderr_holds_a_secret(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LOUD],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert ran.returncode == 1
    written = ran.stdout + ran.stderr
    assert SECRET not in written
    for said in (
        "a.library",
        "careful with ***",
        "it broke",
        "Unraisable",
        "a thread broke",
        "never retrieved",
    ):
        assert said in written, said
    assert "the end of ***" in written


def test_a_command_that_breaks_shows_no_secret() -> None:
    breaking = (
        "import bot.cli, sys; from core.integrations.masking import KNOWN; import bot.cli.app;"
        f"KNOWN.keep({SECRET!r}); bot.cli.app.app = lambda **_: int({SECRET!r}); sys.argv = ['flowmate', 'ask'];"
        "bot.cli.main()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", breaking],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert "ValueError" in ran.stderr
    assert "***" in ran.stderr
    assert "invalid literal for int() with base 10: '***'" in ran.stderr


class Own(BaseSettings):
    """Settings of a platform."""

    toy_token: SecretStr | None = None


@pytest.mark.parametrize(
    ("settings", "text", "masked"),
    [
        (Settings(openai_api_key=SecretStr("invented-key")), "with invented-key", "with ***"),
        (Own(toy_token=SecretStr("invented-toy")), "with invented-toy", "with ***"),
        (Own(toy_token=SecretStr("short")), "a short word", "a short word"),
        (
            Settings(integration_enc_key=SecretStr("invented-new, invented-old")),
            "invented-old and invented-new",
            "*** and ***",
        ),
        (
            Settings(redis_url="rediss://:invented%2Fpassword@q.example.org/0"),
            "AUTH invented/password, invented%2Fpassword",
            "AUTH ***, ***",
        ),
        (
            Settings(database_url="postgresql://flowmate:flowmate@db.example.org/flowmate"),
            "postgresql+psycopg://flowmate:flowmate@db.example.org/flowmate, says flowmate",
            "postgresql+psycopg://flowmate***db.example.org/flowmate, says flowmate",
        ),
        (
            Settings(smtp_url=SecretStr("smtp://ada:invented%25word@m")),
            "535 no: invented%word",
            "535 no: ***",
        ),
        (Settings(openai_base_url="http://[invented"), "http://[invented", "http://[invented"),
    ],
)
def test_what_is_secret_in_settings_is_known(settings: BaseSettings, text: str, masked: str) -> None:
    known = KnownSecrets()
    known.keep(*known_secrets([settings]))
    assert known.mask(text) == masked


def test_among_many_known_secrets_each_is_found_wherever_it_stands() -> None:
    known = KnownSecrets()
    known.add(*(f"invented-{number}-of-many" for number in range(20)))
    short, long = "pass-12", "https://hooks.example.com/services/invented?key=a+b"
    known.add(short, long)
    assert len(known._forms) > VERY_FEW
    for form in known._forms:
        for before in range(LETTERS):
            text = "." * before + form + "."
            assert known.mask(text) == known._walked(text, more=False)[0] != text
    for secretless in ("https://hooks.example.com/services/ is no secret", "pass-1", "pass-", ""):
        assert known.mask(secretless) == secretless


def test_a_first_look_that_is_made_anew_finds_all_that_is_still_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(masking, "MOST", 2 * VERY_FEW)
    known = KnownSecrets()
    known.keep("invented-and-kept")
    looks = set()
    for number in range(60):
        known.add(f"invented-{number}-of-many")
        looks.add(known._first_look)
    assert len(looks) > 1
    assert known.mask("invented-and-kept invented-59-of-many invented-50-of-many") == "*** *** ***"
    assert known.mask("invented-0-of-many") == "invented-0-of-many"
    assert len(known._first_look._ends) < 12 * len(known._forms)


def test_what_is_kept_is_never_forgotten() -> None:
    known = KnownSecrets()
    known.add("invented-and-added-first")
    known.keep("invented-and-kept", "invented-and-added-first")
    for number in range(6000):
        known.add(f"invented-{number:06}")
    known.keep("invented-and-kept")
    assert known.mask("invented-and-kept, invented-and-added-first") == "***, ***"


@pytest.mark.parametrize(
    ("address", "text", "masked"),
    [
        (
            "https://example.org/private-0123456789abcdef/basic.ics",
            "404 /private-0123456789abcdef/basic.ics private-0123456789abcdef",
            "404 *** ***",
        ),
        ("https://example.org/calendar?token=invented-0123456", "?token=invented-0123456", "?***"),
        ("https://example.org/calendar", "GET /calendar", "GET /calendar"),
    ],
)
def test_the_long_parts_of_a_secret_address_are_masked_by_themselves(
    address: str, text: str, masked: str
) -> None:
    known = KnownSecrets()
    known.add(address)
    assert known.mask(text) == masked


async def test_a_model_is_told_no_known_secret() -> None:
    known = KnownSecrets()
    known.keep(SECRET)
    script = ScriptedModel(says("Done."))
    model = MaskedModel(script, known=known)
    call = ToolCall(id="1", name="send", arguments=f'{{"text": "{SECRET}"}}')
    request = ModelRequest(
        messages=(
            Message(role="user", text=f"my key is {SECRET}"),
            Message(role="assistant", tool_calls=(call,)),
            Message(role="tool", text=SECRET, tool_call_id="1"),
        )
    )
    assert (await model.complete(request)).text == "Done."
    spelled = "".join(f"\\u{ord(c):04x}" for c in SECRET)
    script.expect(calls(("send", f'{{"text": "{spelled}"}}'), (SECRET, f"no JSON: {SECRET}")))
    turn = await model.complete(ModelRequest(messages=()))
    assert [(one.name, one.arguments) for one in turn.tool_calls] == [
        ("send", '{"text": "***"}'),
        ("***", "no JSON: ***"),
    ]
    assert model.name == script.name
    asked = script.requests[0]
    assert SECRET not in asked.model_dump_json()
    assert [message.text for message in asked.messages] == ["my key is ***", "", "***"]
