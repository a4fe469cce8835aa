"""The master keys: from INTEGRATION_ENC_KEY, else one in the data folder that is made once."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from adapters.settings import Settings, prepare_data_dir
from core.errors import ConfigurationError
from core.integrations.masking import KNOWN

FILE = "integration.key"


def master_keys(settings: Settings) -> tuple[str, ...]:
    """The current one first, then those that may still open; they are masked from then on.

    Raises ConfigurationError where there is none.
    """
    keys = _master_keys(settings)
    KNOWN.keep(*keys)
    return keys


def _master_keys(settings: Settings) -> tuple[str, ...]:
    if settings.integration_enc_keys:
        return settings.integration_enc_keys
    if settings.production:
        raise ConfigurationError("INTEGRATION_ENC_KEY is missing.")
    path = prepare_data_dir(settings) / FILE
    if not path.exists():
        _make(path)
    kept = path.read_text(encoding="utf-8").strip()
    if not kept:
        raise ConfigurationError(f"{path} is empty: put the key back, or delete the file to begin anew.")
    return (kept,)


def _make(path: Path) -> None:
    """Write it under another name first: no process may read half a key, and of two that make one, one wins."""
    partial = path.with_suffix(f".{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(partial, path)
    finally:
        partial.unlink()
