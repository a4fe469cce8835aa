"""What may leave with a call: no secret, and nothing in an address that nobody but the model made up."""

from __future__ import annotations

from collections.abc import Iterable, Set
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ValidationError

from core.addresses import addresses_in, normal
from core.agent_loop.taint import own_words
from core.errors import ToolFailed
from core.integrations.masking import KNOWN
from core.links import may_lead, only_known
from core.models import Agent, Task
from core.ports.tool import Fetching, Tool
from core.rendering import agents as words

NONE = frozenset[str]()
"""One for all: an empty set of its own is among the largest things that a waiting run would hold."""
MAX_FOLLOWED = 5
"""How many addresses that only stood in what was read one run may fetch: which of them, in which order, says
something by itself to whoever wrote them all."""


class Addresses:
    """Who supplied which address, in one run.

    Named are those of the asker's own words and of the agent's own prompt. Known are these, what pages and feeds
    literally held that were read, and what trusted tools gave while nothing untrusted had been read. What a model
    wrote, here or in an earlier step or answer, is neither: it may have put together what it read.
    """

    def __init__(self, agent: Agent, task: Task) -> None:
        self._agent, self._task = agent, task
        self._heard: list[tuple[Tool[Any], str, bool]] = []
        self._known = self._followed = NONE

    @cached_property
    def named(self) -> frozenset[str]:
        said = (self._agent.system_prompt, *own_words(self._task))
        return frozenset[str]().union(*(addresses_in(text) for text in said))

    @property
    def known(self) -> Set[str]:
        """Looked for when it is first asked for: most runs never fetch, and say nothing that looks like an address."""
        if not self._known:
            self._known = self.named.union(
                *(step.addresses for step in self._task.upstream),
                *(exchange.addresses for exchange in self._task.history),
            )
        while self._heard:
            tool, text, tainted = self._heard.pop()
            self._known |= supplied_by(tool, text, tainted=tainted)
        return self._known

    def heard(self, tool: Tool[Any], text: str, *, tainted: bool) -> None:
        """A call of this tool gave this; `tainted`: after untrusted text was read."""
        self._heard.append((tool, text, tainted))

    def only_known(self, text: str, *, strict: bool) -> str:
        """The text in which only known addresses can be followed; see core.links."""
        return only_known(text, known=self.known, strict=strict) if may_lead(text) else text

    def known_among(self, text: str) -> tuple[str, ...]:
        """Which of the known addresses the text holds."""
        held = addresses_in(text)
        return sorted_few(held & self.known) if held else ()

    def refusal(self, tool: Tool[Any], arguments: BaseModel) -> str | None:
        """Why a call that untrusted text may have steered may not go out; None where it may, which is counted."""
        if not isinstance(tool, Fetching):
            return None
        wanted = {normal(address): address for address in tool.reaches(arguments)}
        followed = {one for one in wanted if one not in self.named}
        unknown = [wanted[one] for one in sorted(followed) if one not in self.known]
        if unknown:
            return words.not_fetched(len(unknown))
        if len(self._followed | followed) > MAX_FOLLOWED:
            return words.followed_enough(MAX_FOLLOWED)
        self._followed |= followed
        return None


def supplied_by(tool: Tool[Any], text: str, *, tainted: bool) -> frozenset[str]:
    """The addresses that a tool's output vouches for.

    Notes and other services may repeat what a model told them; so may any tool that a model used after it was steered.
    """
    verbatim = isinstance(tool, Fetching) and tool.verbatim
    if verbatim or not (tool.untrusted or tainted):
        return addresses_in(text, escaped=True)
    return frozenset()


def without_secrets(arguments: BaseModel) -> BaseModel:
    """The arguments with known secrets masked in every value. Raises ToolFailed where they don't fit any more."""
    given = arguments.model_dump(mode="json")
    masked = _masked(given)
    if masked == given:
        return arguments
    try:
        return type(arguments).model_validate(masked)
    except ValidationError as error:
        raise ToolFailed(words.HOLDS_A_SECRET) from error


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return KNOWN.mask(value)
    if isinstance(value, dict):
        return {_masked(name): _masked(one) for name, one in value.items()}
    return [_masked(one) for one in value] if isinstance(value, list) else value


def sorted_few(addresses: Iterable[str], *, most: int = 200) -> tuple[str, ...]:
    """As they are kept with a result."""
    return tuple(sorted(addresses))[:most]
