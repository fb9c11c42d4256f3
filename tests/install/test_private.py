"""The private place of a process: made when it is needed, for this user alone, and gone at the end."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from packreg.install.disk import is_free
from packreg.install.home import Home
from packreg.install.private import PrivatePlace, Unpacked
from packreg.install.tools import Tools
from packreg.pack.version import Version


def test_it_is_made_when_it_is_asked_for_and_removed_with_its_lock(tmp_path: Path) -> None:
    """Nobody else may enter it; what was made in it is forgotten with it, and the next one is another."""
    place = PrivatePlace(str(tmp_path))
    assert not list(tmp_path.iterdir())
    path = place.path
    assert place.path == path and path.parent == tmp_path / "runs"
    assert path.stat().st_mode & 0o777 == 0o700
    place.made["x"] = Unpacked(path / "x", "guard", Version("1.0.0"), "", "")
    assert place.made["x"].reference == "guard@1.0.0"
    (path / "x").mkdir()
    place.close()
    assert list(path.parent.iterdir()) == [] and not place.made
    assert place.path != path
    place.close()
    place.close()


def test_those_of_processes_that_are_gone_are_swept_and_no_others(tmp_path: Path) -> None:
    """A lock that nobody holds tells that its process is gone; strange files stay."""
    living = PrivatePlace(str(tmp_path))
    (living.path / "file").write_text("x")
    runs = living.path.parent
    (runs / "packreg-run-dead" / "sub").mkdir(parents=True)
    (runs / "packreg-run-dead.lock").touch()
    (runs / "notes.txt").touch()
    after = PrivatePlace(str(tmp_path))
    names = {path.name for path in (living.path, after.path)}
    assert {path.name for path in runs.iterdir()} == {"notes.txt"} | names | {f"{n}.lock" for n in names}
    assert (living.path / "file").exists() and not is_free(runs / f"{living.path.name}.lock")
    for place in (living, after):
        place.close()


def test_without_a_state_directory_it_lies_with_temporary_files(tmp_path: Path) -> None:
    """A state directory that cannot be written stops nobody from judging."""
    (tmp_path / "file").write_text("")
    for state in (None, str(tmp_path / "file")):
        place = PrivatePlace(state)
        path = place.path
        assert path.is_dir() and path.parent == Path(tempfile.gettempdir())
        place.close()
        assert not path.exists()


def test_its_tools_build_in_it_and_download_nothing_again(home: Home, tmp_path: Path) -> None:
    """The home in it takes imported wheels from the user's home and keeps everything else itself."""
    place = PrivatePlace(str(tmp_path / "state"))
    tools = place.tools(Tools(home, {"PATH": "/bin"}))
    assert tools.home.root == place.path / "home" and tools.environ == {"PATH": "/bin"}
    assert tools.home.wheels == home.wheels and tools.home.envs != home.envs
    place.close()
    assert not os.path.lexists(tools.home.root)
