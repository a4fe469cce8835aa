"""What is kept of what MCP servers say: names, descriptions, schemas, and the operator's file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters import examination
from adapters.mcp.arguments import to_arguments
from adapters.mcp.definitions import LONGEST_DESCRIPTION, MOST_TOOLS, Said, pack, to_definitions, unpack
from adapters.mcp.names import for_models
from adapters.mcp.servers import Program, load_programs
from adapters.settings import Settings
from core.errors import ToolFailed
from core.ports.tool import to_sourced

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def said(name: str = "find", description: str = "Finds.", **schema: Any) -> Said:
    return Said(name=name, description=description, parameters=schema or SCHEMA)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("mcp:files:read", ("files", "read")),
        ("mcp:files:*", ("files", "*")),
        ("mcp:my-files_2:dir/read.me", ("my-files_2", "dir/read.me")),
        ("mcp:*:read", None),
        ("mcp:files:", None),
        ("mcp:files:re*", None),
        ("mcp:Files:read", None),
        ("mcp:files:a:b", None),
        ("mcp:files:a b", None),
        ("read_page", None),
        ("*", None),
    ],
)
def test_an_entry_names_one_tool_or_all_of_one_server(text: str, named: tuple[str, str] | None) -> None:
    assert to_sourced(text) == named


def test_every_name_suits_every_model_and_no_two_tools_share_one() -> None:
    tools = [("a", "b__c"), ("a__b", "c"), ("a_", "b"), ("a", "_b"), ("a", "x.y"), ("a", "x/y"), ("a", "x_y")]
    tools += [("i" * 40, "t" * 100 + end) for end in "ab"]
    names = [for_models(*tool) for tool in tools]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[A-Za-z0-9_-]{1,64}", name) for name in names)
    assert for_models("files", "read") == "mcp__files__read"


@pytest.mark.parametrize(
    "tool",
    [
        said(""),
        said("*"),
        said("two words"),
        said("a:b"),
        said("n" * 129),
        said("hid\u200bden"),
        said("wrong", type="array"),
        said("wrong", type="object", properties={"a": {"type": "no type"}}),
        said("wrong", type="object", properties={"a": {"pattern": "("}}),
        said("remote", **{"type": "object", "$ref": "http://127.0.0.1:9/schema"}),
        said("large", type="object", properties={f"p{n}": {"type": "string"} for n in range(2_000)}),
    ],
)
def test_what_can_not_be_used_is_left_out(tool: Said) -> None:
    assert [one.name for one in to_definitions([tool, said()])] == ["find"]


def test_a_schema_that_is_too_deep_is_left_out() -> None:
    deep: dict[str, Any] = {}
    for _ in range(200):
        deep = {"type": "object", "properties": {"a": deep}}
    assert to_definitions([said("deep", **deep)]) == ()


def test_there_is_an_end_to_tools_and_words() -> None:
    many = to_definitions(said(f"t{n}", "x" * 9_000) for n in range(1_000))
    assert len(many) == MOST_TOOLS
    assert {len(one.description) for one in many} == {LONGEST_DESCRIPTION}


def test_hidden_text_and_long_hints_go_and_values_stay() -> None:
    hidden = "".join(chr(0xE0000 + ord(c)) for c in "obey")
    argument = {"description": f"a{hidden}{'b' * 900}", "title": "T", "enum": [{"title": "kept"}]}
    tool = said(
        "t",
        f"Finds.{hidden}",
        type="object",
        properties={"title": argument, "description": {"type": "string"}},
    )
    (found,) = to_definitions([tool])
    assert found.description == "Finds."
    assert set(found.parameters["properties"]) == {"title", "description"}
    kept = found.parameters["properties"]["title"]
    assert kept["description"] == "a" + "b" * 299
    assert "title" not in kept
    assert kept["enum"] == [{"title": "kept"}]


@pytest.mark.parametrize(
    "changed",
    [
        said(description="Finds. Obey."),
        said(type="object"),
        said("other"),
        Said(name="find", description="Finds.", parameters={**SCHEMA, "title": "Obey"}),
    ],
)
def test_every_change_of_a_word_changes_the_fingerprint(changed: Said) -> None:
    assert changed.fingerprint != said().fingerprint


def test_what_is_cut_away_counts_all_the_same() -> None:
    one, other = said(description="x" * 5_000 + "a"), said(description="x" * 5_000 + "b")
    first, second = to_definitions([one])[0], to_definitions([other])[0]
    assert first.description == second.description
    assert first.fingerprint != second.fingerprint


def test_what_was_pinned_comes_back() -> None:
    found = to_definitions([said(), said("other")])
    assert unpack(pack(found)) == found
    with pytest.raises(ToolFailed, match="connect it again"):
        unpack("[{}]")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("{}", 'arguments: "city" is a required property'),
        ('{"city": 5}', 'city: 5 is not of type "string"'),
        ('{"city": "Oslo", "x": NaN}', "numbers must be finite"),
        ('{"city": "Oslo", "x": [1e999]}', "numbers must be finite"),
        ("[1]", "should be an object"),
    ],
)
def test_arguments_are_held_against_the_schema(arguments: str, problem: str) -> None:
    kind = to_arguments(to_definitions([said()])[0])
    with pytest.raises(ValidationError) as caught:
        kind.model_validate_json(arguments, strict=True)
    assert problem in str(caught.value)
    assert kind.model_validate_json('{"city": "Oslo"}', strict=True).model_dump() == {"city": "Oslo"}
    assert kind.model_json_schema() == SCHEMA


def test_a_pattern_that_takes_for_ever_elsewhere_takes_no_time_here() -> None:
    evil: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}
    kind = to_arguments(to_definitions([said(**evil)])[0])
    with pytest.raises(ValidationError):
        kind.model_validate({"a": "a" * 5_000 + "!"})


@pytest.mark.parametrize(
    ("text", "mode", "sentence"),
    [
        ("{", 0o600, "it is no JSON"),
        ('{"mcpServers": {"a": {}}}', 0o600, "mcpServers.a.command"),
        ('{"mcpServers": {"A b": {"command": "x"}}}', 0o600, "mcpServers.A b"),
        ('{"mcpServers": {"a": {"command": "x", "shell": true}}}', 0o600, "mcpServers.a.shell"),
        ("[]", 0o600, "is wrong"),
        ("{}", 0o666, "others may write it"),
        ("{}", 0o620, "others may write it"),
    ],
)
def test_a_wrong_file_is_refused_with_what_is_wrong(
    tmp_path: Path, text: str, mode: int, sentence: str
) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(text)
    path.chmod(mode)
    with pytest.raises(ToolFailed) as caught:
        load_programs(path)
    assert sentence in caught.value.sentence


def test_without_a_file_nothing_may_be_started(tmp_path: Path) -> None:
    assert load_programs(tmp_path / "mcp.json") == {}


def test_a_program_gets_nothing_of_our_own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "invented-key-of-nobody")
    program = Program(command="x", env={"MODE": "quiet"}, token_env="SERVICE_TOKEN")
    given = program.environment("invented-token")
    assert "OPENAI_API_KEY" not in given
    assert (given["MODE"], given["SERVICE_TOKEN"]) == ("quiet", "invented-token")
    assert "PATH" in given


def test_a_command_that_is_not_there_is_named() -> None:
    with pytest.raises(ToolFailed, match="no command 'no-such-command-anywhere'"):
        Program(command="no-such-command-anywhere").found()


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        (None, []),
        ('{"mcpServers": {"python": {"command": "python3"}}}', [(True, "python")]),
        (
            '{"mcpServers": {"a": {"command": "no-such-command"}}}',
            [(False, "the command of a isn't on this machine")],
        ),
        ("{", [(False, "mcp.json is wrong: it is no JSON.")]),
    ],
)
async def test_the_doctor_looks_at_the_operator_s_file(
    tmp_path: Path, text: str | None, findings: list[tuple[bool, str]]
) -> None:
    if text is not None:
        (tmp_path / "mcp.json").write_text(text)
        (tmp_path / "mcp.json").chmod(0o600)
    found = await examination._servers(Settings(flowmate_data_dir=tmp_path))
    assert [(one.ok, one.detail) for one in found] == findings
