"""Which of a machine's Pythons an environment is made with."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from packreg.errors import InstallError
from packreg.install.environment import Needs
from packreg.install.fitting import choose_interpreter, is_named, named_interpreters
from packreg.install.home import Home
from packreg.install.installer import Installer
from packreg.install.interpreter import find_interpreter
from packreg.install.lock_dependencies import lock_dependencies
from packreg.install.provision import Runtime, needs_of
from packreg.install.tools import Tools
from packreg.pack.reference import Reference
from tests.install.shop import Shop, checked, python_pack, tools_in

OWN = platform.python_version()
MINOR = sys.version_info.minor


@pytest.fixture
def found(home: Home, other_python: str) -> Tools:
    """Tools with two directories of Pythons: the one that runs the tests, and another on the PATH."""
    return tools_in(home, PATH=os.pathsep.join([str(Path(other_python).parent), os.environ["PATH"]]))


@pytest.fixture
def alone(home: Home) -> Tools:
    """Tools that find no other Python than the one that runs the tests."""
    return replace(tools_in(home, PATH="/nonexistent"), uv_path="")


def other_minor(other_python: str, tools: Tools) -> str:
    """`3.12` or so: the minor version of the other Python."""
    return find_interpreter(other_python, tools).minor


def test_without_a_requirement_it_is_the_python_that_runs_packreg(alone: Tools) -> None:
    """And where that fits."""
    own = find_interpreter(None, alone)
    assert choose_interpreter(None, alone) == own
    assert choose_interpreter(None, alone, requires=f">=3.{MINOR}") == own


def test_another_of_the_machine_is_chosen_where_ours_does_not_fit(found: Tools, other_python: str) -> None:
    """One that is on the PATH."""
    minor = other_minor(other_python, found)
    assert choose_interpreter(None, found, requires=f"=={minor}.*").minor == minor


def test_pyenvs_versions_are_found_though_none_is_chosen(
    home: Home, other_python: str, tmp_path: Path
) -> None:
    """Its shims start nothing then; what they stand for is beside them."""
    (tmp_path / "pyenv" / "shims").mkdir(parents=True)
    place = tmp_path / "pyenv" / "versions" / "3.x" / "bin"
    place.mkdir(parents=True)
    (place / "python3").symlink_to(other_python)
    tools = replace(tools_in(home, PATH=str(tmp_path / "pyenv" / "shims")), uv_path="")
    wanted = find_interpreter(other_python, tools)
    assert choose_interpreter(None, tools, requires=f"=={wanted.minor}.*").release == wanted.release


def test_where_none_fits_both_versions_are_named(alone: Tools) -> None:
    """With a version that would do."""
    with pytest.raises(InstallError) as caught:
        choose_interpreter(None, alone, requires=">=3.40", of="guard@1.0.0")
    assert str(caught.value) == (
        f"guard@1.0.0 requires Python >=3.40, and what there is to run it with is {OWN}"
    )
    assert "install Python 3.40" in caught.value.hint and "--python" in caught.value.hint
    with pytest.raises(InstallError, match=r"packs run with 3\.11 or later"):
        choose_interpreter(None, alone, requires="<3.11")


def test_what_is_named_counts_alone(found: Tools, other_python: str) -> None:
    """An option or setting that does not fit is refused; of several the first that fits is taken."""
    other = find_interpreter(other_python, found)
    with pytest.raises(InstallError, match=f"requires Python =={other.minor}"):
        choose_interpreter(sys.executable, found, requires=f"=={other.minor}.*")
    both = f"{sys.executable}, {other_python}"
    assert choose_interpreter(both, found, requires=f"=={other.minor}.*") == other
    assert choose_interpreter(both, found).path == find_interpreter(sys.executable, found).path
    assert is_named(other.path, both, found) and not is_named(other.path, sys.executable, found)


def test_of_several_names_those_count_that_are_there(alone: Tools) -> None:
    """None at all is the error about the first."""
    one = named_interpreters(f"/nonexistent/python, {sys.executable}", alone)
    assert [each.release for each in one] == [OWN]
    with pytest.raises(InstallError, match="/nonexistent/a"):
        named_interpreters("/nonexistent/a, /nonexistent/b", alone)


def project(requires: str) -> dict[str, str]:
    """A pyproject.toml with this range."""
    return {"pyproject_toml": f'[project]\nname = "p"\nversion = "1"\nrequires-python = "{requires}"\n'}


def test_the_lock_begins_at_the_lowest_python_of_the_pack(tools: Tools) -> None:
    """What only older ones need is not in it."""
    pack = checked(
        python_pack(requirements="leafpkg; python_version < '3.12'\ntwigpkg\n", **project(">=3.12"))
    )
    assert pack.requires_python == ">=3.12"
    lock = lock_dependencies(pack, tools)
    assert lock is not None and lock.python == ">=3.12" and "python_version" not in lock.text


def test_an_install_takes_the_python_that_the_pack_requires(
    shop: Shop, installer: Installer, other_python: str, tools: Tools, home: Home
) -> None:
    """It is found whole again; a setting that names it keeps it, an option that does not fit is refused."""
    minor = other_minor(other_python, tools)
    shop.publish(python_pack(**project(f"=={minor}.*")))
    path = os.pathsep.join([str(Path(other_python).parent), os.environ["PATH"]])
    installer = shop.installer(home, replace(tools, environ={**tools.environ, "PATH": path}))
    reference = Reference.parse("guard@1.0.0")
    installed = installer.install(reference)
    python = installed.path / "venv/bin/python"
    assert f"python{minor}" in str(python.resolve())
    assert not installer.install(reference).changed
    assert not installer.install(reference, python=f"{sys.executable},{python.resolve()}").changed
    with pytest.raises(InstallError, match=f"guard@1.0.0 requires Python =={minor}"):
        installer.install(reference, python=sys.executable)


def test_what_a_pack_needs_says_on_which_pythons() -> None:
    """Whatever its record says: old ones say nothing."""
    pack = checked(python_pack(**project(">=3.12")))
    runtime = Runtime.of_manifest("guard", pack.manifest.as_dict(), pack.files)
    assert runtime.requires_python == ">=3.12"
    needs = needs_of(runtime, pack.files, None, lambda: None)
    assert isinstance(needs, Needs) and needs.requires == ">=3.12"


@pytest.mark.parametrize("text", ["not toml [", "[project]\nrequires-python = 3\n"])
def test_a_pyproject_that_cannot_be_read_asks_for_nothing(text: str) -> None:
    """It was refused when it was published, or by an older packreg was not."""
    from packreg.pack.files import File

    files = {"pyproject.toml": File(text.encode())}
    assert Runtime.of_manifest("guard", {"runtime": "python"}, files).requires_python == ""
