"""`flowmate slack`: what Slack has to be told."""

from __future__ import annotations

import json
import sys

from adapters.chat.slack.manifest import manifest
from adapters.settings import Settings


def print_manifest(settings: Settings, *, base_url: str | None, socket_mode: bool | None) -> int:
    """Write the app's manifest to stdout; returns the exit code.

    Slack sends events only to https addresses, so without one it is Socket Mode unless told otherwise.
    """
    address = (base_url or settings.base_url).rstrip("/")
    over_socket = not address.startswith("https://") if socket_mode is None else socket_mode
    sys.stdout.write(
        json.dumps(manifest(address, socket_mode=over_socket), ensure_ascii=False, indent=2) + "\n"
    )
    return 0
