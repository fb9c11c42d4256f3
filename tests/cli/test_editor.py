"""A text in the user's own editor: an ordinary program that is given a file."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from tests.cli.conftest import User

pytestmark = pytest.mark.usefixtures("opa")


@pytest.fixture
def writer(user: User, monkeypatch: pytest.MonkeyPatch) -> User:
    """Somebody with a registry and an environment `prod`, who edits with `sed`."""
    user.must("init", "-q")
    (user.directory / "prod.yaml").write_text("values:\n  a: 1  # kept\n")
    user.must("env", "set", "prod", "prod.yaml")
    user.extra["EDITOR"] = "sed -i s/1/2/"
    monkeypatch.setattr(tempfile, "tempdir", str(user.top))  # which it found out long ago
    return user


def left(user: User) -> list[Path]:
    """The files of edits that were not taken."""
    return list(user.top.glob("packreg-edit-*/*"))


def test_what_is_written_is_a_new_revision(writer: User) -> None:
    """The editor sees the definition as it is kept, and the file is gone afterwards."""
    assert writer.must("env", "edit", "prod").out == "prod@2 is set\n"
    assert writer.must("env", "get", "prod").out == "values:\n  a: 2  # kept\n"
    assert writer.must("env", "edit", "prod").out == "prod@2 is already set\n"
    assert left(writer) == []
    writer.extra["VISUAL"] = "sed -i s/2/3/"
    assert writer.must("env", "edit", "prod", "--json").json()["revision"] == 3


def test_a_new_environment_is_begun(writer: User) -> None:
    """Where there is none, the editor shows how one looks; nothing written makes none."""
    writer.extra["EDITOR"] = "sed -i 's/policyConfig: {}/a: 1/'"
    assert writer.must("env", "edit", "new").out == "new@1 is set\n"
    writer.extra["EDITOR"] = "true"
    done = writer("env", "edit", "other")
    assert (done.code, "nothing was written" in done.err, left(writer)) == (2, True, [])


def test_what_cannot_be_set_is_kept(writer: User) -> None:
    """A definition with a mistake is not lost: the hint says where it is, and works when it is mended."""
    writer.extra["EDITOR"] = "sed -i s/1/[/"
    done = writer("env", "edit", "prod")
    [file] = left(writer)
    assert done.code == 4 and f"packreg env set prod {file}" in done.err
    assert file.stat().st_mode & 0o077 == 0 or file.parent.stat().st_mode & 0o077 == 0
    file.write_text("values:\n  a: 5\n")
    assert writer.must("env", "set", "prod", file).out == "prod@2 is set\n"


def test_somebody_else_was_faster(writer: User) -> None:
    """An edit of a revision that is no longer the newest is refused, and kept."""
    editor = writer.top / "slow"
    theirs = writer.top / "theirs.yaml"
    theirs.write_text("values: {a: 9}\n")
    words = f"env set prod {theirs}"
    editor.write_text(f'#!/bin/sh\n{sys.executable} -m packreg {words} >&2 && sed -i s/1/2/ "$1"\n')
    editor.chmod(0o755)
    writer.extra["EDITOR"] = str(editor)
    done = writer("env", "edit", "prod")
    assert (done.code, len(left(writer))) == (12, 1)
    assert writer.must("env", "get", "prod").out == "values: {a: 9}\n"


@pytest.mark.parametrize(
    ("editor", "said"),
    [
        ("false", "ended with exit status 1"),
        ("no-such-editor", "is not on the PATH"),
        ("'", "cannot be read"),
    ],
)
def test_an_editor_that_does_not_work(writer: User, editor: str, said: str) -> None:
    """It is named with its variable, and nothing is changed."""
    writer.extra["EDITOR"] = editor
    done = writer("env", "edit", "prod")
    assert (done.code, said in done.err, "$EDITOR" in done.err, left(writer)) == (2, True, True, [])
