"""What of a definition is encrypted before it is kept, and what stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packreg.environments.ciphertext import EnvironmentSecrets
from packreg.environments.document import read_document
from packreg.environments.open import open_document
from packreg.environments.sealing import ciphertexts, seal
from packreg.errors import IntegrityError, InvalidConfiguration, UsageError
from tests.environments.definitions import shelf
from tests.environments.test_ciphertext import KEYS, TEXTS, secrets

TEXT = b"""# a comment with no secret
values:
  block:
    fn::secret: |
      first line
      second line

  # between
  flow: {fn::secret: "x: \\"y\\"", }   # behind
  list: [ {fn::secret: 'pa$$word'}, 3, {fn::secret: plain text} ]
  folded:
    fn::secret: >-
      one
      two
"""
PLAIN = {
    "block": "first line\nsecond line\n",
    "flow": 'x: "y"',
    "list": ["pa$$word", 3, "plain text"],
    "folded": "one two",
}


def values(text: bytes, name: str = "prod") -> object:
    """The values of a sealed definition."""
    return open_document(read_document(text, name), name, shelf({}), KEYS.reveal).values


@pytest.mark.parametrize("text", [TEXT, TEXT.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + TEXT])
def test_every_secret_is_encrypted_and_nothing_else_changes(text: bytes) -> None:
    """In block and flow style, with all line ends; comments, order and layout stay."""
    sealed = seal(text, "prod", KEYS)
    assert values(sealed) == PLAIN
    for word in (b"line", b"x: ", b"pa$$", b"plain", b"one"):
        assert word not in sealed
    for line in (b"# a comment with no secret", b"  # between", b"# behind", b", 3, {fn::secret"):
        assert line in sealed
    assert len(ciphertexts(sealed, "prod")) == 5


@settings(max_examples=50, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_any_text_can_be_a_secret(texts: list[str]) -> None:
    """What was given as a secret is what comes out, and is not in what is kept."""
    from packreg.environments.editing import as_string

    lines = [f"  v{n}: {as_string(text, secret=True)}" for n, text in enumerate(texts)]
    given_text = ("values:\n" + "\n".join(lines)).encode()
    try:
        read_document(given_text, "prod")
    except InvalidConfiguration:
        return  # a character that no definition may have
    sealed = seal(given_text, "prod", KEYS)
    assert values(sealed) == {f"v{n}": text for n, text in enumerate(texts)}


def test_sealing_again_changes_nothing() -> None:
    """A sealed definition needs no key; the same plain one keeps the ciphertexts of what it replaces."""
    sealed = seal(TEXT, "prod", KEYS)
    assert seal(sealed, "prod", EnvironmentSecrets({}), sealed) == sealed
    assert seal(TEXT, "prod", KEYS, sealed) == sealed
    assert seal(TEXT, "prod", KEYS) != sealed


def test_an_edit_beside_a_secret_needs_no_key() -> None:
    """Ciphertexts that are kept already stay, whatever else changes and wherever they move."""
    sealed = seal(b"values: {a: {fn::secret: hunter2}}", "prod", KEYS)
    edited = sealed.replace(b"a:", b"b: 1, moved:")
    assert seal(edited, "prod", EnvironmentSecrets({}), sealed) == edited


def test_a_ciphertext_of_another_environment_is_refused() -> None:
    """Whoever may not read a secret cannot have it by copying it into an environment that they may read."""
    sealed = seal(b"values: {a: {fn::secret: hunter2}}", "prod", KEYS)
    with pytest.raises(IntegrityError, match="another environment's secret"):
        seal(sealed, "test", KEYS)
    with pytest.raises(IntegrityError, match="another environment's secret"):
        values(sealed, "test")
    with pytest.raises(UsageError, match="not available"):
        seal(sealed, "test", EnvironmentSecrets({}))


def test_secrets_of_two_passphrases_are_not_mixed() -> None:
    """A mistyped passphrase is noticed before a definition is made that nobody can open."""
    sealed = seal(b"values: {a: {fn::secret: hunter2}}", "prod", KEYS)
    more = sealed.replace(b"a:", b"b: {fn::secret: new}, a:")
    with pytest.raises(UsageError, match="encrypted with another passphrase"):
        seal(more, "prod", secrets("mistyped"), sealed)
    assert ciphertexts(seal(more, "prod", KEYS, sealed), "prod")[1] in sealed.decode()
    anew = seal(b"values: {a: {fn::secret: hunter2}}", "prod", secrets("another"), sealed)
    assert secrets("another").reveal("prod", ciphertexts(anew, "prod")[0]) == "hunter2"


def test_new_secrets_need_a_key() -> None:
    """Without one nothing is encrypted, and nothing is kept."""
    with pytest.raises(UsageError, match="not available"):
        seal(b"values: {a: {fn::secret: hunter2}}", "prod", EnvironmentSecrets({}))
