"""A `path` that fails prints a path that does not exist, so that nothing runs without the pack."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from packreg.cli.missing_path import missing_path, wanted_path
from tests.cli.conftest import Done, User


def assert_missing(done: Done, top: Path, name: str) -> None:
    """stdout is one path that is not there, stderr says why."""
    path = Path(done.out.removesuffix("\n"))
    assert path == top / "could-not-install" / name
    assert not path.exists()
    assert "error: " in done.err


@pytest.mark.parametrize(
    ("words", "code", "name"),
    [
        (["path", "nothere@1.0.0"], 6, "nothere@1.0.0"),
        (["path", "-q", "nothere@^1.0"], 6, "nothere@^1.0"),
        (["--registry", "path", "path", "nothere"], 6, "nothere"),
        (["path", "--offline", "nothere@1.0.0"], 10, "nothere@1.0.0"),
        (["path"], 2, "nothing"),
        (["path", "--bogus", "guard@1.0.0"], 2, "guard@1.0.0"),
        (["--bogus", "path", "guard@1.0.0"], 2, "guard@1.0.0"),
        (["path", "guard@1.0.0", "limits@1.0.0"], 2, "guard@1.0.0"),
        (["path", "--python", "3.12", "../../Guard x"], 2, "_.._Guard_x"),
        (["path", ".."], 2, "nothing"),
    ],
)
def test_a_path_that_fails_is_nowhere(user: User, words: list[str], code: int, name: str) -> None:
    """Whatever fails, wrong words too, the exit code and the error stay, and stdout has a path to nothing."""
    done = user(*words)
    assert done.code == code
    assert_missing(done, user.top / "user/.local/share/packreg/packs", name)


def test_without_settings_the_path_is_below_the_root(user: User) -> None:
    """Where the settings cannot be read, there is no home to name, and the path is nowhere all the same."""
    (user.directory / "packreg.toml").write_text("[install]\nhomme = 1\n", "utf-8")
    done = user("path", "guard@1.0.0")
    assert done.code == 2
    assert_missing(done, Path("/"), "guard@1.0.0")


@pytest.mark.parametrize(("error", "code"), [(RuntimeError("x"), 1), (KeyboardInterrupt(), 130)])
def test_a_defect_is_nowhere_too(
    user: User, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    """A failure that nobody foresaw prints such a path as well, and so does an interruption."""
    user.publish("guard", "1.0.0")

    def fail(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr("packreg.install.installer.Installer.install", fail)
    done = user("path", "guard@1.0.0")
    assert done.code == code
    assert_missing(done, user.top / "user/.local/share/packreg/packs", "guard@1.0.0")


def test_nothing_is_added_elsewhere(user: User) -> None:
    """With --json the error is the document; other commands that fail print no path; success is unchanged."""
    assert user("path", "nothere", "--json").json()["error"]["exit"] == 6
    assert user("install", "nothere").out == ""
    assert user("info", "path").out == ""
    user.publish("guard", "1.0.0")
    assert Path(user.must("path", "guard").out.strip()).is_dir()


@given(st.text(max_size=200))
@example("..")
@example("/etc")
@example("a\0b\n")
def test_a_path_to_nowhere_is_one_plain_name_below_its_directory(reference: str) -> None:
    """No reference leads out of the directory that never exists, or makes a name that no disk takes."""
    for home in ("/home/ada", None):
        path = missing_path(reference, home)
        top, name = os.path.split(path)
        assert top == f"{'/home/ada/packs' if home else ''}/could-not-install"
        assert os.path.normpath(path) == path
        assert name.isprintable()
        assert name.isascii()


@given(st.lists(st.sampled_from(["path", "install", "-q", "--registry", "--python=3", "x", "--offline"])))
def test_only_path_prints_nowhere(argv: list[str]) -> None:
    """A command line is one of `path` if that is its first word that is no option and no option's value."""
    if "path" not in argv or "--json" in argv:
        assert wanted_path(argv) is None
    assert wanted_path(["path", *argv]) is not None
    assert wanted_path(["install", *argv]) is None
    assert wanted_path(["path", "x", "--json"]) is None
