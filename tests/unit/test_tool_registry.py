"""Tools are found by themselves, described for models, cheap to hold, and each takes only its own business."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from time import thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from adapters.text.markdown import escape, line, link
from adapters.tools.registry import tool_names
from core.catalog import BUILT_IN, load_agents
from core.ports.tool import Effect
from tests.unit.tool_bench import task, tools

TUNING = Path(__file__).parents[1] / "evaluation" / "tuning.jsonl"


def test_every_tool_is_found_under_its_own_name() -> None:
    found = tools()
    assert set(found) == {
        "calculate",
        "create_backup",
        "find_notes",
        "list_notes",
        "read_feeds",
        "read_page",
        "report_usage",
        "save_note",
        "send_email",
        "world_time",
    }
    assert all(tool.name == name for name, tool in found.items())


def test_only_the_e_mail_tool_changes_the_world_outside() -> None:
    assert [name for name, tool in tools().items() if tool.effect is Effect.WRITE] == ["send_email"]


def test_what_comes_from_outside_is_untrusted() -> None:
    assert {name for name, tool in tools().items() if tool.untrusted} == {
        "find_notes",
        "list_notes",
        "read_feeds",
        "read_page",
    }


@pytest.mark.parametrize("name", sorted(tools()))
def test_arguments_are_described_for_models_and_closed(name: str) -> None:
    arguments: type[BaseModel] = tools()[name].arguments
    schema = arguments.model_json_schema()
    assert schema["additionalProperties"] is False
    assert all(field.get("description") for field in schema.get("properties", {}).values()), schema


def test_every_built_in_agent_lists_tools_that_exist() -> None:
    agents = load_agents([BUILT_IN], tools=tools())
    listed = {tool for agent in agents.values() for tool in agent.tools}
    assert listed == set(tools())
    assert all(agent.examples and agent.system_prompt for agent in agents.values())


def test_each_single_request_of_the_tuning_set_has_one_tool_at_most_and_the_right_one() -> None:
    agents = load_agents([BUILT_IN])
    owner = {tool: agent.name for agent in agents.values() for tool in agent.tools}
    made, wrong = tools(), []
    for row in map(json.loads, TUNING.read_text(encoding="utf-8").splitlines()):
        if len(row["steps"]) > 1 or row["kind"] == "explicit":
            continue
        takers = [name for name, tool in made.items() if tool.parse(task(row["text"])) is not None]
        expected = {step["agent"] for step in row["steps"]} - {"writer"}
        if {owner[name] for name in takers} != expected or len(takers) > 1:
            wrong.append((row["text"], takers))
    assert wrong == []


def test_heavy_libraries_wait_until_they_are_needed() -> None:
    code = (
        "import sys, adapters.tools.registry, tests.unit.tool_bench as bench; "
        "bench.tools()['calculate'].parse(bench.task('1+1'));"
        "print(sorted(set(sys.modules) & {'trafilatura', 'feedparser', 'pint', 'aiosmtplib', 'lxml', 'hypothesis'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@given(
    st.text(max_size=300),
    st.text(max_size=300),
    st.sampled_from(["", "@notes ", "@backup ", "@email ", "@feeds ", "@reader "]),
)
@settings(max_examples=150, deadline=None)
def test_no_text_makes_a_tool_raise_while_it_is_recognised(text: str, answer: str, mention: str) -> None:
    for tool in tools().values():
        tool.parse(task(mention + text, after=(answer,), before=(text, answer)))


HOSTILE = [
    "and " * 1250,
    "what time is it in " * 260,
    "note " * 1000,
    "note: " + "x " * 2490,
    "save " * 1000,
    "a@b.co " * 700,
    "https://x.org " * 350,
    "how many days " * 350,
    "find notes about " * 290,
    "." * 5000,
    "- " * 2500,
    "back up " * 600,
    "add 1 " * 800,
    "\n" * 5000,
    "in Tokyo and " * 380,
    "save the the " * 380,
    "'" * 5000,
    '"a" ' * 1250,
    "email a@b.co that " * 280,
    "a.b." * 1250,
    "x@" * 2500,
    "@a " * 1600,
    "\u202e" * 5000,
    "🎉" * 5000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_left_in_good_time(text: str) -> None:
    """Nothing backtracks: four times the text takes about four times as long, not sixteen times and more."""

    def taken(words: str) -> float:
        best = 1.0
        for _ in range(3):
            start = thread_time()
            for tool in made.values():
                tool.parse(task(words))
            best = min(best, thread_time() - start)
        return best

    made = tools()
    assert taken(text[:5000]) < 8 * taken(text[:1250]) + 0.02


@pytest.mark.parametrize(
    ("text", "live"),
    [
        ("@channel", "@channel"),
        ("<!here>", "<!here>"),
        ("<@U1>", "<@U1>"),
        ("[a](https://evil.example)", "](https"),
        ("https://evil.example", "https://"),
        ("evil.example", "evil.example"),
        ("**bold**", "**bold"),
        ("`code`", "`code`"),
        ("# heading", "# heading"),
        ("a&lt;b", "&lt;"),
        ("![x](y)", "![x]"),
        ("- item", "- item"),
        ("1. item", "1. item"),
        ("~~gone~~", "~~gone"),
        ("a | b", " | "),
    ],
)
def test_escaped_text_is_only_text(text: str, live: str) -> None:
    shown = escape(text)
    assert live not in shown.replace("\\" + live[0], "\\") or not shown.startswith(live[0])
    assert not shown.startswith(("- ", "1. ", "# "))
    assert "@channel" not in shown
    assert "://" not in shown


def test_links_go_to_the_web_only() -> None:
    assert (
        link("A [title]", "https://example.org/a(b) c") == r"[A \[title\]](https://example.org/a%28b%29%20c)"
    )
    assert link("x", "javascript:alert(1)") == "x"
    assert link("x", "data:text/html,hi") == "x"
    assert link("x", "https:///nothing") == "x"
    assert line("many   words\nhere", limit=12) == "many words…"


def test_a_tool_is_called_like_its_file_so_that_names_are_known_without_loading_any() -> None:
    assert tool_names() == {tool.name for tool in tools().values()}
