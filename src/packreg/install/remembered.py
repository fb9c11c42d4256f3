"""Objects of a registry that never change, kept on this machine; implements `Remembered` of `registry`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from packreg.errors import UsageError
from packreg.files import read_file, write_file
from packreg.install.home import Home
from packreg.pack.version import Version
from packreg.registry.layout import pack_prefix, read_pack_key

#: The name of the file with a registry's URL.
URL = "url"
_LONGEST_URL = 4000


class DiskMemory:
    """The remembered objects of the one registry with this id, as files below `<home>/remembered/<id>/`.

    `url` is where the registry is. It is kept beside the objects, for errors that say where else a release
    is. A file may be lost or damaged at any time: readers decode it as strictly as an answer of the registry.
    Files that this user did not put there are ignored.
    """

    def __init__(self, home: Home, registry_id: str, url: str = "") -> None:
        self._home = home
        self.root = home.remembered / registry_id
        self._url = url

    def get(self, key: str) -> bytes | None:
        """The bytes last put under this key, or None."""
        with suppress(ValueError):
            return self._home.recall(self._path(key))
        return None

    def put(self, key: str, data: bytes) -> None:
        """Keep the bytes; failing to (a full disk, a read-only home) is no error."""
        with suppress(OSError, ValueError):
            self._home.keep(self._path(key), data)
            if self._url and not (self.root / URL).exists():
                write_file(self.root / URL, self._url.encode())

    def where(self) -> str:
        """Where the registry is, for people: its URL, or its id if the URL is not known here."""
        with suppress(OSError, ValueError):
            url = read_file(self.root / URL, _LONGEST_URL)
            if hashlib.sha256(url).hexdigest()[:12] == self.root.name:  # which is how ids are made
                return url.decode().replace("%3A", ":").replace("%2F", "/")
        return f"the registry with the id {self.root.name}"

    def versions(self, name: str) -> list[Version]:
        """The versions of a pack whose records are here, unsorted."""
        found = []
        with suppress(OSError, UsageError):
            for file in self._path(f"{pack_prefix(name)}v").iterdir():
                meaning = read_pack_key(name, f"{pack_prefix(name)}v/{file.name}")
                if meaning is not None and meaning.kind == "record" and self._home.recall(file) is not None:
                    found.append(meaning.version)
        return found

    def names(self) -> list[str]:
        """The names of packs that have records here, sorted."""
        with suppress(OSError):
            return sorted(path.name for path in (self.root / "packs").iterdir())
        return []

    def _path(self, key: str) -> Path:
        parts = key.split("/")
        if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
            raise ValueError(key)
        return self.root.joinpath(*parts)


def known_elsewhere(home: Home, registry_id: str, name: str, accepts: Callable[[Version], bool]) -> list[str]:
    """Where the other registries are from which this machine knows a version that `accepts` accepts."""
    found = []
    with suppress(OSError):
        for directory in sorted(home.remembered.iterdir()):
            memory = DiskMemory(home, directory.name)
            if directory.name != registry_id and any(map(accepts, memory.versions(name))):
                found.append(memory.where())
    return found
