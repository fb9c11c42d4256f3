"""The operator's file is believed only where nobody else could have written it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from packreg.errors import UsageError
from packreg.settings import operator
from packreg.settings.file import MAX_FILE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there rights are lists")
needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root makes files that are root's"
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the file would be."""
    (tmp_path / "etc").mkdir(mode=0o755)
    return tmp_path / "etc" / "packreg.toml"


def test_there_is_a_place_on_every_system() -> None:
    """It is absolute, so that no working directory and no variable leads to another."""
    assert Path(operator.place()).is_absolute()


def test_without_a_file_nothing_is_said(place: Path) -> None:
    """Nor where a directory is missing, or is none."""
    place.parent.joinpath("file").write_text("")
    for path in (place, place.parent / "none" / "packreg.toml", place.parent / "file" / "packreg.toml"):
        assert operator.read(str(path)) is None


@needs_root
def test_what_is_roots_is_read(place: Path) -> None:
    """Also through a link whose directories and whose file are root's."""
    place.write_text("x = 1\n")
    place.chmod(0o644)
    assert operator.read(str(place)) == b"x = 1\n"
    (place.parent / "link.toml").symlink_to(place)
    assert operator.read(str(place.parent / "link.toml")) == b"x = 1\n"


def owned(place: Path) -> None:
    """Somebody's own."""
    place.write_text("")
    os.chown(place, 1000, 0)


def writable(place: Path) -> None:
    """Anybody's to write."""
    place.write_text("")
    place.chmod(0o646)


def in_a_writable_directory(place: Path) -> None:
    """Replaceable by anybody."""
    place.write_text("")
    place.parent.chmod(0o777)


def linked_to_a_writable_directory(place: Path) -> None:
    """What the link leads to is replaceable by anybody."""
    other = place.parent / "open"
    other.mkdir()
    (other / "file").write_text("")
    other.chmod(0o777)
    place.symlink_to(other / "file")


@needs_root
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (owned, "belongs to the user 1000 and not to root"),
        (writable, "can be written by others than root"),
        (in_a_writable_directory, "which can be written by others than root"),
        (linked_to_a_writable_directory, "open, which can be written by others than root"),
        (os.mkfifo, "is not a file"),
        (lambda place: place.mkdir(), "cannot be read"),
        (lambda place: place.symlink_to(place.parent / "none"), "cannot be read"),
        (lambda place: place.write_bytes(b"#" * (MAX_FILE + 1)), "has more than"),
    ],
)
def test_what_cannot_be_believed_stops_everything(place: Path, make: object, said: str) -> None:
    """The error names the file; going on without it is what its author may want."""
    make(place)  # type: ignore[operator]
    with pytest.raises(UsageError, match=said) as caught:
        operator.read(str(place))
    assert str(place) in str(caught.value)


@needs_root
def test_a_sticky_directory_holds_what_is_roots(place: Path) -> None:
    """As /tmp, where nobody else can replace it."""
    place.write_text("x = 1\n")
    place.parent.chmod(0o1777)
    assert operator.read(str(place)) == b"x = 1\n"
