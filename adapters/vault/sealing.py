"""AES-256-GCM with random nonces (NIST SP 800-38D), and keys derived from what an operator writes (RFC 5869)."""

from __future__ import annotations

import json
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import SealBroken

KEY_BITS = 256
NONCE_BYTES = 12
"""96 bits: random ones stay apart for 2^32 messages a key, and a rotation begins anew."""
ID_BYTES = 8


def new_key() -> bytes:
    return AESGCM.generate_key(KEY_BITS)


def new_id() -> str:
    return secrets.token_hex(ID_BYTES)


def seal(key: bytes, plain: bytes, *, bound: tuple[str, ...]) -> tuple[bytes, bytes]:
    """A fresh nonce and the ciphertext, which opens only with the same key and the same `bound`."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce, AESGCM(key).encrypt(nonce, plain, _associated(bound))


def unseal(key: bytes, sealed: tuple[bytes, bytes], *, bound: tuple[str, ...]) -> bytes:
    """What was sealed as (nonce, ciphertext). Raises SealBroken, and says nothing of what it held."""
    nonce, ciphertext = sealed
    if len(nonce) != NONCE_BYTES:
        raise SealBroken()
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, _associated(bound))
    except InvalidTag:
        raise SealBroken() from None


def master_key(written: str) -> tuple[str, bytes]:
    """The id and the key of a master that somebody wrote down; the id tells nothing about the key."""
    both = HKDF(
        algorithm=SHA256(), length=ID_BYTES + KEY_BITS // 8, salt=None, info=b"flowmate master"
    ).derive(written.encode())
    return both[:ID_BYTES].hex(), both[ID_BYTES:]


def _associated(bound: tuple[str, ...]) -> bytes:
    # As JSON, so that ("a", "bc") is not ("ab", "c").
    return json.dumps(["flowmate", *bound]).encode()
