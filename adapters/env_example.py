"""`.env.example`, made from the settings classes: `python -m adapters.env_example > .env.example`."""

from __future__ import annotations

import sys
import textwrap

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from adapters.chat import PLATFORMS
from adapters.settings import Settings

HEAD = """\
# Every setting, its default, and what it does. Copy this file to .env and change what you need;
# what is left commented out keeps its default. Real environment variables win over the file.
"""


def render() -> str:
    """The whole file."""
    blocks = [HEAD, "# --- FlowMate ---\n" + _fields(Settings)]
    for platform in PLATFORMS:
        blocks.append(f"# --- {platform.title} ---\n" + _fields(platform.settings))
    return "\n".join(blocks)


def variables() -> frozenset[str]:
    """The names of all settings, as the environment has them."""
    classes: list[type[BaseSettings]] = [Settings, *(platform.settings for platform in PLATFORMS)]
    return frozenset(
        _variable(one.model_config.get("env_prefix", ""), name, field)
        for one in classes
        for name, field in one.model_fields.items()
    )


def _fields(settings: type[BaseSettings]) -> str:
    prefix = settings.model_config.get("env_prefix", "")
    lines = []
    # A class's own first, then those of the classes that it is made of.
    own = settings.__annotations__
    for name, field in sorted(settings.model_fields.items(), key=lambda named: named[0] not in own):
        lines += textwrap.wrap(field.description or "", 100, initial_indent="# ", subsequent_indent="# ")
        lines.append(f"#{_variable(prefix, name, field)}={_default(field)}")
    return "\n".join(lines) + "\n"


def _variable(prefix: str, name: str, field: FieldInfo) -> str:
    if isinstance(field.validation_alias, str):
        return field.validation_alias.upper()
    return f"{prefix}{name}".upper()


def _default(field: FieldInfo) -> str:
    return "" if field.default is None else str(field.default)


if __name__ == "__main__":
    sys.stdout.write(render())
