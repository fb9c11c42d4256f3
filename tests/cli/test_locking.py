"""The lock file and downloads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import User
from tests.cli.test_installing import published as published


def test_a_removed_release_is_not_locked(published: User) -> None:
    """A machine that remembers the record hears of the removal; the lock stays as it was."""
    digest = published.must("info", "guard@1.0.0", "--json").json()["digest"]
    published.must("lock", "guard@1.1.0")
    before = (published.directory / "packreg.lock").read_bytes()
    published.must("remove", "guard@1.0.0", "--yes", "--reason", "a secret")
    for reference in ("guard@1.0.0", f"guard@{digest}"):
        done = published("lock", "limits", reference)
        assert done.code == 6
        assert "was removed" in done.err
    assert (published.directory / "packreg.lock").read_bytes() == before


def test_two_versions_of_one_pack_are_not_locked(published: User) -> None:
    """A lock has one pin for each pack, so naming two is exit code 2; naming one twice is naming it once."""
    done = published("lock", "guard@1.0.0", "limits", "guard@1.1.0")
    assert done.code == 2
    assert "guard@1.0.0 and guard@1.1.0 are two versions of one pack" in done.err
    assert not (published.directory / "packreg.lock").exists()
    assert published.must("lock", "guard@1.0.0", "guard@1.0.0").out.count("\n") == 1


def test_lock_pins_and_install_obeys(published: User) -> None:
    """`lock` writes exact versions, and `install --locked` installs them from any directory below."""
    done = published.must("lock", "guard@1.0.0", "limits")
    assert [line.split()[0] for line in done.out.splitlines()] == ["guard@1.0.0", "limits@0.1.0"]
    inner = published.directory / "inner"
    inner.mkdir()
    published.directory = inner
    found = published.must("install", "--locked", "--json").json()
    assert [(entry["name"], entry["version"]) for entry in found] == [("guard", "1.0.0"), ("limits", "0.1.0")]
    assert [e["name"] for e in published.must("install", "--locked", "limits", "--json").json()] == ["limits"]


def test_lock_updates_one_pin_and_keeps_the_others(published: User) -> None:
    """Locking again changes the named pack only; the same again changes nothing."""
    published.must("lock", "guard@1.0.0", "limits")
    found = published.must("lock", "guard", "--json").json()
    assert [(p["name"], p["version"], p["changed"]) for p in found["packs"]] == [("guard", "1.1.0", True)]
    text = (published.directory / "packreg.lock").read_text()
    assert 'version = "1.1.0"' in text
    assert 'name = "limits"' in text
    assert "nothing to change" in published.must("lock", "guard").err


@pytest.mark.parametrize("reference", ["other", "guard@1.1.0", "guard@^1.1"])
def test_what_the_lock_does_not_pin_is_refused(published: User, reference: str) -> None:
    """A reference that is none of the lock's pins is exit code 2, and nothing is installed."""
    published.must("lock", "guard@1.0.0")
    assert published("install", "--locked", reference).code == 2


def test_another_digest_than_the_locks_is_refused(published: User) -> None:
    """A registry that has other content for a locked version is exit code 8, also where it is installed."""
    published.must("install", "guard@1.0.0")
    published.must("lock", "guard@1.0.0")
    path = published.directory / "packreg.lock"
    digest = published.must("info", "guard@1.0.0", "--json").json()["digest"].removeprefix("sha256:")
    path.write_text(path.read_text().replace(digest, "0" * 64))
    assert published("install", "--locked").code == 8


def test_download_saves_the_published_bytes(published: User) -> None:
    """The file holds exactly the bundle that `bundle` makes of the same pack."""
    published.must("download", "guard@1.0.0", "-o", "got.tgz")
    published.must("bundle", published.top / "packs" / "guard-1.0.0", "-o", "made.tgz")
    got, made = (published.directory / name for name in ("got.tgz", "made.tgz"))
    assert got.read_bytes() == made.read_bytes()
    found = published.must("download", "guard", "--json").json()
    assert found["path"] == str(published.directory / "guard-1.1.0.tgz")
    assert list(found) == ["name", "version", "path", "digest", "sha256", "size"]


def test_a_damaged_bundle_is_not_downloaded(published: User) -> None:
    """Bytes that are not those of the record are exit code 8, and no file appears."""
    registry = Path(published.must("config", "--json").json()["settings"][0]["value"])
    (bundle,) = (registry / "bundles" / "guard" / "1.0.0").glob("*.tgz")
    bundle.chmod(0o644)
    bundle.write_bytes(bundle.read_bytes()[:-1] + b"x")
    done = published("download", "guard@1.0.0")
    assert done.code == 8
    assert not list(published.directory.glob("*.tgz"))
