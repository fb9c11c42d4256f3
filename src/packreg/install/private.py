"""A directory of this process alone, into which it unpacks the packs that it runs.

It is new and has a random name. If the home cannot be written, environments are made in it too. It lies in
the user's state directory, or in the one for temporary files if the former cannot be written. It is removed
at the end of the process. The directories of killed processes are removed by the next process: their locks
are free.
"""

from __future__ import annotations

import atexit
import os
import tempfile
import threading
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from packreg.install.disk import disk_errors, is_free, remove_tree, try_lock
from packreg.install.home import Home

if TYPE_CHECKING:
    from packreg.install.tools import Tools
    from packreg.pack.version import Version

_PREFIX = "packreg-run-"


class Unpacked(NamedTuple):
    """A release ready to run: its verified files in a private directory, with its environment attached.

    `digest` is the release's, `dependencies` that of the contents of its environment or node_modules, "" if
    it has none; `notes` are sentences that the user should see.
    """

    path: Path
    name: str
    version: Version
    digest: str
    dependencies: str
    notes: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"


class PrivatePlace:
    """The directory, made when it is first asked for. Several threads may use it.

    `state` is the user's state directory. `made` has the releases that were unpacked, by name; a thread that
    unpacks one holds the lock of the same name in `locks`.
    """

    def __init__(self, state: str | None = None) -> None:
        self._parents = [Path(state, "runs")] if state else []
        self._path: Path | None = None
        self._lock_file = -1
        self._lock = threading.Lock()
        self.made: dict[str, Unpacked] = {}
        self.locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    @property
    def path(self) -> Path:
        """The directory, which only this user can read and write.

        Raises:
            InstallError: it cannot be made.
        """
        with self._lock:
            if self._path is None:
                self._path = self._make()
                atexit.register(self.close)
            return self._path

    def tools(self, tools: Tools) -> Tools:
        """The tools with a home in this directory; downloads are read from their old home.

        Raises:
            InstallError: the directory cannot be made.
        """
        return replace(tools, home=Home(self.path / "home", downloads=tools.home.root))

    def close(self) -> None:
        """Remove the directory and its lock."""
        with self._lock:
            if self._path is None:
                return
            remove_tree(self._path)
            remove_tree(_lock_of(self._path))
            with suppress(OSError):
                os.close(self._lock_file)
            self._path = None
            self.made.clear()
        atexit.unregister(self.close)

    def _make(self) -> Path:
        for parent in self._parents:
            with suppress(OSError):
                parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                return self._make_in(parent)
        parent = Path(tempfile.gettempdir())
        with disk_errors("make a directory in", parent):
            return self._make_in(parent)

    def _make_in(self, parent: Path) -> Path:
        for lock in parent.glob(f"{_PREFIX}*.lock"):
            if _is_ours(lock) and is_free(lock):
                remove_tree(lock.with_suffix(""))
                remove_tree(lock)
        place = parent / f"{_PREFIX}{os.urandom(8).hex()}"
        held = os.open(_lock_of(place), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with suppress(OSError):  # without file locks `is_free` is False, and nobody removes it
                try_lock(held)
            place.mkdir(mode=0o700)
        except OSError:
            os.close(held)
            remove_tree(_lock_of(place))
            raise
        self._lock_file = held
        return place


def _is_ours(file: Path) -> bool:
    return os.name != "posix" or file.lstat().st_uid == os.geteuid()


def _lock_of(place: Path) -> Path:
    return place.with_name(f"{place.name}.lock")
