"""The instruction of the first day: "Create backup and send email to ops@example.org", with a model and without."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.counterparts.openai_server import KEY, Answer, ScriptedOpenAI
from tests.counterparts.smtp import MailServer, mail_server
from tests.integration.service import running

pytestmark = [pytest.mark.slow, pytest.mark.long]
INSTRUCTION = "Create backup and send email to ops@example.org"
ARCHIVE = re.compile(r"flowmate-[\w-]+\.zip")


async def test_without_a_model(tmp_path: Path) -> None:
    async with mail_server() as mail, running(tmp_path, **_mail(mail)) as service:
        code, out, err = await service.command("ask", INSTRUCTION)
        assert code == 0, out + err
        _check(mail, out, tmp_path)
        assert "No model was used" in out


async def test_with_a_model(tmp_path: Path) -> None:
    async with (
        mail_server() as mail,
        ScriptedOpenAI(default=_answer) as model,
        running(tmp_path, **_mail(mail), OPENAI_API_KEY=KEY, OPENAI_BASE_URL=model.url) as service,
    ):
        code, out, err = await service.command("ask", INSTRUCTION)
        assert code == 0, out + err
        _check(mail, out, tmp_path)


async def test_what_the_archive_holds_can_be_restored_elsewhere(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    async with running(here) as service:
        await service.command("ask", "remember that the retro is on Friday")
        code, out, _ = await service.command("ask", "create backup")
        assert code == 0
    [archive] = (here / "data" / "backups").glob("*.zip")
    assert archive.name in out
    async with running(there) as service:
        code, out, err = await service.command("restore", str(archive))
        assert code == 0, out + err
        code, out, _ = await service.command("ask", "list all notes")
        assert "the retro is on Friday" in out


def _mail(mail: MailServer) -> dict[str, str]:
    return {"SMTP_URL": mail.url(), "SMTP_FROM": "flowmate@example.org"}


def _check(mail: MailServer, out: str, folder: Path) -> None:
    """One e-mail, after the backup, that says where the archive is; and the archive is there, whole."""
    [message] = mail.mails
    text = message.get_content()
    found = ARCHIVE.search(text)
    assert found is not None, text
    assert mail.envelopes == [("flowmate@example.org", ("ops@example.org",))]
    assert found.group() in out
    archive = folder / "data" / "backups" / found.group()
    assert str(archive.parent) in text
    with zipfile.ZipFile(archive) as content:
        assert content.testzip() is None
        assert "manifest.json" in content.namelist()


def _answer(body: dict[str, Any]) -> Answer:
    """A model that plans the two steps and writes the e-mail from what the first one gave."""
    if "response_format" in body:
        steps = [
            {"agent": "backup", "task": "Create backup", "after": []},
            {"agent": "email", "task": "send email to ops@example.org", "after": [0]},
        ]
        return Answer(text=json.dumps({"steps": steps, "question": None}))
    if body["messages"][-1]["role"] == "tool":
        return Answer(text=body["messages"][-1]["content"])
    name = body["tools"][0]["function"]["name"]
    if name == "create_backup":
        return Answer(tool_calls=((name, "{}"),))
    given = json.dumps(body["messages"], ensure_ascii=False)
    archive, place = ARCHIVE.search(given), re.search(r"(/\S*?/backups)", given)
    assert archive is not None
    assert place is not None
    mail = {
        "to": ["ops@example.org"],
        "subject": "Backup created",
        "body": f"It is {archive.group()} in {place.group(1)}.",
    }
    return Answer(tool_calls=((name, json.dumps(mail)),))
