"""What a use case makes of an inventory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from packreg.errors import Problem, StoreUnavailable
from packreg.services.inventories import list_account
from packreg.services.workspace import Workspace


class Shelf:
    """An inventory of what it is given; then it fails, if it is to."""

    def __init__(self, *held: dict[str, Any], fails: Exception | None = None) -> None:
        self.held, self.fails = held, fails
        self.unread: list[Problem] = []
        self.unlistable: list[str] = []
        self.unnamed: list[str] = []

    def resources(self) -> Iterator[dict[str, Any]]:
        """Each of them."""
        yield from self.held
        self.unread.append(Problem("not-read", "the rest"))
        if self.fails:
            raise self.fails


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace in an empty directory."""
    monkeypatch.chdir(tmp_path)
    return Workspace({"HOME": str(tmp_path)})


def test_a_list_is_written_when_it_is_complete(workspace: Workspace, tmp_path: Path) -> None:
    """One line for each resource, and what was not seen is known by then."""
    shelf = Shelf({"type": "a:b:C", "name": "é"})
    listed = list_account(workspace, lambda show: shelf, "list.jsonl")
    assert json.loads((tmp_path / "list.jsonl").read_text()) == listed.resources[0]
    assert [problem.message for problem in listed.unread] == ["the rest"]


def test_a_list_that_ends_early_is_not_written(workspace: Workspace, tmp_path: Path) -> None:
    """What was there before stays."""
    (tmp_path / "list.jsonl").write_text("before\n")
    shelf = Shelf({"type": "a:b:C", "name": "c"}, fails=StoreUnavailable("gone"))
    with pytest.raises(StoreUnavailable):
        list_account(workspace, lambda show: shelf, "list.jsonl")
    assert (tmp_path / "list.jsonl").read_text() == "before\n"
