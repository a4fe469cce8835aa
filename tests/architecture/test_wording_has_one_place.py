"""What people read in a conversation is written in core/rendering, and nowhere else, whatever it is held in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORDING = ROOT / "core" / "rendering"
CONVERSATIONS = (
    "core/**/*.py",
    "adapters/chat/**/*.py",
    "bot/page/**/*.py",
    "bot/cli/approvals.py",
    "bot/cli/ask.py",
    "bot/cli/asking_back.py",
    "bot/cli/chat.py",
    "bot/cli/conversing.py",
    "bot/cli/plan.py",
    "bot/cli/progress.py",
    "bot/cli/schedules.py",
)
"""The rest of the command line sets FlowMate up, and speaks for itself."""
SOURCES = sorted(
    path for pattern in CONVERSATIONS for path in ROOT.glob(pattern) if WORDING not in path.parents
)
ELSEWHERE = {
    "core/agent_loop/prompt.py": "for the model",
    "core/planning/model.py": "for the model",
    "core/planning/nesting.py": "tasks that it words, for agents",
    "core/planning/validation.py": "for the model, which is asked to mend its plan",
    "core/making/prompt.py": "for the model",
    "core/catalog.py": "what is wrong with an agent's file, for whoever starts FlowMate",
    "core/memory/": "in place of adapters, for tests and trials",
    "bot/page/forms.py": "for programs that send what the page never does",
    "bot/page/routes.py": "for programs that send what the page never does",
    "adapters/chat/*/settings.py": "setting it up",
    "adapters/chat/*/connection.py": "setting it up, and the doctor's findings",
    "adapters/chat/slack/manifest.py": "setting it up",
    "adapters/chat/slack/guard.py": "for the platform's servers",
    "adapters/chat/slack/endpoint.py": "for the platform's servers",
    "adapters/chat/telegram/webhook.py": "for the platform's servers",
    "adapters/chat/*/errors.py": "what a platform's error codes mean; the core names no platform",
    "adapters/chat/slack/identity.py": "what a platform's error codes mean; the core names no platform",
    "adapters/chat/*/client.py": "what a platform's error codes mean; the core names no platform",
}
"""Files with sentences of another kind, and of which. The default sentences of core/errors.py are docstrings."""

LOGGERS = frozenset({"log", "logger", "logging"})
BUGS = frozenset({"ValueError", "TypeError", "RuntimeError", "LookupError", "KeyError", "AssertionError"})
"""What nobody should ever read."""
SHOWN = frozenset({("Button", "label"), ("Reply", "text")})
WORD = r"[A-Za-z][a-z'’]*"
ENDS = re.compile(rf"(?:\b{WORD}|\{{\}})[,;:]?\s.*[.?!…:]\W*$|^[A-Z][a-z]+[.?!…]\W*$", re.DOTALL)
BEGINS = re.compile(rf"^\W*[A-Z][a-z]*[,;:]?(?:\s+(?:{WORD}|\{{\}}|\d+)[,;:]?)+", re.DOTALL)
FILLED = re.compile(r"[a-z]{2,} \(?(?:[a-z]{2,}|\{\} [a-z]{3,})")
REGEX = re.compile(r"\(\?|\\[bsSwWdD]|\[\^|[)\]][*+?]")
LOUD = re.compile("[!\u2600-\u27bf\U0001f000-\U0001faff]")
LIST = re.compile(r"[a-z] [,.;!?](?: |$)")
"""Words one after the other, which are looked for and not said."""


def sentences(source: str) -> Iterator[tuple[int, str]]:
    """The literals of a module that look as if people were to read them, each with its line."""
    tree = ast.parse(source)
    passed_by = set(_not_for_people(tree))
    for node in ast.walk(tree):
        if id(node) in passed_by:
            continue
        text = _text(node)
        if text is not None and _is_for_people(text, filled=isinstance(node, ast.JoinedStr)):
            yield node.lineno, text  # type: ignore[attr-defined]
        elif isinstance(node, ast.Call):
            yield from _shown(node)


def _text(node: ast.AST) -> str | None:
    """A literal's text, `{}` for what is filled in."""
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        return "".join(str(part) for part in parts)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _is_for_people(text: str, *, filled: bool) -> bool:
    if REGEX.search(text) or LIST.search(text):
        return False
    return bool(ENDS.search(text) or BEGINS.search(text) or (filled and FILLED.search(text)))


