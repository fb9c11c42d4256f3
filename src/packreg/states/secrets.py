"""Decrypt the secrets of a state that a passphrase or AWS KMS protects, and report those that stay hidden.

Pulumi's secrets provider `passphrase` (from its source, and measured): `salt` in the state is
`v1:<salt>:v1:<nonce>:<text>` with base64 parts. The key is PBKDF2-SHA256 of the passphrase over the salt,
with 1,000,000 iterations, 32 bytes. Values are AES-256-GCM, as `v1:<nonce>:<text>`. The part of that form in
`salt` decrypts to "pulumi", which shows whether the passphrase is right.

Pulumi's secrets provider `cloud`: `url` in the state names a key in a key service. That service unwraps
`encryptedkey` (base64), which gives the key for values of the same form. Only AWS KMS is supported.

Values of other providers become "[secret]", as in the Pulumi CLI when it cannot decrypt.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property

from packreg.errors import PackregError
from packreg.text import one_line

ITERATIONS = 1_000_000


#: Unwraps a key: (URL of the key in the key service, wrapped key) -> key. Raises PackregError.
Unwrap = Callable[[str, bytes], bytes]


class Passphrase:
    """Decrypts with a passphrase. Deriving the key takes about half a second, at first use."""

    def __init__(self, passphrase: str, salt: str) -> None:
        """`salt` is the one in the provider's state. Raises ValueError when it is malformed."""
        version, _, rest = salt.partition(":")
        encoded, _, self._proof = rest.partition(":")
        if version != "v1" or not self._proof:
            raise ValueError("the secrets provider's salt is malformed")
        self._passphrase = passphrase
        self._salt = _base64(encoded)

    @cached_property
    def problem(self) -> str:
        """Why the passphrase cannot decrypt this state, or "" if it can."""
        with suppress(ValueError):
            if self.decrypt(self._proof) == "pulumi":
                return ""
        return "the passphrase is not the one it was encrypted with"

    def decrypt(self, ciphertext: str) -> str:
        """The plain text. Raises ValueError when it is malformed, damaged or made with another key."""
        return _decrypted(ciphertext, self._key)

    @cached_property
    def _key(self) -> bytes:
        phrase = self._passphrase.encode("utf-8", "surrogateescape")  # as the environment gave it
        return hashlib.pbkdf2_hmac("sha256", phrase, self._salt, ITERATIONS, 32)


class WrappedKey:
    """Decrypts with a key that a cloud's key service unwraps. The service is asked once, at first use."""

    def __init__(self, url: str, wrapped: str, unwrap: Unwrap) -> None:
        """`url` names the service's key; `wrapped` is base64. Raises ValueError when that is malformed."""
        self._url, self._wrapped, self._unwrap = url, _base64(wrapped), unwrap
        self._key = b""

    @cached_property
    def problem(self) -> str:
        """Why the key cannot be used, or "". Asks the key service."""
        try:
            self._key = self._unwrap(self._url, self._wrapped)
        except PackregError as error:
            return str(error)
        return ""

    def decrypt(self, ciphertext: str) -> str:
        """The plain text. Check `problem` first. Raises ValueError as `Passphrase.decrypt` does."""
        return _decrypted(ciphertext, self._key)


class StateSecrets:
    """Decrypts the secrets of one file.

    `provider` is the deployment's `secrets_providers` (`{"type", "state"}`), or None. Without `unwrap` no key
    service is asked. `hidden` collects the ciphertexts for which there is no key, `damaged` those that the
    key does not decrypt.
    """

    def __init__(
        self, provider: object = None, passphrase: str | None = None, unwrap: Unwrap | None = None
    ) -> None:
        self._crypter: Passphrase | WrappedKey | None = None
        self._reason = ""
        self.hidden: set[str] = set()
        self.damaged: set[str] = set()
        try:
            found = _crypter(provider, passphrase, unwrap)
        except ValueError as error:
            found = str(error)
        if isinstance(found, str):
            self._reason = found
        else:
            self._crypter = found

    def reveal(self, ciphertext: str) -> str | None:
        """The plain text, which is JSON, or None when the secret stays hidden."""
        if self._crypter is not None and self._crypter.problem:
            self._reason, self._crypter = self._crypter.problem, None
        if self._crypter is None:
            self.hidden.add(ciphertext)
            return None
        try:
            return self._crypter.decrypt(ciphertext)
        except ValueError:
            self.damaged.add(ciphertext)
            return None

    def note(self) -> str:
        """A sentence for people about the secrets that stayed hidden; "" when none did."""
        said = []
        if self.hidden:
            said.append(f"{_values(len(self.hidden))} could not be decrypted: {self._reason}")
        if self.damaged:
            said.append(
                f"{_values(len(self.damaged))} could not be decrypted: damaged, or from another stack"
            )
        return "; ".join(said) + ('; policies see the text "[secret]" instead' if said else "")


def _crypter(
    provider: object, passphrase: str | None, unwrap: Unwrap | None
) -> Passphrase | WrappedKey | str:
    """What decrypts the values of a provider, or the reason why nothing can.

    Raises ValueError when the provider's state is malformed.
    """
    kind, state = (provider.get("type"), provider.get("state")) if isinstance(provider, Mapping) else ("", "")
    if not isinstance(kind, str) or not kind:
        return "the file names no secrets provider"
    members = state if isinstance(state, Mapping) else {}
    text = {name: value for name, value in members.items() if isinstance(value, str)}
    if kind == "passphrase":
        if passphrase is None:
            return "no passphrase was given (PULUMI_CONFIG_PASSPHRASE)"
        return Passphrase(passphrase, text.get("salt", ""))
    if kind != "cloud":
        return f'its secrets provider "{one_line(kind, 80)}" keeps the key elsewhere'
    url = text.get("url", "")
    service = url.partition("://")[0]
    if service != "awskms":
        return f'its secrets provider "{one_line(service, 80)}://" is not supported; awskms:// is'
    if unwrap is None:
        return "the key service was not asked for its key"
    return WrappedKey(url, text.get("encryptedkey", ""), unwrap)


def _decrypted(ciphertext: str, key: bytes) -> str:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    parts = ciphertext.split(":")
    if len(parts) != 3 or parts[0] != "v1":
        raise ValueError("the ciphertext is malformed")
    nonce, text = _base64(parts[1]), _base64(parts[2])
    if len(nonce) != 12:
        raise ValueError("the ciphertext is malformed")
    try:
        return AESGCM(key).decrypt(nonce, text, None).decode()
    except InvalidTag:
        raise ValueError("the ciphertext is damaged, or was made with another key") from None


def _values(count: int) -> str:
    return "1 secret value" if count == 1 else f"{count} secret values"


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"malformed base64: {error}") from None
