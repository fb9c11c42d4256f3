"""Interpreters: found by path or version, asked once, and told apart."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from packreg.errors import InstallError
from packreg.install.interpreter import find_interpreter
from packreg.install.tools import Tools


@pytest.fixture
def plain(home: object) -> Tools:
    """Tools with the environment of the tests."""
    return Tools(home, dict(os.environ))  # type: ignore[arg-type]


def test_ours_is_the_one_outside_any_environment(plain: Tools) -> None:
    """Without a wish it is the base interpreter of packreg's own environment, and nothing is started."""
    own = find_interpreter(None, replace(plain, environ={"PATH": ""}))
    assert own.version == sys.version and Path(own.path).is_file()
    assert own.path == os.path.realpath(own.path) and own.minor == f"3.{sys.version_info.minor}"


def test_an_answer_is_remembered_until_the_file_changes(plain: Tools, tmp_path: Path) -> None:
    """The second time nothing is started; a replaced interpreter is asked again."""
    own = find_interpreter(None, plain)
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\necho asked >> "{tmp_path}/asked"\nexec "{own.path}" "$@"\n')
    wrapper.chmod(0o755)
    for _ in range(3):
        assert find_interpreter(str(wrapper), plain) == own
    assert (tmp_path / "asked").read_text() == "asked\n"
    wrapper.write_text(wrapper.read_text() + "# changed\n")
    find_interpreter(str(wrapper), plain)
    assert (tmp_path / "asked").read_text() == "asked\nasked\n"


def test_a_version_is_looked_up_on_the_path(plain: Tools, other_python: str) -> None:
    """`3.12` means the Python 3.12 that the operator's PATH has."""
    answer = subprocess.run(
        [other_python, "-c", "import sys; print(sys.version)"], capture_output=True, text=True
    )
    minor = ".".join(answer.stdout.split(".")[:2])
    path = str(Path(other_python).parent)
    found = find_interpreter(minor, replace(plain, environ={**plain.environ, "PATH": path}))
    assert found.version == answer.stdout.strip()


@pytest.mark.parametrize("wanted", ["3.99", "nonsense", "--help", "/bin/ls", "/nonexistent", "./x", ""])
def test_what_is_no_python_is_said(plain: Tools, wanted: str) -> None:
    """Neither a missing version nor a program that is no Python gets further than an error."""
    with pytest.raises(InstallError):
        find_interpreter(wanted, plain)


def test_a_python_that_is_too_old_is_said(plain: Tools, tmp_path: Path) -> None:
    """Locks hold from Python 3.11 on."""
    old = tmp_path / "python"
    own = find_interpreter(None, plain)
    answer = str({**own._asdict(), "release": "3.9.1"}).replace("'", '"')
    old.write_text(f"#!/bin/sh\necho '{answer}'\n")
    old.chmod(0o755)
    with pytest.raises(InstallError, match=r"3\.9\.1 .* is too old"):
        find_interpreter(str(old), plain)
