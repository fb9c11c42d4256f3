"""Encrypted secrets: `v1:<kind of key>:<how to get the key>:<nonce and text>`, the last part in base64.

AES-256-GCM, with a random nonce of 12 bytes for each secret. The environment's name and everything before the
last part are authenticated too. So a secret cannot be moved to another environment, whose readers could then
read it, and its key cannot be exchanged. What each kind of key needs (a salt and costs, or a wrapped key) is
in the ciphertext. So, besides the definition, decrypting needs only the passphrase or the key service.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol

from packreg.errors import IntegrityError, UsageError

#: Bytes of a nonce.
NONCE = 12
#: Most characters of a ciphertext; a definition has no room for more.
MAX_CIPHERTEXT = 2**19


class Keys(Protocol):
    """Gives keys of one kind, 32 bytes each. Several threads may use it. Both methods raise PackregError."""

    def new(self, environment: str, beside: Iterable[str]) -> tuple[str, bytes]:
        """A key for new secrets of an environment: `(how, key)`.

        `how` is what `get` needs to give the same key again: printable ASCII without a colon. `beside` has
        the `how` of each secret that stays in the environment, so that a key can be used again.
        """

    def get(self, environment: str, how: str) -> bytes:
        """The key for which `new` returned this `how`."""


class Ciphertext(NamedTuple):
    """The parts of a ciphertext. `sealed` is the nonce, the encrypted text and its authentication tag."""

    kind: str
    how: str
    sealed: bytes

    def __str__(self) -> str:
        return f"{self.head}{base64.b64encode(self.sealed).decode()}"

    @property
    def head(self) -> str:
        """Everything before the last part, with the final colon."""
        return f"v1:{self.kind}:{self.how}:"

    @classmethod
    def parse(cls, text: str) -> Ciphertext:
        """Split a ciphertext into its parts. Raises ValueError when it is not one."""
        parts = text.split(":")
        if len(text) > MAX_CIPHERTEXT or not text.isascii() or not text.isprintable() or len(parts) != 4:
            raise ValueError("it is not a ciphertext of packreg")
        if parts[0] != "v1":
            raise ValueError("it is the ciphertext of another packreg or of another tool")
        return cls(parts[1], parts[2], base64.b64decode(parts[3], validate=True))


class EnvironmentSecrets:
    """Encrypts and decrypts the secrets of environments with the keys that the caller has.

    `keys` has them by kind; `kind` is the one for new secrets, "" if there is none. `lacking` has the hints
    for errors about a missing kind of key: by kind, and under "" for every other kind.
    """

    def __init__(
        self, keys: Mapping[str, Keys], kind: str = "", lacking: Mapping[str, str] | None = None
    ) -> None:
        self._keys, self._kind, self._lacking = keys, kind, lacking or {}

    def reveal(self, environment: str, text: str) -> str:
        """The plain text of a secret of this environment.

        Raises:
            UsageError: there is no key of this kind.
            IntegrityError: the secret is damaged, or was made with another key or for another environment.
            PackregError: what the keys raise.
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
        """A function that encrypts new secrets of an environment; `kept` are the ciphertexts that stay in it.

        Raises:
            UsageError: there is no key for new secrets.
            PackregError: what the keys raise.
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
