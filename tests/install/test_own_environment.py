"""The environment of a pack directory: an ordinary one, also where somebody else made it."""

from __future__ import annotations

import re
import subprocess
import venv
from dataclasses import replace
from pathlib import Path

import pytest

from packreg.errors import InstallError, UsageError
from packreg.install.attach import MADE_FROM, attach
from packreg.install.environment import get_environment
from packreg.install.interpreter import find_interpreter
from packreg.install.own_environment import lacking, own_environment, read_made
from packreg.install.tools import Tools
from tests.install.conftest import LEAF, OTHER, TWIG
from tests.install.shop import Index, Wheel
from tests.install.test_environment import needs, run


def make(place: Path, tools: Tools, *wheels: Wheel, python: str | None = None) -> tuple[bool, list[str]]:
    """Bring an environment up to date for a lock of these wheels; whether it changed, and the notes."""
    notes: list[str] = []
    changed = own_environment(place, needs(*wheels), tools, asked="this", python=python, note=notes.append)
    return changed, notes


def shell(place: Path, tools: Tools, script: str) -> str:
    """What a script says in a shell in which the environment is active."""
    done = subprocess.run(
        ["bash", "-c", f"source {place}/bin/activate && {script}"],
        env=tools.environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def by_hand(place: Path, tools: Tools, verb: str, package: str) -> None:
    """What somebody does in an environment without packreg."""
    command = [tools.uv, "pip", verb, "--python", str(place / "bin" / "python"), package]
    subprocess.run(command, env=tools.environment, check=True, capture_output=True)


def test_the_commands_of_the_policies_faq_work(tmp_path: Path, tools: Tools, index: Index) -> None:
    """`activate`, `pip list`, `pip install -r` and `uv pip list` find pip and the packages of the lock."""
    place = tmp_path / "pack" / "venv"
    assert make(place, tools, LEAF, TWIG) == (True, [])
    listed = shell(place, tools, "pip list --format=freeze").splitlines()
    assert {"leafpkg==1.0", "twigpkg==2.0"} <= {*listed} and any(line.startswith("pip==") for line in listed)
    (tmp_path / "requirements.txt").write_text("twigpkg\n")
    install = f"{place}/bin/pip install -r {tmp_path}/requirements.txt"
    assert "already satisfied: twigpkg" in shell(place, tools, install)
    assert "leafpkg" in shell(place, tools, f"{tools.uv} pip list")
    assert shell(place, tools, "command -v python").strip() == f"{place}/bin/python"
    asked = index.requests
    assert make(place, tools, LEAF, TWIG) == (False, []) and index.requests == asked


@pytest.mark.parametrize("folder", ["pack", "my pack"])
def test_scripts_run_the_environments_own_python(tmp_path: Path, tools: Tools, folder: str) -> None:
    """A console script of a package finds the packages beside it, also where a path has a space."""
    place = tmp_path / folder / "venv"
    make(place, tools, LEAF)
    done = subprocess.run(
        [place / "bin" / "pip", "list"], env=tools.environment, capture_output=True, text=True
    )
    assert "leafpkg" in done.stdout, done.stderr


def test_a_changed_lock_keeps_what_somebody_installed(tmp_path: Path, tools: Tools) -> None:
    """What the lock brings comes, what it no longer brings goes, and the author's own packages stay."""
    place = tmp_path / "venv"
    make(place, tools, LEAF, TWIG)
    by_hand(place, tools, "install", "otherpkg")
    assert make(place, tools, LEAF) == (True, [])
    code = (
        "import importlib.util as u; print([bool(u.find_spec(n)) for n in ('leafpkg','twigpkg','otherpkg')])"
    )
    assert run(place / "bin" / "python", code) == "[True, False, True]"


def test_a_package_that_somebody_removed_comes_back(tmp_path: Path, tools: Tools) -> None:
    """An environment that lost a package of the lock is not up to date."""
    place = tmp_path / "venv"
    make(place, tools, LEAF)
    by_hand(place, tools, "uninstall", "leafpkg")
    assert make(place, tools, LEAF)[0]
    assert run(place / "bin" / "python", "import leafpkg; print(leafpkg.value)") == "1.0"


def test_an_environment_of_python_m_venv_is_taken_over(
    tmp_path: Path, tools: Tools, other_python: str
) -> None:
    """It gets the packages of the lock with the Python that it has, loses nothing, and stays what it is."""
    place = tmp_path / "venv"
    subprocess.run([other_python, "-m", "venv", "--without-pip", place], check=True)
    by_hand(place, tools, "install", "otherpkg")
    assert lacking(place, ["leafpkg", "Other_Pkg", "otherpkg"]) == ["leafpkg", "Other_Pkg"]
    assert make(place, tools, LEAF) == (True, [])
    code = "import sys, leafpkg, otherpkg; print(sys.version)"
    assert run(place / "bin" / "python", code) == run(Path(other_python), "import sys; print(sys.version)")
    assert make(place, tools, LEAF) == (False, []) and lacking(place, ["leafpkg", "otherpkg"]) == []
    venv.create(tmp_path / "theirs", with_pip=False)
    with pytest.raises(InstallError, match="was made with") as caught:
        make(tmp_path / "theirs", tools, LEAF, python=other_python)
    assert str(tmp_path / "theirs") in caught.value.hint


def test_without_uv_it_is_made_anew_and_none_is_taken_over(tmp_path: Path, tools: Tools) -> None:
    """pip changes no environment from outside: ours is made again, somebody else's refused and left."""
    slow = replace(tools, uv_path="")
    place = tmp_path / "venv"
    assert make(place, slow, LEAF) == (True, [])
    by_hand(place, tools, "install", "otherpkg")
    changed, notes = make(place, slow, LEAF, TWIG)
    assert changed and "otherpkg" in notes[0]
    assert run(place / "bin" / "python", "import twigpkg; print(twigpkg.value)") == "2.0"
    venv.create(tmp_path / "theirs", with_pip=False)
    with pytest.raises(InstallError, match="cannot be taken over without uv"):
        make(tmp_path / "theirs", slow, LEAF)


def test_an_environment_of_an_older_packreg_is_made_anew(tmp_path: Path, tools: Tools) -> None:
    """One that was a link into the store becomes an ordinary one, and what was added by hand is named."""
    place = tmp_path / "venv"
    attach(get_environment(needs(LEAF), find_interpreter(None, tools), tools), place)
    by_hand(place, tools, "install", "otherpkg")
    changed, notes = make(place, tools, LEAF)
    assert changed and notes[0].endswith("install again what you had put there: otherpkg")
    assert "leafpkg" in shell(place, tools, "pip list")


def test_another_python_makes_it_anew(tmp_path: Path, tools: Tools, other_python: str) -> None:
    """`--python` replaces the interpreter, and what somebody had installed is named."""
    place = tmp_path / "venv"
    make(place, tools, LEAF)
    by_hand(place, tools, "install", "otherpkg")
    changed, notes = make(place, tools, LEAF, python=other_python)
    assert changed and "otherpkg" in notes[0]
    theirs = run(Path(other_python), "import sys; print(sys.version)")
    assert run(place / "bin" / "python", "import sys, leafpkg; print(sys.version)") == theirs


def test_one_of_another_python_of_the_same_version_is_made_anew(tmp_path: Path, tools: Tools) -> None:
    """An environment is kept only for the interpreter that it was made from, wherever its packages lie."""
    place, elsewhere = tmp_path / "venv", tmp_path / "python"
    make(place, tools, LEAF)
    (elsewhere / "bin").mkdir(parents=True)
    (elsewhere / "bin" / "python3").write_text("#!/bin/sh\n")
    settings = (place / "pyvenv.cfg").read_text()
    (place / "pyvenv.cfg").write_text(re.sub("(?m)^home = .*$", f"home = {elsewhere}/bin", settings))
    assert make(place, tools, LEAF)[0] and (place / "pyvenv.cfg").read_text() == settings
    assert make(place, tools, LEAF) == (False, [])


def test_a_failed_install_is_tried_again(tmp_path: Path, tools: Tools) -> None:
    """After a lock that cannot be installed, the environment is not up to date, and has lost nothing."""
    place = tmp_path / "venv"
    make(place, tools, LEAF)
    by_hand(place, tools, "install", "otherpkg")
    with pytest.raises(InstallError):
        make(place, tools, LEAF, Wheel("nowhere", "1.0"))
    assert make(place, tools, LEAF) == (True, [])
    assert run(place / "bin" / "python", "import leafpkg, otherpkg; print('both')") == "both"


def test_no_program_of_the_environment_is_run(tmp_path: Path, tools: Tools) -> None:
    """A checkout may bring an environment: neither its Python nor code in it runs when it is filled."""
    place, ran = tmp_path / "venv", tmp_path / "ran"
    venv.create(place, with_pip=False)
    [packages] = place.glob("lib/python*/site-packages")
    (packages / "evil.pth").write_text(f"import pathlib; pathlib.Path({str(ran)!r}).touch()\n")
    make(place, tools, LEAF)
    assert not ran.exists() and (packages / "leafpkg").is_dir()
    python = place / "bin" / "python"
    python.unlink()
    python.write_text(f"#!/bin/sh\ntouch {ran}\n")
    python.chmod(0o755)
    make(place, tools, LEAF, OTHER)
    assert not ran.exists() and (packages / "otherpkg").is_dir()
    (place / "pyvenv.cfg").write_text("home = /nowhere\nversion = 3.11.1\n")
    with pytest.raises(InstallError, match="is not there any more"):
        make(place, tools, LEAF)


def test_an_interpreter_of_the_checkout_is_refused(tmp_path: Path, tools: Tools) -> None:
    """A Python that lies in the checkout is not run, though the environment says that it was made from it."""
    place, brought = tmp_path / "pack" / "venv", tmp_path / "tools"
    venv.create(place, with_pip=False)
    brought.mkdir()
    (brought / "python3").write_text("#!/bin/sh\n")
    (place / "pyvenv.cfg").write_text(f"home = {brought}\nversion = 3.11.1\n")
    with pytest.raises(UsageError, match="in the checkout"):
        make(place, replace(tools, checkout=tmp_path), LEAF)


@pytest.mark.parametrize("part", ["", "lib", "bin"])
def test_a_link_out_of_the_environment_is_not_written_through(
    tmp_path: Path, tools: Tools, part: str
) -> None:
    """Where the environment, or what is in it, is a link to elsewhere, nothing is installed there."""
    place, elsewhere = tmp_path / "venv", tmp_path / "elsewhere"
    venv.create(place, with_pip=False)
    (place / part).rename(elsewhere)
    (tmp_path / "venv" / part if part else place).symlink_to(elsewhere)
    before = sorted(path.name for path in elsewhere.rglob("*"))
    with pytest.raises(InstallError):
        make(place, tools, LEAF)
    assert sorted(path.name for path in elsewhere.rglob("*")) == before


@pytest.mark.parametrize(
    "said", [b"", b"x", b"k\nown\na\n../../x-1.dist-info\n-r-1.dist-info\n", b"\xff\n" * 9]
)
def test_what_an_environment_says_of_itself_is_not_believed(
    tmp_path: Path, tools: Tools, said: bytes
) -> None:
    """Whatever stands in its file, no name from it reaches a tool that could be a path or an option."""
    (tmp_path / MADE_FROM).write_bytes(said)
    made = read_made(tmp_path)
    assert made is not None and made.packages == ()


def test_what_is_lacking_is_not_said_where_it_cannot_be_known(tmp_path: Path) -> None:
    """Of no environment, and of one that shares the system's packages, nothing is said."""
    assert lacking(tmp_path / "none", ["leafpkg"]) == []
    venv.create(tmp_path / "shared", with_pip=False, system_site_packages=True)
    assert lacking(tmp_path / "shared", ["leafpkg"]) == []
