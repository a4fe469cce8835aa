"""A tool gets the integration that its agent was given and its workspace has connected, and no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from core.errors import StoreUnavailable, TransientError
from core.integrations.masking import KNOWN
from core.memory.model import ScriptedModel, calls, says
from core.memory.runs import InMemoryRuns
from core.models import Result, StepState, Task
from core.ports.integrations import Missing
from core.ports.tool import Effect, ToolOutput
from tests.fakes.agent_bench import FIND, SEND, STEP, Bench, agent
from tests.fakes.toy_tools import Letter, ToyTool, Words

PLANTED = "invented-and-planted-in-a-tool"
CONNECT = "`flowmate integrations connect toy --workspace w`"


class Cabinet:
    """What one workspace has connected: id by kind."""

    def __init__(self, **connected: str) -> None:
        self.connected = connected
        self.asked: list[tuple[str, str, tuple[str, ...]]] = []
        self.down = False

    async def find(self, workspace: str, kind: str, *, given: Sequence[str]) -> str | Missing:
        if self.down:
            raise StoreUnavailable()
        self.asked.append((workspace, kind, tuple(given)))
        if kind not in self.connected:
            return Missing.NOT_CONNECTED
        return self.connected[kind] if kind in given else Missing.NOT_GIVEN

    async def names(self, workspace: str) -> Mapping[str, tuple[str, ...]]:
        return {kind: (kind,) for kind in self.connected}


class Needy(ToyTool):
    """A tool that needs the toy integration, and remembers which one it got."""

    def __init__(self, name: str = "search", **options: Any) -> None:
        super().__init__(name, **options)
        self.integration = "toy"
        self.got: list[str] = []

    async def run(self, arguments: Any, *, task: Task, idempotency_key: str) -> ToolOutput:
        self.got.append(task.integration)
        return await super().run(arguments, task=task, idempotency_key=idempotency_key)


class Easy(Needy):
    """One that uses the toy integration where there is one."""

    does_without = True


def plain() -> Needy:
    return Needy(parses=lambda task: Words(words="tea"))


async def asked(
    tool: Needy, access: Cabinet | None, *, model: bool, given: tuple[str, ...] = ("toy",)
) -> tuple[Bench, Result]:
    script = ScriptedModel(calls(FIND), says("Done.")) if model else None
    bench = Bench(script, tool, access=access)
    return bench, await bench.run(agent("search", integrations=given))


@pytest.mark.parametrize("model", [True, False])
async def test_a_call_gets_the_id_of_its_integration(model: bool) -> None:
    tool, cabinet = plain(), Cabinet(toy="id-1")
    bench, result = await asked(tool, cabinet, model=model)
    assert result.state is StepState.SUCCEEDED
    assert tool.got == ["id-1"]
    assert cabinet.asked == [("w", "toy", ("toy",))]
    assert bench.denied() == []


@pytest.mark.parametrize(
    ("access", "given", "got"),
    [
        (Cabinet(toy="id-1"), ("toy",), "id-1"),
        (Cabinet(toy="id-1"), (), ""),
        (Cabinet(), ("toy",), ""),
        (None, ("toy",), ""),
    ],
)
@pytest.mark.parametrize("model", [True, False])
async def test_a_tool_that_does_without_runs_with_what_there_is(
    access: Cabinet | None, given: tuple[str, ...], got: str, model: bool
) -> None:
    tool = Easy(parses=lambda task: Words(words="tea"))
    bench, result = await asked(tool, access, model=model, given=given)
    assert result.state is StepState.SUCCEEDED
    assert tool.got == [got]
    assert bench.denied() == []


@pytest.mark.parametrize("access", [None, Cabinet(other="id-2")])
async def test_what_is_not_connected_is_denied_recorded_and_said_how_to_connect(
    access: Cabinet | None,
) -> None:
    tool = plain()
    bench, _ = await asked(tool, access, model=True)
    assert tool.made == []
    record = {"tool": "search", "reason": "integration not connected", "integration": "toy"}
    assert bench.denied() == [record]
    assert CONNECT in bench.told()[0]
    bench, result = await asked(tool, access, model=False)
    assert (tool.made, bench.denied()) == ([], [record])
    assert result.state is StepState.DENIED
    assert CONNECT in (result.error or "")


@pytest.mark.parametrize("model", [True, False])
async def test_what_the_agent_was_not_given_is_denied_though_the_workspace_has_it(model: bool) -> None:
    tool = plain()
    bench, result = await asked(tool, Cabinet(toy="id-1"), model=model, given=("other",))
    assert tool.made == []
    assert [record["reason"] for record in bench.denied()] == ["integration not given"]
    said = bench.told()[0] if model else result.error or ""
    assert "`integrations: [toy]`" in said


async def test_a_tool_that_needs_none_is_not_asked_about() -> None:
    cabinet = Cabinet()
    tool = plain()
    tool.integration = None
    _, result = await asked(tool, cabinet, model=True)
    assert (result.state, cabinet.asked, tool.got) == (StepState.SUCCEEDED, [], [""])


async def test_a_database_that_is_out_denies_nothing() -> None:
    cabinet = Cabinet(toy="id-1")
    cabinet.down = True
    with pytest.raises(StoreUnavailable):
        await asked(plain(), cabinet, model=False)


@pytest.mark.parametrize("model", [True, False])
async def test_a_write_that_was_begun_is_not_hidden_by_a_revocation(model: bool) -> None:
    runs = InMemoryRuns()
    await runs.begin_call(STEP, "0.0" if model else "words", Effect.WRITE)
    letters = Needy(
        "send_email",
        arguments=Letter,
        effect=Effect.WRITE,
        parses=lambda t: Letter(to="a@example.com", body="b"),
    )
    script = ScriptedModel(calls(SEND), says("Perhaps.")) if model else None
    bench = Bench(script, letters, runs=runs, access=Cabinet())
    result = await bench.run(agent("send_email", integrations=("toy",)))
    said = bench.told()[0] if model else result.error or ""
    assert "may or may not have happened" in said
    assert (letters.made, bench.denied()) == ([], [])


@pytest.mark.parametrize("model", [True, False])
async def test_a_secret_that_a_tool_gives_back_goes_no_further(model: bool) -> None:
    KNOWN.add(PLANTED)
    runs = InMemoryRuns()
    tool = Needy(gives=f"signed in with {PLANTED}", parses=lambda task: Words(words="tea"))
    script = ScriptedModel(calls(FIND), says("Done.")) if model else None
    bench = Bench(script, tool, runs=runs, access=Cabinet(toy="id-1"))
    result = await bench.run(agent("search", integrations=("toy",)))
    everything = repr((result, bench.progress, vars(runs), script.requests if script is not None else ()))
    assert "signed in with ***" in everything
    assert PLANTED not in everything
    tool.raises = [TransientError(f"{PLANTED} is not welcome just now.")]
    with pytest.raises(TransientError) as caught:
        await Bench(None, tool, access=Cabinet(toy="id-1")).run(agent("search", integrations=("toy",)))
    assert caught.value.sentence == "*** is not welcome just now."
