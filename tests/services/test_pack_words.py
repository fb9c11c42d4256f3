"""A word that may be a directory or a release is never silently taken for the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import NotFound, UsageError
from packreg.services.pack_words import hinted, is_directory, own_directory, refuse_both
from packreg.services.workspace import Workspace
from tests.cli.conftest import write_pack
from tests.services.conftest import told


@pytest.mark.parametrize(
    ("word", "directory"),
    [("a", False), ("a@1", False), (".", True), ("..", True), ("./a", True), ("a/", True)],
)
def test_a_word_with_a_slash_is_a_directory(word: str, directory: bool) -> None:
    """Every other word names a release."""
    assert is_directory(word) is directory


def test_a_hint_is_given_only_where_there_is_a_directory(workspace: Workspace) -> None:
    """Another error keeps its own."""
    assert hinted(workspace, "nowhere", NotFound("x", hint="kept")).hint == "kept"


def test_the_author_gets_the_directory(workspace: Workspace, tmp_path: Path) -> None:
    """A name alone is the pack's directory where there is one, and that is said; all else is as written."""
    write_pack(tmp_path / "guard", "guard", "1.0.0")
    (tmp_path / "limits").mkdir()
    assert own_directory(workspace, "guard") == "./guard"
    assert told(workspace).said == ["taking the directory ./guard; for the release, write guard@latest"]
    for word in ("limits", "guard@latest", "guard@1.0.0", "./guard", "other"):
        assert own_directory(workspace, word) == word
    assert len(told(workspace).said) == 1


def test_others_have_to_say_which(governed: Workspace, tmp_path: Path) -> None:
    """Where both are there, a name alone is refused, with both spellings; where one is, it is clear."""
    write_pack(tmp_path / "guard", "guard", "1.0.0")
    write_pack(tmp_path / "mine", "mine", "1.0.0")
    refuse_both(governed, ["mine", "old", "guard@1.0.0", "./guard", "guard@^1"], offline=False)
    with pytest.raises(UsageError, match="guard is a directory here, and a pack of the registry") as raised:
        refuse_both(governed, ["old", "guard"], offline=False)
    assert raised.value.hint == "write ./guard for the directory, or guard@1.1.0 for the release"
