"""The packages of an npm lock: which are kept, how they are had, and how npm finds them in a cache."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from packreg.errors import InstallError, IntegrityError
from packreg.install.collecting import download_tarballs
from packreg.install.dependency_tarballs import (
    Tarball,
    fill,
    lacking,
    tarballs,
    with_addresses,
)
from packreg.install.targets import Target
from packreg.install.tools import Tools
from packreg.registry.artifacts import Artifact
from tests.install.test_nodejs import IS_NUMBER

LINUX, MAC = Target("linux-x86_64"), Target("macos-arm64")
DATA = b"a tarball"


def integrity(data: bytes = DATA, algorithm: str = "sha512") -> str:
    """What a lock checks these bytes by."""
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


def tarball(name: str = "@scope/pkg", version: str = "1.0.0", check: str = "", **entry: Any) -> Tarball:
    """A package of a lock."""
    return Tarball(name, version, check or integrity(), "", entry)


def lock(packages: dict[str, Any]) -> bytes:
    """A lock of version 3."""
    return json.dumps({"lockfileVersion": 3, "packages": {"": {}, **packages}}).encode()


def kept(package: Tarball, data: bytes = DATA) -> Artifact:
    """The file of a package in a registry of ours."""
    return Artifact.of(package.file, data)


def test_a_lock_is_read_as_npm_reads_it() -> None:
    """Nested ones, aliases and scopes by their names; links and bundled ones are no files; each once."""
    entry = {"version": "1.0.0", "integrity": integrity()}
    found = tarballs(
        lock(
            {
                "node_modules/@scope/pkg": entry,
                "node_modules/a/node_modules/@scope/pkg": entry,
                "node_modules/alias": entry | {"name": "real", "resolved": "https://npm.example.org/r.tgz"},
                "node_modules/bundled": {"version": "1.0.0", "inBundle": True},
                "node_modules/link": {"link": True, "resolved": "x"},
            }
        )
    )
    assert [(each.name, each.file) for each in found] == [
        ("@scope/pkg", "@scope+pkg-1.0.0.tgz"),
        ("real", "real-1.0.0.tgz"),
    ]
    assert [each.spec for each in found] == ["@scope/pkg@1.0.0", "https://npm.example.org/r.tgz"]
    old = {"a": entry | {"dependencies": {"b": entry | {"version": "npm:@s/real@2.0.0"}}}}
    names = [(each.name, each.version) for each in tarballs(json.dumps({"dependencies": old}).encode())]
    assert names == [("a", "1.0.0"), ("@s/real", "2.0.0")]


def test_a_package_lacks_until_its_file_is_kept() -> None:
    """Those of other platforms are not needed; those for development not where they are left out."""
    plain, mac, dev = tarball(), tarball("mac", os=["darwin"]), tarball("dev", dev=True)
    every = (plain, mac, dev)
    assert lacking(every, LINUX, ()) == (plain, dev) and lacking(every, MAC, ()) == every
    assert lacking(every, LINUX, [kept(plain)]) == (dev,)
    assert lacking(every, LINUX, [kept(plain)], production=True) == ()


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_files_are_put_where_npm_looks(tmp_path: Path, algorithm: str) -> None:
    """By the digest of the lock, whichever that is; of several the best counts."""
    package = tarball(check=f"{integrity(DATA, 'sha1')} {integrity(DATA, algorithm)}")
    fill(tmp_path, [package], [kept(package)], lambda artifact: DATA)
    digest = hashlib.new(algorithm, DATA).hexdigest()
    place = tmp_path / "_cacache" / "content-v2" / algorithm / digest[:2] / digest[2:4] / digest[4:]
    assert place.read_bytes() == DATA


@pytest.mark.parametrize(
    "check",
    [
        integrity(b"other"),
        f"{integrity(DATA, 'sha1')} {integrity(b'other')}",
        "sha512-!!!",
        "sha512-",
        "md5-x",
        "sha512-Li4vLi4vLi4vZXZpbA==",
    ],
)
def test_what_the_lock_does_not_say_is_refused(tmp_path: Path, check: str) -> None:
    """Though it has the sha256 that the registry says; no weaker digest saves it, nothing is written."""
    package = tarball(check=check)
    with pytest.raises(IntegrityError, match="does not have the integrity"):
        fill(tmp_path / "cache", [package], [kept(package)], lambda artifact: DATA)
    assert not (tmp_path / "cache").exists()


def test_every_package_gets_an_address() -> None:
    """Npm looks into its cache only for those; what has one keeps it."""
    there = {"version": "1.0.0", "integrity": integrity(), "resolved": "https://npm.example.org/x.tgz"}
    bare = {"version": "1.0.0", "integrity": integrity()}
    packages = json.loads(
        with_addresses(lock({"node_modules/a": there, "node_modules/@s/b": bare, "node_modules/c": {}}))
    )["packages"]
    assert packages["node_modules/a"] == there
    assert packages["node_modules/@s/b"]["resolved"] == "https://registry.npmjs.org/@s/b/-/b-1.0.0.tgz"
    assert packages["node_modules/c"] == {}


@pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm here")
def test_what_can_be_had_is_downloaded(tools: Tools, tmp_path: Path) -> None:
    """What is in npm's cache needs no network; what cannot be had, or is another file, stops no other."""
    tools = replace(tools, environ=dict(tools.environ) | {"npm_config_cache": str(tmp_path / "npm")})
    number = Tarball("is-number", "6.0.0", IS_NUMBER["integrity"], IS_NUMBER["resolved"], {})
    changed = number._replace(version="5.0.0", integrity=integrity(b"other"))
    gone = Tarball("is-number", "999.0.0", integrity(b"gone"), "", {})
    found = download_tarballs([gone, number, changed], tools)
    assert [artifact.name for artifact in found] == ["is-number-6.0.0.tgz"]
    cut_off = replace(tools, environ=dict(tools.environ) | {"npm_config_registry": "http://127.0.0.1:9/"})
    assert download_tarballs([number], cut_off).keys() == found.keys()
    assert not list(tools.home.logs.glob("*.log"))


def test_without_npm_it_is_said(tools: Tools) -> None:
    """A missing program is no missing package."""
    with pytest.raises(InstallError, match="npm is not on the PATH"):
        download_tarballs([tarball()], replace(tools, environ={"PATH": ""}))
