"""Agents that people make: in one message and question by question, used, shared, changed and deleted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from core.errors import StoreUnavailable
from core.memory.made_agents import InMemoryMadeAgents
from core.models import Agent, Delegation, Person, ScheduleState, Status, StepState
from core.ports.tool import Tool, Unusable
from core.rendering import making as words
from core.rendering import making_questions
from core.rendering.help import INTRODUCTION
from core.roster import Roster
from tests.scenarios.world import ADA, World
from tests.unit.test_integration_desk import Bench as Services

BOB = Person(id="memory:w:bob", name="bob")
NEW = "agent new digest: counts the news every day; tools: one_tool"


def said(delegation: Delegation) -> str:
    assert delegation.reply is not None
    return delegation.reply.text


async def talk(world: World, *texts: str, person: Person = ADA, thread: str = "t1") -> list[str]:
    """Say one thing after the other, and give the answers."""
    answers = []
    for text in texts:
        await world.clock.advance(1)
        answers.append(said(await world.ask(text, person=person, thread=thread)))
    return answers


async def test_one_message_makes_an_agent_says_so_and_how_to_try_it() -> None:
    world = World()
    asked = await world.ask(NEW)
    assert asked.status is Status.SUCCESS
    assert "Made the agent **digest**." in said(asked)
    assert "> counts the news every day" in said(asked)
    assert "Tools: one_tool." in said(asked)
    assert "Only you can use it." in said(asked)
    assert "Try it: `@digest …`. `agent share digest` lets everyone use it." in said(asked)
    assert world.messenger.texts() == [said(asked)]
    tried = await world.ask("@digest go through it")
    assert [(step.agent, step.state) for step in tried.steps] == [("digest", StepState.SUCCEEDED)]
    assert world.tool("one").runs[-1].text == "go through it"


async def test_every_other_process_knows_it_with_the_next_message() -> None:
    world = World()
    elsewhere = Roster(files=world.agents, made=world.made)
    assert elsewhere.files.keys() == {"one", "two", "three"}
    assert len((await elsewhere.of("memory", "w")).usable_by(ADA.id)) == 3
    asked = await world.ask(NEW)
    _, version, _ = await world.store.load_to_plan(asked.id, exchanges=0)
    assert [a.name for a in (await elsewhere.of("memory", "w", version=version)).usable_by(ADA.id)][
        -1
    ] == "digest"
    reads = world.made.reads
    for _ in range(3):
        await elsewhere.of("memory", "w", version=version)
    assert world.made.reads == reads, "a roster is read once for each of its versions"


async def test_an_agent_is_its_owners_until_it_is_shared() -> None:
    world = World()
    await world.ask(NEW)
    tried = await world.ask("@digest go", person=BOB)
    assert "There is no agent called digest" in said(tried)
    assert "digest" not in said(await world.ask("agent list", person=BOB))
    assert "no agent called digest here" in said(await world.ask("agent show digest", person=BOB))
    assert "Everyone here can use **digest** now" in said(await world.ask("agent share digest"))
    tried = await world.ask("@digest go", person=BOB)
    assert tried.status is Status.SUCCESS
    assert "(by ada)" in said(await world.ask("agent list", person=BOB))
    for command in ("agent delete digest", "agent unshare digest", "agent edit digest tools: none"):
        assert "Only ada can change the agent digest." in said(await world.ask(command, person=BOB))
    assert "Only you can use" in said(await world.ask("agent unshare digest"))
    assert (await world.ask("@digest go", person=BOB)).status is Status.FAILED


async def test_another_workspace_has_agents_of_its_own() -> None:
    world = World()
    await world.ask("agent new for everyone digest: counts; tools: one_tool")
    asked = world.instruction("agent list")
    there = asked.address.model_copy(update={"workspace": "elsewhere"})
    receipt = await world.reception.receive(asked.model_copy(update={"address": there}))
    await world.settle()
    assert "digest" not in said(await world.store.load(receipt.delegation_id))


async def test_a_name_that_a_file_has_can_not_be_taken() -> None:
    world = World()
    for name, sentence in (
        ("one", "There is an agent called one in a file, and files come first"),
        ("templates", "stands for something else"),
    ):
        asked = await world.ask(f"agent new {name}: does it another way")
        assert asked.status is Status.FAILED
        assert sentence in said(asked)
    await world.ask(NEW)
    assert "The name digest is taken here" in said(await world.ask(NEW, person=BOB))
    assert "can be changed only there" in said(await world.ask("agent delete one"))


async def test_a_file_that_comes_later_comes_first_all_the_same() -> None:
    world = World()
    await world.ask(NEW)
    world.agents["digest"] = world.agents["two"].model_copy(update={"name": "digest"})
    world.roster = Roster(files=world.agents, made=world.made)
    crew = await world.roster.of("memory", "w")
    assert [agent.tools for agent in crew.usable_by(ADA.id) if agent.name == "digest"] == [("two_tool",)]
    assert list(crew.shadowed) == ["digest"]


async def test_a_whole_file_is_taken_as_it_is() -> None:
    world = World()
    file = (
        "---\nname: digest\ndescription: Counts.\ntools: [one_tool]\nexamples: [tally it up]\n---\nBe short."
    )
    answer = said(await world.ask(f"agent new for everyone\n{file}"))
    assert "Everyone here can use it." in answer
    assert "Try it: `@digest tally it up`" in answer
    wrong = await world.ask("agent new\n---\nname: Digest!\ntools: [on_tool]\n---\n")
    assert wrong.status is Status.FAILED
    assert "The name has to begin with a letter" in said(wrong)
    assert "An agent needs a description." in said(wrong)
    wrong = await world.ask("agent new other: does it; tools: on_tool")
    assert "There is no tool called on_tool. Do you mean one_tool" in said(wrong)


async def test_question_by_question_with_what_was_wrong_asked_again() -> None:
    world = World()
    answers = await talk(
        world,
        "agent new",
        "one",
        "Big News",
        "counts the news",
        "Be short.",
        "on_tool",
        "one_tool and two_tool",
    )
    assert "What shall the agent be called?" in answers[0]
    assert "in a file, and files come first" in answers[1]
    assert "What shall the agent be called?" in answers[1]
    assert "What does big-news do?" in answers[2]
    assert "What shall big-news be told" in answers[3]
    assert "Which tools may big-news use? There are one_tool, three_tool and two_tool." in answers[4]
    assert "Do you mean one_tool" in answers[5]
    assert "Made the agent **big-news**." in answers[6]
    (made,) = (await world.made.roster("memory", "w")).agents
    assert (made.agent.tools, made.agent.system_prompt) == (("one_tool", "two_tool"), "Be short.")
    # It is over: what follows is an instruction again.
    await talk(world, "@one count")
    assert world.tool("one").runs[-1].text == "count"


async def test_what_the_first_message_says_is_not_asked_again() -> None:
    world = World()
    answers = await talk(world, "agent new for everyone digest", "counts the news", "skip", "skip")
    assert "What does digest do?" in answers[0]
    assert "Everyone here can use it." in answers[3]
    assert "It has no tools." in answers[3]


@pytest.mark.parametrize("stop", ["cancel", "Stop.", "never mind"])
async def test_a_dialogue_ends_at_a_word(stop: str) -> None:
    world = World()
    answers = await talk(world, "agent new", "digest", stop, "@one count")
    assert answers[2] == making_questions.CANCELLED
    assert world.tool("one").runs[-1].text == "count"
    assert (await world.made.roster("memory", "w")).agents == ()


async def test_the_command_that_cancels_ends_it_too() -> None:
    world = World()
    await talk(world, "agent new")
    address = world.instruction("x").address
    assert await world.reception.cancel_latest(address, BOB) != making_questions.CANCELLED
    assert await world.reception.cancel_latest(address, ADA) == making_questions.CANCELLED
    assert await world.reception.cancel_latest(address, ADA) != making_questions.CANCELLED


async def test_what_others_say_in_between_is_no_answer() -> None:
    world = World()
    await talk(world, "agent new")
    await talk(world, "@one count", person=BOB)
    assert world.tool("one").runs[-1].text == "count"
    assert "What does digest do?" in (await talk(world, "digest"))[0]
    # Another conversation of the same person is another matter.
    assert "What does" not in (await talk(world, "counts the news", thread="t2"))[0]


async def test_a_dialogue_survives_a_restart_and_ends_by_itself_after_a_day() -> None:
    world = World()
    await talk(world, "agent new", "digest")
    fresh = World(clock=world.clock)
    fresh.store.__dict__.update(world.store.__dict__)
    fresh.made.__dict__.update(world.made.__dict__)
    fresh.keys = world.keys
    assert "What shall digest be told" in (await talk(fresh, "counts the news"))[0]
    await fresh.clock.advance(timedelta(days=1, minutes=1).total_seconds())
    assert "Which tools" not in (await talk(fresh, "skip"))[0]


async def test_planning_the_same_instruction_twice_makes_one_agent() -> None:
    world = World()
    asked = await world.store.load(await world.receive(NEW))
    once = await world.making.answer(asked)
    again = await world.making.answer(asked)
    assert once is not None
    assert once == again
    (made,) = (await world.made.roster("memory", "w")).agents
    assert made.version == 1
    for text in ("agent share digest", "agent edit digest description: counts more", "agent delete digest"):
        asked = await world.store.load(await world.receive(text))
        once = await world.making.answer(asked)
        assert once is not None
        assert once[0] is Status.SUCCESS
        assert await world.making.answer(asked) == once
    assert len(await world.made.history("memory", "w", "digest")) == 3


async def test_a_reply_that_is_planned_twice_counts_once() -> None:
    world = World()
    await talk(world, "agent new")
    await world.clock.advance(1)
    asked = await world.store.load(await world.receive("digest"))
    history = await world.store.conversation(asked.instruction.address, before=asked.received_at, limit=6)
    once = await world.making.answer(asked, history=history)
    assert once is not None
    assert "What does digest do?" in once[1].text
    assert await world.making.answer(asked, history=history) == once


async def test_a_run_keeps_the_version_it_was_planned_with_and_says_which() -> None:
    world = World()
    await world.ask(NEW)
    tried = await world.ask("@digest go")
    assert tried.steps[0].result is not None
    assert (tried.steps[0].agent_version, tried.steps[0].result.agent_version) == (1, 1)
    planned = await world.receive("@digest again")
    await world.coordinator.plan(planned)
    await world.shop.change(
        await world.shop.find("digest", by=ADA, at=tried.instruction.address),
        {"description": "Counts otherwise.", "tools": ["two_tool"]},
        by=ADA,
        at=tried.instruction.address,
    )
    await world.settle()
    ran = await world.store.load(planned)
    assert ran.steps[0].result is not None
    assert ran.steps[0].result.agent_version == 1
    assert world.tool("one").runs[-1].text == "again"
    assert (await world.ask("@digest anew")).steps[0].agent_version == 2
    assert world.tool("two").runs[-1].text == "anew"


async def test_try_again_runs_the_agent_as_it_is_by_then() -> None:
    world = World()
    await world.ask(NEW)
    world.tool("one").acts = [lambda task: RuntimeError("broken")]
    failed = await world.ask("@digest go")
    assert failed.status is Status.FAILED
    await world.ask("agent edit digest tools: two_tool")
    await world.controls.retry(failed, by=ADA.id)
    await world.settle()
    ran = await world.store.load(failed.id)
    assert ran.status is Status.SUCCESS
    assert ran.steps[0].result is not None
    assert ran.steps[0].result.agent_version == 2


async def test_an_agent_that_is_gone_by_then_does_not_run_and_its_history_stays() -> None:
    world = World()
    await world.ask(NEW)
    done = await world.ask("@digest go")
    planned = await world.receive("@digest again")
    await world.coordinator.plan(planned)
    found = await world.shop.find("digest", by=ADA, at=done.instruction.address)
    await world.shop.delete(found, by=ADA)
    await world.settle()
    sentence = words.was_deleted("digest", at=world.clock.now())
    assert sentence in said(await world.store.load(planned))
    assert sentence in said(await world.ask("@digest anew"))
    assert sentence in said(await world.ask("agent show digest"))
    assert "There is no agent called digest here" in said(await world.ask("agent show digest", person=BOB))
    assert said(await world.store.load(done.id)) == said(done)
    assert "version 1" in said(await world.ask("agent versions digest"))
    # The name is free again, and its versions go on.
    await world.ask(NEW, person=BOB)
    assert (await world.made.roster("memory", "w")).agents[0].version == 2
    assert "version 2" not in said(await world.ask("agent versions digest"))


async def test_the_planner_finds_a_made_agent_by_its_words() -> None:
    world = World()
    examples = "[when is high tide, tide table for today]"
    file = f"---\nname: tides\ndescription: Says when the tide is high.\ntools: [one_tool]\nexamples: {examples}\n---\n"
    await world.ask(f"agent new\n{file}")
    assert [step.agent for step in (await world.ask("when is high tide")).steps] == ["tides"]
    assert "tides" not in [step.agent for step in (await world.ask("when is high tide", person=BOB)).steps]


async def test_an_agent_with_a_schedule_runs_by_itself_until_it_is_deleted() -> None:
    world = World()
    file = "---\nname: digest\ndescription: Counts.\ntools: [one_tool]\nschedule: 'every day at 9: count them'\n---\n"
    asked = await world.ask(f"agent new\n{file}")
    assert "It runs by itself" in said(asked)
    (row,) = await world.schedules.listed("memory", "w")
    assert (row.text, row.person.id, row.state) == ("@digest count them", ADA.id, ScheduleState.ACTIVE)
    await world.ask("agent edit digest description: Counts well.")
    assert (await world.schedules.listed("memory", "w"))[0].timing == row.timing
    await world.ask("every day at 10 @digest look around", thread="t5")
    await world.clock.advance(1)
    await world.ask("yes", thread="t5")
    await world.ask("every day at 11 @digested look around", thread="t6")
    assert "Deleted the agent digest." in said(await world.ask("agent delete digest"))
    (other,) = await world.schedules.listed("memory", "w")
    assert (other.text, other.state) == ("@digest look around", ScheduleState.PAUSED)
    assert other.reason == words.was_deleted("digest", at=world.clock.now())
    assert other.reason in said(await world.ask("list schedules", thread="t5"))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("schedule: now and then", "Say when"),
        ("post_to: memory:w:p", "post_to is for agents in files only."),
        ("limits: {timeout_seconds: 31}", "limits.timeout_seconds may be 30 at most here."),
        ("examples: [" + "a, " * 31 + "]", "There may be 30 examples at most."),
    ],
)
async def test_what_only_files_may_is_refused(line: str, sentence: str) -> None:
    world = World()
    asked = await world.ask(f"agent new\n---\nname: digest\ndescription: Counts.\n{line}\n---\n")
    assert asked.status is Status.FAILED
    assert sentence in said(asked)
    assert (await world.made.roster("memory", "w")).agents == ()


async def test_one_person_may_have_so_many() -> None:
    world = World()
    for n in range(5):
        await world.ask(f"agent new a{n}: counts")
    assert "5 is the most for one person" in said(await world.ask("agent new a5: counts"))
    assert "Made the agent" in said(await world.ask("agent new a5: counts", person=BOB))


async def test_agents_move_along_when_a_place_gets_another_address() -> None:
    world = World()
    asked = await world.ask(NEW)
    new = asked.instruction.address.model_copy(update={"workspace": "w2", "place": "w2"})
    await world.controls.moved(asked.instruction.address, to=new)
    assert [a.name for a in (await world.roster.of("memory", "w2")).usable_by(ADA.id)][-1] == "digest"
    assert (await world.roster.of("memory", "w")).made == {}


async def test_people_without_agents_of_their_own_share_one_set() -> None:
    """What a planner learns of a set of agents takes a while: it must not learn the same again for everybody."""
    world = World()
    await world.ask("agent new for everyone digest: counts; tools: one_tool")
    await world.ask("agent new mine: counts; tools: two_tool")
    crew = await world.roster.of("memory", "w")
    assert crew.usable_by("x") is crew.usable_by("y")
    assert [agent.name for agent in crew.usable_by("x")] == ["one", "two", "three", "digest"]
    assert [agent.name for agent in crew.usable_by(ADA.id)] == ["one", "two", "three", "digest", "mine"]


async def test_a_workspace_without_made_agents_never_asks() -> None:
    world = World()

    class Counting(InMemoryMadeAgents):
        async def roster_version(self, platform: str, workspace: str) -> int:
            raise AssertionError("nobody should ask")

    roster = Roster(files=world.agents, made=Counting(store=world.store))
    asked = await world.ask("@one count")
    _, version, _ = await world.store.load_to_plan(asked.id, exchanges=0)
    crew = await roster.crew(asked, version=version)
    assert crew.usable_by(ADA.id) == tuple(world.agents.values())
    assert roster.seen(asked) == [world.agents["one"]]
    assert isinstance(await roster.cast(asked, asked.steps[0]), tuple)


async def test_templates_are_a_beginning() -> None:
    world = World()
    assert "**link-summary**" in said(await world.ask("agent templates"))
    assert "Do you mean link-summary" in said(await world.ask("agent new from link-sumary"))


def test_a_crew_finds_nobody_in_an_empty_text() -> None:
    crew_of = Roster(files={"one": Agent(name="one", description="x")})._bare
    assert crew_of.missed("") is None
    assert crew_of.missed("@") is None


async def helped(world: World, person: Person, *, workspace: str = "w") -> list[str]:
    """The agents that help names to this person."""
    address = world.instruction("help").address.model_copy(update={"workspace": workspace})
    text = await world.reception.help(person=person, address=address)
    assert text.startswith(INTRODUCTION)
    return re.findall(r"^- \*\*([\w-]+)\*\*: ", text, re.MULTILINE)


async def test_help_names_the_agents_that_people_made_to_those_who_may_use_them() -> None:
    world = World()
    await world.ask("agent new for everyone digest: counts the news; tools: one_tool")
    await world.ask("agent new diary: keeps a diary; tools: one_tool")
    assert await helped(world, ADA) == ["one", "two", "three", "diary", "digest"]
    assert await helped(world, BOB) == ["one", "two", "three", "digest"]
    assert await helped(world, ADA, workspace="elsewhere") == ["one", "two", "three"]
    await world.ask("agent unshare digest")
    await world.ask("agent delete diary")
    assert await helped(world, ADA) == ["one", "two", "three", "digest"]
    assert await helped(world, BOB) == ["one", "two", "three"]


async def test_the_word_help_names_the_same_agents_as_the_command() -> None:
    world = World()
    await world.ask(NEW)
    for person in (ADA, BOB):
        asked = await world.ask("help", person=person)
        address = asked.instruction.address
        assert await world.reception.help(person=person, address=address) in said(asked)


async def test_without_the_database_help_still_tells_of_the_agents_of_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    await world.ask(NEW)

    async def out(*_: str) -> int:
        raise StoreUnavailable()

    monkeypatch.setattr(world.made, "roster_version", out)
    assert await helped(world, ADA) == ["one", "two", "three"]


def needy(bench: Services) -> World:
    """A world in which one_tool needs the toy integration."""
    world = World(access=bench.desk)
    world.tool("one").integration = "toy"
    return world


async def test_an_agent_whose_integration_is_missing_is_made_and_the_answer_says_what_a_run_would() -> None:
    bench = Services()
    world = needy(bench)
    asked = await world.ask("agent new mailer: sends; tools: one_tool, two_tool; integrations: toy")
    assert asked.status is Status.SUCCESS
    assert "Tools: one_tool and two_tool.\nIntegrations: toy.\n" in said(asked)
    sentence = "one_tool needs the toy integration, which isn't connected here; "
    assert sentence in said(asked)
    assert "`connect toy` here" in said(asked)
    denied = (await world.ask("@mailer go")).steps[0].result
    assert denied is not None
    [line] = [line for line in said(asked).splitlines() if line.startswith(sentence)]
    assert f"Denied: {line}" in f"{denied.output} {denied.error}"
    await bench.connect(workspace="memory:w")
    assert sentence not in said(await world.ask("agent edit mailer description: sends more"))
    assert sentence not in said(await world.ask("agent show mailer"))
    assert (await world.ask("@mailer go")).status is Status.SUCCESS


async def test_an_agent_that_was_not_given_what_its_tool_needs_is_given_it_in_one_sentence() -> None:
    bench = Services()
    world = needy(bench)
    both = said(await world.ask("agent new mailer: sends; tools: one_tool"))
    assert "isn't connected here" in both
    assert "the mailer agent wasn't given; `agent edit mailer integrations: toy` gives it" in both
    await bench.connect(workspace="memory:w")
    shown = said(await world.ask("agent show mailer"))
    assert "isn't connected here" not in shown
    assert "wasn't given" in shown
    changed = said(await world.ask("agent edit mailer integrations: toy"))
    assert "Integrations: toy." in changed
    assert "wasn't given" not in changed
    taken = said(await world.ask("agent edit mailer integrations: none"))
    assert "Integrations:" not in taken
    assert "wasn't given" in taken


BEFORE = ("agent new mailer: ", "sends", "skip")
"""All that is asked before the tools."""


async def test_of_several_services_that_a_tool_needs_the_dialogue_asks_which() -> None:
    bench = Services()
    world = needy(bench)
    for name in ("office", "private"):
        await bench.connect(name, workspace="memory:w")
    await bench.connect("elsewhere", workspace="memory:other")
    await bench.connect("letters", kind="mail", workspace="memory:w")
    *_, asked, wrong, made = await talk(world, *BEFORE, "one_tool, two_tool", "elsewhere", "private")
    question = 'Which connected services may mailer use? one_tool can use office or private. "skip" for none.'
    assert question in asked
    assert asked in wrong
    assert "No connected service called elsewhere is of use to these tools" in wrong
    assert "Integrations: private." in made
    assert (await world.roster.of("memory", "w")).made["mailer"].agent.integrations == ("private",)
    assert "wasn't given" not in made
    *_, made = await talk(world, "agent new other: ", "sends", "skip", "one_tool", "skip", thread="t2")
    assert "Made the agent **other**." in made
    assert "wasn't given" in made, "whoever wants none is told what that means"


@pytest.mark.parametrize(("reply", "given"), [("Yes please.", ("toy",)), ("toy", ("toy",)), ("no", ())])
async def test_of_one_service_a_yes_is_enough(reply: str, given: tuple[str, ...]) -> None:
    bench = Services()
    world = needy(bench)
    await bench.connect(workspace="memory:w")
    *_, asked, _ = await talk(world, *BEFORE, "one_tool", reply)
    assert "one_tool can use toy" in asked
    assert (await world.roster.of("memory", "w")).made["mailer"].agent.integrations == given


@pytest.mark.parametrize(
    ("tools", "provided"), [("one_tool", False), ("two_tool", False), ("skip", True), ("two_tool", True)]
)
async def test_where_nothing_connected_is_of_use_nothing_is_asked(tools: str, provided: bool) -> None:
    bench = Services()
    world = needy(bench)
    if provided:
        await bench.connect(workspace="memory:w")
    *_, made = await talk(world, *BEFORE, tools)
    assert "Made the agent **mailer**." in made
    assert ("isn't connected here" in made) is (tools == "one_tool")


async def test_what_the_deployment_provides_is_offered_where_there_is_nothing_of_ones_own() -> None:
    bench = Services(provided=frozenset({"toy"}))
    assert await bench.desk.names("memory:w") == {"toy": ("toy",)}
    await bench.connect("office", workspace="memory:w")
    assert await bench.desk.names("memory:w") == {"toy": ("office",)}


async def test_the_question_about_services_asked_twice_counts_one_reply() -> None:
    bench = Services()
    world = needy(bench)
    await bench.connect("office", workspace="memory:w")
    await talk(world, *BEFORE)
    for reply in ("one_tool", "offis", "office"):
        await world.clock.advance(1)
        asked = await world.ask(reply)
        history = await world.store.conversation(asked.instruction.address, before=asked.received_at, limit=6)
        again = await world.making.answer(asked, history=history)
        assert again is not None
        assert again[1].text == said(asked)
    assert len(await world.made.history("memory", "w", "mailer")) == 1


async def test_a_tool_that_needs_nothing_is_made_without_a_word_about_it() -> None:
    answer = said(await needy(Services()).ask("agent new counter: counts; tools: two_tool"))
    assert "integration" not in answer


class Server:
    """An MCP server called files whose tools are known, and none beside it."""

    async def found(self, names: Sequence[str], *, workspace: str) -> Mapping[str, Tool[Any]]:
        return {}

    async def unusable(self, names: Sequence[str], *, workspace: str) -> Mapping[str, Unusable]:
        known = ("read_file", "list_folder")
        found = {}
        for name in names:
            if not name.startswith("mcp:files:"):
                found[name] = Unusable("Denied: the MCP server other isn't connected here; say `connect`.")
            elif name.removeprefix("mcp:files:") not in (*known, "*"):
                found[name] = Unusable("Denied: no such tool.", known=known)
        return found


async def test_tools_of_a_connected_server_have_to_exist_and_those_of_others_may_come() -> None:
    world = World(source=Server())
    wrong = await world.ask("agent new clerk: reads; tools: mcp:files:red_file")
    assert wrong.status is Status.FAILED
    assert "There is no tool called mcp:files:red_file. Do you mean mcp:files:read_file?" in said(wrong)
    made = await world.ask("agent new clerk: reads; tools: mcp:files:read_file, mcp:other:look-up")
    assert made.status is Status.SUCCESS
    assert "Tools: mcp:files:read_file and mcp:other:look-up." in said(made)
    assert "\nThe MCP server other isn't connected here; say `connect`.\n" in said(made)
    unlike = said(await world.ask("agent edit clerk tools: mcp:files:wrong"))
    assert "There is no tool called mcp:files:wrong. The tools are mcp:files:list_folder and mcp:" in unlike


async def test_question_by_question_an_unknown_tool_of_a_server_is_asked_again() -> None:
    world = World(source=Server())
    answers = await talk(world, "agent new clerk", "reads", "skip", "mcp:files:red_file", "mcp:files:*")
    assert "Do you mean mcp:files:read_file?" in answers[3]
    assert "Which tools may clerk use?" in answers[3]
    assert "Made the agent **clerk**." in answers[4]


async def test_what_is_missing_is_not_worth_the_agent_where_it_can_not_be_looked_up() -> None:
    bench = Services()
    world = needy(bench)

    async def out(*_: object, **__: object) -> str:
        raise StoreUnavailable()

    world.access.find = out  # type: ignore[union-attr,method-assign]
    asked = await world.ask("agent new mailer: sends; tools: one_tool")
    assert "Made the agent **mailer**." in said(asked)
