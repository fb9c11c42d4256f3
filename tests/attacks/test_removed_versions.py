"""Somebody deletes the tombstone of a removed release, to have it again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import User
from tests.cli.conftest import user as user  # a fixture


@pytest.fixture
def robbed(user: User) -> User:
    """A registry whose newest version was removed, and then lost its tombstone; its pack is still at hand."""
    user.extra["PACKREG_REGISTRY"] = str(user.top / "registry")
    user.must("init", "--quiet")
    user.publish("limits", "1.0.0")
    user.publish("limits", "2.0.0")
    user.must("install", "limits@2.0.0", "--quiet")
    user.must("remove", "limits@2.0.0", "--yes", "--reason", "holds a secret", "--quiet")
    (user.top / "registry" / "packs" / "limits" / "x" / "2.0.0").unlink()
    return user


def test_it_is_not_the_latest_again(robbed: User) -> None:
    """`latest`, ranges and the list of versions go on as if the tombstone were there."""
    assert robbed.must("info", "limits", "--json").json()["version"] == "1.0.0"
    assert robbed.must("info", "limits@>=1", "--json").json()["version"] == "1.0.0"
    versions = robbed.must("versions", "limits", "--json").json()["versions"]
    assert {each["version"]: each["state"] for each in versions} == {"1.0.0": "published", "2.0.0": "removed"}
    robbed.must("enable", "--yes", "limits@latest", "--quiet")
    required = robbed.must("required", "web/prod", "--json").json()["modes"][0]["packs"]
    assert [(pack["pack"], pack["version"]) for pack in required] == [("limits", "1.0.0")]


def test_its_content_cannot_be_published_again(robbed: User) -> None:
    """The version stays used, also for the same content: exit code 5, and the next free one is named."""
    for more in ((), ("--dry-run",)):
        done = robbed("publish", robbed.top / "packs" / "limits-2.0.0", "--no-run", *more)
        assert (done.code, done.out) == (5, "")
        assert "counts as removed, and its version stays used" in done.err
        assert "2.0.1" in done.err


def test_it_cannot_be_had_from_the_cache_either(robbed: User, tmp_path: Path) -> None:
    """A machine that has its bundle and record is told how it stands, and installs nothing: exit code 6."""
    for command in (("install", "--force"), ("download",), ("lock",)):
        done = robbed(command[0], "limits@2.0.0", *command[1:])
        assert (done.code, done.out) == (6, ""), command
        assert "counts as removed" in done.err
    assert (
        robbed.must("info", "limits@2.0.0", "--json")
        .json()["removed"]["reason"]
        .startswith("its bundle is gone")
    )
    found = robbed("verify", "--json")
    assert found.code == 8
    assert ("limits@2.0.0", "no-bundle") in {(f["subject"], f["code"]) for f in found.json()["findings"]}


def test_removing_it_again_says_why_for_good(robbed: User) -> None:
    """A keeper who finds it writes the tombstone again."""
    robbed.must("remove", "limits@2.0.0", "--yes", "--reason", "holds a secret")
    assert "holds a secret" in robbed("download", "limits@2.0.0").err
    assert robbed.must("verify").code == 0
