"""`.env.example` is what the settings classes say."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from adapters.chat import PLATFORMS
from adapters.env_example import render
from adapters.settings import Settings

ROOT = Path(__file__).parents[2]
CLASSES: list[type[BaseSettings]] = [Settings, *(platform.settings for platform in PLATFORMS)]


def test_env_example_is_up_to_date() -> None:
    assert (ROOT / ".env.example").read_text() == render(), (
        "run: python -m adapters.env_example > .env.example"
    )


@pytest.mark.parametrize("settings", CLASSES)
def test_every_setting_says_what_it_does(settings: type[BaseSettings]) -> None:
    silent = [name for name, field in settings.model_fields.items() if not field.description]
    assert not silent


def test_no_variable_is_claimed_twice() -> None:
    names = [
        line[1:].split("=")[0]
        for line in render().splitlines()
        if line.startswith("#") and line[1:2].isupper()
    ]
    variables = [name for name in names if name.replace("_", "").isalnum() and name.isupper()]
    assert len(variables) == len(set(variables))
    assert {"DATABASE_URL", "SLACK_BOT_TOKEN", "FLOWMATE_PORT"} <= set(variables)
