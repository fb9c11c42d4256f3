"""The empty environment of an interpreter."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from packreg.errors import InstallError
from packreg.install.home import Home
from packreg.install.interpreter import find_interpreter
from packreg.install.skeleton import skeleton
from packreg.install.tools import Tools


def test_it_is_made_once_and_a_copy_of_it_runs(home: Home, tmp_path: Path) -> None:
    """A copy is an environment of its own with the lines that were added; the second asker gets the same."""
    tools = Tools(home, {"PATH": ""})
    made = skeleton(find_interpreter(None, tools), tools)
    before = {path: path.lstat().st_mtime_ns for path in made.directory.rglob("*")}
    assert skeleton(find_interpreter(None, tools), tools) == made
    assert {path: path.lstat().st_mtime_ns for path in made.directory.rglob("*")} == before
    made.copy(tmp_path / "env", "key = value")
    assert (tmp_path / "env" / "pyvenv.cfg").read_text().endswith("key = value\n")
    code = "import sys; print(sys.prefix); print(*sys.path, sep='\\n')"
    python = tmp_path / "env" / "bin" / "python"
    prefix, *path = subprocess.check_output([python, "-c", code], text=True).splitlines()
    assert prefix == str(tmp_path / "env") and str(tmp_path / "env" / made.site_packages) in path
    assert [entry.name for entry in home.skeletons.iterdir()] == [made.directory.parent.name]


def test_the_operators_settings_for_virtualenv_do_not_count(home: Home) -> None:
    """An environment with access to the system's packages would differ from machine to machine."""
    tools = Tools(home, {"PATH": "", "VIRTUALENV_SYSTEM_SITE_PACKAGES": "1"})
    made = skeleton(find_interpreter(None, tools), tools)
    assert "include-system-site-packages = false" in (made.directory / "pyvenv.cfg").read_text()
    assert not [path.name for path in (made.directory / made.site_packages).iterdir() if "pip" in path.name]


def test_what_was_changed_in_it_is_made_anew(home: Home) -> None:
    """Whatever is added to the skeleton would run in every pack."""
    tools = Tools(home, {"PATH": ""})
    made = skeleton(find_interpreter(None, tools), tools)
    (made.directory / made.site_packages / "evil.pth").write_text("import evil\n")
    again = skeleton(find_interpreter(None, tools), tools)
    assert again == made and not (made.directory / made.site_packages / "evil.pth").exists()


def test_what_is_no_interpreter_is_said_and_leaves_nothing(home: Home, tmp_path: Path) -> None:
    """The error names the interpreter and says what to try."""
    tools = Tools(home, {"PATH": ""})
    broken = find_interpreter(None, tools)._replace(path=str(tmp_path / "python"))
    with pytest.raises(InstallError, match="virtualenv cannot make an environment with") as caught:
        skeleton(broken, tools)
    assert "--python" in caught.value.hint
    assert list(home.skeletons.iterdir()) == []
