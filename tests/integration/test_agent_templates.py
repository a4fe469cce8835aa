"""The ready-made agents, each at work once: a scripted model, the real tools, feeds and pages on a local server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from adapters.llm.openai_model import OpenAIModel
from adapters.tools.registry import tool_names
from core.agent_loop import AgentLoop
from core.approvals.gate import Gate
from core.approvals.policy import Rules
from core.catalog import BUILT_IN, TEMPLATES, check_agent, load_agents, read_fields
from core.making.shop import RESERVED
from core.memory.clock import ManualClock
from core.memory.runs import InMemoryRuns
from core.models import ApprovalState, Person, StepState, Task
from core.planning import RulePlanner
from core.ports.planner import PlanRequest
from core.ports.tool import Tool
from tests.counterparts.openai_server import KEY, ScriptedOpenAI
from tests.counterparts.web import WebServer, web_server
from tests.fakes.agent_bench import Approver
from tests.unit.tool_bench import NOW, tools

FEED = '<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title>{items}</channel></rss>'
ITEM = (
    "<item><title>{0}</title><link>http://news.example/{1}</link><pubDate>{2}</pubDate>"
    "<description>{3}</description></item>"
)
PAGE = (
    "<html><head><title>{title}</title></head>"
    "<body><article><h1>{title}</h1><p>{text}</p></article></body></html>"
)


@dataclass(frozen=True)
class Example:
    """One task for one template: what its model asks for turn by turn, what it reads, and what it answers."""

    task: str
    turns: tuple[tuple[tuple[str, dict[str, Any]], ...], ...]
    reads: tuple[str, ...]
    """What the tools' results hold before the answer is given."""
    answer: str
    tainted: bool = True
    notes: tuple[str, ...] = ()
    saved: tuple[str, ...] = ()
    """Notes that are there afterwards and were not before."""
    asks: tuple[str, ...] = ()
    """Tools that a person has to say yes to, and does."""


EXAMPLES: dict[str, Example] = {
    "standup-digest": Example(
        task="stand-up digest, and what about the billing",
        notes=("Ada: invoices are out", "Bob waits for the billing keys", "Cy starts on search today"),
        turns=((("list_notes", {"limit": 20}), ("find_notes", {"words": "billing"})),),
        reads=("invoices are out", "Bob waits for the billing keys", "Cy starts on search"),
        answer="**Done**\nAda: invoices are out\n\n**Next**\nCy: search\n\n**Blocked**\nBob: waits for billing",
    ),
    "incident-summary": Example(
        task="sum up the incident from {feed} and {page}, times for Vienna",
        notes=("payments: rolled back at 10:40",),
        turns=(
            (("read_feeds", {"addresses": ["{feed}"]}), ("read_page", {"addresses": ["{page}"]})),
            (("find_notes", {"words": "payments"}), ("world_time", {"about": "now", "places": ["Vienna"]})),
        ),
        reads=("Payments are down", "Card payments failed", "rolled back at 10:40", "Vienna"),
        answer="**What happened**: payments failed for an hour.\n\n**Timeline**\n10:00 Payments are down (feed)",
    ),
    "release-notes": Example(
        task="release notes for 2.1 from {page} and the feed {feed}, and what we noted about 2.1",
        notes=("2.1: old tokens end on 1 December",),
        turns=(
            (("read_page", {"addresses": ["{page}"]}), ("read_feeds", {"addresses": ["{feed}"], "items": 5})),
            (("find_notes", {"words": "2.1"}),),
        ),
        reads=("Card payments failed", "Payments are back", "old tokens end on 1 December"),
        answer="## 2.1\n\n**Fixed**\n- Card payments work again.\n\n**Take care**\n- Old tokens end on 1 December.",
    ),
    "inbox-triage": Example(
        task="triage the inbox {feed} and note what is to be done",
        turns=(
            (("read_feeds", {"addresses": ["{feed}"]}),),
            (("save_note", {"text": "Answer: when payments are back"}),),
        ),
        reads=("Payments are down", "Saved as note"),
        asks=("save_note",),
        answer="**Urgent**\nstatus page: payments are down, now\n\nSaved as note 1.",
        saved=("Answer: when payments are back",),
    ),
    "meeting-prep": Example(
        task="prepare the meeting on payments with Tokyo, the draft is at {page}",
        notes=("payments: Bob wants two providers",),
        turns=(
            (
                ("find_notes", {"words": "payments"}),
                ("read_page", {"addresses": ["{page}"]}),
                ("world_time", {"about": "now", "places": ["Tokyo"]}),
            ),
        ),
        reads=("Bob wants two providers", "Card payments failed", "Tokyo"),
        answer="**When**: 21:00 in Tokyo\n\n**Open points**\n- One provider or two? (note 1)",
    ),
    "oncall-handover": Example(
        task="hand over the pager, the status feed is {feed}; the next shift is in Lisbon",
        notes=("pager: disk on db2 at 80%",),
        turns=(
            (("list_notes", {}), ("read_feeds", {"addresses": ["{feed}"]})),
            (("find_notes", {"words": "db2"}), ("world_time", {"about": "now", "places": ["Lisbon"]})),
        ),
        reads=("disk on db2 at 80%", "Payments are back", "Lisbon"),
        answer="**Open**\n- db2's disk is at 80% (note 1): grow it\n\n**Happened**\n- payments were down",
    ),
    "link-summary": Example(
        task="sum up {page}",
        turns=((("read_page", {"addresses": ["{page}"]}),),),
        reads=("Card payments failed for an hour",),
        answer="[The outage]({page}): card payments failed for an hour. A second provider comes in January.",
    ),
    "weekly-report": Example(
        task="weekly report with the bot's usage and {feed}",
        notes=("shipped: invoices", "late: search"),
        turns=(
            (("list_notes", {"limit": 50}), ("report_usage", {"days": 7})),
            (("read_feeds", {"addresses": ["{feed}"]}), ("find_notes", {"words": "late"})),
        ),
        reads=("shipped: invoices", "Payments are back", "late: search"),
        answer="**In one sentence**: invoices are out.\n\n**Late**\n- search (note 2)",
    ),
}