def _shown(call: ast.Call) -> Iterator[tuple[int, str]]:
    """What is put on a button or into a reply, be it a single word."""
    for keyword in call.keywords:
        text = _text(keyword.value)
        if (
            (_name(call.func), keyword.arg) in SHOWN
            and text
            and re.search(r"[A-Za-z]{2}", text.replace("{}", ""))
        ):
            yield call.lineno, text


def _not_for_people(tree: ast.AST) -> Iterator[int]:
    """Ids of nodes in docstrings, log messages, and the messages of bugs; and the pieces of f-strings."""
    for node in ast.walk(tree):
        passed_by: list[ast.AST] = []
        if isinstance(node, ast.Expr):
            passed_by = [node.value] if _text(node.value) is not None else []
        elif isinstance(node, ast.JoinedStr):
            passed_by = [part for part in node.values if isinstance(part, ast.Constant)]
        elif isinstance(node, ast.Call) and (_logs(node.func) or _name(node.func) in BUGS):
            passed_by = list(node.args)
        for one in passed_by:
            yield from (id(inner) for inner in ast.walk(one))


def _logs(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and _name(function.value) in LOGGERS


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_elsewhere(path: Path) -> bool:
    return any(_matches(path.relative_to(ROOT), pattern) for pattern in ELSEWHERE)


def _matches(place: Path, pattern: str) -> bool:
    return str(place).startswith(pattern) if pattern.endswith("/") else place.match(pattern)


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if not _is_elsewhere(path)],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_sentences_for_people_are_in_core_rendering(path: Path) -> None:
    found = [f"{path.relative_to(ROOT)}:{line}: {text!r}" for line, text in sentences(path.read_text())]
    assert not found, "make them constants or functions of a module in core/rendering"


TOYS = [
    'SORRY = "That did not work; say it again."',
    'def answer(name):\n    return f"There is no agent {name}."',
    'raise Conflict("It is finished already.")',
    'def doing(number):\n    return f"trying again (attempt {number})"',
    'Button(action="save", label="Save", value="1")',
    'Reply(text=f"Saved {number}")',
    'LABELS = {"retry": "Try again"}',
    'ask("At what time?")',
    'text = "Paused."',
]


@pytest.mark.parametrize("toy", TOYS)
def test_a_sentence_that_somebody_adds_is_found(toy: str) -> None:
    assert list(sentences(toy))


FINE = [
    '"""A module. It says what it promises."""',
    'class Run:\n    state: str = ""\n    """Which limit ended it."""',
    'logger.warning("The queue is out: %s waits.", name)',
    'raise ValueError("the steps wait for one another in a circle.")',
    'WORDS = frozenset("please thank you and now".split())',
    'PATTERN = re.compile(r"^(?:Please|Could you)\\s+(.*)$")',
    'KEY = f"{ORIGIN}:{schedule.id}:{slot}"',
    'HEADERS = {"Content-Type": "text/html"}',
]


@pytest.mark.parametrize("toy", FINE)
def test_what_nobody_is_told_is_left_alone(toy: str) -> None:
    assert not list(sentences(toy))


def test_the_list_of_other_places_names_only_what_is_there() -> None:
    idle = [
        pattern
        for pattern in ELSEWHERE
        if not any(
            list(sentences(path.read_text())) for path in SOURCES if _matches(path.relative_to(ROOT), pattern)
        )
    ]
    assert not idle, "a place without sentences needs no leave"


@pytest.mark.parametrize("path", sorted(WORDING.glob("*.py")), ids=lambda path: path.stem)
def test_the_voice_is_calm_and_leaves_plurals_to_the_grammar(path: Path) -> None:
    """No exclamation mark, no emoji, and no "s" glued to a number."""
    tree = ast.parse(path.read_text())
    passed_by = set(_not_for_people(tree))
    texts = [_text(node) or "" for node in ast.walk(tree) if id(node) not in passed_by]
    assert not [text for text in texts if LOUD.search(text) and not REGEX.search(text)]
    assert not [text for text in texts if re.search(r"\{\}s\b|\(s\)", text)]
