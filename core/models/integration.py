"""Integrations: credentials of outside services, each owned by one workspace."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from core.models.values import Frozen

IntegrationName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class TestRun(Frozen):
    """What became of the last try whether an integration works."""

    at: AwareDatetime
    passed: bool
    note: str
    """One sentence for people."""

    __test__ = False


class Integration(Frozen):
    """A connected service, without its secrets: those are sealed, and lie beside it."""

    id: str
    workspace: str
    name: IntegrationName
    kind: str
    fields: dict[str, str] = Field(default_factory=dict)
    """What is no secret: hosts, addresses, users."""
    connected_by: str
    connected_at: AwareDatetime
    test: TestRun | None = None
