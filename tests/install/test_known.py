"""What a home knows of a registry: kept by this user, for this URL, and never replaced by less."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import InstallError
from packreg.install.home import Home
from packreg.install.known import Known, KnownRegistry

URL = "s3://policies/packs"
SEEN = Known("id", 4, "d4", 17.5)


def test_what_was_kept_is_given_back_for_the_same_url(home: Home) -> None:
    """Another URL at the same id, which only a forger has, knows nothing of it."""
    known = KnownRegistry(home, "0123", URL)
    assert known.get() is None
    known.keep(SEEN)
    assert known.get() == SEEN
    assert KnownRegistry(home, "0123", "s3://other").get() is None
    assert KnownRegistry(home, "4567", URL).get() is None
    known.forget()
    assert known.get() is None


@pytest.mark.parametrize(
    ("next_one", "accepted", "kept"),
    [
        (SEEN._replace(revision=5, digest="d5"), False, True),
        (SEEN._replace(revision=3, digest="d3"), False, False),
        (SEEN._replace(digest="other"), False, False),
        (SEEN._replace(revision=3, digest="d3"), True, True),
        (Known("new", 1, "n1"), False, True),
    ],
)
def test_only_a_higher_revision_replaces_what_is_known(
    home: Home, next_one: Known, accepted: bool, kept: bool
) -> None:
    """A run that began earlier takes nothing back; what a person accepted is kept, whatever it is."""
    known = KnownRegistry(home, "0123", URL)
    known.keep(SEEN)
    known.keep(next_one, accepted=accepted)
    assert known.get() == (next_one if kept else SEEN)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"registry": "id", "revision": 9, "digest": "x", "seen": 0}'])
def test_what_somebody_else_wrote_is_nothing(home: Home, data: bytes) -> None:
    """Without this user's seal there is no memory."""
    known = KnownRegistry(home, "0123", URL)
    known.keep(SEEN)
    (home.root / "known" / "0123.json").write_bytes(data)
    assert known.get() is None


def test_what_cannot_be_kept_or_read_is_said(home: Home, tmp_path: Path) -> None:
    """A key that ends with the process keeps nothing; a memory that cannot be read is not taken for none."""
    passing = Home(tmp_path / "passing")
    with pytest.raises(InstallError, match="no place for a key"):
        KnownRegistry(passing, "0123", URL).keep(SEEN)
    (home.root / "known" / "0123.json").mkdir(parents=True)
    with pytest.raises(InstallError, match=r"cannot read .*0123\.json"):
        KnownRegistry(home, "0123", URL).get()
