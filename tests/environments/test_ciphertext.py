"""Secrets at rest: what is encrypted comes back, to whom it belongs and to nobody else."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packreg.environments.ciphertext import Ciphertext, EnvironmentSecrets
from packreg.environments.passphrase import LEAST, PassphraseKeys
from packreg.errors import IntegrityError, UsageError

PHRASE = "correct horse"
TEXTS = st.text(st.characters(blacklist_categories=["Cs"]))


def secrets(phrase: str = PHRASE) -> EnvironmentSecrets:
    """The keys of a passphrase, as cheap as they may be."""
    return EnvironmentSecrets(
        {"scrypt": PassphraseKeys(phrase, LEAST)}, "scrypt", {"scrypt": "give the passphrase"}
    )


KEYS = secrets()
SEAL = KEYS.sealing("prod", [])


@settings(max_examples=50, deadline=None)
@given(TEXTS)
def test_what_was_encrypted_comes_back(plain: str) -> None:
    """Any text does, and never as the same ciphertext twice."""
    one, other = SEAL(plain), SEAL(plain)
    assert KEYS.reveal("prod", one) == KEYS.reveal("prod", other) == plain
    assert one != other
    assert one.isascii()
    assert one.isprintable()


def test_a_secret_belongs_to_its_environment_and_its_passphrase() -> None:
    """Neither another environment's name nor another passphrase opens it."""
    sealed = SEAL("hunter2")
    assert secrets().reveal("prod", sealed) == "hunter2"
    for keys, name in ((KEYS, "test"), (secrets("correct horses"), "prod")):
        with pytest.raises(IntegrityError, match="another passphrase or key, or another environment's"):
            keys.reveal(name, sealed)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_secret_is_refused(place: int, change: int) -> None:
    """One byte that differs, in whatever part, is noticed, and what is said shows nothing of the text."""
    sealed = Ciphertext.parse(SEAL("hunter2hunter2"))
    data = bytearray(sealed.sealed)
    data[place % len(data)] ^= change
    with pytest.raises(IntegrityError) as raised:
        KEYS.reveal("prod", str(sealed._replace(sealed=bytes(data))))
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v1",
        "ZXNjeAAAAAE=",
        "v2:scrypt:14,8,1,AAAA:AAAA",
        "v1:scrypt:14,8,1,AAAAAAAAAAAAAAAAAAAAAA==:!",
        "v1:scrypt:99,8,1,AAAAAAAAAAAAAAAAAAAAAA==:AAAA",
        "v1:scrypt:13,8,1,AAAAAAAAAAAAAAAAAAAAAA==:AAAA",
        "v1:scrypt:14,9,1,AAAAAAAAAAAAAAAAAAAAAA==:AAAA",
        "v1:scrypt:14,8,9,AAAAAAAAAAAAAAAAAAAAAA==:AAAA",
        "v1:scrypt:nonsense:AAAA",
        "v1:scrypt:14,8,1,AAAAAAAAAAAAAAAAAAAAAA==:",
        "v1:scrypt:14,8,1,AAAAAAAAAAAAAAAAAAAAAA==:" + "A" * 2**20,
        "v1:scrypt:\x1b[0m:AAAA",
    ],
)
def test_what_is_no_ciphertext_is_refused(text: str) -> None:
    """Other tools' ciphertexts, costs that are too high or too low, and nonsense."""
    with pytest.raises(IntegrityError):
        KEYS.reveal("prod", text)


def test_a_key_that_is_not_at_hand_is_asked_for() -> None:
    """Who lacks a passphrase, or any key, hears what to give."""
    sealed = SEAL("x")
    with pytest.raises(UsageError, match="'scrypt', and their key is not available") as raised:
        EnvironmentSecrets({}, "", {"scrypt": "give the passphrase"}).reveal("prod", sealed)
    assert raised.value.hint == "give the passphrase"
    with pytest.raises(UsageError, match="needs a key") as raised:
        EnvironmentSecrets({}, "", {"": "give any key"}).sealing("prod", [])
    assert raised.value.hint == "give any key"


def test_new_secrets_use_the_salt_of_those_beside_them() -> None:
    """So that a passphrase is derived once for an environment, however often it was edited."""
    sealed = SEAL("one")
    beside = KEYS.sealing("prod", [sealed, "nonsense"])("two")
    apart = KEYS.sealing("prod", [])("three")
    assert Ciphertext.parse(beside).how == Ciphertext.parse(sealed).how != Ciphertext.parse(apart).how
    assert len(base64.b64decode(Ciphertext.parse(apart).how.split(",")[3])) == 16
