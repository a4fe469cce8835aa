"""What a piece of an instruction looks like: whose task it is, how sure that is, and how it begins."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise

from core.models import Task
from core.planning.courtesy import core_of, without_opening
from core.planning.features import kindred
from core.planning.moods import refuses, reports
from core.planning.passives import active
from core.planning.ranking import Index, Ranked
from core.planning.small_talk import is_small_talk
from core.planning.text import Kind, Token, ends_like_a_past, stem
from core.planning.words import (
    EXTRACTING,
    FINITE,
    FUNCTION,
    IMPERATIVES,
    IRREGULAR,
    NEUTRAL,
    QUESTION,
    SMALL_TALK,
)

FITS = 0.33
"""A clause below this is nobody's task."""
STRONG = 0.45
"""From here on a clause is a task even where it could be the content of another."""
NOBODY = Ranked("", 0.0, parsed=False)
_IMPERATIVE_STEMS = frozenset(stem(word) for word in IMPERATIVES)
_ADDRESSING = frozenset("ask tell let have use get with via by call to agent the".split())
_ASKING = IMPERATIVES | QUESTION
_SUBJECTS = frozenset("i we he she they there it you here".split())
_OTHERS = frozenset("we they he she there nobody everybody it".split())
_OWNERS = frozenset(
    "my our his her their the a an this that these those your nobody everybody everyone someone somebody".split()
)

_RELATIVE = frozenset("i we you they he she".split())
"""A verb right behind one of these says which thing is meant: "the tokens we used"."""
_ASKED_WITH = frozenset("by at in on for from since until to with of".split())
_WH = frozenset({"what", "which", "how", "whom", "whose"})
_CONTENT = frozenset("that saying which who telling".split())


