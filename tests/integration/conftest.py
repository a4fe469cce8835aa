"""What every integration test wants."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core import intake

PATIENCE_SECONDS = 10.0


@pytest.fixture(scope="session", autouse=True)
def _patient() -> Iterator[None]:
    """A queue that is out refuses at once. One that is slow because four processes of tests run on two cores is not
    out, and who waits for an answer should get it and no notice."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "DISPATCH_SECONDS", PATIENCE_SECONDS)
        yield
