"""Which files on disk are the pack, and what stops the selection."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from packreg.pack import select
from packreg.pack.files import DEFAULT_LIMITS, File, Limits
from packreg.pack.problems import Problems
from packreg.pack.select import LeftOut, Selection, select_files


def _plant(directory: Path, *paths: str) -> None:
    for path in paths:
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(path)


def _select(directory: Path, limits: Limits = DEFAULT_LIMITS) -> tuple[Selection, Problems]:
    problems = Problems()
    return select_files(directory, problems, limits), problems


def _codes(problems: Problems) -> list[tuple[str, str]]:
    return [(problem.code, problem.where) for problem in problems.errors]


def test_files_are_read_as_they_are(tmp_path: Path) -> None:
    """Bytes and the executable bit of every regular file are taken, in subdirectories too."""
    _plant(tmp_path, "PulumiPolicy.yaml", "a/b/c.py", ".hidden")
    (tmp_path / ".gitignore").write_text("# nothing\n")
    (tmp_path / "run.sh").write_bytes(b"#!/bin/sh\r\n")
    (tmp_path / "run.sh").chmod(0o755)
    selection, problems = _select(tmp_path)
    assert not problems.errors
    assert selection.files["run.sh"] == File(b"#!/bin/sh\r\n", executable=True)
    assert selection.files["a/b/c.py"] == File(b"a/b/c.py")
    assert set(selection.files) == {"PulumiPolicy.yaml", "a/b/c.py", "run.sh", ".gitignore", ".hidden"}
    assert list(selection.files) == sorted(selection.files)


@pytest.mark.parametrize(
    ("path", "left", "word"),
    [
        (".git/config", ".git/", "git"), ("sub/.git/config", "sub/.git/", "git"), (".git", ".git", "git"),
        (".hg/x", ".hg/", "Mercurial"), (".svn/x", ".svn/", "Subversion"),
        ("node_modules/a/index.js", "node_modules/", "package.json"),
        ("a/__pycache__/x.pyc", "a/__pycache__/", "compiled again"),
        ("a/x.pyc", "a/x.pyc", "compiled"), (".env", ".env", "secrets"),
        (".env.local", ".env.local", "secrets"),
        ("a/.npmrc", "a/.npmrc", "configures"), (".yarnrc.yml", ".yarnrc.yml", "configures"),
        ("pip.conf", "pip.conf", "configures"), ("pip.ini", "pip.ini", "configures"),
        ("ca.pem", "ca.pem", "key"), ("Server.KEY", "Server.KEY", "key"), ("id_rsa", "id_rsa", "key"),
        ("id_ed25519.pub", "id_ed25519.pub", "key"), ("id_ecdsa_sk", "id_ecdsa_sk", "key"),
        (".DS_Store", ".DS_Store", "file manager"), ("a/.DS_Store", "a/.DS_Store", "file manager"),
        ("CVS/Root", "CVS/", "CVS"),
        (".packreg.json", ".packreg.json", "installation"),
        ("venv/pyvenv.cfg", "venv/", "virtual environment"),
        ("envs/x/pyvenv.cfg", "envs/x/", "virtual environment"),
    ],
)  # fmt: skip
def test_what_is_never_part_of_a_pack_is_left_out(tmp_path: Path, path: str, left: str, word: str) -> None:
    """Each default exclusion works at its place and gives its reason."""
    _plant(tmp_path, "PulumiPolicy.yaml", path)
    selection, problems = _select(tmp_path)
    assert not problems.errors
    assert set(selection.files) == {"PulumiPolicy.yaml"}
    ((found, reason),) = selection.left_out
    assert found == left
    assert word in reason
    assert selection.reason(path) == reason


@pytest.mark.parametrize(
    "name", ["environment.py", "id_mapping.py", "keys.py", "pem.py", ".environment", "git", "env"]
)
def test_look_alikes_stay_in(tmp_path: Path, name: str) -> None:
    """Names that only resemble an excluded one are part of the pack."""
    _plant(tmp_path, name)
    assert set(_select(tmp_path)[0].files) == {name}


def test_gitignore_leaves_out_and_says_which_line(tmp_path: Path) -> None:
    """A file or directory that .gitignore names is left out, a directory as one, with file and line."""
    _plant(tmp_path, "x.log", "build/a/b", "keep.py")
    (tmp_path / ".gitignore").write_text("# built\n*.log\nbuild/\n")
    selection, _ = _select(tmp_path)
    assert set(selection.files) == {".gitignore", "keep.py"}
    assert selection.left_out == (
        LeftOut("build/", "ignored by .gitignore:3"),
        LeftOut("x.log", "ignored by .gitignore:2"),
    )
    assert selection.reason("build/a/b") == "ignored by .gitignore:3"
    assert selection.reason("keep.py") == ""


def test_a_line_brings_back_a_file_left_out_by_default(tmp_path: Path) -> None:
    """`!name` in .gitignore keeps a certificate or an example in; it never brings back a whole directory."""
    _plant(tmp_path, "ca.pem", "other.pem", ".env.example", "node_modules/x.js")
    (tmp_path / ".gitignore").write_text("!ca.pem\n!.env.example\n!node_modules\n")
    assert set(_select(tmp_path)[0].files) == {".gitignore", "ca.pem", ".env.example"}


def test_ignore_files_outside_the_pack_have_no_effect(tmp_path: Path) -> None:
    """The same directory gives the same files wherever it lies."""
    (tmp_path / ".gitignore").write_text("*\n")
    _plant(tmp_path, "pack/a.py")
    assert set(_select(tmp_path / "pack")[0].files) == {"a.py"}


def test_links_are_refused_by_name(tmp_path: Path) -> None:
    """A link to a file, a directory, nothing or itself stops the pack, and nothing behind it is read."""
    _plant(tmp_path, "pack/a.py", "outside/secret.txt")
    pack = tmp_path / "pack"
    for name, target in {"file": "a.py", "dir": "../outside", "broken": "nowhere", "loop": "loop"}.items():
        (pack / name).symlink_to(target)
    selection, problems = _select(pack)
    assert _codes(problems) == [("symlink", name) for name in ("broken", "dir", "file", "loop")]
    assert set(selection.files) == {"a.py"}


def test_links_that_are_left_out_do_no_harm(tmp_path: Path) -> None:
    """A link named in .gitignore, or node_modules as a link, is left out like anything else."""
    _plant(tmp_path, "pack/a.py", "outside/x.js")
    (tmp_path / "pack/node_modules").symlink_to("../outside")
    (tmp_path / "pack/link").symlink_to("a.py")
    (tmp_path / "pack/.gitignore").write_text("link\n")
    selection, problems = _select(tmp_path / "pack")
    assert not problems.errors
    assert set(selection.files) == {".gitignore", "a.py"}


def test_special_files_are_refused_by_name(tmp_path: Path) -> None:
    """A fifo or a socket stops the pack and is never opened."""
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tmp_path)  # the path of a socket has room for 107 bytes
        try:
            server.bind("sock")
        finally:
            os.chdir(here)
        _, problems = _select(tmp_path)
    assert _codes(problems) == [("special-file", "pipe"), ("special-file", "sock")]
    assert "fifo" in problems.errors[0].message
    assert "socket" in problems.errors[1].message


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no such names")
def test_bad_names_are_refused_and_can_be_printed(tmp_path: Path) -> None:
    """Names that other systems cannot hold are refused one by one, without their control characters."""
    for name in (b"\xfcber", b"a\nb", b"con.txt", b"x:y", b"end."):
        (tmp_path / os.fsdecode(name)).write_text("")
    selection, problems = _select(tmp_path)
    assert selection.files == {}
    assert {code for code, _ in _codes(problems)} == {"bad-path"}
    assert len(problems.errors) == 5
    assert all(str(problem).isprintable() for problem in problems.errors)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser can read everything")
def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """An unreadable file or directory is a problem with its name, not a traceback."""
    _plant(tmp_path, "secret", "dir/x")
    (tmp_path / "secret").chmod(0)
    (tmp_path / "dir").chmod(0)
    _, problems = _select(tmp_path)
    (tmp_path / "dir").chmod(0o755)
    assert sorted(_codes(problems)) == [("unreadable", "dir/"), ("unreadable", "secret")]


def test_a_file_that_vanishes_is_named(tmp_path: Path) -> None:
    """A file that is gone between being found and being read is a problem, not a traceback."""
    problems = Problems()
    assert select._read(tmp_path / "gone", "gone", 3, problems) is None
    assert _codes(problems) == [("unreadable", "gone")]


@pytest.mark.parametrize("size", [0, 3, 5])
def test_a_file_that_changes_is_named(tmp_path: Path, size: int) -> None:
    """A file with another size than it was found with is not read half."""
    _plant(tmp_path, "file")
    problems = Problems()
    assert select._read(tmp_path / "file", "file", size, problems) is None
    assert _codes(problems) == [("changed", "file")]


def _append(file: Path) -> None:
    with file.open("a") as stream:
        stream.write("more")


@pytest.mark.parametrize(
    "change",
    [
        lambda file: os.utime(file, ns=(0, file.stat().st_mtime_ns + 1)),  # as writing other bytes does
        lambda file: file.chmod(0o755),
        _append,
        lambda file: os.truncate(file, 1),
    ],
    ids=["written, of the same size", "made executable", "longer", "shorter"],
)
def test_a_file_that_changes_while_it_is_read_is_named(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    """What is true of the file after its bytes were read has to be what was true before."""
    _plant(tmp_path, "file")
    problems = Problems()

    def on_return(frame: object, event: str, function: object) -> None:
        if event == "c_return" and getattr(function, "__name__", "") == "read":
            sys.setprofile(None)
            change(tmp_path / "file")

    sys.setprofile(on_return)
    try:
        found = select._read(tmp_path / "file", "file", 4, problems)
    finally:
        sys.setprofile(None)
    assert found is None
    assert _codes(problems) == [("changed", "file")]


def test_a_file_that_becomes_a_link_or_a_fifo_is_named(tmp_path: Path) -> None:
    """Swapping a file for a link or a fifo while the pack is read gives a problem, no content and no wait."""
    _plant(tmp_path, "secret")
    (tmp_path / "link").symlink_to("secret")
    os.mkfifo(tmp_path / "pipe")
    problems = Problems()
    assert select._read(tmp_path / "link", "link", 6, problems) is None
    assert select._read(tmp_path / "pipe", "pipe", 0, problems) is None
    assert _codes(problems) == [("unreadable", "link"), ("changed", "pipe")]


def test_the_limits_stop_the_walk(tmp_path: Path) -> None:
    """Beyond a limit nothing more is looked for and no file is read; the largest is named."""
    _plant(tmp_path, *(f"d{n}/f" for n in range(20)))
    (tmp_path / "d0/big").write_bytes(bytes(1000))
    selection, problems = _select(tmp_path, Limits(members=5))
    assert _codes(problems) == [("too-many-files", "")]
    assert selection.files == {}
    _, problems = _select(tmp_path, Limits(unpacked=900))
    assert _codes(problems) == [("too-large", "d0/big")]


def test_a_pack_may_be_as_large_as_the_limits_say(tmp_path: Path) -> None:
    """Exactly so many files, bytes, levels and bytes of a path are selected."""
    _plant(tmp_path, "a", "d/bc")
    selection, problems = _select(tmp_path, Limits(members=2, unpacked=5, depth=2, path=4))
    assert not problems.errors
    assert set(selection.files) == {"a", "d/bc"}
    for limits in (Limits(members=1), Limits(unpacked=4), Limits(depth=1), Limits(path=3)):
        assert _select(tmp_path, limits)[1].errors


def test_deep_directories_stop_the_walk(tmp_path: Path) -> None:
    """Directories below the depth limit are named and not entered."""
    _plant(tmp_path, "/".join("d" * 8) + "/x")
    _, problems = _select(tmp_path, Limits(depth=3))
    assert _codes(problems) == [("bad-path", "d/d/d/d")]


def test_the_reserved_directory_is_refused(tmp_path: Path) -> None:
    """Nothing on disk can pretend to be a wheel that packreg built."""
    _plant(tmp_path, ".packreg/wheels/evil.whl")
    _, problems = _select(tmp_path)
    assert _codes(problems) == [("reserved-path", ".packreg")]


def test_a_virtual_environment_is_no_pack(tmp_path: Path) -> None:
    """A pack's own directory that is a virtual environment is refused, not packed with all its packages."""
    _plant(tmp_path, "pyvenv.cfg", "PulumiPolicy.yaml")
    _, problems = _select(tmp_path)
    assert ("is-environment", "pyvenv.cfg") in _codes(problems)


def test_a_huge_ignore_file_is_refused(tmp_path: Path) -> None:
    """An ignore file that would take long to read is a problem."""
    (tmp_path / ".gitignore").write_text("x\n" * 200_000)
    _, problems = _select(tmp_path)
    assert _codes(problems) == [("ignore-file", ".gitignore")]


def test_excluded_directories_are_not_entered(tmp_path: Path) -> None:
    """What lies in an excluded directory is not looked at: its size and its faults do not matter."""
    modules = tmp_path / "node_modules"
    _plant(tmp_path, "a.py", "node_modules/x/y")
    (modules / "link").symlink_to("/etc")
    os.mkfifo(modules / "pipe")
    selection, problems = _select(tmp_path, Limits(members=1))
    assert not problems.errors
    assert set(selection.files) == {"a.py"}
    assert [left.path for left in selection.left_out] == ["node_modules/"]
