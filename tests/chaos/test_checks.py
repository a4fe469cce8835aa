"""The checks find what they are there to find."""

from __future__ import annotations

import pytest
from redis import Redis
from sqlalchemy import create_engine

from tests.chaos import checks
from tests.services.valkey import Valkey

pytestmark = pytest.mark.slow


async def test_a_connection_that_nobody_closed_is_found(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "CLOSED_SECONDS", 0.0)
    engine = create_engine("sqlite://")
    verdict = checks.Verdict()
    await checks.check_connections(verdict, valkey.socket, engine)
    assert verdict.broken == []
    with Redis(unix_socket_path=str(valkey.socket)) as leaked:
        leaked.ping()
        await checks.check_connections(verdict, valkey.socket, engine)
    [sentence] = verdict.broken
    assert sentence.startswith("connections that nobody closed: ")
