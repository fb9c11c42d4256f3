"""The secrets of a state: decrypting what a passphrase protects, and saying what stays hidden.

Pulumi's passphrase provider (measured, and its source): the state's `salt` is `v1:<salt>:v1:<nonce>:<text>`
with base64 parts; the key is PBKDF2-SHA256 of the passphrase over the salt, 1,000,000 iterations, 32 bytes;
values are AES-256-GCM as `v1:<nonce>:<text>`; the salt's own `v1:<nonce>:<text>` is the word "pulumi", by
which a wrong passphrase is known. The keys of all other providers are elsewhere (Pulumi Cloud, a cloud's key
service): their values become "[secret]", as in the Pulumi CLI when it cannot decrypt.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from functools import cached_property

ITERATIONS = 1_000_000


class Passphrase:
    """Decrypts with a passphrase. Deriving the key takes about half a second and happens at first use."""

    def __init__(self, passphrase: str, salt: str) -> None:
        """`salt` is the provider's state. Raises ValueError when it is malformed."""
        version, _, rest = salt.partition(":")
        encoded, _, self._proof = rest.partition(":")
        if version != "v1" or not self._proof:
            raise ValueError("the secrets provider's salt is malformed")
        self._passphrase = passphrase
        self._salt = _base64(encoded)

    @cached_property
    def is_right(self) -> bool:
        """Whether this is the passphrase that the state was encrypted with."""
        try:
            return self.decrypt(self._proof) == "pulumi"
        except ValueError:
            return False

    def decrypt(self, ciphertext: str) -> str:
        """The plain text. Raises ValueError when it is malformed, damaged or another key's."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        parts = ciphertext.split(":")
        if len(parts) != 3 or parts[0] != "v1":
            raise ValueError("the ciphertext is malformed")
        nonce, text = _base64(parts[1]), _base64(parts[2])
        if len(nonce) != 12:
            raise ValueError("the ciphertext is malformed")
        try:
            return AESGCM(self._key).decrypt(nonce, text, None).decode()
        except InvalidTag:
            raise ValueError("the ciphertext is damaged, or was made with another key") from None

    @cached_property
    def _key(self) -> bytes:
        phrase = self._passphrase.encode("utf-8", "surrogateescape")  # as the environment gave it
        return hashlib.pbkdf2_hmac("sha256", phrase, self._salt, ITERATIONS, 32)


class StateSecrets:
    """The secrets provider of one file. Counts what it could not reveal.

    `provider` is the deployment's `secrets_providers` (`{"type", "state"}`), None when it has none.
    """

    def __init__(self, provider: object = None, passphrase: str | None = None) -> None:
        self._passphrase: Passphrase | None = None
        self._reason = ""
        self.hidden: set[str] = set()
        self.damaged: set[str] = set()
        kind = provider.get("type") if isinstance(provider, Mapping) else None
        state = provider.get("state") if isinstance(provider, Mapping) else None
        if not isinstance(kind, str) or not kind:
            self._reason = "the file names no secrets provider"
        elif kind != "passphrase":
            self._reason = f'its secrets provider "{kind[:80]}" keeps the key elsewhere'
        elif passphrase is None:
            self._reason = "no passphrase was given (PULUMI_CONFIG_PASSPHRASE)"
        else:
            salt = state.get("salt") if isinstance(state, Mapping) else None
            try:
                self._passphrase = Passphrase(passphrase, salt if isinstance(salt, str) else "")
            except ValueError as error:
                self._reason = str(error)

    def reveal(self, ciphertext: str) -> str | None:
        """The plain text, which is JSON, or None when it stays hidden."""
        if self._passphrase is not None and not self._passphrase.is_right:
            self._passphrase, self._reason = None, "the passphrase is not the one it was encrypted with"
        if self._passphrase is None:
            self.hidden.add(ciphertext)
            return None
        try:
            return self._passphrase.decrypt(ciphertext)
        except ValueError:
            self.damaged.add(ciphertext)
            return None

    def note(self) -> str:
        """What to say of the secrets that stayed hidden; "" when none did."""
        said = []
        if self.hidden:
            said.append(f"{_values(len(self.hidden))} could not be decrypted: {self._reason}")
        if self.damaged:
            said.append(
                f"{_values(len(self.damaged))} could not be decrypted: damaged, or from another stack"
            )
        return "; ".join(said) + ('; policies see the text "[secret]" instead' if said else "")


def _values(count: int) -> str:
    return "1 secret value" if count == 1 else f"{count} secret values"


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"malformed base64: {error}") from None
