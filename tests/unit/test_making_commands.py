"""What people say about agents."""

from __future__ import annotations

import time
from typing import Any

import pytest

from core.catalog import to_file
from core.making import dialogue
from core.making.commands import Wish, read_wish, to_name, to_tools
from core.making.forms import new_agent, to_fields, to_text
from core.memory.clock import START
from core.models import Address, Agent, AgentDraft, Visibility

FILE = to_file(
    Agent(name="digest", description="Reads the news.", tools=("read_feeds",), system_prompt="Be short.")
)


@pytest.mark.parametrize(
    ("text", "verb", "name"),
    [
        ("agent list", "list", ""),
        ("agents", "list", ""),
        ("/agents", "list", ""),
        ("Agents, please.", "list", ""),
        ("Agents list!", "list", ""),
        ("list my agents", "list", ""),
        ("please show me all of our agents", "list", ""),
        ("agent templates", "templates", ""),
        ("agent show digest", "show", "digest"),
        ("agent show @Digest.", "show", "digest"),
        ("show the agent digest, please", "show", "digest"),
        ("agent delete digest", "delete", "digest"),
        ("delete agent digest", "delete", "digest"),
        ("remove my agent weekly-news", "delete", "weekly-news"),
        ("agent share digest", "share", "digest"),
        ("share agent digest with everyone", "share", "digest"),
        ("agent unshare digest", "unshare", "digest"),
        ("agent versions digest", "versions", "digest"),
        ("agent new", "new", ""),
        ("/agent new", "new", ""),
        ("make me a new agent", "new", ""),
        ("agent edit digest tools: read_page", "edit", "digest"),
    ],
)
def test_a_command_is_the_whole_text(text: str, verb: str, name: str) -> None:
    wish = read_wish(text)
    assert wish is not None
    assert (wish.verb, wish.name) == (verb, name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "list agents",
        "who can do what",
        "agent list is empty, note that",
        "agents are people, too",
        "agent show business is nice",
        "agent delete",
        "the agent new in town is Bond",
        "note: agent new",
        "new agent signed the contract, note that",
        "send the agent list to ann@example.com",
        "show the agenda",
        "make an agenda for tomorrow",
        "agentic new wave",
        "what is 15% of 320",
    ],
)
def test_what_only_mentions_an_agent_is_no_command(text: str) -> None:
    assert read_wish(text) is None


@pytest.mark.parametrize(
    ("said", "given"),
    [
        ("digest", {"name": "digest"}),
        ("mail: sends; integrations: smtp", {"name": "mail", "description": "sends", "integrations": "smtp"}),
        ("digest: reads the news", {"name": "digest", "description": "reads the news"}),
        ("Digest - reads the news.", {"name": "digest", "description": "reads the news."}),
        ("digest that reads the news", {"name": "digest", "description": "reads the news"}),
        ("digest reads the news", {"name": "digest", "description": "reads the news"}),
        ("that reads the news", {"description": "that reads the news"}),
        (
            "digest: reads the news; tools: read_feeds, read_page",
            {"name": "digest", "description": "reads the news", "tools": "read_feeds, read_page"},
        ),
        (
            "digest: reads the news with the tools read_feeds and read_page.",
            {"name": "digest", "description": "reads the news", "tools": "read_feeds and read_page"},
        ),
        (
            "name: Big News\ndescription: Reads it: all.\ntools: none\nprompt: Be short.\nBe kind.",
            {
                "name": "big-news",
                "description": "Reads it: all.",
                "tools": "none",
                "system_prompt": "Be short.\nBe kind.",
            },
        ),
    ],
)
def test_what_was_said_about_a_new_agent_is_read_in_any_shape(said: str, given: dict[str, str]) -> None:
    wish = read_wish(f"agent new {said}")
    assert wish is not None
    assert wish.given == given


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"agent new\n{FILE}", {"file": FILE.strip()}),
        (f"agent new for everyone\n{FILE}", {"file": FILE.strip(), "visibility": Visibility.WORKSPACE}),
        (f"agent new shared:\n```\n{FILE}```", {"file": FILE.strip(), "visibility": Visibility.WORKSPACE}),
        ("agent new from link-summary", {"template": "link-summary"}),
        ("agent new from template link-summary as Links", {"template": "link-summary", "name": "links"}),
        ("agent new for everyone from link-summary", {"template": "link-summary", "visibility": "workspace"}),
    ],
)
def test_a_whole_file_and_a_template_leave_nothing_to_ask(text: str, expected: dict[str, Any]) -> None:
    assert read_wish(text) == Wish.model_validate({"verb": "new", **expected})
    assert Wish.model_validate({"verb": "new", **expected}).complete


