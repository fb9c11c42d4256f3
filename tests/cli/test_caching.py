"""The commands of the cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import User
from tests.cli.test_admin import registry as registry


@pytest.mark.usefixtures("registry")
def test_the_cache_is_listed_pruned_and_cleaned(user: User) -> None:
    """What is installed is listed with its size; pruning keeps what is needed; cleaning asks first."""
    user.must("install", "guard")
    home = Path(user.must("cache", "dir").out.rstrip("\n"))
    kinds = [kept["kind"] for kept in user.must("cache", "list", "--json").json()]
    assert kinds[0] == "pack"
    assert "bundle" in kinds
    assert "pack\tguard@1.0.0\t" in user.must("cache", "list").out
    user.must("cache", "prune", "--dry-run")
    user.must("cache", "prune")
    user.must("path", "guard@1.0.0", "--offline")
    user.must("cache", "clean", "--yes", "--json")
    assert not (home / "packs").exists()
    assert (home / "registry").is_dir()


@pytest.mark.usefixtures("registry")
def test_the_cache_travels(user: User) -> None:
    """What `export` writes and `import` takes in is enough to install without the registry."""
    user.must("cache", "export", "guard@1.0.0", "-o", "packs.tar")
    user.must("cache", "clean", "--yes")
    assert user("install", "guard@1.0.0", "--offline").code == 10
    found = user.must("cache", "import", "packs.tar", "--json").json()
    assert [(pack["name"], pack["version"]) for pack in found["packs"]] == [("guard", "1.0.0")]
    user.must("install", "guard@1.0.0", "--offline")


@pytest.mark.usefixtures("registry")
def test_the_cache_alone_prints_its_help(user: User) -> None:
    """As every command of commands does without one of them."""
    assert user.must("cache").out == user.must("cache", "--help").out
    assert user.must("group").out == user.must("group", "--help").out


@pytest.mark.usefixtures("registry")
def test_an_archive_needs_a_file(user: User) -> None:
    """A directory, or a file in no directory, is exit code 2, and nothing is written."""
    for name, words in ((".", "is a directory"), ("nowhere/packs.tar", "there is no directory")):
        done = user("cache", "export", "guard", "-o", name)
        assert done.code == 2
        assert words in done.err
    assert list(user.directory.iterdir()) == []
