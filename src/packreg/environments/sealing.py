"""Encrypt the secrets of a definition before it is stored. The rest of the text stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from packreg.environments.ciphertext import EnvironmentSecrets
from packreg.environments.document import CIPHERTEXT, read_document, secrets_of
from packreg.errors import IntegrityError, PackregError, UsageError


def seal(text: bytes, environment: str, secrets: EnvironmentSecrets, before: bytes | None = None) -> bytes:
    """The definition with every `fn::secret: text` encrypted as `fn::secret: {ciphertext: …}`.

    `before` is the stored definition. Ciphertexts that are in it stay as they are, and need no key. A plain
    text that is encrypted in it gets that ciphertext again, so that setting the same definition changes
    nothing.

    Raises:
        InvalidConfiguration: `text` or `before` is not a valid definition.
        UsageError: there are new secrets and no key, or the key is not that of the secrets that stay.
        IntegrityError: a ciphertext is damaged, or was made for another environment.
        PackregError: what the keys raise.
    """
    document = read_document(text, environment)
    found = list(secrets_of(document))
    plain = [each for each in found if not each.encrypted]
    kept = [each.node.text for each in found if each.encrypted]
    old = ciphertexts(before, environment) if before is not None else []
    for ciphertext in dict.fromkeys(kept):
        if ciphertext not in old:
            secrets.reveal(environment, ciphertext)
    if not plain:
        return text
    _same_key(secrets, environment, kept)
    known = _known(secrets, environment, old)
    encrypt = _once(secrets, environment, old)
    source = text.decode("utf-8-sig")
    pieces, at = [], 0
    for each in plain:
        start, end = each.node.place.start, each.node.place.end
        sealed = known.get(each.node.text) or encrypt(each.node.text)
        known[each.node.text] = sealed
        behind = "\n" if source[start:end].endswith("\n") else ""
        pieces += [source[at:start], f'{{{CIPHERTEXT}: "{sealed}"}}{behind}']
        at = end
    sealed_text = "".join([*pieces, source[at:]]).encode()
    left = [each for each in secrets_of(read_document(sealed_text, environment)) if not each.encrypted]
    assert not left, "every secret is encrypted"
    return sealed_text


def ciphertexts(text: bytes, environment: str) -> list[str]:
    """The ciphertexts of a definition, in the order of the text. Raises InvalidConfiguration."""
    found = secrets_of(read_document(text, environment))
    return [each.node.text for each in found if each.encrypted]


def _same_key(secrets: EnvironmentSecrets, environment: str, kept: Iterable[str]) -> None:
    """Raise UsageError if this passphrase or key cannot decrypt the secrets that stay."""
    for ciphertext in dict.fromkeys(kept):
        try:
            secrets.reveal(environment, ciphertext)
        except IntegrityError:
            raise UsageError(
                f"the secrets that stay in {environment} were encrypted with another passphrase or key",
                hint="use that one, or set all secrets of the environment again, in the clear, to encrypt "
                "them with this one",
            ) from None


def _known(secrets: EnvironmentSecrets, environment: str, old: Iterable[str]) -> dict[str, str]:
    """The ciphertexts that can be decrypted, by their plain text."""
    known: dict[str, str] = {}
    for ciphertext in old:
        with suppress(PackregError):
            known.setdefault(secrets.reveal(environment, ciphertext), ciphertext)
    return known


def _once(secrets: EnvironmentSecrets, environment: str, old: Iterable[str]) -> Callable[[str], str]:
    """A function that encrypts with one key, which it gets at its first call."""
    sealing: list[Callable[[str], str]] = []

    def encrypt(plain: str) -> str:
        if not sealing:
            sealing.append(secrets.sealing(environment, old))
        return sealing[0](plain)

    return encrypt
