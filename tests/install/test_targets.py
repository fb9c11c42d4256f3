"""What dependencies are sealed for, and which files fit it."""

from __future__ import annotations

import sys

import pytest

from packreg.errors import UsageError
from packreg.install.ask_interpreter import facts
from packreg.install.interpreter import Interpreter
from packreg.install.requirements_lock import Locked
from packreg.install.targets import Target, all_targets, fits_here, known_python, platform_here, target_of

LINUX, ARM = Target("linux-x86_64", "3.12"), Target("linux-aarch64", "3.12")
ALPINE = Target("musl-x86_64", "3.12")
MAC, WINDOWS = Target("macos-arm64", "3.12"), Target("windows-x86_64", "3.12")
ALL = (LINUX, ARM, ALPINE, MAC, WINDOWS)


@pytest.mark.parametrize(
    ("wheel", "fitting"),
    [
        ("a-1-py3-none-any.whl", ALL),
        ("a-1-py2.py3-none-any.whl", ALL),
        ("a-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", (LINUX,)),
        ("a-1-cp312-cp312-manylinux2014_aarch64.whl", (ARM,)),
        ("a-1-cp38-abi3-manylinux_2_28_x86_64.whl", (LINUX,)),
        ("a-1-cp312-cp312-manylinux_2_39_x86_64.whl", (LINUX,)),
        ("a-1-cp312-cp312-musllinux_1_2_x86_64.whl", (ALPINE,)),
        ("a-1-cp312-cp312-macosx_11_0_arm64.whl", (MAC,)),
        ("a-1-cp312-cp312-macosx_10_13_universal2.whl", (MAC,)),
        ("a-1-cp312-cp312-win_amd64.whl", (WINDOWS,)),
        ("a-1-cp312-cp312-win32.whl", ()),
        ("a-1-cp313-cp313-manylinux_2_17_x86_64.whl", ()),
        ("a-1-cp313-abi3-manylinux_2_17_x86_64.whl", ()),
        ("a-1-pp310-pypy310_pp73-manylinux_2_17_x86_64.whl", ()),
        ("a-1.tar.gz", ()),
        ("../a-1-py3-none-any.exe", ()),
    ],
)
def test_a_wheel_fits_by_its_tags(wheel: str, fitting: tuple[Target, ...]) -> None:
    """As PyPA's compatibility tags have it."""
    assert tuple(target for target in ALL if target.fits(wheel)) == fitting


@pytest.mark.parametrize(
    ("marker", "fitting"),
    [
        ("", ALL),
        ("sys_platform == 'win32'", (WINDOWS,)),
        ("platform_system == 'Linux' and platform_machine == 'aarch64'", (ARM,)),
        ("platform_machine == 'AMD64'", (WINDOWS,)),
        ("python_full_version >= '3.12'", ALL),
        ("python_version < '3.12'", ()),
        ("implementation_name == 'pypy'", ()),
        ("nonsense == 1", ALL),
    ],
)
def test_a_line_of_a_lock_is_for_a_target_by_its_marker(marker: str, fitting: tuple[Target, ...]) -> None:
    """What cannot be told is wanted: an installer would not leave it out either."""
    package = Locked("a", "1", marker, ())
    assert tuple(target for target in ALL if target.needs(package)) == fitting


@pytest.mark.parametrize(
    ("entry", "fitting"),
    [
        ({}, ALL),
        ({"os": ["linux"]}, (LINUX, ARM, ALPINE)),
        ({"os": ["!win32"]}, (LINUX, ARM, ALPINE, MAC)),
        ({"os": ["linux"], "cpu": ["x64"]}, (LINUX, ALPINE)),
        ({"os": ["linux"], "libc": ["musl"]}, (ALPINE,)),
        ({"cpu": "arm64"}, (ARM, MAC)),
        ({"os": 7}, ALL),
    ],
)
def test_a_package_of_npm_is_for_a_target_by_its_entry(
    entry: dict[str, object], fitting: tuple[Target, ...]
) -> None:
    """As npm's `os`, `cpu` and `libc` have it."""
    assert tuple(target for target in ALL if target.takes(entry)) == fitting


def test_this_machine_is_a_target() -> None:
    """The interpreter that runs this has a word, and its own platform's wheels fit here."""
    own = target_of(Interpreter(**facts()))
    assert own is not None
    assert own == Target.parse(str(own)) == Target(platform_here(), ".".join(map(str, sys.version_info[:2])))
    assert fits_here("a-1-py3-none-any.whl", own.python) and not fits_here("a.whl", own.python)
    pypy = Interpreter(**facts() | {"implementation": "pypy"})
    unknown = Interpreter(**facts() | {"system": "plan9"})
    assert target_of(pypy) is None and target_of(unknown) is None


def test_what_is_no_target_is_refused() -> None:
    """With what to write."""
    for text in ("linux", "amiga-68k", "linux-x86_64\n", "../x", "linux-x86_64 python 2.7"):
        with pytest.raises(UsageError) as caught:
            Target.parse(text)
        assert caught.value.hint
    with pytest.raises(UsageError, match="is not a version of Python"):
        known_python("3.9")


def test_targets_are_all_pairs() -> None:
    """Each once; for Node.js platforms alone."""
    two = all_targets(["linux-x86_64", "macos-arm64", "linux-x86_64"], ["3.12"])
    assert two == (LINUX, MAC)
    assert all_targets(["macos-arm64"], ()) == (Target("macos-arm64"),)
