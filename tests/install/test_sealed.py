"""Sealed documents: whose they are, for which place, and what they hold a directory to."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from packreg.install.sealed import COMPLETE, Held, read_entry, seal_entry
from packreg.install.trust import Key


@pytest.fixture
def key(tmp_path: Path) -> Key:
    """This user's key."""
    return Key(str(tmp_path / "state"))


@pytest.fixture
def entry(tmp_path: Path, key: Key) -> Path:
    """A whole entry of the store with a module and what was compiled of it."""
    entry = tmp_path / "envs" / "key"
    (entry / "env" / "__pycache__").mkdir(parents=True)
    (entry / "env" / "module.py").write_text("1")
    (entry / "env" / "__pycache__" / "module.pyc").write_text("1")
    seal_entry(key, "environment", str(entry), str(entry), {"interpreter": "python 3"})
    return entry


def held(key: Key, entry: Path) -> Held:
    """What the entry's document says."""
    found = read_entry(key, "environment", str(entry))
    assert found is not None
    return found


def test_an_entry_is_read_as_it_was_made(key: Key, entry: Path) -> None:
    """With its facts, and untouched."""
    found = held(key, entry)
    assert found.is_untouched and found.facts["interpreter"] == "python 3"
    assert found.facts["contents"].startswith("sha256:")


def test_only_this_users_document_for_this_place_counts(key: Key, entry: Path, tmp_path: Path) -> None:
    """Another key, a copied or renamed entry, another kind, an edited document: there is no entry."""
    assert read_entry(Key(str(tmp_path / "other")), "environment", str(entry)) is None
    assert read_entry(key, "skeleton", str(entry)) is None
    shutil.copytree(entry, entry.parent / "copy")
    assert read_entry(key, "environment", str(entry.parent / "copy")) is None
    assert read_entry(key, "environment", str(entry.parent / "none")) is None
    document = entry / COMPLETE
    document.write_bytes(document.read_bytes().replace(b"python 3", b"python 4"))
    assert read_entry(key, "environment", str(entry)) is None


def test_a_place_is_the_same_through_a_link_above_it(key: Key, entry: Path, tmp_path: Path) -> None:
    """A home that is reached by a link is the same home; contents that are a link are none."""
    (tmp_path / "link").symlink_to(entry.parent)
    assert read_entry(key, "environment", str(tmp_path / "link" / "key")) is not None
    (entry / "env").rename(tmp_path / "env")
    (entry / "env").symlink_to(tmp_path / "env")
    assert read_entry(key, "environment", str(entry)) is None


def test_what_was_compiled_is_told_from_what_was_changed(key: Key, entry: Path) -> None:
    """A changed compiled module is only that; one change of a source is more."""
    (entry / "env" / "__pycache__" / "module.pyc").write_text("2")
    assert held(key, entry).only_compiled and not held(key, entry).is_untouched
    (entry / "env" / "module.py").write_text("2")
    assert not held(key, entry).only_compiled


def test_compiled_extras_are_removed_and_nothing_else(key: Key, entry: Path) -> None:
    """What Python added goes; where a source was added, or a compiled module changed, nothing is touched."""
    added = entry / "env" / "__pycache__" / "other.pyc"
    added.write_text("x")
    assert held(key, entry).remove_compiled()
    assert not added.exists() and held(key, entry).is_untouched
    added.write_text("x")
    (entry / "env" / "other.py").write_text("x")
    assert not held(key, entry).remove_compiled()
    assert added.exists()
    (entry / "env" / "other.py").unlink()
    (entry / "env" / "__pycache__" / "module.pyc").write_text("2")
    assert not held(key, entry).remove_compiled()
    assert added.exists()


def test_a_renewed_list_is_kept_with_the_other_facts(key: Key, entry: Path) -> None:
    """The next reader has nothing to look into, and the facts stay."""
    os.utime(entry / "env" / "module.py", (1, 1))
    found = held(key, entry)
    assert found.comparison.renewed is not None
    found.renew(found.comparison.renewed)
    assert held(key, entry).is_untouched and held(key, entry).facts["interpreter"] == "python 3"
    assert [path.name for path in entry.parent.iterdir()] == ["key"]


def test_what_was_compiled_again_is_listed_instead(key: Key, entry: Path) -> None:
    """The list has what is there now, and no more what was removed."""
    old, new = (entry / "env" / "__pycache__" / name for name in ("module.pyc", "new.pyc"))
    old.unlink()
    new.write_text("2")
    found = held(key, entry)
    found.compiled(["__pycache__/module.pyc"], ["__pycache__/new.pyc"])
    assert held(key, entry).is_untouched
