"""Locks with packages that an index has as source only."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from packreg.errors import InstallError
from packreg.install.environment import Needs, get_environment
from packreg.install.home import Home
from packreg.install.interpreter import find_interpreter
from packreg.install.lock_dependencies import built_in, lock_dependencies, remembered_lock
from packreg.install.lock_with_uv import checked_lock, compile_lock, with_built
from packreg.install.requirements_lock import read_lock
from packreg.install.tools import Tools
from packreg.pack.check import Pack
from packreg.registry.record import Lock
from tests.install.conftest import LEAF
from tests.install.shop import Sdist, Wheel, checked, python_pack, serving, tools_in

RAW = Sdist("rawpkg", "1.2", ("leafpkg",))
DEEP = Wheel("deeppkg", "1.0", ("rawpkg",))


def raw_pack(requirements: str = "rawpkg<2\n") -> Pack:
    """A pack that needs it."""
    return checked(python_pack(requirements=requirements))


def building(home: Home, environ: dict[str, str], *names: str) -> Tools:
    """Tools that may build these."""
    return replace(tools_in(home, **environ), build=names)


def test_without_permission_nothing_runs_and_every_package_is_named(home: Home, tmp_path: Path) -> None:
    """Those that were asked for at once, with the option for this directory."""
    mark = tmp_path / "ran"
    evil = [Sdist(name, "1", code=f"open({str(mark)!r}, 'w')") for name in ("rawpkg", "crude")]
    with serving(*evil, LEAF) as index:
        tools = tools_in(home, **index.environ(tmp_path))
        with pytest.raises(InstallError, match=r"source code only.*: crude, rawpkg$") as caught:
            lock_dependencies(raw_pack("rawpkg\ncrude\nleafpkg\n"), tools, directory="guard")
        assert "packreg publish --build crude --build rawpkg guard" in caught.value.hint
        with pytest.raises(InstallError, match=r"source code only.*: crude$"):
            lock_dependencies(raw_pack("rawpkg\ncrude\n"), replace(tools, build=("leafpkg", "rawpkg==1")))
    assert not mark.exists()


def test_what_was_named_is_built_and_locked_by_its_digest(home: Home, tmp_path: Path) -> None:
    """With what it needs in turn; the environment is made of that wheel, without an index for it."""
    with serving(RAW, Sdist("rawpkg", "2.0"), LEAF) as index:
        tools = building(home, index.environ(tmp_path), "rawpkg")
        lock = lock_dependencies(raw_pack(), tools)
        assert lock is not None
        (wheel,) = built_in(lock, tools)
        locked = {each.name: each for each in read_lock(lock.text, "x")}
        assert set(locked) == {"leafpkg", "rawpkg"} and locked["rawpkg"].version == "1.2"
        assert wheel.artifact.sha256 in locked["rawpkg"].hashes
        environment = get_environment(Needs(lock.text), find_interpreter(None, tools), tools)
    assert (environment.site_packages / "rawpkg" / "__init__.py").is_file()


@pytest.mark.parametrize("name", ["rawpkg", "all", "RawPkg==1.2"])
def test_what_is_needed_by_another_package_is_built_too(home: Home, tmp_path: Path, name: str) -> None:
    """The pack itself does not mention it; a version can be said."""
    with serving(DEEP, RAW, LEAF) as index:
        lock = lock_dependencies(raw_pack("deeppkg\n"), building(home, index.environ(tmp_path), name))
    assert lock is not None and {each.name for each in read_lock(lock.text, "x")} == {
        "deeppkg",
        "leafpkg",
        "rawpkg",
    }


def test_a_wheel_that_does_not_fit_ends_in_an_error_that_says_so(home: Home, tmp_path: Path) -> None:
    """The newest source is not what the other package needs, and a version can be named."""
    picky = Wheel("deeppkg", "1.0", ("rawpkg<2",))
    with serving(picky, RAW, Sdist("rawpkg", "2.0"), LEAF) as index:
        environ = index.environ(tmp_path)
        with pytest.raises(
            InstallError, match=r"rawpkg-2\.0-py3-none-any\.whl was built, and does not fit"
        ) as e:
            lock_dependencies(raw_pack("deeppkg\n"), building(home, environ, "rawpkg"))
        assert "--build 'rawpkg==VERSION'" in e.value.hint
        assert lock_dependencies(raw_pack("deeppkg\n"), building(home, environ, "rawpkg==1.2"))


def test_what_has_wheels_is_never_built(home: Home, tmp_path: Path) -> None:
    """However loudly it is named."""
    with serving(LEAF, Sdist("leafpkg", "1.0", code="raise SystemExit('built')")) as index:
        tools = building(home, index.environ(tmp_path), "leafpkg", "all")
        lock = lock_dependencies(raw_pack("leafpkg\n"), tools)
    assert lock is not None and LEAF.sha256 in lock.text and built_in(lock, tools) == []


def test_a_remembered_lock_is_made_again_when_its_wheel_is_gone(home: Home, tmp_path: Path) -> None:
    """No index could give it back."""
    said: list[str] = []
    with serving(RAW, LEAF) as index:
        tools = building(home, index.environ(tmp_path), "rawpkg")
        lock = remembered_lock(raw_pack(), tools, say=said.append)
        assert remembered_lock(raw_pack(), tools, say=said.append) == lock and len(said) == 1
        (wheel,) = built_in(lock, tools)
        wheel.path.unlink()
        assert remembered_lock(raw_pack(), tools, say=said.append) is not None and len(said) == 2
        with pytest.raises(InstallError, match="source code only"):
            remembered_lock(raw_pack(), replace(tools, build=()))


def test_without_uv_nothing_is_built(home: Home, tmp_path: Path) -> None:
    """And it is said what is missing."""
    with serving(RAW) as index:
        tools = replace(building(home, index.environ(tmp_path), "rawpkg"), uv_path="")
        with pytest.raises(InstallError, match="only uv"):
            lock_dependencies(raw_pack(), tools)


PROJECT = """[project]
name = "guardproj"
version = "1.0.0"
requires-python = ">=3.11"
dependencies = ["rawpkg"]
"""


def test_a_lock_that_the_pack_brings_gets_the_digest_of_the_wheel(home: Home, tmp_path: Path) -> None:
    """A uv.lock names the source archive alone; the wheel of exactly that archive is added."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "pyproject.toml").write_text(PROJECT.replace("rawpkg", "leafpkg"))
    with serving(Sdist("rawpkg", "1.2"), LEAF) as index:
        tools = tools_in(home, **index.environ(tmp_path))
        subprocess.run([tools.uv, "lock"], cwd=work, env=tools.environment, check=True, capture_output=True)
        sdist = index.pages["rawpkg"][0]
        raw = (
            '\n[[package]]\nname = "rawpkg"\nversion = "1.2"\n'
            f'source = {{ registry = "{index.url}/simple/" }}\n'
            f'sdist = {{ url = "{index.url}/files/{sdist.file_name}", hash = "sha256:{sdist.sha256}" }}\n'
        )
        text = (work / "uv.lock").read_text()
        text = text.replace('{ name = "leafpkg" }', '{ name = "leafpkg" }, { name = "rawpkg" }') + raw
        project = PROJECT.replace('["rawpkg"]', '["leafpkg", "rawpkg"]')
        pack = checked(python_pack(toolchain="uv", virtualenv=None, pyproject_toml=project, uv_lock=text))
        with pytest.raises(InstallError, match=r"source code only.*: rawpkg$"):
            lock_dependencies(pack, tools)
        allowed = replace(tools, build=("rawpkg",))
        lock = lock_dependencies(pack, allowed)
        (wheel,) = built_in(lock, allowed)
        assert lock is not None and lock.made_by == "uv.lock"
        get_environment(Needs(lock.text), find_interpreter(None, tools), tools)
    assert wheel.artifact.sha256 in lock.text and sdist.sha256 in lock.text


def test_another_source_than_the_lock_names_is_refused(home: Home, tmp_path: Path) -> None:
    """What is built must be what its author locked."""
    lock = Lock("requirements", f"rawpkg==1.2 --hash=sha256:{'0' * 64}\n", "uv.lock")
    with serving(RAW) as index:
        tools = building(home, index.environ(tmp_path), "all")
        with pytest.raises(InstallError, match="another source archive"):
            with_built(lock, ("rawpkg",), "guard", tools, python="3.11")
        assert with_built(lock, (), "guard", tools, python="3.11") == lock
        assert with_built(None, ("rawpkg",), "guard", tools, python="3.11") is None


def test_a_lock_begins_at_a_python(tools: Tools) -> None:
    """The one that is said; nothing to install is no lock."""
    lock = compile_lock(("leafpkg; python_version < '3.12'",), (), "guard", tools, python="3.12")
    assert lock is None
    lock = compile_lock(("leafpkg",), (), "guard", tools, python="3.12")
    assert lock is not None and lock.python == ">=3.12"
    assert checked_lock("# nothing\n", "guard", "uv", "") is None
