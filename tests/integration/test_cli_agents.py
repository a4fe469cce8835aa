"""`flowmate agents …`, over the real API."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.settings import Settings
from bot.cli import agents as commands
from bot.cli.client import CallFailed, Unreachable
from core.catalog import TEMPLATES, load_agents, to_agent
from tests.integration.http_harness import TOKEN, Service
from tests.integration.test_cli_command import Flowmate

pytest_plugins = ("tests.integration.http_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

FILE = """---
name: cranker
description: "Pulls the lever: once."
tools: [pull]
limits: {rounds: 3, output_tokens: 500}
---
Pull it.
"""


@dataclass
class Desk:
    """The commands in this process, and what they print."""

    settings: Settings
    capsys: pytest.CaptureFixture[str]
    path: Path

    @property
    def out(self) -> str:
        return self.capsys.readouterr().out

    async def make(self, text: str = FILE, *, shared: bool = False) -> str:
        self.path.write_text(text)
        await commands.make_agent(self.settings, self.path, template=None, name=None, shared=shared)
        return self.out

    async def edit(self, text: str | None = None, *, shared: bool | None = None) -> str:
        if text is not None:
            self.path.write_text(text)
        file = self.path if text is not None else None
        await commands.edit_agent(self.settings, "cranker", file, shared=shared)
        return self.out

    async def show(self, name: str = "cranker") -> str:
        await commands.show_agent(self.settings, name, as_json=False)
        return self.out


@pytest_asyncio.fixture(loop_scope="session")
async def desk(service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Desk]:
    """The commands beside a running service, which has no made agent in the end."""
    settings = Settings(
        flowmate_port=service.port, flowmate_operator_token=TOKEN, flowmate_data_dir=tmp_path / "data"
    )
    yield Desk(settings, capsys, tmp_path / "cranker.md")
    for one in (await service.get("/api/v1/agents")).body:
        if one["source"] == "made":
            await service.call("DELETE", f"/api/v1/agents/{one['name']}")


async def test_the_commands_as_people_give_them(service: Service, desk: Desk, tmp_path: Path) -> None:
    flowmate = Flowmate(tmp_path, port=service.port, token=TOKEN)
    desk.path.write_text(FILE)
    made = await flowmate.run("agents", "new", str(desk.path), "--shared")
    assert (made.code, made.err) == (0, "")
    assert "Made the agent cranker; everyone here can use it." in made.out
    asked = await flowmate.run("ask", "@cranker pull the lever")
    assert (asked.code, "pulled" in asked.out) == (0, True)
    wrong = await flowmate.run("agents", "new", "-", typed=FILE.replace("[pull]", "[pul]"))
    assert (wrong.code, wrong.out) == (1, "")
    assert "There is no tool called pul. Do you mean pull?" in wrong.err
    assert "Traceback" not in wrong.err
    desk.path.write_bytes(b"\xff\xfe")
    for file, said in ((desk.path, "is no UTF-8 text"), (tmp_path / "no.md", "No such file or directory")):
        unread = await flowmate.run("agents", "new", str(file))
        assert (unread.code, unread.err.count("\n"), said in unread.err) == (1, 1, True)
    for arguments in (["new"], ["new", str(desk.path), "--template", "link-summary"]):
        assert (await flowmate.run("agents", *arguments)).code == 2


async def test_an_agent_from_its_file_to_its_end(desk: Desk) -> None:
    assert "Made the agent cranker; only you can use it." in await desk.make()
    assert to_agent(await desk.show(), source="shown") == to_agent(FILE, source="written")
    await commands.list_agents(desk.settings, as_json=False)
    assert "cranker\tPulls the lever: once.\n" in desk.out
    await commands.list_agents(desk.settings, as_json=True)
    listed = json.loads(desk.out)
    assert (listed[-1]["name"], listed[-1]["source"]) == ("cranker", "made")
    assert "everyone here can use it" in await desk.edit(FILE.replace("once", "twice"), shared=True)
    assert "everyone here can use it" in await desk.edit(FILE), "who may use it stays as it was"
    assert "only you can use it" in await desk.edit(shared=False)
    await commands.list_versions(desk.settings, "cranker", as_json=True)
    versions = json.loads(desk.out)
    assert [one["description"] for one in versions[:4]] == [
        "Pulls the lever: once.",
        "Pulls the lever: once.",
        "Pulls the lever: twice.",
        "Pulls the lever: once.",
    ]
    await commands.delete_agent(desk.settings, "cranker")
    assert "Deleted the agent cranker." in desk.out
    with pytest.raises(CallFailed, match="The agent cranker was deleted on"):
        await desk.show()
    await commands.list_versions(desk.settings, "cranker", as_json=False)
    assert "twice" in desk.out


async def test_what_its_tools_need_here_is_said_where_it_is_made_and_changed(desk: Desk) -> None:
    mailing = FILE.replace("[pull]", "[send_email]")
    needs = "send_email needs the smtp integration, which isn't connected here; "
    made = await desk.make(mailing)
    assert needs in made
    assert "the cranker agent wasn't given" in made
    given = await desk.edit(mailing.replace("limits", "integrations: [smtp]\nlimits"))
    assert needs in given
    assert "wasn't given" not in given
    assert "needs" not in await desk.edit(FILE)


async def test_an_agent_is_changed_in_an_editor(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.make()
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import pathlib, sys\n"
        "path = pathlib.Path(sys.argv[2])\n"
        "path.write_text(path.read_text().replace(*sys.argv[1].split('>')))\n"
    )
    monkeypatch.delenv("VISUAL", raising=False)

    def replacing(change: str) -> None:
        monkeypatch.setenv("EDITOR", f"{sys.executable} {editor} {change}")

    replacing("once>often")
    assert "Changed the agent cranker; this is version" in await desk.edit()
    assert "often" in await desk.show()
    replacing("never>nothing")
    assert await desk.edit() == "Nothing was changed.\n"
    replacing("pull>pul")
    with pytest.raises(CallFailed, match=r"Do you mean pull\?") as wrong:
        await desk.edit()
    kept = Path(wrong.value.sentence.split("is in ")[1].removesuffix("."))
    assert "- pul\n" in kept.read_text()
    kept.unlink()
    monkeypatch.setenv("EDITOR", "false")
    with pytest.raises(CallFailed, match="nothing was changed"):
        await desk.edit()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no front matter", "begins with front matter"),
        (FILE.replace("cranker", "clock"), "files come first"),
        (FILE.replace("tools", "wings"), "there is no such field"),
        (FILE.replace("rounds: 3", "rounds: 30"), "8 at most"),
    ],
)
async def test_what_is_wrong_is_a_sentence(text: str, said: str, desk: Desk) -> None:
    with pytest.raises(CallFailed) as wrong:
        await desk.make(text)
    assert said in wrong.value.sentence
    with pytest.raises(CallFailed, match="comes from a file"):
        await commands.edit_agent(desk.settings, "clock", None, shared=True)


async def test_templates_are_listed_printed_and_made(desk: Desk) -> None:
    commands.show_templates(None)
    listed = desk.out
    assert all(name in listed for name in load_agents([TEMPLATES]))
    commands.show_templates("link-summary")
    assert to_agent(desk.out, source="printed") == load_agents([TEMPLATES])["link-summary"]
    await commands.make_agent(desk.settings, None, template="link-summary", name="links", shared=False)
    assert "Made the agent links; only you can use it." in desk.out
    with pytest.raises(CallFailed, match=r"Do you mean link-summary\?"):
        commands.show_templates("link-sumary")


async def test_a_files_agent_is_shown_without_the_service(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(flowmate_port=1, flowmate_data_dir=tmp_path)
    await commands.show_agent(settings, "clock", as_json=True)
    assert json.loads(capsys.readouterr().out)["name"] == "clock"
    await commands.list_agents(settings, as_json=False)
    assert "clock\t" in capsys.readouterr().out
    with pytest.raises(Unreachable):
        await commands.show_agent(settings, "nobody", as_json=False)
