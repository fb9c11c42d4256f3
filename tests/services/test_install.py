"""Releases are installed, with their steps told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from packreg.install.installer import Installed
from packreg.install.several import NotInstalled
from packreg.pack.check import load_pack
from packreg.pack.reference import Reference
from packreg.registry.record import Source
from packreg.services.install import install_releases
from packreg.services.notify import Work
from packreg.services.workspace import Workspace
from tests.cli.conftest import write_pack
from tests.services.conftest import Listener


class Watching(Listener):
    """Remembers the steps and how many things were done."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[str] = []
        self.done = 0

    @contextmanager
    def working(self, total: int | None = 1, doing: str = "") -> Iterator[Work]:
        """Watch."""

        def done() -> None:
            self.done += 1

        yield Work(self.steps.append, done)


def test_each_release_ends_by_itself(workspace: Workspace, tmp_path: Path) -> None:
    """One that is not there hides no other; all are counted as done, and steps name their release."""
    watching = workspace.notify = Watching()
    made = load_pack(write_pack(tmp_path / "p", "limits", "1.0.0"))
    workspace.registry().publish(made, lock=None, source=Source(), publisher="Ann", tool="a test")
    wanted = [Reference.parse("limits@1.0.0"), Reference.parse("missing@1.0.0")]
    there, not_there = install_releases(workspace, wanted)
    assert isinstance(there, Installed) and there.path.is_dir()
    assert isinstance(not_there, NotInstalled) and "missing" in str(not_there.error)
    assert watching.done == 2
    assert any("limits@1.0.0: " in step for step in watching.steps)
