"""Whatever is sent to a platform, a secret that this process knows is not in it."""

from __future__ import annotations

import base64

import pytest

from adapters.text.markdown import escape
from core.integrations.masking import KNOWN, MASK, KnownSecrets
from tests.injection.scene import shown

SECRET = "invented_service*key://of.example@x"


@pytest.mark.parametrize("platform", ["slack", "telegram", "web"])
@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        escape(SECRET),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(f"x{SECRET} and more".encode()).decode(),
        base64.b64encode(f"xy{SECRET} and more".encode()).decode(),
        SECRET.encode().hex(),
    ],
    ids=["plain", "escaped", "base64", "base64 of more", "base64 one further", "hex"],
)
def test_a_known_secret_is_masked_as_it_would_be_shown(
    platform: str, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_forms", "_starts", "_kept"):
        monkeypatch.setattr(KNOWN, name, getattr(KnownSecrets(), name))
    before = shown(f"it is {written} here")[platform][0]
    KNOWN.add(SECRET)
    after = shown(f"it is {written} here")[platform][0]
    assert MASK not in before
    assert MASK in after
    assert len(after) < len(before)
    assert "service" not in after
