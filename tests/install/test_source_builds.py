"""Wheels that are built from source for a lock: only where it is allowed, once, and with nothing to steal."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from packreg.errors import InstallError
from packreg.install.home import Home
from packreg.install.source_builds import (
    allowed,
    build_wheel_of,
    built_wheels,
    lacking_wheels,
    source_only,
    without_wheels,
)
from packreg.install.tools import Tools
from tests.install.conftest import LEAF
from tests.install.shop import Index, Sdist, serving, tools_in

RAW = Sdist("rawpkg", "1.2")


def built(tools: Tools, name: str = "rawpkg", *bounds: str, said: list[str] | None = None) -> Path:
    """The file of the wheel that is built."""
    heard: list[str] = [] if said is None else said
    return build_wheel_of(name, bounds, tools, "3.11", heard.append).path


def test_a_wheel_is_built_and_said_to_run_foreign_code(home: Home, tmp_path: Path) -> None:
    """Its artifact says from what; the newest version that the bounds allow is taken."""
    said: list[str] = []
    with serving(RAW, Sdist("rawpkg", "2.0")) as index:
        tools = tools_in(home, **index.environ(tmp_path))
        made = build_wheel_of("rawpkg", ["rawpkg<2", "otherpkg==9"], tools, "3.11", said.append)
    assert made.artifact.name == made.path.name == "rawpkg-1.2-py3-none-any.whl"
    assert made.artifact.built_from == f"rawpkg-1.2.tar.gz sha256:{RAW.sha256}"
    assert made.path.parent == home.wheels / made.artifact.sha256
    assert said == ["building rawpkg 1.2 from rawpkg-1.2.tar.gz: this runs code of the package's author"]


def test_the_same_archive_is_built_once_on_a_machine(home: Home, tmp_path: Path) -> None:
    """A second time nothing runs and nothing is said; a wheel that was changed is built again."""
    with serving(RAW) as index:
        tools = tools_in(home, **index.environ(tmp_path))
        path = built(tools)
        again: list[str] = []
        assert built(tools, said=again) == path and again == []
        path.write_bytes(b"changed")
        assert built_wheels([path.parent.name], tools) == []
        built(tools, said=again)
        assert len(again) == 1


def test_the_backend_sees_no_variable_of_the_user(home: Home, tmp_path: Path) -> None:
    """No credentials, no home, no PATH of the user; what it may know is listed."""
    with serving(RAW) as index:
        secrets = {"AWS_SECRET_ACCESS_KEY": "s3cret", "UV_INDEX_CORP_PASSWORD": "s3cret", "GITHUB_TOKEN": "s"}
        path = built(tools_in(home, **index.environ(tmp_path), **secrets))
    with zipfile.ZipFile(path) as wheel:
        module = wheel.read("rawpkg/__init__.py").decode()
    scope: dict[str, dict[str, str]] = {}
    exec(module, scope)
    seen = scope["built_with"]
    assert "s3cret" not in module
    ours = {"PATH", "HOME", "TMPDIR", "LANG", "SOURCE_DATE_EPOCH"}
    assert {
        name for name in seen if name.startswith(("AWS", "UV_INDEX", "GITHUB", "HTTP", "NO_PROXY"))
    } == set()
    assert ours <= set(seen)
    assert not Path(seen["HOME"]).exists(), "it was made for the build, and is gone"


def test_what_is_not_for_every_platform_is_refused_by_name(home: Home, tmp_path: Path) -> None:
    """A lock is for all of them."""
    with serving(Sdist("rawpkg", "1.2", tag="cp311-cp311-linux_x86_64")) as index:
        tools = tools_in(home, **index.environ(tmp_path))
        with pytest.raises(InstallError, match=r"rawpkg-1\.2-cp311-cp311-linux_x86_64\.whl .*one platform"):
            built(tools)
    assert not home.wheels.exists()


def test_a_build_that_fails_says_why_and_leaves_nothing(home: Home, tmp_path: Path) -> None:
    """The backend's own words, and its whole output in a log."""
    with serving(Sdist("rawpkg", "1.2", code="raise RuntimeError('no compiler here')")) as index:
        tools = tools_in(home, **index.environ(tmp_path))
        with pytest.raises(InstallError, match="no compiler here") as caught:
            built(tools)
    assert Path(caught.value.log).is_file() and not home.wheels.exists()
    assert not list((home.root / "tmp").iterdir())


