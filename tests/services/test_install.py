"""Releases are installed, with their steps told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from packreg.install.installer import Installed
from packreg.install.several import NotInstalled
from packreg.pack.check import load_pack
from packreg.pack.reference import Reference
from packreg.pack.version import Version
from packreg.registry.record import Source
from packreg.services.install import install_releases, left_to_you
from packreg.services.notify import Work
from packreg.services.workspace import Workspace
from tests.cli.conftest import write_pack
from tests.install.shop import python_pack
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


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ("runtime: {name: python, options: {virtualenv: .venv}}", "nothing can start it: make it with"),
        ("runtime: python", "from a shell in which its dependencies are installed"),
        ("runtime: {name: python, options: {toolchain: uv}}", ""),
        ("runtime: nodejs", "before `npm install` was run in"),
        ("runtime: opa", ""),
        ("runtime: [", ""),
    ],
)
def test_what_no_env_leaves_to_somebody_is_said(tmp_path: Path, manifest: str, said: str) -> None:
    """A pack without its environment: what has to be done before the Pulumi CLI can start it, or where."""
    (tmp_path / "PulumiPolicy.yaml").write_text(f"{manifest}\nversion: 1.0.0\n")
    notes = left_to_you(Installed(tmp_path, "guard", Version("1.0.0"), "", None, True))
    assert said in " ".join(notes) and bool(notes) == bool(said)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").touch()
    (tmp_path / "node_modules").mkdir()
    ambient = left_to_you(Installed(tmp_path, "guard", Version("1.0.0"), "", None, True))
    assert bool(ambient) == (manifest == "runtime: python")


def test_without_env_it_is_told_each_time(workspace: Workspace, tmp_path: Path) -> None:
    """Also of a pack that was there already."""
    for path, file in python_pack().items():
        (tmp_path / "p").mkdir(exist_ok=True)
        (tmp_path / "p" / path).write_bytes(file.data)
    made = load_pack(tmp_path / "p", name="guard")
    workspace.registry().publish(made, lock=None, source=Source(), publisher="Ann", tool="a test")
    for _ in range(2):
        [done] = install_releases(workspace, [Reference.parse("guard@1.0.0")], env=False)
        assert (
            isinstance(done, Installed) and "names the environment venv, which is not there" in done.notes[-1]
        )
