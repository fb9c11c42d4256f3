"""Sealed documents: they say that this user made a store entry or installed pack, and what it contained.

A sealed document lies beside (or in) a directory and holds facts about it and the list of its contents. A
document without this user's mark for this path counts as missing: the entry or pack is then made again. On
the fast path of `packreg path`.
"""
# ruff: noqa: PTH108, PTH118, PTH119, PTH120, PTH123 - pathlib costs start-up time

from __future__ import annotations

import os

from packreg.files import read_file, write_file
from packreg.install.contents import (
    compare,
    digest_of,
    is_compiled,
    list_contents,
    list_file,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from packreg.install.contents import Files
    from packreg.install.trust import Key

#: The name of a store entry's sealed document, the last file that is written into it.
COMPLETE = ".complete"
MAX_DOCUMENT = 64 * 2**20
#: Kind of entry -> the directory in it whose contents are listed and compared.
INSIDE = {"environment": "env", "skeleton": "env", "node_modules": "node_modules", "program": "bin"}


class Held:
    """A sealed document that was read: its `facts`, and the `comparison` of the directory with them."""

    __slots__ = ("_file", "_key", "_kind", "_place", "comparison", "directory", "facts")

    def __init__(
        self, key: Key, kind: str, file: str, directory: str, facts: dict[str, Any], leave: frozenset[str]
    ) -> None:
        self._key, self._kind, self._file = key, kind, file
        self.facts = facts
        self.directory = directory
        self.comparison = compare(directory, facts["files"], leave)

    @property
    def is_untouched(self) -> bool:
        """Whether the contents and the times are those listed."""
        return self.comparison.same and self.comparison.renewed is None

    @property
    def only_compiled(self) -> bool:
        """Whether only compiled modules differ, which Python writes when something is imported."""
        found = self.comparison
        return all(map(is_compiled, (*found.changed, *found.missing, *found.extra)))

    def renew(self, files: Files) -> None:
        """Write the document with a new list; in a home that cannot be written the old one stays."""
        self.facts = {**self.facts, "files": files}
        data = self._key.seal(self._kind, place_of(self._file), self.facts)
        entry = os.path.dirname(self._file)
        name = f".staging-{os.path.basename(entry)}-{os.urandom(4).hex()}"  # `staging` removes left ones
        staged = os.path.join(os.path.dirname(entry), name)
        try:
            write_file(self._file, data, durable=False, staged=staged)
        except OSError:
            return

    def compiled(self, removing: list[str], adding: list[str]) -> None:
        """Renew the list: without the paths in `removing`, with those in `adding`. Raises: OSError."""
        files: Files = {p: listed for p, listed in self.facts["files"].items() if p not in removing}
        for path in adding:
            files[path] = list_file(os.path.join(self.directory, path))
        self.renew(files)

    def remove_compiled(self) -> bool:
        """Remove modules that Python compiled since the directory was made; whether it is untouched now."""
        if not self.only_compiled or self.comparison.missing or self.comparison.changed:
            return False
        try:
            for path in self.comparison.extra:
                os.unlink(os.path.join(self.directory, path))
        except FileNotFoundError:
            pass  # another packreg removes them, too
        except OSError:
            return False
        self.comparison.extra = []
        return self.is_untouched


def place_of(file: str) -> str:
    """The path that a document's mark is bound to: links are followed, except in the last two parts."""
    entry, name = os.path.split(file)
    return os.path.join(os.path.realpath(os.path.dirname(entry)), os.path.basename(entry), name)


def read_held(key: Key, kind: str, file: str, directory: str, leave: tuple[str, ...] = ()) -> Held | None:
    """The sealed document at `file`, compared with `directory`; None if this user made none there.

    Raises:
        InstallError: the key is not safe where it is.
    """
    facts = read_document(key, kind, file)
    if facts is None or os.path.islink(directory):  # noqa: PTH114
        return None
    return Held(key, kind, file, directory, facts, frozenset((*leave, *facts.get("leave", ()))))


def read_document(key: Key, kind: str, file: str) -> dict[str, Any] | None:
    """The members of the sealed document at `file`; None if this user made none. Raises: InstallError."""
    try:
        data = read_file(file, MAX_DOCUMENT)
    except OSError:
        return None
    return key.sealed(kind, place_of(file), data)


def read_entry(key: Key, kind: str, entry: str) -> Held | None:
    """An entry of the store, compared with its list; None if this user made none. Raises: InstallError."""
    return read_held(key, kind, os.path.join(entry, COMPLETE), os.path.join(entry, INSIDE[kind]))


def seal_entry(key: Key, kind: str, staging: str, entry: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Write the document of an entry that was made at `staging` and will be at `entry`; returns its members.

    Raises:
        OSError: the disk is full or refuses.
        InstallError: the key is not safe where it is.
    """
    files = list_contents(os.path.join(staging, INSIDE[kind]))
    said = {**facts, "files": files, "contents": digest_of(files)}
    data = key.seal(kind, place_of(os.path.join(entry, COMPLETE)), said)
    with open(os.path.join(staging, COMPLETE), "xb") as file:
        file.write(data)
    return said
