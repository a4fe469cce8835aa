"""Links to connect a service: good once, for a while, and for exactly what they were issued for."""

from __future__ import annotations

import base64
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.invitations import SignedInvitations
from core.errors import ConfigurationError
from core.memory.admissions import InMemoryAdmissions
from core.ports.invitations import Invitation
from tests.contracts.samples import NOW

UNTIL = NOW + timedelta(minutes=15)
ONE = Invitation(workspace="slack:T1", kind="smtp", name="smtp", by="slack:T1:U1", until=UNTIL)


def invitations(
    url: str = "https://flow.example.org", secret: str = "an-invented-token"
) -> SignedInvitations:
    return SignedInvitations(base_url=url, secret=lambda: secret, admissions=InMemoryAdmissions())


async def issued(own: SignedInvitations) -> str:
    return parse_qs(urlsplit(await own.issue(ONE)).query)["link"][0]


async def test_a_link_is_read_as_often_as_it_is_previewed_and_used_once() -> None:
    own = invitations()
    link = await issued(own)
    assert own.read(link, now=NOW) == own.read(link, now=NOW) == ONE
    assert await own.use(link, "nonce-of-one", now=NOW) == ONE
    assert await own.use(link, "nonce-of-two", now=NOW) is None
    # The same form, sent again after something in it was wrong.
    assert await own.use(link, "nonce-of-one", now=NOW) == ONE


async def test_a_link_grows_old() -> None:
    own = invitations()
    link = await issued(own)
    assert own.read(link, now=UNTIL) is None
    assert await own.use(link, "nonce-of-one", now=UNTIL) is None
    assert own.read(link, now=UNTIL - timedelta(seconds=1)) == ONE


async def test_nothing_in_a_link_can_be_changed() -> None:
    own = invitations()
    link = await issued(own)
    said, _, signature = link.partition(".")
    text = base64.urlsafe_b64decode(said + "==").decode()
    other = base64.urlsafe_b64encode(text.replace("slack:T1", "slack:T2").encode()).decode().rstrip("=")
    for wrong in (
        f"{other}.{signature}",
        f"{said}.{signature[:-1]}0" if signature[-1] != "0" else f"{said}.{signature[:-1]}1",
        said,
        "",
        ".",
        "é.é",
        f"{said}.",
        link + "x" * 5000,
    ):
        assert own.read(wrong, now=NOW) is None
        assert await own.use(wrong, "nonce-of-one", now=NOW) is None
    assert invitations(secret="another-invented-token").read(link, now=NOW) is None


@pytest.mark.parametrize("url", ["http://flow.example.org", "http://10.0.0.7:8080"])
async def test_no_link_leads_to_where_secrets_would_go_unencrypted(url: str) -> None:
    with pytest.raises(ConfigurationError, match="https://"):
        await invitations(url).issue(ONE)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"])
async def test_on_one_machine_there_is_nothing_to_encrypt(url: str) -> None:
    assert (await invitations(url).issue(ONE)).startswith(f"{url}/connect?link=")
