"""What a Web API method raises instead of answering."""

from typing import Any


class SlackError(Exception):
    """A refusal that reaches the client as ``{"ok": false, "error": code}``."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


class RateLimited(Exception):
    """A refusal that reaches the client as HTTP 429 with ``Retry-After``."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"retry after {retry_after_seconds} s")
        self.retry_after_seconds = retry_after_seconds


class BadRecipe(LookupError):
    """A test asked for something that could not happen in Slack."""


def invalid_arguments(message: str) -> SlackError:
    """The refusal for an argument of the wrong form, with its reason."""
    return SlackError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {message}"]})
