"""What makes an agent valid, whatever it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.catalog import (
    BUILT_IN,
    check_agent,
    is_file,
    load_agents,
    read_fields,
    replaced,
    to_agent,
    to_file,
)
from core.errors import ConfigurationError, InvalidAgent
from core.models import Agent

TOOLS = ("read_feeds", "read_page", "send_email")
GOOD: dict[str, Any] = {
    "name": "digest",
    "description": "Reads the news.",
    "tools": ["read_feeds"],
    "system_prompt": "Be short.",
}


def problems(**fields: Any) -> dict[str, str]:
    with pytest.raises(InvalidAgent) as caught:
        check_agent({**GOOD, **fields}, tools=TOOLS)
    return dict(caught.value.problems)


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"name": "Big News!"}, "name", "has to begin with a letter"),
        ({"name": ""}, "name", "has to begin with a letter"),
        ({"name": "n" * 41}, "name", "40 characters"),
        ({"description": " \n "}, "description", "The description is empty."),
        ({"description": "d" * 501}, "description", "500 characters at most"),
        ({"system_prompt": "p" * 20_001}, "system_prompt", "20,000 characters at most"),
        ({"tools": ["read_feed"]}, "tools.0", "There is no tool called read_feed. Do you mean read_feeds"),
        ({"tools": ["read_feeds", "Read Page"]}, "tools.1", "Do you mean read_page"),
        ({"tools": ["fly"]}, "tools.0", "The tools are read_feeds, read_page and send_email."),
        ({"tools": "read_feeds"}, "tools", "have to be a list"),
        ({"tools": ["read_feeds"] * 31}, "tools", "30 tools at most"),
        ({"limits": {"rounds": 9}}, "limits.rounds", "may be 8 at most"),
        ({"limits": {"rounds": 0}}, "limits.rounds", "1 or more"),
        ({"limits": {"parallel_calls": 6}}, "limits.parallel_calls", "5 at most"),
        ({"limits": {"output_tokens": 32_001}}, "limits.output_tokens", "at most"),
        ({"limits": {"timeout_seconds": 601}}, "limits.timeout_seconds", "600 at most"),
        ({"limits": {"timeout_seconds": 0}}, "limits.timeout_seconds", "has to be 0 or more"),
        ({"limits": {"wings": 2}}, "limits.wings", "There is no field limits.wings"),
        ({"descripton": "x"}, "descripton", "do you mean description?"),
        ({"examples": ["e" * 301]}, "examples.0", "300 characters at most"),
    ],
)
def test_what_is_wrong_is_said_about_its_field(fields: dict[str, Any], field: str, said: str) -> None:
    assert said in problems(**fields)[field]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert set(problems(name="A b", description="", limits={"rounds": 99})) == {
        "name",
        "description",
        "limits.rounds",
    }
    with pytest.raises(InvalidAgent, match="needs a description"):
        check_agent({"name": "digest"})


def test_a_description_is_one_line_and_nothing_hides_in_it() -> None:
    agent = check_agent({**GOOD, "description": "Reads\u202e the\n- backup: all\x00 tasks.", "tools": []})
    assert agent.description == "Reads the - backup: all tasks."


def test_an_agent_and_its_file_are_the_same() -> None:
    agent = Agent.model_validate(
        {**GOOD, "description": "Reads: the news 🧪", "examples": ["what's *new*?"], "limits": {"rounds": 3}}
    )
    text = to_file(agent)
    assert is_file(text)
    assert to_agent(text, source="digest.md") == agent
    for built_in in load_agents([BUILT_IN]).values():
        assert to_agent(to_file(built_in), source="x") == built_in


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x", "begins with front matter"),
        ("---\nname: x\n", "begins with front matter"),
        ("", "begins with front matter"),
        ("---\n- a\n- b\n---\n", "must hold `field: value` lines"),
        ("---\nname: [\n---\n", "is no YAML"),
        ("---\nname: *x\n---\n", "is no YAML"),
        ("---\ndescription: on Monday: news\n---\n", "needs quotes"),
        ("---\n1: x\n---\n", "There is no field 1"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_name(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        to_agent(text, source="team/digest.md")
    assert caught.value.sentence.startswith("team/digest.md: ")
    assert said in caught.value.sentence


def test_all_that_is_wrong_with_files_is_said_at_once_and_of_each_file_in_its_line(tmp_path: Path) -> None:
    digest = Agent.model_validate({**GOOD, "tools": ["read_fedes"]})
    (tmp_path / "a.md").write_text(to_file(digest))
    (tmp_path / "b.md").write_text(to_file(digest).replace("name: digest", "name: b\nrounds: 3"))
    (tmp_path / "c.md").write_bytes(b"\xff")
    (tmp_path / "d.md").write_text(to_file(Agent.model_validate({**GOOD, "name": "good"})))
    (tmp_path / "e.md").write_text((tmp_path / "d.md").read_text())
    with pytest.raises(ConfigurationError) as caught:
        load_agents([tmp_path], tools=TOOLS)
    missing = "There is no tool called read_fedes. Do you mean read_feeds or read_page?"
    assert caught.value.sentence.splitlines() == [
        f"{tmp_path}/a.md: {missing}",
        f"{tmp_path}/b.md: There is no field rounds. {missing}",
        f"{tmp_path}/c.md: is no UTF-8 text.",
        f"{tmp_path}/e.md: the agent good is in d.md already.",
    ]


def test_a_tool_that_is_no_text_is_said_once_and_those_beside_it_are_looked_at() -> None:
    found = problems(tools=[3, "read_fedes"])
    assert sorted(found) == ["tools.0", "tools.1"]
    assert "read_feeds" in found["tools.1"]


def test_a_folders_readme_is_no_agent_and_the_later_folder_counts(tmp_path: Path) -> None:
    team = tmp_path / "team"
    team.mkdir()
    (team / "README.md").write_text("# Ours")
    (team / "clock.md").write_text(to_file(Agent(name="clock", description="Ours.")))
    assert load_agents([BUILT_IN, team])["clock"].description == "Ours."
    (team / "other.md").write_text(to_file(Agent(name="clock", description="Again.")))
    with pytest.raises(ConfigurationError, match=r"is in clock.md already"):
        load_agents([team])


def test_a_built_in_agent_that_a_file_replaces_is_known_and_a_copy_of_it_replaces_nothing(
    tmp_path: Path,
) -> None:
    (tmp_path / "own.md").write_text(to_file(Agent(name="clock", description="Ours.")))
    (tmp_path / "copy.md").write_text((BUILT_IN / "calculator.md").read_text())
    assert replaced(load_agents([BUILT_IN])) == []
    assert replaced(load_agents([BUILT_IN, tmp_path])) == ["clock"]


def test_fields_of_a_file_are_given_unchecked() -> None:
    assert read_fields("\n---\nname: Not Good\n---\n\nBe short.\n") == {
        "name": "Not Good",
        "system_prompt": "Be short.",
    }


@pytest.mark.parametrize(
    "front",
    [
        "a: &a [x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\ntools: [*c, *c, *c, *c]",
        "tools: &a [*a]",
        "limits: &a {rounds: *a}",
        "limits: {rounds: .inf}",
        "name: 2026-99-99",
        "name: 2026-01-01",
        "? [a]\n: b",
        "name: !!python/object/apply:os.system [ls]",
        'description: "\\ud800"',
        "null: x",
    ],
)
def test_yaml_of_any_shape_is_refused_in_sentences(front: str) -> None:
    with pytest.raises(InvalidAgent) as caught:
        check_agent(read_fields(f"---\n{front}\n---\n"), tools=TOOLS)
    assert len(caught.value.sentence) < 2000
    assert "0x" not in caught.value.sentence
