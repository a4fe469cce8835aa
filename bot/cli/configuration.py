"""Settings for the commands, with one clear line where they are wrong."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from adapters.settings import Settings
from bot.embedded import redis_url
from bot.secrets import known_secrets
from core.errors import ConfigurationError
from core.integrations.masking import KNOWN


def load_settings() -> Settings:
    """The settings of the environment and `.env`. Raises ConfigurationError naming every wrong one; the values,
    which may be secret, are not repeated; what is secret is masked from then on."""
    # `up` and `doctor` say what can't be read, once and with its place: see adapters.env_file.
    logging.getLogger("dotenv.main").setLevel(logging.ERROR)
    try:
        settings = Settings()
    except ValidationError as error:
        raise ConfigurationError(_sentence(error)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The file .env can't be read ({error}).") from None
    KNOWN.keep(*known_secrets([settings]))
    return settings


def load_connected_settings() -> Settings:
    """The same, with `redis_url` always set: the embedded queue's address where no other is configured."""
    settings = load_settings()
    return settings.model_copy(update={"redis_url": redis_url(settings)})


def _sentence(error: ValidationError) -> str:
    problems = []
    for detail in error.errors(include_input=False, include_url=False):
        name = ".".join(str(part) for part in detail["loc"]).upper()
        message = _wrong(detail["type"], detail.get("ctx") or {}) or detail["msg"].removeprefix(
            "Value error, "
        )
        problems.append(f"{name}: {message[:1].lower()}{message[1:]}" if name else message)
    return "Some settings are wrong: " + "; ".join(problems) + "."


def _wrong(kind: str, bounds: Mapping[str, Any]) -> str | None:
    """What is wrong with a value, for people; None: nothing that could be said better than by pydantic."""
    match kind:
        case "int_parsing" | "int_type" | "int_from_float":
            return "give a whole number"
        case "float_parsing" | "float_type":
            return "give a number"
        case "bool_parsing" | "bool_type":
            return "give true or false"
        case "greater_than_equal":
            return f"give {bounds['ge']} or more"
        case "less_than_equal":
            return f"give {bounds['le']} at most"
        case "literal_error":
            return f"give {bounds['expected']}"
        case _:
            return None