class Judge:
    """Ranks pieces of one instruction, each at most once."""

    def __init__(self, index: Index, text: str, *, task: Task) -> None:
        self.index = index
        self.text = text
        self._task = task
        self._ranked: dict[tuple[int, int, int], tuple[Ranked, ...]] = {}
        self._looked_at: dict[tuple[Token, ...], tuple[Ranked, ...]] = {}
        self._parsed: dict[str, frozenset[str]] = {}

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        return self.index.read(self.text)

    @cached_property
    def _mentions(self) -> bool:
        return any(token.kind is Kind.MENTION for token in self.tokens)

    def ranked(self, tokens: tuple[Token, ...]) -> tuple[Ranked, ...]:
        """The agents for these words, the best first."""
        found = self._looked_at.get(tokens)
        if found is None:
            found = self._looked_at[tokens] = self._look_at(tokens)
        return found

    def _look_at(self, tokens: tuple[Token, ...]) -> tuple[Ranked, ...]:
        core = core_of(tokens)
        if not core or (
            all(token.kind in (Kind.NUMBER, Kind.MARK, Kind.SUM) for token in core[:3]) and len(core) < 3
        ):
            return ()
        if refuses(core) or refuses(tokens):
            return ()
        if named := self.named(core):
            return (Ranked(named, 1.0, parsed=True),)
        key = (core[0].start, core[-1].end, len(core))
        if key not in self._ranked:
            parses = self._parses(self._present(core))
            if corrected := self.corrected(core):
                parses |= self._parses(corrected)
            turned = active(core)
            if turned is not core:
                parses |= self._parses(self.said(turned))
            self._ranked[key] = tuple(self.index.rank(turned, parses=parses))
        return self._ranked[key]

    def _parses(self, text: str) -> frozenset[str]:
        found = self._parsed.get(text)
        if found is None:
            found = self._parsed[text] = self.index.parses(text, task=self._task)
        return found

    def reads(self, agent: str, text: str) -> bool:
        """Whether one of the agent's own tools can read its arguments from this text."""
        parsed = self._parsed.get(text)
        if parsed is None:
            return self.index.reads(agent, text, task=self._task)
        return not parsed.isdisjoint(self.index.tools_of(agent))

    def named(self, tokens: tuple[Token, ...]) -> str:
        """The agent that these words are addressed to by `@name`; empty where there is none."""
        if not self._mentions:
            return ""
        for token in without_opening(tokens)[:4]:
            if token.kind is Kind.MENTION and token.word[1:] in self.index.known:
                return token.word[1:]
            if token.word not in _ADDRESSING and token.kind is not Kind.MARK:
                break
        return ""

    def ranked_with(self, tokens: tuple[Token, ...], given: frozenset[str]) -> list[Ranked]:
        """The ranking as if these shapes stood in the words too, and without asking any tool."""
        return self.index.rank(core_of(tokens), given=given)

    def best(self, tokens: tuple[Token, ...]) -> Ranked:
        ranked = self.ranked(tokens)
        return ranked[0] if ranked else NOBODY

    def fits(self, tokens: tuple[Token, ...], *, least: float = FITS) -> bool:
        return self.best(tokens).score >= least

    def wants(self, tokens: tuple[Token, ...]) -> bool:
        """Whether it is a task of somebody's, and not a mere report about one."""
        return self.fits(tokens) and (bool(self.named(tokens)) or not reports(core_of(tokens)))

    def of(self, text: str) -> Judge:
        """A judge of another text by the same measure."""
        return Judge(self.index, text, task=self._task)

    def written(self, tokens: tuple[Token, ...]) -> str:
        return self.text[tokens[0].start : tokens[-1].end] if tokens else ""

    def _present(self, core: tuple[Token, ...]) -> str:
        """The written words, with "if you wrote …" as "write …"."""
        verb = IRREGULAR.get(core[0].word, core[0].word)
        return (
            self.written(core)
            if verb == core[0].word
            else self.said((core[0]._replace(word=verb), *core[1:]))
        )

    def said(self, tokens: tuple[Token, ...]) -> str:
        """Tokens that stand in another order than they were written in, the first one as it is meant."""
        return " ".join([tokens[0].word, *(self.text[token.start : token.end] for token in tokens[1:])])

    def corrected(self, tokens: tuple[Token, ...]) -> str:
        """The same words without their slips; empty where there are none."""
        slips = [t for t in tokens if t.kind is Kind.WORD and self._is_slip(t)]
        if not slips:
            return ""
        parts, end = [], tokens[0].start
        for token in slips:
            parts += [self.text[end : token.start], token.word]
            end = token.end
        return "".join([*parts, self.text[end : tokens[-1].end]])

    def _is_slip(self, token: Token) -> bool:
        written = self.text[token.start : token.end].lower()
        return " " not in token.word and "'" not in written and "’" not in written and written != token.word

    def head(self, tokens: tuple[Token, ...]) -> str:
        """The first word of the request itself; empty where it begins with something else."""
        core = active(without_opening(tokens))
        return core[0].word.split()[0] if core and core[0].kind is Kind.WORD else ""

    def commands(self, tokens: tuple[Token, ...]) -> bool:
        """Whether it begins like a command."""
        head = self.head(tokens)
        if not head or head in QUESTION:
            return False
        return (
            head in IMPERATIVES
            or head in IRREGULAR
            or (stem(head) in _IMPERATIVE_STEMS and head.endswith(("ing", "ed")))
        )

    def asks(self, tokens: tuple[Token, ...]) -> bool:
        """Whether it begins like a question."""
        core = without_opening(tokens)
        head = self.head(tokens)
        if head in _ASKED_WITH and len(core) > 2 and core[1].word.split()[0] in _WH:
            return True
        return head in QUESTION or (
            bool(core)
            and core[0].start > tokens[0].start
            and (head in ("to", "whether") or _indirect(tokens, core))
        )

    def requests(self, tokens: tuple[Token, ...]) -> bool:
        """Whether it asks for something of its own, and is no mere "would that be possible"."""
        if not (self.commands(tokens) or self.asks(tokens)) or self.declares(tokens) or refuses(tokens):
            return False
        words = [
            part
            for token in without_opening(tokens)
            if token.kind is Kind.WORD
            for part in token.word.split()
        ]
        return any(word not in FUNCTION and word not in NEUTRAL and word not in SMALL_TALK for word in words)

    def declares(self, tokens: tuple[Token, ...]) -> bool:
        """Whether it tells something and asks for nothing: "we're upgrading tonight", "the bill was 97.50"."""
        bare = without_opening(tokens)
        if not bare or bare[0].kind is not Kind.WORD or active(bare) is not bare:
            return False
        if bare[0].word in _OWNERS and self.text[bare[-1].end : bare[-1].end + 1] == "?":
            return False
        words = [part for token in bare[:10] if token.kind is Kind.WORD for part in token.word.split()]
        words = words[: words.index("that", 1)] if "that" in words[1:] else words
        if bare != tokens:
            return words[0] in _OTHERS and not _indirect(tokens, bare)
        if words[0] in _SUBJECTS:
            return True
        if words[0] in _OWNERS:
            stated = words[1 : next((i for i, word in enumerate(words) if word in _CONTENT), len(words))]
            return any(
                (word in FINITE or ends_like_a_past(word)) and before not in _RELATIVE
                for before, word in pairwise(stated)
            ) or bool(stated and (stated[0] in FINITE or ends_like_a_past(stated[0])))
        if words[1:2] != [] and words[1] in ("is", "are", "was", "were") and words[0] not in _ASKING:
            return True
        named = words[0] not in IMPERATIVES and words[0] not in QUESTION and not self.index.knows(words[0])
        return named and len(words) > 2 and (words[1] in FINITE or ends_like_a_past(words[1]))

    def is_chat(self, tokens: tuple[Token, ...]) -> bool:
        return is_small_talk(tokens)

    def foreign(self, tokens: tuple[Token, ...]) -> bool:
        """Whether it commands something that none of these agents' words has a place for."""
        head = self.head(tokens)
        if not self.commands(tokens) or head in EXTRACTING or self.index.knows(head):
            return False
        best = self.best(tokens)
        return best.score < STRONG or not (best.parsed or kindred(head))


def _indirect(tokens: tuple[Token, ...], core: tuple[Token, ...]) -> bool:
    """Whether a question is told as a clause: "tell me if it is late in Rome"."""
    before = tokens[len(tokens) - len(core) - 1] if len(core) < len(tokens) else None
    return before is not None and before.word in ("if", "whether")