@pytest.mark.parametrize(
    ("said", "tools"),
    [
        ("read_feeds, read-page and send_email", ["read_feeds", "read_page", "send_email"]),
        ("`Read_Feeds`", ["read_feeds"]),
        ("read_feeds read_page\nsend_email", ["read_feeds", "read_page", "send_email"]),
        ("none", []),
        ("", []),
        ("-", []),
    ],
)
def test_tools_are_listed_in_any_way(said: str, tools: list[str]) -> None:
    assert to_tools(said) == tools


def test_a_name_is_kept_small_and_in_one_piece() -> None:
    assert to_name(" @Big  News. ") == "big-news"


def test_a_form_has_what_was_said_and_its_text_makes_exactly_that_agent() -> None:
    wish = read_wish("agent new for everyone digest: reads; tools: read_feeds, fly")
    assert wish is not None
    form = new_agent(wish, tools=("read_feeds", "read_page"))
    values = {field.name: field.value for field in form.fields}
    assert values == {
        "name": "digest",
        "description": "reads",
        "system_prompt": "",
        "tools": "read_feeds",
        "visibility": "workspace",
    }
    agent = Agent.model_validate(to_fields({**values, "system_prompt": "--- be: *short*"}))
    again = read_wish(to_text(agent, shared=True))
    assert again is not None
    assert (again.file, again.visibility) == (to_file(agent).strip(), Visibility.WORKSPACE)


def test_the_dialogue_asks_for_what_is_missing_and_counts_each_instruction_once() -> None:
    draft = AgentDraft(
        address=Address(platform="p", workspace="w", place="c"),
        person_id="ada",
        given={"name": "digest"},
        at=START,
    )
    assert dialogue.asked_next(draft) == "description"
    draft = dialogue.with_turn(draft, key="k1", field="description", text="", accepted=False)
    draft = dialogue.with_turn(draft, key="k2", field="description", text="reads", accepted=True)
    assert dialogue.asked_next(draft) == "system_prompt"
    assert dialogue.asked_next(dialogue.before(draft, "k2")) == "description"
    draft = dialogue.with_turn(draft, key="k3", field="system_prompt", text="", accepted=True)
    draft = dialogue.with_turn(draft, key="k4", field="tools", text="", accepted=True)
    assert dialogue.asked_next(draft) == "integrations"
    assert dialogue.asked_next(dialogue.with_given(draft, "integrations", "")) is None
    assert to_fields(dialogue.values_of(draft)) == {"name": "digest", "description": "reads", "tools": []}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "1st", "has to begin with a letter"),
        ("name", "", "has to begin with a letter"),
        ("description", "", "is empty"),
        ("tools", "read_feed", "Do you mean read_feeds"),
        ("system_prompt", "p" * 20_001, "at most"),
    ],
)
def test_each_reply_is_looked_at_by_itself(field: str, value: str, said: str) -> None:
    problem = dialogue.problem_of(field, value, tools=("read_feeds",))
    assert problem is not None
    assert said in problem


@pytest.mark.parametrize("text", ["cancel", "/cancel", " Stop. ", "never mind"])
def test_a_dialogue_can_be_stopped(text: str) -> None:
    assert dialogue.is_stop(text)
    assert not dialogue.is_stop(f"{text} the old news")


@pytest.mark.parametrize(
    "text",
    [
        "agent new x: y using tools " + "a and " * 800 + "!",
        "agent new " + "name: " * 800,
        "agent new " + " " * 4900 + "!",
        "agent new x " + "- " * 2400,
        "agents " * 700,
        "please, " * 600 + "agent new",
        "agent new " + "a" * 4900,
        "agent new ```\n" + "`" * 4900,
    ],
)
def test_no_text_takes_long_to_read(text: str) -> None:
    """Nothing backtracks: four times the text takes about four times as long, not sixteen times and more."""

    def taken(words: str) -> float:
        best = 1.0
        for _ in range(3):
            start = time.thread_time()
            read_wish(words)
            best = min(best, time.thread_time() - start)
        return best

    assert taken(text) < 8 * taken(text[: len(text) // 4]) + 0.02
