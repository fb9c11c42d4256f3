"""Keys that a passphrase gives."""

from __future__ import annotations

import base64
import hashlib

from packreg.environments.passphrase import COSTS, LEAST, MOST, PassphraseKeys


def test_the_key_is_scrypt_of_the_passphrase() -> None:
    """Another implementation of RFC 7914 gives the same key, so that secrets outlive this program."""
    salt = bytes(range(16))
    how = f"14,8,1,{base64.b64encode(salt).decode()}"
    key = hashlib.scrypt(b"pass\xffphrase", salt=salt, n=2**14, r=8, p=1, dklen=32)
    assert PassphraseKeys("pass\udcffphrase", LEAST).get("prod", how) == key


def test_new_secrets_cost_what_owasp_recommends() -> None:
    """The costs are within what is accepted, and those of a weaker salt beside them are not taken over."""
    assert COSTS == (17, 8, 1)
    assert all(low <= cost <= high for low, cost, high in zip(LEAST, COSTS, MOST, strict=True))
    weak, _ = PassphraseKeys("x", LEAST).new("prod", [])
    strong = PassphraseKeys("x", (15, 8, 1))
    assert strong.new("prod", [weak])[0].startswith("15,8,1,")
    assert strong.new("prod", [weak])[0] != weak
