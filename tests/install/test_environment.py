"""Environments by content: built once, shared, never half there."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from packreg.errors import InstallError
from packreg.install.environment import Needs, environment_key, get_environment
from packreg.install.home import Home
from packreg.install.interpreter import Interpreter, find_interpreter
from packreg.install.sealed import COMPLETE
from packreg.install.tools import Tools
from tests.install.conftest import LEAF, OTHER, TWIG
from tests.install.shop import Index, Wheel, lock_of, tools_in, tree_digest


def run(python: Path, code: str) -> str:
    """What a program prints in an environment; fails with what it says on stderr."""
    done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def needs(*wheels: Wheel, own: tuple[tuple[str, bytes], ...] = ()) -> Needs:
    """What a pack with these locked packages needs."""
    return Needs(lock_of(*wheels).text, own, "guard@1.0.0")


@pytest.fixture
def interpreter(tools: Tools) -> Interpreter:
    """Our own interpreter."""
    return find_interpreter(None, tools)


def test_the_locked_packages_and_nothing_else_are_in_it(tools: Tools, interpreter: Interpreter) -> None:
    """An environment holds the packages of its lock, importable, and no pip."""
    made = get_environment(needs(LEAF, TWIG), interpreter, tools)
    python = made.entry / "env" / "bin" / "python"
    assert run(python, "import leafpkg, twigpkg; print(leafpkg.value, twigpkg.value)") == "1.0 2.0"
    listed = "import importlib.metadata as m; print(sorted(d.name for d in m.distributions()))"
    assert run(python, listed) == "['leafpkg', 'twigpkg']"


def test_the_second_asker_gets_the_same_without_any_tool(
    home: Home, tools: Tools, interpreter: Interpreter, index: Index
) -> None:
    """A store entry is found again by content, with neither uv nor an index in reach."""
    made = get_environment(needs(LEAF), interpreter, tools)
    asked = index.requests
    blind = Tools(home, {"PATH": ""}, uv_path="/nonexistent/uv")
    assert get_environment(needs(LEAF), interpreter, blind) == made
    assert index.requests == asked


def test_nothing_that_matters_is_left_out_of_the_key(interpreter: Interpreter) -> None:
    """Another lock, wheel, file name of a wheel or interpreter makes another environment."""
    wanted = [needs(LEAF), needs(TWIG), Needs(), needs(LEAF, own=(("a.whl", b"1"),))]
    wanted += [needs(LEAF, own=(("a.whl", b"2"),)), needs(LEAF, own=(("b.whl", b"1"),))]
    keys = {environment_key(need, interpreter) for need in wanted}
    for name in ("path", "version", "abi", "machine", "libc", "system"):
        changed = interpreter._replace(**{name: getattr(interpreter, name) + "x"})
        keys.add(environment_key(needs(LEAF), changed))
    assert len(keys) == 12
    assert environment_key(needs(LEAF), interpreter) == environment_key(needs(LEAF), interpreter)


def test_files_are_copied_and_not_linked(tools: Tools, interpreter: Interpreter) -> None:
    """Nothing in the store shares its bytes with the cache of uv, where an edit would spread from."""
    made = get_environment(needs(LEAF), interpreter, tools)
    module = made.site_packages / "leafpkg" / "__init__.py"
    assert module.stat().st_nlink == 1
    module.write_text("value = 'edited'\n")
    other = get_environment(needs(LEAF, OTHER), interpreter, tools)
    assert run(other.entry / "env" / "bin" / "python", "import leafpkg; print(leafpkg.value)") == "1.0"


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_other_bytes_than_locked_are_refused(
    installer: str, tools: Tools, interpreter: Interpreter, index: Index
) -> None:
    """An index that serves another file under the same name gets nowhere, with either installer."""
    index.files[LEAF.file_name] = Wheel("leafpkg", "1.0", source="evil = True\n").data
    tools = replace(tools, uv_path="") if installer == "pip" else tools
    with pytest.raises(InstallError, match="could not install the locked dependencies") as caught:
        get_environment(needs(LEAF), interpreter, tools)
    assert Path(caught.value.log).is_file()
    assert caught.value.log in str(caught.value)
    assert not list(tools.home.envs.iterdir())


def test_pip_fills_environments_where_there_is_no_uv(tools: Tools, interpreter: Interpreter) -> None:
    """Without uv the same environment comes about with pip."""
    made = get_environment(needs(LEAF, TWIG), interpreter, replace(tools, uv_path=""))
    python = made.entry / "env" / "bin" / "python"
    assert run(python, "import leafpkg, twigpkg; print(leafpkg.value, twigpkg.value)") == "1.0 2.0"


def test_a_broken_index_leaves_a_log_and_nothing_else(
    tools: Tools, interpreter: Interpreter, index: Index
) -> None:
    """A failure names the log of the tool; no environment, not even a half one, is there after it."""
    index.broken = True
    with pytest.raises(InstallError) as caught:
        get_environment(needs(LEAF), interpreter, tools)
    assert "500" in Path(caught.value.log).read_text()
    assert not list(tools.home.envs.iterdir())
    index.broken = False
    assert (get_environment(needs(LEAF), interpreter, tools).entry / COMPLETE).is_file()


def test_the_packs_own_wheel_is_installed(tools: Tools, interpreter: Interpreter) -> None:
    """A wheel that the bundle brings is there beside the lock, without its dependencies resolved."""
    own = Wheel("packwheel", "0.1", ("nothing-that-exists>=9",))
    made = get_environment(needs(LEAF, own=((own.file_name, own.data),)), interpreter, tools)
    python = made.entry / "env" / "bin" / "python"
    assert run(python, "import leafpkg, packwheel; print(packwheel.value)") == "0.1"


def test_many_at_once_build_one(tools: Tools, interpreter: Interpreter, home: Home) -> None:
    """Of eight threads that need the same environment one builds it, and all get it."""
    said: list[str] = []
    found: list[object] = []

    def work() -> None:
        found.append(get_environment(needs(LEAF, TWIG), interpreter, tools, say=said.append))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(map(str, found))) == 1
    assert said.count("building the environment") == 1
    assert [path.name for path in home.envs.iterdir()] == [environment_key(needs(LEAF, TWIG), interpreter)]


def test_what_a_killed_builder_left_is_swept(tools: Tools, interpreter: Interpreter, home: Home) -> None:
    """A half-built entry of the same key is removed by the next builder, and never taken for whole."""
    key = environment_key(needs(LEAF), interpreter)
    half = home.envs / f".building-{key[:32]}-0badcafe"
    half.mkdir(parents=True)
    (half / "junk").write_text("x")
    (home.envs / key).mkdir()
    made = get_environment(needs(LEAF), interpreter, tools)
    assert [path.name for path in home.envs.iterdir()] == [made.key]
    assert (made.entry / COMPLETE).is_file()


def test_the_operators_variables_do_not_lead_astray(tmp_path: Path, home: Home, index: Index) -> None:
    """An active environment, a target directory and settings for virtualenv change nothing."""
    elsewhere = tmp_path / "elsewhere"
    environ = index.environ(tmp_path / "cache") | {
        "VIRTUAL_ENV": str(elsewhere),
        "UV_PROJECT_ENVIRONMENT": str(elsewhere),
        "UV_LINK_MODE": "hardlink",
        "PIP_TARGET": str(elsewhere),
        "PYTHONPATH": str(elsewhere),
        "VIRTUALENV_SYSTEM_SITE_PACKAGES": "true",
    }
    tools = tools_in(home, **environ)
    made = get_environment(needs(LEAF), find_interpreter(None, tools), tools)
    assert not elsewhere.exists()
    assert "include-system-site-packages = false" in (made.entry / "env" / "pyvenv.cfg").read_text()


def test_other_pythons_get_environments_of_their_own(tools: Tools, other_python: str, home: Home) -> None:
    """The same lock for another Python is another entry, and works with that Python."""
    own = get_environment(needs(LEAF), find_interpreter(None, tools), tools)
    theirs = get_environment(needs(LEAF), find_interpreter(other_python, tools), tools)
    assert own.key != theirs.key
    python = theirs.entry / "env" / "bin" / "python"
    version = run(python, "import sys, leafpkg; print(sys.version)")
    assert version.split()[0] == theirs.interpreter.release != sys.version.split()[0]


def test_building_again_gives_the_same_files(tools: Tools, interpreter: Interpreter) -> None:
    """An entry that was deleted comes back with the same content."""
    from packreg.install.disk import remove_tree

    made = get_environment(needs(LEAF, TWIG), interpreter, tools)
    before = tree_digest(made.site_packages)
    assert remove_tree(made.entry)
    assert tree_digest(get_environment(needs(LEAF, TWIG), interpreter, tools).site_packages) == before


def test_offline_uses_what_is_here_and_says_what_is_not(
    tools: Tools, interpreter: Interpreter, index: Index, home: Home
) -> None:
    """Offline, a package that was installed before is there, and a missing one is named."""
    get_environment(needs(LEAF), interpreter, tools)
    index.broken = True
    with pytest.raises(InstallError, match="otherpkg") as caught:
        get_environment(needs(LEAF, OTHER), interpreter, tools, offline=True)
    assert "packreg cache export" in caught.value.hint


def test_a_lock_with_anything_but_hashed_versions_reaches_no_tool(
    tools: Tools, interpreter: Interpreter, index: Index
) -> None:
    """A hostile lock is refused before uv or pip is started."""
    for line in ("leafpkg==1.0", "--index-url http://evil.example/simple", "-e .", "leafpkg @ file:///tmp/x"):
        with pytest.raises(InstallError, match="line 1 of the lock of x@1"):
            get_environment(Needs(line + "\n", of="x@1"), interpreter, tools)
    assert index.requests == 0 and not list(tools.home.logs.glob("*"))


def test_a_full_disk_is_said_and_leaves_nothing(
    tmp_path: Path, index: Index, interpreter: Interpreter
) -> None:
    """On a file system without space the error says so, and what fitted is removed again."""
    small = tmp_path / "small"
    small.mkdir()
    if (
        os.name == "nt"
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small], capture_output=True
        ).returncode
    ):
        pytest.skip("this user cannot mount a small file system")
    try:
        home = Home(small / "home")
        big = Wheel("bigpkg", "1.0", source=f"data = {'x' * 400_000!r}\n")
        own = ((big.file_name, big.data),)
        tools = tools_in(home, **index.environ(tmp_path / "cache"))
        with pytest.raises(InstallError, match=r"(?i)no space left") as caught:
            get_environment(Needs("", own, "big@1.0.0"), interpreter, tools)
        assert "free some space" in caught.value.hint
        assert not list(home.envs.iterdir())
    finally:
        subprocess.run(["umount", small], check=True)
