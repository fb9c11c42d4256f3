"""Packs of poetry: locked from their poetry.lock by the real poetry, and installed without any."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from packreg.errors import InstallError, InvalidPack
from packreg.install.home import Home
from packreg.install.lock_dependencies import lock_dependencies
from packreg.install.requirements_lock import read_lock
from packreg.install.tools import Tools
from packreg.pack.files import File
from packreg.pack.reference import Reference
from tests.install.conftest import LEAF, OTHER, TWIG
from tests.install.shop import Index, Shop, checked, python_pack, tools_in

PROJECT = """[project]
name = "guardproj"
version = "1.0.0"
requires-python = ">=3.11"
dependencies = ["twigpkg"]

[dependency-groups]
dev = ["otherpkg"]
"""


@pytest.fixture(scope="session")
def poetry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the real poetry, its export plugin, and one that lets it lock from a test's index."""
    place = tmp_path_factory.mktemp("poetry")
    uv = find_uv_bin()
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, place / "env"], check=True)
    wanted = ["poetry>=2", "poetry-plugin-export", "poetry-plugin-pypi-mirror"]
    command = [uv, "pip", "install", "--quiet", "--python", place / "env" / "bin" / "python", *wanted]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"poetry cannot be had from the package index: {done.stderr[-300:]}")
    (place / "bin").mkdir()
    (place / "bin" / "poetry").symlink_to(place / "env" / "bin" / "poetry")
    return place / "bin"


@pytest.fixture
def with_poetry(home: Home, index: Index, poetry: Path, tmp_path: Path) -> Tools:
    """Tools with poetry on the PATH, and no other index than `index`."""
    environ = index.environ(tmp_path / "cache") | {
        "PATH": f"{poetry}{os.pathsep}{os.environ['PATH']}",
        "POETRY_PYPI_MIRROR_URL": f"{index.url}/simple/",
        "POETRY_CACHE_DIR": str(tmp_path / "poetry-cache"),
        "POETRY_CONFIG_DIR": str(tmp_path / "poetry-config"),
        "POETRY_VIRTUALENVS_CREATE": "false",
    }
    return tools_in(home, **environ)