@pytest.fixture
async def web() -> AsyncIterator[WebServer]:
    async with web_server() as served:
        items = (
            ("Payments are back", "2", "Sun, 22 Nov 2026 11:00:00 GMT", "Rolled back."),
            ("Payments are down", "1", "Sun, 22 Nov 2026 10:00:00 GMT", "We are looking into it."),
        )
        text = "".join(ITEM.format(*item) for item in items)
        served.serve("/feed.xml", FEED.format(title="Status", items=text), type="application/rss+xml")
        words = (
            "Card payments failed for an hour. Nobody was charged twice. A second provider comes in January. "
            * 4
        )
        served.serve("/page", PAGE.format(title="The outage", text=words))
        yield served


def test_there_is_a_template_and_an_example_for_each_common_work() -> None:
    found = load_agents([TEMPLATES])
    assert set(found) == set(EXAMPLES)
    for name, agent in found.items():
        path = TEMPLATES / f"{name}.md"
        assert check_agent(read_fields(path.read_text()), tools=tool_names()) == agent
        assert agent.system_prompt
        assert len(agent.examples) >= 3
        assert agent.schedule is None, "when it runs is for whoever makes it to say"
    assert not set(found) & (set(load_agents([BUILT_IN])) | RESERVED)


def test_the_words_alone_find_a_template_that_somebody_made_theirs() -> None:
    planner = RulePlanner(tools=tools())
    built_in = tuple(load_agents([BUILT_IN]).values())
    for name, agent in load_agents([TEMPLATES]).items():
        for example in agent.examples:
            request = PlanRequest(task=work(example), agents=(*built_in, agent))
            assert [step.agent for step in planner.decide(request).plan.steps] == [name], example


@pytest.mark.parametrize("name", sorted(EXAMPLES))
async def test_a_template_does_its_work(name: str, web: WebServer) -> None:
    agent, example = load_agents([TEMPLATES])[name], EXAMPLES[name]
    here = {"feed": web.address("/feed.xml"), "page": web.address("/page")}
    made = tools()
    await note(made, *example.notes)
    called: list[str] = []

    async def on_progress(kind: str, data: dict[str, Any]) -> None:
        assert kind == "step.tool", data
        assert data["outcome"] == "done", data
        called.append(data["tool"])

    async with ScriptedOpenAI() as server:
        for turn in example.turns:
            calls = tuple((tool, filled(json.dumps(arguments), here)) for tool, arguments in turn)
            server.expect(offers(agent.tools, agent.system_prompt)).reply(tool_calls=calls)
        answer = filled(example.answer, here)
        server.expect(told(example.reads)).reply(text=answer)
        model = OpenAIModel(model="gpt-5-mini", api_key=KEY, base_url=server.url, clock=ManualClock(NOW))
        clock = ManualClock(NOW)
        person = Approver(ApprovalState.APPROVED)
        gate = Gate(approvals=person, clock=clock, rules=Rules())
        loop = AgentLoop(model=model, tools=made, runs=InMemoryRuns(), clock=clock, gate=gate)
        try:
            result = await loop.run(
                agent, work(filled(example.task, here)), step_id="s", on_progress=on_progress
            )
        finally:
            await model.aclose()
    assert result.state is StepState.SUCCEEDED, result.error
    assert result.output == answer
    assert result.tainted == example.tainted
    assert tuple(asked.tool for asked in person.asked.values()) == example.asks
    assert sorted(called) == sorted(tool for turn in example.turns for tool, _ in turn)
    assert set(called) == set(agent.tools), "its example shows each of its tools at work"
    listed = (
        await made["list_notes"].run(made["list_notes"].arguments(), task=work("x"), idempotency_key="l")
    ).text
    assert all(text in listed for text in example.saved)


def work(text: str) -> Task:
    person = Person(id="slack:T1:U1", name="Ada")
    return Task(text=text, instruction=text, person=person, workspace="team", now=NOW, zone="UTC")


async def note(made: dict[str, Tool[Any]], *texts: str) -> None:
    save = made["save_note"]
    for number, text in enumerate(texts):
        task = work(f"note: {text}")
        await save.run(save.arguments(text=text), task=task, idempotency_key=f"n{number}")


def filled(text: str, here: dict[str, str]) -> str:
    for name, address in here.items():
        text = text.replace(f"{{{name}}}", address)
    return text


def offers(names: tuple[str, ...], prompt: str) -> Callable[[dict[str, Any]], bool]:
    """The request that offers exactly these tools, under this prompt."""

    def match(body: dict[str, Any]) -> bool:
        offered = [tool["function"]["name"] for tool in body["tools"]]
        return sorted(offered) == sorted(names) and prompt[:200] in str(body["messages"][0]["content"])

    return match


def told(parts: tuple[str, ...]) -> Callable[[dict[str, Any]], bool]:
    """The request whose tools' results hold all of this."""

    def match(body: dict[str, Any]) -> bool:
        results = "\n".join(str(one["content"]) for one in body["messages"] if one["role"] == "tool")
        return all(part in results for part in parts)

    return match
