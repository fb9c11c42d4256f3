"""A pack made runnable once."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from packreg.errors import InstallError
from packreg.install.home import Home
from packreg.install.trial import tried
from packreg.pack.check import Pack
from packreg.pack.files import File

from .shop import Wheel, checked, lock_of, python_pack, serving, tools_in


def test_the_directory_has_the_files_and_the_environment_of_the_lock_and_goes_away(tmp_path: Path) -> None:
    """Python there sees what the lock names; afterwards nothing is left, whatever the body did."""
    wheel = Wheel("limits", "1.5.0")
    files = python_pack(virtualenv=None, requirements="limits\n")
    with serving(wheel) as index:
        tools = tools_in(Home(tmp_path / "home"), **index.environ(tmp_path / "cache"))
        with (
            pytest.raises(ZeroDivisionError),
            tried(checked(files), lock_of(wheel), tools) as (directory, manifest),
        ):
            assert {path.name for path in directory.iterdir()} == {*files, "venv"}
            assert manifest.virtualenv == "venv"
            python = directory / "venv" / "bin" / "python"
            said = subprocess.run(
                [python, "-c", "import limits; print(limits.value)"], capture_output=True, check=True
            )
            assert said.stdout == b"1.5.0\n"
            raise ZeroDivisionError
    assert not directory.parent.exists()


def test_what_cannot_be_installed_leaves_no_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packs that bring files where their environment goes are refused before anything is written."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pack: Pack = checked(python_pack())
    pack = replace(pack, files=pack.files | {"venv/bin/python": File(b"#!/bin/sh\n")})
    with (
        pytest.raises(InstallError, match="where its environment would be"),
        tried(pack, None, tools_in(Home(tmp_path / "home"))),
    ):
        pass
    assert not list(tmp_path.glob("packreg-run-*"))
