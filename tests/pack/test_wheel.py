"""Wheels of packs that are packages: built from the published files alone, in isolation, the same again.

The build backends are in the packs themselves (PEP 517, backend-path), so that no network is needed.
"""

from __future__ import annotations

import io
import os
import zipfile

import pytest

from packreg.errors import InvalidPack
from packreg.pack.bundle import encode
from packreg.pack.check import check_bundle
from packreg.pack.files import File
from packreg.pack.wheel import build_wheel, with_wheel

_BACKEND = """
import os, pathlib, zipfile

def get_requires_for_build_wheel(config_settings=None):
    return []

def build_wheel(target, config_settings=None, metadata_directory=None):
    {extra}
    name = "{wheel}"
    with zipfile.ZipFile(pathlib.Path(target, name), "w") as archive:
        for path in sorted(pathlib.Path(".").rglob("*")):
            if path.is_dir() or "__pycache__" in path.parts:
                continue
            info = zipfile.ZipInfo(path.as_posix(), (1980, 1, 1, 0, 0, 0))
            info.external_attr = path.stat().st_mode << 16
            archive.writestr(info, path.read_bytes())
        archive.writestr(zipfile.ZipInfo("epoch"), os.environ["SOURCE_DATE_EPOCH"])
    return name
"""
_PYPROJECT = b"""
[project]
name = "rules"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


def _files(extra: str = "pass", wheel: str = "rules-1.0.0-py3-none-any.whl") -> dict[str, File]:
    return {
        "PulumiPolicy.yaml": File(b"runtime: python\nversion: 1.0.0\n"),
        "pyproject.toml": File(_PYPROJECT),
        "backend.py": File(_BACKEND.format(extra=extra, wheel=wheel).encode()),
        "rules/__main__.py": File(b"print('rules')\n"),
        "tool.sh": File(b"#!/bin/sh\n", executable=True),
    }


def test_the_wheel_is_built_from_the_files_alone() -> None:
    """The backend sees exactly the given files, with their modes and a fixed time, and nothing is logged."""
    said: list[str] = []
    name, data = build_wheel(_files(), log=said.append, environ=os.environ)
    assert name == "rules-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert set(archive.namelist()) == {*_files(), "epoch"}
        assert archive.getinfo("tool.sh").external_attr >> 16 & 0o777 == 0o755
        assert archive.getinfo("backend.py").external_attr >> 16 & 0o777 == 0o644
        assert archive.read("epoch") == b"315532800"
    assert said == []


def test_the_same_files_give_the_same_wheel() -> None:
    """Two builds by a backend that puts nothing of its own into the wheel are the same, byte for byte."""
    assert build_wheel(_files(), log=print, environ=os.environ) == build_wheel(
        _files(), log=print, environ=os.environ
    )


@pytest.mark.parametrize(
    ("wheel", "code"),
    [("rules-1.0.0-cp311-cp311-linux_x86_64.whl", "wheel-platform"), ("rules.zip", "wheel-name")],
)
def test_a_wheel_for_one_platform_is_refused(wheel: str, code: str) -> None:
    """What would run on the publisher's platform only, or is no wheel at all, never becomes a bundle."""
    with pytest.raises(InvalidPack) as caught:
        build_wheel(_files(wheel=wheel), log=lambda text: None, environ=os.environ)
    assert [problem.code for problem in caught.value.problems] == [code]


def test_a_pack_gets_the_wheel_that_it_needs() -> None:
    """A package without __main__.py gets its wheel into the bundle, once; other packs stay as they are."""
    source = 'from pulumi_policy import PolicyPack\nPolicyPack("rules", policies=[])\n'
    files = _files() | {"rules/__main__.py": File(source.encode())}
    report, pack = check_bundle(encode(files).data)
    assert report.ok
    assert pack is not None
    assert pack.needs_wheel
    whole = with_wheel(pack, log=print, environ=os.environ)
    assert not whole.needs_wheel
    assert set(whole.files) - set(files) == {".packreg/wheels/rules-1.0.0-py3-none-any.whl"}
    assert with_wheel(whole, log=print, environ=os.environ) is whole
    report, again = check_bundle(encode(whole.files).data)
    assert report.ok
    assert again == whole
