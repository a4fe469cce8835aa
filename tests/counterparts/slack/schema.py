"""Small checks that Block Kit's shapes are put together from; each returns what is wrong, as Slack says it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Check = Callable[[Any, str], list[str]]
PLAIN = ("plain_text",)
ANY_TEXT = ("plain_text", "mrkdwn")
TEXT_KEYS = {"plain_text": {"type", "text", "emoji"}, "mrkdwn": {"type", "text", "verbatim"}}


@dataclass(frozen=True)
class Shape:
    """An object's fields; any other field is refused. ``either`` lists fields of which one must be there."""

    required: Mapping[str, Check] = field(default_factory=dict)
    optional: Mapping[str, Check] = field(default_factory=dict)
    either: tuple[str, ...] = ()

    def __call__(self, value: Any, path: str) -> list[str]:
        if not isinstance(value, dict):
            return [f"must provide an object [json-pointer:{path}]"]
        fields = {**self.required, **self.optional}
        problems = [
            f"missing required field: {name} [json-pointer:{path}]"
            for name in self.required
            if value.get(name) is None
        ]
        if self.either and not any(value.get(name) for name in self.either):
            problems.append(f"must define one of: {', '.join(self.either)} [json-pointer:{path}]")
        for name, item in value.items():
            if name == "type":
                continue
            if name not in fields:
                problems.append(f"invalid additional property: {name} [json-pointer:{path}]")
            elif item is not None:
                problems.extend(fields[name](item, f"{path}/{name}"))
        return problems


def anything(value: Any, path: str) -> list[str]:
    """No check: a shape this server does not know in depth."""
    return []


def boolean(value: Any, path: str) -> list[str]:
    """True or false."""
    return [] if isinstance(value, bool) else [f"must be a boolean [json-pointer:{path}]"]


def integer(low: int, high: int) -> Check:
    """A whole number within bounds."""

    def check(value: Any, path: str) -> list[str]:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return []
        return [f"must be an integer from {low} to {high} [json-pointer:{path}]"]

    return check


def string(limit: int, *, low: int = 1) -> Check:
    """A text within bounds, counted in characters."""

    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, str):
            return [f"must be a string [json-pointer:{path}]"]
        if len(value) < low:
            return [f"must be more than {low - 1} characters [json-pointer:{path}]"]
        if len(value) > limit:
            return [f"must be less than {limit + 1} characters [json-pointer:{path}]"]
        return []

    return check


def one_of(*values: str) -> Check:
    """One of a few words."""

    def check(value: Any, path: str) -> list[str]:
        return [] if value in values else [f"must be one of {', '.join(values)} [json-pointer:{path}]"]

    return check


def text_object(limit: int, kinds: tuple[str, ...] = ANY_TEXT) -> Check:
    """A text composition object of one of the kinds."""
    words = string(limit)

    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, dict) or value.get("type") not in kinds:
            return [f"must be a text object of type {' or '.join(kinds)} [json-pointer:{path}]"]
        problems = words(value.get("text"), f"{path}/text")
        extra = set(value) - TEXT_KEYS[value["type"]]
        return problems + [
            f"invalid additional property: {name} [json-pointer:{path}]" for name in sorted(extra)
        ]

    return check


def list_of(check_item: Check, *, high: int, low: int = 1) -> Check:
    """A list whose items all pass, within bounds."""

    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, list):
            return [f"must be an array [json-pointer:{path}]"]
        problems = [] if len(value) >= low else [f"no fewer than {low} items required [json-pointer:{path}]"]
        if len(value) > high:
            problems.append(f"no more than {high} items allowed [json-pointer:{path}]")
        for index, item in enumerate(value):
            problems.extend(check_item(item, f"{path}/{index}"))
        return problems

    return check


def typed(shapes: Mapping[str, Check]) -> Check:
    """An object whose ``type`` chooses its shape; an unknown type is refused."""

    def check(value: Any, path: str) -> list[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in shapes:
            return [f"unsupported type: {kind} [json-pointer:{path}/type]"]
        return shapes[kind](value, path)

    return check