def poetry_pack(tools: Tools, work: Path, project: str = PROJECT) -> dict[str, File]:
    """A pack that its author locked with `poetry lock`."""
    work.mkdir()
    (work / "pyproject.toml").write_text(project)
    command = [tools.need("poetry", ""), "lock", "--no-interaction"]
    done = subprocess.run(command, cwd=work, env=tools.environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    lock = (work / "poetry.lock").read_text()
    return python_pack(virtualenv=None, pyproject_toml=project, poetry_lock=lock)


def test_from_poetry_lock_to_an_environment_without_poetry(
    with_poetry: Tools, shop: Shop, home: Home, index: Index, tmp_path: Path
) -> None:
    """The record's lock is poetry's, with hashes; installing needs no poetry and gives a whole `.venv`."""
    pack = poetry_pack(with_poetry, tmp_path / "work")
    asked = index.requests
    lock = lock_dependencies(checked(pack), with_poetry)
    assert index.requests == asked, "what poetry.lock says is not resolved again"
    assert lock is not None and lock.made_by == "poetry.lock"
    locked = {package.name: package for package in read_lock(lock.text, "guard")}
    assert {name: package.version for name, package in locked.items()} == {"leafpkg": "1.0", "twigpkg": "2.0"}
    assert locked["leafpkg"].hashes == (LEAF.sha256,) and locked["twigpkg"].hashes == (TWIG.sha256,)
    assert OTHER.name not in lock.text, "only what the pack runs with"
    shop.publish(pack, lock=lock)

    without = tools_in(home, **index.environ(tmp_path / "cache"))
    assert without.which("poetry") is None
    done = shop.installer(home, without).install(Reference.parse("guard@1.0.0"))
    assert done.environment == done.path / ".venv"
    assert (done.path / "PulumiPolicy.yaml").read_bytes() == pack["PulumiPolicy.yaml"].data
    python = [done.environment / "bin" / "python", "-I", "-c"]
    code = "import leafpkg, twigpkg, sys; print(leafpkg.value, twigpkg.value, sys.prefix, twigpkg.__file__)"
    said = subprocess.run([*python, code], capture_output=True, text=True, check=True).stdout.split()
    assert said[:3] == ["1.0", "2.0", str(done.environment)]
    assert said[3].startswith(str(done.environment)), "the packages are in the environment itself"

    found = subprocess.run(  # what the Pulumi CLI asks poetry for at every preview
        [with_poetry.need("poetry", ""), "env", "info", "--path"],
        cwd=done.path,
        env=with_poetry.environment | {"POETRY_VIRTUALENVS_CREATE": "true"},
        capture_output=True,
        text=True,
    )
    assert found.stdout.strip() == str(done.environment), found.stderr


def test_without_the_plugin_the_fix_is_said(with_poetry: Tools, home: Home, tmp_path: Path) -> None:
    """A poetry that cannot export is no reason to guess: the error names the plugin."""
    pack = poetry_pack(with_poetry, tmp_path / "work")
    place = tmp_path / "plain"
    place.mkdir()
    (place / "poetry").write_text(f'#!/bin/sh\nexec "{with_poetry.need("poetry", "")}" --no-plugins "$@"\n')
    (place / "poetry").chmod(0o755)
    path = f"{place}{os.pathsep}{with_poetry.environ['PATH']}"
    with pytest.raises(InstallError, match="no command `export`") as caught:
        lock_dependencies(checked(pack), tools_in(home, **{**with_poetry.environ, "PATH": path}))
    assert "poetry-plugin-export" in caught.value.hint and Path(caught.value.log).is_file()


def test_a_lock_that_is_out_of_date_is_refused(with_poetry: Tools, tmp_path: Path) -> None:
    """A poetry.lock of another pyproject.toml is refused in poetry's own words."""
    pack = poetry_pack(with_poetry, tmp_path / "work")
    pack["pyproject.toml"] = File(PROJECT.replace("twigpkg", "leafpkg").encode())
    with pytest.raises(InstallError, match=r"pyproject\.toml changed significantly") as caught:
        lock_dependencies(checked(pack), with_poetry)
    assert "poetry lock" in caught.value.hint


@pytest.mark.parametrize(
    "source",
    [
        'type = "git"\nurl = "https://git.invalid/evil.git"\nreference = "HEAD"\nresolved_reference = "0a"\n',
        'type = "directory"\nurl = "../evil"\n',
        'type = "url"\nurl = "https://files.invalid/evil-1.0.tar.gz"\n',
    ],
)
def test_sources_outside_an_index_are_the_authors_problem(
    with_poetry: Tools, tmp_path: Path, source: str
) -> None:
    """What poetry.lock takes from git, a path or a URL never reaches a record."""
    pack = poetry_pack(with_poetry, tmp_path / "work")
    lock = pack["poetry.lock"].data.decode()
    head, metadata = lock.split("[metadata]")
    place = head.index('name = "leafpkg"')
    end = head.find("[[package]]", place) if "[[package]]" in head[place:] else len(head)
    changed = f"{head[:end].rstrip()}\n\n[package.source]\n{source}\n{head[end:]}[metadata]{metadata}"
    pack["poetry.lock"] = File(changed.encode())
    with pytest.raises(InvalidPack, match=r"poetry\.lock") as caught:
        lock_dependencies(checked(pack), with_poetry)
    assert [problem.code for problem in caught.value.problems] == ["poetry-lock"]


def test_without_poetry_a_pack_without_a_recorded_lock_says_what_is_missing(
    with_poetry: Tools, shop: Shop, home: Home, index: Index, tmp_path: Path
) -> None:
    """Only a release that was published without a lock needs poetry where it is installed."""
    shop.publish(poetry_pack(with_poetry, tmp_path / "work"))
    without = tools_in(home, **index.environ(tmp_path / "cache"))
    with pytest.raises(InstallError, match="poetry is not on the PATH") as caught:
        shop.installer(home, without).install(Reference.parse("guard@1.0.0"))
    assert "poetry-plugin-export" in caught.value.hint
