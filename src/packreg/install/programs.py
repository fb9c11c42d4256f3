"""Which programs of this machine are used as tools: none that lies in the checkout.

A pipeline may put `./bin` or `node_modules/.bin` of its checkout on the PATH, where any commit can change a
program. So relative entries and entries inside the checkout are left out; a program elsewhere is also skipped
when it is a link into the checkout.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from packreg.errors import UsageError

#: Files and directories that mark the root of a checkout or a project.
MARKS = (".git", "Pulumi.yaml", "Pulumi.yml", "packreg.toml")


def checkout_around(directory: Path, users_home: Path | None = None) -> Path | None:
    """The outermost directory around `directory` that has one of `MARKS`; None if there is none.

    The outermost one, since anybody who can change a part of a repository could add such a file in a
    subdirectory. The root of the file system, `users_home` and the directories above it are never a checkout:
    programs there were installed by the user.
    """
    never = {Path(directory.anchor)}
    if users_home is not None:
        never |= {users_home, *users_home.parents}
    found = None
    for place in (directory, *directory.parents):
        if place not in never and any(os.path.lexists(place / mark) for mark in MARKS):
            found = place
    return found


class Programs(NamedTuple):
    """The programs on the PATH `search` that may be started as tools; none may lie in `checkout`.

    `first` are directories that are searched before it.
    """

    search: str
    checkout: Path | None = None
    first: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The PATH for tools: `first`, then the absolute entries of `search` outside the checkout."""
        found = [entry for entry in self.search.split(os.pathsep) if self._is_fit(entry)]
        return os.pathsep.join(dict.fromkeys((*self.first, *found)))

    def find(self, name: str) -> str | None:
        """The absolute path of the first program with this name on `path`; None if there is none."""
        for entry in self.path.split(os.pathsep):
            found = shutil.which(name, path=entry) if entry else None
            if found is not None and Path(found).is_absolute() and not self.brought(Path(found)):
                return found
        return None

    def checked(self, program: str, what: str) -> str:
        """The absolute path of a program that a setting or an option names, by name or by path.

        Raises:
            UsageError: there is no such program, or it lies in the checkout; `what` says what it is for.
        """
        if os.sep not in program and "/" not in program:
            found = self.find(program)
            if found is None:
                hint = "install it, or set its path; PATH counts without relative entries and the checkout"
                raise UsageError(f"{what}: {program} is not on the PATH", hint=hint)
            return found
        if self.brought(Path(program)):
            raise UsageError(
                f"{what}: {program} is in the checkout {self.checkout}, where anyone who can change the "
                "project can replace it",
                hint="install it outside",
            )
        return program

    def brought(self, file: Path) -> bool:
        """Whether a file, links followed, lies in the checkout, and not where packreg itself is installed."""
        if self.checkout is None:
            return False
        real = Path(os.path.realpath(file))
        return real.is_relative_to(os.path.realpath(self.checkout)) and not _beside_us(real)

    def _is_fit(self, entry: str) -> bool:
        if not os.path.isabs(entry):  # noqa: PTH117  an empty entry means the working directory
            return False
        if self.checkout is None or _beside_us(Path(entry)):
            return True
        named = Path(os.path.normpath(entry))
        return not (named.is_relative_to(self.checkout) or self.brought(named))


def _beside_us(path: Path) -> bool:
    """Whether a path is where packreg itself is installed: who can change it can change packreg, too."""
    return any(path.is_relative_to(place) for place in {sys.prefix, os.path.realpath(sys.prefix)})
