"""The home: where everything lies, and what in it is believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import InstallError
from packreg.install.home import Home


def test_scratch_goes_whatever_happens(tmp_path: Path) -> None:
    """A scratch directory is gone at the end, also after an exception; without a home it lies elsewhere."""
    home = Home(tmp_path / "home")
    with pytest.raises(ZeroDivisionError), home.scratch("test") as place:
        (place / "tree").mkdir()
        1 / 0  # noqa: B018
    assert not place.exists()
    (tmp_path / "file").write_text("")
    with Home(tmp_path / "file").scratch("x") as place:
        assert place.is_dir() and tmp_path / "file" not in place.parents
    assert not place.exists()


def test_everything_is_where_the_home_says(tmp_path: Path) -> None:
    """The layout that the docstring promises."""
    home = Home(tmp_path)
    assert (
        home.release("0123456789ab", "guard", "1.0.0-rc.1")
        == tmp_path / "packs/0123456789ab/guard/1.0.0-rc.1"
    )
    assert home.bundle("a" * 64) == tmp_path / "bundles" / f"{'a' * 64}.tgz"
    assert home.lock_file("env", "k" * 300).name.endswith(".lock")
    assert len(home.lock_file("env", "k" * 300).name) < 255


def test_what_is_kept_is_given_back_to_this_user_at_this_place_alone(home: Home) -> None:
    """A copy at another place, or what somebody else wrote, is nothing."""
    file, other = home.bytecode / "a.zip", home.bytecode / "b.zip"
    assert home.recall(file) is None
    home.keep(file, b"data")
    assert home.recall(file) == b"data"
    other.write_bytes(file.read_bytes())
    assert home.recall(other) is None
    file.write_bytes(b"data")
    assert home.recall(file) is None


def test_no_part_of_the_home_may_be_a_link(home: Home, tmp_path: Path) -> None:
    """What packreg keeps would lie elsewhere; the home as a whole may be one."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    home.root.mkdir()
    (home.root / "bundles").symlink_to(elsewhere)
    (home.root / "remembered").mkdir()
    (home.root / "remembered" / "id").symlink_to(elsewhere)
    with pytest.raises(InstallError, match="is a symbolic link"):
        home.bundle("0" * 64)
    with pytest.raises(InstallError, match="is a symbolic link"):
        home.keep(home.remembered / "id" / "x", b"data")
    (home.root / "packs" / "id").mkdir(parents=True)
    (home.root / "packs" / "id" / "guard").symlink_to(elsewhere)
    with pytest.raises(InstallError, match="is a symbolic link"):
        home.release("id", "guard", "1.0.0")
    (tmp_path / "link").symlink_to(home.root)
    assert Home(tmp_path / "link").release("id", "other", "1.0.0").name == "1.0.0"
    assert list(elsewhere.iterdir()) == []
