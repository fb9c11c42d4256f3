"""Secrets at rest: `v1:<kind of key>:<how to get it>:<nonce and text>`, the last part in base64.

AES-256-GCM, with a random nonce of 12 bytes for each secret. Authenticated are the environment's name and
everything in front of the last part: a secret cannot be moved to another environment, where whoever may read
that one would read it, nor can its key be exchanged. What the kinds of keys need (a salt and costs, or a
wrapped key) stands in the ciphertext, so that a definition needs nothing beside it but the passphrase or the
key service.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol

from packreg.errors import IntegrityError, UsageError

#: Bytes of a nonce.
NONCE = 12
#: Characters of a ciphertext; a definition has no room for more.
MAX_CIPHERTEXT = 2**19


class Keys(Protocol):
    """Keys of one kind, of 32 bytes. Used by several threads at once. Both methods raise PackregError."""

    def new(self, environment: str, beside: Iterable[str]) -> tuple[str, bytes]:
        """A key for new secrets: how to get it again, in printable ASCII without a colon, and the key.

        `beside` says how to get the keys of the secrets that are kept beside the new ones.
        """

    def get(self, environment: str, how: str) -> bytes:
        """The key that `how` says how to get."""


class Ciphertext(NamedTuple):
    """A ciphertext, taken apart. `sealed` is the nonce, the text and its tag."""

    kind: str
    how: str
    sealed: bytes

    def __str__(self) -> str:
        return f"{self.head}{base64.b64encode(self.sealed).decode()}"

    @property
    def head(self) -> str:
        """Everything in front of the last part."""
        return f"v1:{self.kind}:{self.how}:"

    @classmethod
    def parse(cls, text: str) -> Ciphertext:
        """Take a ciphertext apart. Raises ValueError."""
        parts = text.split(":")
        if len(text) > MAX_CIPHERTEXT or not text.isascii() or not text.isprintable() or len(parts) != 4:
            raise ValueError("it is not a ciphertext of packreg")
        if parts[0] != "v1":
            raise ValueError("it is the ciphertext of another packreg or of another tool")
        return cls(parts[1], parts[2], base64.b64decode(parts[3], validate=True))


class EnvironmentSecrets:
    """Encrypts and decrypts the secrets of environments with keys of the kinds that are at hand.

    `keys` are by kind; `kind` is that of new secrets, "" where there is none. `lacking` says what to do where
    a kind is not at hand, by kind, and "" for any.
    """

    def __init__(
        self, keys: Mapping[str, Keys], kind: str = "", lacking: Mapping[str, str] | None = None
    ) -> None:
        self._keys, self._kind, self._lacking = keys, kind, lacking or {}

    def reveal(self, environment: str, text: str) -> str:
        """The plain text of a secret of this environment.

        Raises:
            UsageError: the key is not at hand.
            IntegrityError: it is damaged, was made with another key or for another environment.
            PackregError: as the keys say.
        """
        try:
            ciphertext = Ciphertext.parse(text)
        except ValueError as error:
            raise IntegrityError(
                f"a secret of {environment} cannot be decrypted: {error}", hint=_HINT
            ) from None
        if ciphertext.kind not in self._keys:
            raise self._no_key(environment, ciphertext.kind)
        key = self._keys[ciphertext.kind].get(environment, ciphertext.how)
        plain = _decrypt(key, ciphertext, environment)
        if plain is None:
            raise IntegrityError(
                f"a secret of {environment} cannot be decrypted: another passphrase or key, or another "
                "environment's secret",
                hint=_HINT,
            )
        return plain

    def sealing(self, environment: str, kept: Iterable[str]) -> Callable[[str], str]:
        """What encrypts new secrets of this environment, whose ciphertexts `kept` stay beside them.

        Raises:
            UsageError: there is no key.
            PackregError: as the keys say.
        """
        if not self._kind:
            raise self._no_key(environment, "")
        parsed = [each for each in map(_parsed, kept) if each is not None and each.kind == self._kind]
        how, key = self._keys[self._kind].new(environment, dict.fromkeys(each.how for each in parsed))
        return lambda plain: _encrypt(key, Ciphertext(self._kind, how, b""), environment, plain)

    def _no_key(self, environment: str, kind: str) -> UsageError:
        hint = self._lacking.get(kind) or self._lacking.get("", "")
        what = (
            f"has secrets of the kind {kind[:40]!r}, and their key is"
            if kind
            else "needs a key for secrets, which is"
        )
        return UsageError(f"the environment {environment} {what} not available", hint=hint)


def _encrypt(key: bytes, empty: Ciphertext, environment: str, plain: str) -> str:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(NONCE)
    sealed = AESGCM(key).encrypt(nonce, plain.encode(), _bound(empty, environment))
    return str(empty._replace(sealed=nonce + sealed))


def _decrypt(key: bytes, ciphertext: Ciphertext, environment: str) -> str | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce, sealed = ciphertext.sealed[:NONCE], ciphertext.sealed[NONCE:]
    try:
        return AESGCM(key).decrypt(nonce, sealed, _bound(ciphertext, environment)).decode()
    except (InvalidTag, ValueError):
        return None


def _bound(ciphertext: Ciphertext, environment: str) -> bytes:
    return f"packreg environment {environment} {ciphertext.head}".encode()


def _parsed(text: str) -> Ciphertext | None:
    try:
        return Ciphertext.parse(text)
    except ValueError:
        return None


_HINT = "secrets are bound to the environment that they were set in: set them there again"
