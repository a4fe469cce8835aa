"""The chat platforms: this list is the only place that knows them all."""

from __future__ import annotations

from adapters.chat import slack, telegram
from adapters.chat.platform import Platform

PLATFORMS: tuple[Platform, ...] = (slack.PLATFORM, telegram.PLATFORM)
