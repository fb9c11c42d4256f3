"""The program that builds a wheel: where it fails, its output says why."""

from __future__ import annotations

import os

import pytest

from packreg.errors import InvalidPack
from packreg.pack.files import File
from packreg.pack.wheel import build_wheel

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


@pytest.mark.parametrize(
    ("extra", "word"),
    [("raise RuntimeError('no luck today')", "no luck today"), ("import missing_module", "missing_module"),
     ("os._exit(3)", "failed")],
)  # fmt: skip
def test_a_failed_build_says_why_and_keeps_the_output(extra: str, word: str) -> None:
    """A backend that fails gives the pack's author the last line, and the whole output goes to the log."""
    said: list[str] = []
    with pytest.raises(InvalidPack, match=word) as caught:
        build_wheel(_files(extra), log=said.append, environ=os.environ)
    assert [problem.code for problem in caught.value.problems] == ["wheel-build"]
    assert "Traceback" in "".join(said) or word == "failed"


@pytest.mark.parametrize("requires", [b'["no-such-backend-9f3a"', b'["a b c"]'])
def test_an_impossible_build_system_is_refused(requires: bytes) -> None:
    """A pyproject.toml that cannot be read, or asks for what is no requirement, is the pack's fault."""
    files = _files() | {"pyproject.toml": File(b"[build-system]\nrequires = " + requires)}
    with pytest.raises(InvalidPack):
        build_wheel(files, log=lambda text: None, environ=os.environ)
