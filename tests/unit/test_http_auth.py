"""The operator's token, and what production asks for before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.settings import Settings
from bot.http.auth import Operator
from bot.http.server import serve
from core.errors import ConfigurationError


def test_an_empty_token_lets_nobody_in() -> None:
    with pytest.raises(ConfigurationError, match=r"operator\.token"):
        Operator("")


def test_production_does_not_start_without_its_secrets_and_names_all_of_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("JWT_SECRET", "REFRESH_SECRET", "INTEGRATION_ENC_KEY", "FLOWMATE_OPERATOR_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    settings = Settings(flowmate_env="production", flowmate_data_dir=tmp_path / "data")
    with pytest.raises(ConfigurationError) as refusal:
        serve(settings)
    for name in (
        "JWT_SECRET",
        "REFRESH_SECRET",
        "INTEGRATION_ENC_KEY",
        "FLOWMATE_OPERATOR_TOKEN",
        "DATABASE_URL",
        "REDIS_URL",
        "ALLOWED_ORIGINS",
    ):
        assert f"{name} is missing" in refusal.value.sentence
    assert not (tmp_path / "data").exists()
