"""`seal`, `publish --seal`, and what `info` says of sealed releases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from packreg.install.targets import platform_here
from tests.cli.conftest import User, write_pack
from tests.install.conftest import LEAF, TWIG
from tests.install.shop import Index, serving
from tests.services.test_sealing import NOWHERE


@pytest.fixture
def index(user: User, tmp_path: Path) -> Iterator[Index]:
    """An index with two small packages, which the user's tools know alone."""
    with serving(LEAF, TWIG) as index:
        user.extra.update(index.environ(tmp_path / "cache"))
        yield index


def write(user: User) -> None:
    """A Python pack with dependencies in `guard`."""
    directory = user.directory / "guard"
    directory.mkdir()
    (directory / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 1.0.0\n")
    (directory / "__main__.py").write_text(
        'from pulumi_policy import PolicyPack\nPolicyPack("guard", policies=[])\n'
    )
    (directory / "requirements.txt").write_text("twigpkg\n")


def test_a_pack_is_sealed_and_installed_without_an_index(user: User, index: Index, tmp_path: Path) -> None:
    """Said with its sum; `info` tells of it, `seal` finds nothing to do, and a new home needs no index."""
    write(user)
    done = user.must("publish", "guard", "--no-run", "--seal")
    assert "sealing guard@1.0.0 keeps 2 files, 1.9 kB" in done.err
    said = user.must("info", "guard").out
    assert f"sealed:       for {platform_here()} (Python 3." in said and "2 files, 1.9 kB" in said
    sealed = user.must("info", "guard", "--json").json()
    assert sealed["sealed"] == {"for": sealed["sealed_for"], "files": 2, "size": 1916}
    index.broken = True
    assert "guard@1.0.0 is sealed already: for" in user.must("seal", "guard@1.0.0").out
    user.extra.update(NOWHERE, UV_CACHE_DIR=str(tmp_path / "uv"), PACKREG_HOME=str(tmp_path / "home"))
    user.extra["PACKREG_REGISTRY"] = str(tmp_path / "user" / ".local" / "share" / "packreg" / "registry")
    user.must("install", "guard@1.0.0")
    user.must("verify", "guard")


def test_what_cannot_be_had_is_exit_code_10(user: User, index: Index, tmp_path: Path) -> None:
    """And is said, on a terminal and as JSON; what can be had is kept."""
    write(user)
    user.must("publish", "guard", "--no-run")
    assert user.must("info", "guard", "--json").json()["sealed"] is None
    del index.pages["twigpkg"]
    user.extra["PIP_CACHE_DIR"] = str(tmp_path / "pip")
    done = user("seal", "guard", "--json")
    assert done.code == 10
    found = done.json()
    assert found.keys() == {"name", "version", "changed", "sealed", "added", "missing"}
    assert found["sealed"].keys() == {"for", "files", "size"}
    assert [each["name"] for each in found["added"]] == [LEAF.file_name]
    assert {each["package"] for each in found["missing"]} == {"twigpkg==2.0"}
    again = user("seal", "guard")
    assert again.code == 10
    assert "twigpkg==2.0 cannot be had for" in again.err and "hint: " in again.err
    assert "sealed:       in part: 1 files" in user.must("info", "guard").out


def test_what_has_no_dependencies_needs_no_seal(user: User) -> None:
    """Success, and it is said."""
    write_pack(user.directory / "rego", "rego", "1.0.0")
    user.must("publish", "rego", "--no-run", "--seal")
    assert "it has no dependencies" in user.must("seal", "rego").out
    assert "sealed:" not in user.must("info", "rego").out
    assert user("seal", "absent").code == 6
    assert user("publish", "rego", "--no-run", "--seal", "--no-lock").code == 2
