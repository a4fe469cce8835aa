"""One Web API call on its way through its method, and what a method is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tests.counterparts.slack.errors import SlackError, invalid_arguments
from tests.counterparts.slack.hooks import Hooks
from tests.counterparts.slack.limits import Limits
from tests.counterparts.slack.state import Channel
from tests.counterparts.slack.workspace import Workspace

Json = dict[str, Any]
ALWAYS_ALLOWED = frozenset({"team_id"})
KIND_SCOPES = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}


@dataclass(frozen=True)
class Call:
    """Everything that a method needs to answer."""

    name: str
    arguments: Mapping[str, Any]
    workspace: Workspace
    scopes: frozenset[str]
    limits: Limits
    hooks: Hooks
    base_url: str
    new_socket_url: Callable[[], str]

    def string(self, name: str) -> str:
        """A required text."""
        value = self.arguments.get(name)
        if not isinstance(value, str):
            raise invalid_arguments(f"must be a string [json-pointer:/{name}]")
        return value

    def flag(self, name: str) -> bool:
        """An optional boolean that is off unless given."""
        return bool(self.arguments.get(name, False))

    def need_scope(self, *any_of: str) -> None:
        """``missing_scope`` unless the token has one of them."""
        if any_of and not self.scopes & set(any_of):
            raise missing_scope(any_of, self.scopes)

    def need_kind_scope(self, channel: Channel, action: str) -> None:
        """The scope that depends on the kind of conversation, such as ``groups:history``."""
        self.need_scope(f"{KIND_SCOPES[channel.kind]}:{action}")


@dataclass(frozen=True)
class Method:
    """A Web API method: who may call it, how often, with what.

    ``scopes`` are alternatives. ``json`` says whether it takes a JSON body.
    """

    run: Callable[[Call], Json]
    scopes: tuple[str, ...] = ()
    per_minute: int | None = None
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    json: bool = True
    token: Literal["bot", "app", "any"] = "bot"

    def check(self, arguments: Mapping[str, Any]) -> None:
        """``invalid_arguments`` for what is missing, and for what the method does not know."""
        for name in self.required:
            if arguments.get(name) is None:
                raise invalid_arguments(f"missing required field: {name}")
        unknown = set(arguments) - {*self.required, *self.optional} - ALWAYS_ALLOWED
        if unknown:
            raise invalid_arguments(f"unknown arguments: {', '.join(sorted(unknown))}")


def missing_scope(needed: tuple[str, ...], provided: frozenset[str]) -> SlackError:
    """The refusal that names what is needed and what there is."""
    return SlackError("missing_scope", needed=",".join(needed), provided=",".join(sorted(provided)))