def test_what_a_build_needs_is_installed_from_wheels_alone(home: Home, tmp_path: Path) -> None:
    """A backend that is source itself would run where nobody allowed it, with the user's variables."""
    evil = Sdist("backendpkg", "1", code=f"open({str(tmp_path / 'ran')!r}, 'w')")
    raw = Sdist("rawpkg", "1.2", backend=("backendpkg",))
    with serving(raw, evil) as index, pytest.raises(InstallError, match="install what rawpkg"):
        built(tools_in(home, **index.environ(tmp_path)))
    assert not (tmp_path / "ran").exists()
    with serving(Sdist("rawpkg", "1.2", backend=("leafpkg",)), LEAF) as index:
        assert built(tools_in(home, **index.environ(tmp_path / "2"))).is_file()


@pytest.mark.parametrize("needs", ["leafpkg @ http://127.0.0.1:9/x.whl", "-r /etc/passwd", "--index-url x"])
def test_what_a_build_needs_cannot_be_an_option_or_an_address(home: Home, tmp_path: Path, needs: str) -> None:
    """The archive's pyproject.toml is as foreign as its code."""
    with serving(Sdist("rawpkg", "1.2", backend=(needs,)), LEAF) as index, pytest.raises(InstallError):
        built(tools_in(home, **index.environ(tmp_path)))


def test_another_archive_than_the_index_said_is_refused(home: Home, tmp_path: Path) -> None:
    """Before anything of it is unpacked."""
    with serving(RAW) as index:
        index.files[RAW.file_name] += b"!"
        with pytest.raises(InstallError, match="has the sha256"):
            built(tools_in(home, **index.environ(tmp_path)))


def test_what_has_no_source_is_said(tools: Tools, index: Index) -> None:
    """A package of wheels alone cannot be built."""
    with pytest.raises(InstallError, match="source"):
        built(tools, "leafpkg")


def test_who_is_allowed(tools: Tools) -> None:
    """By any spelling of the name, with the version that was asked for; `all` is everybody."""
    some = replace(tools, build=("Raw.Pkg==1.2", "other"))
    assert allowed("raw-pkg", some) == "Raw.Pkg==1.2" and allowed("leafpkg", some) is None
    assert allowed("leafpkg", replace(tools, build=("all",))) == "leafpkg"
    assert allowed("leafpkg", tools) is None


def test_the_packages_are_read_from_what_uv_said(tmp_path: Path) -> None:
    """From its hint, or from older words; from anything else, none."""
    log = tmp_path / "log"
    log.write_text("Because a-b<2 has no usable wheels\nhint: Wheels are required for `x-y` because …\n")
    assert lacking_wheels(str(log)) == ("x-y",)
    log.write_text("Because a-b<=2.0a1 has no usable wheels and c has no usable wheels")
    assert lacking_wheels(str(log)) == ("a-b", "c")
    assert lacking_wheels(str(tmp_path / "none")) == ()


def test_locks_of_uv_and_poetry_say_what_has_no_wheel() -> None:
    """The pack's own project and what has wheels are not named; nonsense names nothing."""
    uv = b'[[package]]\nname = "own"\nsource = { virtual = "." }\n'
    uv += b'[[package]]\nname = "raw"\nsdist = { url = "u" }\n'
    uv += b'[[package]]\nname = "leaf"\nsdist = { url = "u" }\nwheels = [{ url = "w" }]\n'
    assert without_wheels(uv) == ("raw",)
    poetry = b'[[package]]\nname = "raw"\nfiles = [{ file = "raw-1.tar.gz" }]\n'
    poetry += b'[[package]]\nname = "leaf"\nfiles = [{ file = "l.tar.gz" }, { file = "l.whl" }]\n'
    assert without_wheels(poetry) == ("raw",)
    assert without_wheels(b"\xff") == without_wheels(b"package = 3") == without_wheels(b"package = [1]") == ()


def test_the_error_names_all_packages_and_an_option_that_works() -> None:
    """As it is typed, for the directory that was named."""
    error = source_only(["b", "a", "a"], "guard", "my rules")
    assert "guard depends on" in str(error) and str(error).endswith("a, b")
    assert "`packreg publish --build a --build b 'my rules'`" in error.hint
    assert 'build = "a, b"' in source_only(["a", "b"], "guard").hint
    assert json.dumps(error.log) == '""'
