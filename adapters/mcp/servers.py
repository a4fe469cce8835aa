"""Servers that FlowMate starts itself: only whoever can write the operator's file says which commands run."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from core.errors import ToolFailed
from core.models import Frozen
from core.models.integration import IntegrationName
from core.rendering import mcp as words

INHERITED = ("HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER")
"""All that a server gets of FlowMate's own environment, which holds secrets."""


class Program(Frozen):
    """A command that speaks MCP on its standard input and output."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    command: str = Field(min_length=1)
    args: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict)
    cwd: str | None = None
    token_env: str = ""
    """In which variable it gets the integration's token, which is sealed and need not stand in the file."""

    def environment(self, token: str = "") -> dict[str, str]:
        """All that the server's process gets."""
        kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
        given = {self.token_env: token} if self.token_env and token else {}
        return kept | self.env | given

    @property
    def is_there(self) -> bool:
        """Whether there is such a command on this machine."""
        return self._path() is not None

    def found(self) -> str:
        """Where the command is. Raises ToolFailed."""
        path = self._path()
        if path is None:
            raise ToolFailed(words.no_command(self.command))
        return os.path.abspath(path)

    def _path(self) -> str | None:
        return shutil.which(self.command, path=self.environment().get("PATH"))


class _File(Frozen):
    model_config = ConfigDict(frozen=True, extra="ignore")

    mcpServers: dict[IntegrationName, Program] = Field(default_factory=dict)


_SHAPE: TypeAdapter[_File] = TypeAdapter(_File)


def load_programs(path: Path) -> Mapping[str, Program]:
    """The programs of `{"mcpServers": {NAME: {"command", "args", "env", "cwd", "tokenEnv"}}}`; none without a file.

    Raises ToolFailed with a sentence where the file is wrong, or where others may write it.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ToolFailed(words.file_unreadable(path.name)) from error
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ToolFailed(words.file_open(path.name))
    try:
        return _SHAPE.validate_python(json.loads(text)).mcpServers
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ToolFailed(words.file_wrong(path.name, where=where, what=first["msg"])) from error
    except (ValueError, RecursionError) as error:
        raise ToolFailed(words.file_wrong(path.name, where="", what="it is no JSON")) from error
