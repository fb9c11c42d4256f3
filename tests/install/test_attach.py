"""A pack's own environment: works like the shared one behind it, and nothing written to it gets there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import InstallError
from packreg.install.attach import MADE_FROM, attach, environment_path, pth_line
from packreg.install.environment import Environment, get_environment
from packreg.install.home import Home
from packreg.install.interpreter import find_interpreter
from packreg.install.marker import python_in_environment
from packreg.install.tools import Tools
from tests.install.conftest import LEAF
from tests.install.shop import tree_digest
from tests.install.test_environment import needs, run


@pytest.fixture
def shared(tools: Tools) -> Environment:
    """A store entry with one package."""
    return get_environment(needs(LEAF), find_interpreter(None, tools), tools)


@pytest.mark.parametrize("path", ["venv", ".venv", "envs/x"])
def test_packages_of_the_store_are_there_wherever_it_is(
    shared: Environment, tmp_path: Path, path: str
) -> None:
    """Imports, `importlib.metadata` and `sys.prefix` are those of an environment of the pack's own."""
    place = tmp_path / "pack" / path
    attach(shared, place)
    code = (
        "import sys, leafpkg, importlib.metadata as m; print(sys.prefix, leafpkg.value, m.version('leafpkg'))"
    )
    assert run(place / "bin" / "python", code) == f"{place} 1.0 1.0"


def test_it_still_works_after_being_moved(shared: Environment, tmp_path: Path) -> None:
    """It is made in a staging place and renamed, so nothing in it may name where it was made."""
    attach(shared, tmp_path / "staging" / "venv")
    (tmp_path / "staging").rename(tmp_path / "final")
    assert (
        run(tmp_path / "final" / "venv" / "bin" / "python", "import leafpkg; print(leafpkg.value)") == "1.0"
    )


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_what_is_installed_into_one_reaches_no_other(
    shared: Environment, tmp_path: Path, tools: Tools, tool: str
) -> None:
    """`pip install` and `uv pip install` into one pack's environment change neither the store nor another."""
    mine, yours = tmp_path / "mine" / "venv", tmp_path / "yours" / "venv"
    attach(shared, mine)
    attach(shared, yours)
    before = tree_digest(shared.entry)
    python = mine / "bin" / "python"
    if tool == "uv":
        command = [tools.uv, "pip", "install", "--python", str(python), "otherpkg", "leafpkg"]
    else:
        command = [sys.executable, "-m", "pip", "--python", str(python), "install", "otherpkg"]
    done = subprocess.run(command, env=tools.environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert run(python, "import otherpkg, leafpkg; print(otherpkg.value, leafpkg.value)") == "3.0 1.0"
    assert (
        run(yours / "bin" / "python", "import importlib.util as u; print(u.find_spec('otherpkg'))") == "None"
    )
    assert tree_digest(shared.entry) == before


def test_uninstalling_in_one_does_not_touch_the_store(
    shared: Environment, tmp_path: Path, tools: Tools
) -> None:
    """`uv pip uninstall` of a package that lies in the store finds nothing to remove."""
    attach(shared, tmp_path / "venv")
    before = tree_digest(shared.entry)
    python = tmp_path / "venv" / "bin" / "python"
    command = [tools.uv, "pip", "uninstall", "--python", str(python), "leafpkg"]
    subprocess.run(command, env=tools.environment, capture_output=True)
    assert tree_digest(shared.entry) == before
    assert run(python, "import leafpkg; print(leafpkg.value)") == "1.0"


def test_a_sync_with_the_wrong_python_rebuilds_only_the_private_one(
    shared: Environment, tmp_path: Path, tools: Tools, other_python: str
) -> None:
    """The `uv sync` that empties a shared environment through a link stays in the pack's own one."""
    pack = tmp_path / "pack"
    pack.mkdir()
    project = '[project]\nname = "p"\nversion = "1"\ndependencies = ["otherpkg"]\n'
    attach(shared, pack / ".venv")
    attach(shared, tmp_path / "yours")
    question = "import sys; print('.'.join(map(str, sys.version_info[:2])))"
    minor = subprocess.run([other_python, "-c", question], capture_output=True, text=True).stdout.strip()
    (pack / "pyproject.toml").write_text(f'{project}requires-python = "=={minor}.*"\n')
    before = tree_digest(shared.entry)
    environ = tools.environment | {"UV_PYTHON": other_python}
    done = subprocess.run([tools.uv, "sync"], cwd=pack, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert run(pack / ".venv" / "bin" / "python", f"{question}; import otherpkg") == minor
    assert tree_digest(shared.entry) == before
    assert run(tmp_path / "yours" / "bin" / "python", "import leafpkg; print(leafpkg.value)") == "1.0"


def test_a_whole_one_needs_the_store_no_more(shared: Environment, tmp_path: Path) -> None:
    """The environment of a uv pack holds the packages themselves."""
    from packreg.install.disk import remove_tree

    attach(shared, tmp_path / "venv", whole=True)
    assert remove_tree(shared.entry)
    assert run(tmp_path / "venv" / "bin" / "python", "import leafpkg; print(leafpkg.value)") == "1.0"


def test_it_says_what_it_was_made_from(shared: Environment, tmp_path: Path) -> None:
    """The private environment names the store entry and the interpreter."""
    attach(shared, tmp_path / "venv")
    said = (tmp_path / "venv" / MADE_FROM).read_text().splitlines()
    assert said[0] == shared.key and said[1] == "linked"


def test_default_places_are_those_of_pulumi() -> None:
    """Unset, pip packs get venv and uv packs .venv; "./venv/" is venv."""
    assert environment_path(None, None) == environment_path(None, "pip") == "venv"
    assert environment_path(None, "uv") == ".venv"
    assert environment_path("./envs//x/", None) == "envs/x"


@pytest.mark.parametrize(
    "path", ["..", "../venv", "a/../../b", "/abs", "C:/x", "C:x", "\\\\server\\x", ".", "", "a\0b"]
)
def test_no_environment_leaves_the_pack(path: str) -> None:
    """A recorded manifest that names a place outside the pack is refused."""
    with pytest.raises(InstallError):
        environment_path(path, None)


@given(st.text(alphabet="./\\:aC~ \0-", max_size=12))
def test_every_accepted_place_is_inside_the_pack(path: str) -> None:
    """Whatever is accepted stays below the pack on Linux, macOS and Windows."""
    try:
        accepted = environment_path(path, None)
    except InstallError:
        return
    assert os.path.normpath(f"/pack/{accepted}").startswith("/pack/")
    windows = PureWindowsPath("C:/pack") / accepted
    assert ".." not in windows.parts and windows.parts[:2] == ("C:\\", "pack") and len(windows.parts) > 2


def test_the_interpreter_is_where_each_system_has_it() -> None:
    """`bin/python`, and on Windows `Scripts\\python.exe`."""
    assert python_in_environment(windows=False) == "bin/python"
    assert python_in_environment(windows=True) == "Scripts\\python.exe"


def test_the_line_survives_every_path() -> None:
    """A path with quotes, backslashes or a line break makes one line that Python reads back as that path."""
    for path in (Path("/a b/it's"), Path('/q"uote'), Path("/back\\slash"), Path("/two\nlines")):
        line = pth_line(path)
        assert line.count("\n") == 1 and line.startswith("import ")
        import ast

        assert ast.literal_eval(line.partition("addsitedir(")[2].rstrip(")\n")) == str(path)


def test_the_home_does_not_matter(home: Home, shared: Environment) -> None:
    """The store entry is named by its key below `envs`."""
    assert shared.entry == home.envs / shared.key
