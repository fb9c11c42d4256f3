"""A workspace on a registry in a directory, and the user of the command line, for what commands set up."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from packreg.pack.metadata import PackInfo, PolicyInfo, Schema
from packreg.registry.record import Source
from packreg.services.governance import create_governance
from packreg.services.notify import Notify
from packreg.services.workspace import Workspace
from tests.cli.conftest import User
from tests.cli.conftest import user as user  # a fixture
from tests.registry.packs import pack


class Listener(Notify):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.warned: list[str] = []

    def say(self, text: str) -> None:
        """Keep a line."""
        self.said.append(text)

    def warn(self, text: str, hint: str = "") -> None:
        """Keep a warning."""
        self.warned.append(f"{text} ({hint})" if hint else text)


def open_workspace(top: Path, **more: str) -> Workspace:
    """A workspace below `top`, of Ada, who is told everything; nothing of the machine but PATH reaches it."""
    environ = {
        "HOME": str(top),
        "PATH": os.environ["PATH"],
        "PACKREG_REGISTRY": str(top / "registry"),
        **more,
    }
    return Workspace(environ, cwd=str(top), by=lambda: "Ada", notify=Listener())


def told(workspace: Workspace) -> Listener:
    """What was said and warned of so far."""
    assert isinstance(workspace.notify, Listener)
    return workspace.notify


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Ada's workspace on an empty registry with the default groups."""
    found = open_workspace(tmp_path)
    found.registry().init()
    create_governance(found)
    yield found
    found.close()


def workspace_of(top: Path, founded: Path, **more: str) -> Workspace:
    """Ada's workspace on a copy of the registry made below `founded`; what is installed is shared."""
    shutil.copytree(founded / "registry", top / "registry")
    state = founded / "user" / ".local" / "state"
    return open_workspace(top, PACKREG_HOME=str(founded / "home"), XDG_STATE_HOME=str(state), **more)


def workspace_for(user: User) -> Workspace:
    """The workspace of somebody who set the registry up with commands."""
    return Workspace(user.environ, cwd=str(user.directory), by=lambda: "Ada", notify=Listener())


#: The policies of the pack `guard`; the second forbids waivers.
POLICIES = (
    PolicyInfo("deny", "mandatory", schema=Schema({"regions": {"type": "array"}})),
    PolicyInfo("keep", "mandatory", tags=("no-waivers",)),
)


@pytest.fixture
def governed(workspace: Workspace) -> Workspace:
    """The workspace with two versions of `guard`, and `old`, whose policies nobody knows."""
    for name, version in (("guard", "1.0.0"), ("guard", "1.1.0"), ("old", "1.0.0")):
        info = PackInfo(name, version, POLICIES, supports_config=True) if name == "guard" else None
        workspace.registry().publish(
            pack(name, version), lock=None, source=Source(), publisher="Ann", tool="a test", metadata=info
        )
    return workspace
