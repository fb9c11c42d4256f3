"""Programs in archives of `cache export`, which go to machines without a network together with packs.

Such a program is kept in the home as an environment is: as an entry with this user's mark, which lists its
contents. A program without that mark, or changed since, is not used.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from packreg.errors import InstallError
from packreg.install.disk import disk_errors, only_one, remove_tree
from packreg.install.home import Home
from packreg.install.sealed import read_entry, seal_entry

#: The programs that may be carried, and how the names of their members begin.
NAMES = ("opa",)
PLACE = "programs/"
_KIND = "program"
_VERSION = re.compile(r"[0-9A-Za-z.+-]{1,100}", re.ASCII)


class Carried(NamedTuple):
    """A program in an archive: the version that it reports, and the sha256 of its file (hex)."""

    name: str
    version: str
    sha256: str


def carried(name: str, version: str, file: Path) -> Carried:
    """A program of this machine, to be put into an archive.

    Raises:
        InstallError: the file cannot be read, or is a script, which would not work elsewhere.
    """
    with disk_errors("read", file), file.open("rb") as opened:
        if opened.read(2) == b"#!":
            raise InstallError(
                f"{file} is a script that starts {name}, and would not work elsewhere",
                hint=f"name the program itself in the setting tools.{name}",
            )
        opened.seek(0)
        return Carried(name, version, hashlib.file_digest(opened, "sha256").hexdigest())


def index_of(programs: Iterable[Carried]) -> dict[str, dict[str, str]]:
    """The entries for programs of this machine in the index of an archive."""
    return {each.name: {"version": each.version, "platform": _here()} for each in programs}


def read_index(said: Any, members: Mapping[str, str]) -> list[Carried]:
    """The programs that an archive's index describes; `members` has the sha256 of each of its members.

    Raises:
        ValueError: it describes other programs than the archive has, or gives an invalid version.
        InstallError: a program is not for this machine.
    """
    found = []
    for name, about in dict(said).items():
        version, made_for = about["version"], about["platform"]
        if not isinstance(version, str) or not _VERSION.fullmatch(version):
            raise ValueError(f"its index gives {name} a version that is not valid")
        if made_for != _here():
            raise InstallError(
                f"the archive brings {name} for {made_for!r:.50}, and this machine is {_here()!r}",
                hint="make the archive on a machine like this one; nothing was imported",
            )
        found.append(Carried(name, version, members[f"{PLACE}{name}"]))
    if len(found) != sum(name.startswith(PLACE) for name in members):
        raise ValueError("its index does not describe each program")
    return found


def keep(name: str, file: Path, home: Home) -> None:
    """Move the program `file` into the home, in place of an earlier one. Raises: InstallError, OSError."""
    entry = home.programs / name
    entry.parent.mkdir(parents=True, exist_ok=True)
    staging = entry.with_name(f".building-{name}-{os.urandom(4).hex()}")
    with only_one(home.lock_file(_KIND, name), lambda: None):
        try:
            (staging / "bin").mkdir(parents=True)
            file.rename(staging / "bin" / name).chmod(0o755)
            seal_entry(home.key, _KIND, str(staging), str(entry), {})
            remove_tree(entry)
            staging.rename(entry)
        finally:
            remove_tree(staging)


def find_carried(name: str, home: Home) -> str | None:
    """The path of a program from this user's `cache import`; None if there is none or it was changed since.

    Raises:
        InstallError: the key is not safe where it is, or a part of the home is a link.
    """
    entry = home.programs / name
    held = read_entry(home.key, _KIND, str(entry))
    if held is None or not held.comparison.same:
        return None
    if held.comparison.renewed is not None:
        held.renew(held.comparison.renewed)
    return str(entry / "bin" / name)


def _here() -> str:
    return f"{platform.system()} {platform.machine()}".lower()
