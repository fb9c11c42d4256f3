"""Decrypting the secrets of a state."""

from __future__ import annotations

import base64
import hashlib
import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import StoreRefused
from packreg.states import secrets
from packreg.states.secrets import Passphrase, StateSecrets

#: A real state's salt, made by the Pulumi CLI with the passphrase "x", and two values it encrypted.
SALT = "v1:D+DF8cb8kVc=:v1:EfIen4KxHnI2R5eC:I1Tuaf/uPkSmmnFiaZR++Z6canc+EA=="
TOKEN = "v1:SeN7KYt4OrpGQXiT:9i/BfkvgN4CBvA89u/+xzH8sHfnL"
NUMBER = "v1:DnOuxlQ/ZPg1bdRz:SoLhttYAw4qds636CTo4hDEp"


def provider(salt: object = SALT, kind: object = "passphrase") -> dict[str, object]:
    """A deployment's `secrets_providers`."""
    return {"type": kind, "state": {"salt": salt}}


def cloud(url: str) -> dict[str, object]:
    """That of a stack whose key is in a key service."""
    return {"type": "cloud", "state": {"url": url, "encryptedkey": "eA=="}}


def test_what_the_cli_encrypted_is_decrypted() -> None:
    """Key derivation, cipher and framing are Pulumi's."""
    phrase = Passphrase("x", SALT)
    assert not phrase.problem
    assert phrase.decrypt(TOKEN) == '"tok"'
    assert phrase.decrypt(NUMBER) == "42"


def test_a_wrong_passphrase_is_known_without_trying_a_value() -> None:
    """The salt itself tells, so that damage and a wrong passphrase are said apart."""
    found = StateSecrets(provider(), "y")
    assert found.reveal(TOKEN) is None
    assert "not the one it was encrypted with" in found.note()


def test_one_damaged_value_does_not_hide_the_others() -> None:
    """It is counted by itself."""
    found = StateSecrets(provider(), "x")
    damaged = TOKEN[:-4] + "AAAA"
    assert [found.reveal(text) for text in (TOKEN, damaged, NUMBER)] == ['"tok"', None, "42"]
    assert found.note() == (
        "1 secret value could not be decrypted: damaged, or from another stack; "
        'policies see the text "[secret]" instead'
    )


@pytest.mark.parametrize(
    ("given_provider", "passphrase", "reason"),
    [
        (None, "x", "names no secrets provider"),
        ({}, "x", "names no secrets provider"),
        ({"type": 1}, "x", "names no secrets provider"),
        ({"type": "service", "state": {}}, "x", 'secrets provider "service" keeps the key elsewhere'),
        (cloud("gcpkms://p/k"), None, 'secrets provider "gcpkms://" is not supported; awskms:// is'),
        (cloud("azurekeyvault://v"), None, 'secrets provider "azurekeyvault://" is not supported'),
        (cloud("hashivault://k"), None, 'secrets provider "hashivault://" is not supported'),
        (cloud("awskms://k"), None, "the key service was not asked"),
        ({"type": "cloud", "state": []}, None, '"://" is not supported'),
        (provider(), None, "no passphrase was given"),
        ({"type": "passphrase"}, "x", "malformed"),
        ({"type": "passphrase", "state": 1}, "x", "malformed"),
        (provider(1), "x", "malformed"),
        (provider("v2:a:b"), "x", "malformed"),
        (provider("v1:a"), "x", "malformed"),
        (provider("v1:*:v1:a:b"), "x", "malformed base64"),
    ],
)
def test_why_values_stay_hidden_is_said(given_provider: object, passphrase: str | None, reason: str) -> None:
    """Every way in which there is no key has its own words, and none is an error."""
    found = StateSecrets(given_provider, passphrase)
    assert found.note() == ""
    assert found.reveal(TOKEN) is None
    assert found.reveal(NUMBER) is None
    assert reason in found.note()
    assert found.note().startswith("2 secret values")


def test_an_empty_passphrase_is_one() -> None:
    """Pulumi allows it, and it is not the same as none."""
    assert "not the one" in reason_of(StateSecrets(provider(), ""))


def reason_of(found: StateSecrets) -> str:
    """What is said after a value could not be revealed."""
    found.reveal(TOKEN)
    return found.note()


@given(st.text())
def test_any_ciphertext_is_decrypted_or_damaged(ciphertext: str) -> None:
    """Nothing else comes out of a text, whatever is in it."""
    found = StateSecrets(provider(), "x")
    found._passphrase = QUICK
    assert found.reveal(ciphertext) is None


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_was_encrypted_comes_back(text: str) -> None:
    """The cipher is AES-256-GCM with a nonce of 12 bytes."""
    nonce = os.urandom(12)
    data = AESGCM(QUICK_KEY).encrypt(nonce, text.encode(), None)
    assert QUICK.decrypt(f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(data).decode()}") == text


def quick() -> tuple[Passphrase, bytes]:
    """A passphrase whose key takes one iteration, for tests that need many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "ITERATIONS", 1)
        phrase = Passphrase("x", "v1:AAAA:v1:AAAAAAAAAAAAAAAA:")
        assert phrase.problem
    return phrase, hashlib.pbkdf2_hmac("sha256", b"x", b"\0\0\0", 1, 32)


QUICK, QUICK_KEY = quick()
QUICK.__dict__["problem"] = ""


def wrapped_provider(key: bytes) -> dict[str, object]:
    """The `secrets_providers` of a stack whose key is in a key service."""
    state = {"url": "awskms://alias/k?region=eu-west-1", "encryptedkey": base64.b64encode(key).decode()}
    return {"type": "cloud", "state": state}


def test_a_key_service_is_asked_once_and_only_for_secrets() -> None:
    """Its key decrypts the values; where there are none, nobody is asked."""
    key, asked = os.urandom(32), []

    def unwrap(url: str, wrapped: bytes) -> bytes:
        asked.append((url, wrapped))
        return key

    found = StateSecrets(wrapped_provider(b"wrapped"), None, unwrap)
    assert not asked
    assert [found.reveal(encrypted(key, text)) for text in ('"a"', "42")] == ['"a"', "42"]
    assert asked == [("awskms://alias/k?region=eu-west-1", b"wrapped")]
    assert found.reveal(encrypted(os.urandom(32), '"a"')) is None
    assert found.note().startswith("1 secret value could not be decrypted: damaged")


def test_a_key_service_that_refuses_hides_the_secrets() -> None:
    """The note says why; the resources are judged all the same, as by the CLI."""

    def unwrap(url: str, wrapped: bytes) -> bytes:
        raise StoreRefused("the stack's key alias/k cannot be used: AccessDenied")

    found = StateSecrets(wrapped_provider(b"x"), None, unwrap)
    assert found.reveal(TOKEN) is found.reveal(NUMBER) is None
    assert "2 secret values could not be decrypted: the stack's key alias/k cannot be used" in found.note()


def encrypted(key: bytes, text: str) -> str:
    """A value as Pulumi encrypts it."""
    nonce = os.urandom(12)
    sealed = AESGCM(key).encrypt(nonce, text.encode(), None)
    return f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"
