"""The home: where everything that packreg keeps on a machine lies.

    packs/<registry id>/<name>/<version>/  installed packs; remove one, and it is installed again when wanted
    envs/<key>/                            Python environments, shared by packs
    skeletons/<key>/                       the empty environment of each interpreter
    node/<key>/                            trees of node_modules, shared by packs
    bundles/<sha256>.tgz                   downloaded bundles
    remembered/<registry id>/              records of releases, which never change, and the URL they came from
    resolved/<sha256>.json                 locks made on this machine, for packs published without one
    wheels/<sha256>/<file>                 wheels that `cache import` or a registry brought
    npm/<sha256>/                          npm's cache for one lock, which `cache import` brought
    programs/<name>/                       a program that packs are run with, which `cache import` brought
    bytecode/<sha256>.zip                  compiled modules of distributions that were installed before
    interpreters/<sha256>.json             what an interpreter said about itself
    known/<registry id>.json               the registry's id and the governance last seen there: see `known`
    words/<registry id>.json               names that were read there, for shell completion
    locks/                                 one empty file per thing that only one process may work on
    logs/                                  the output of tools that failed, the newest fifty
    tmp/                                   scratch directories of running commands

Every one of these may be deleted at any time while no packreg runs: what is missing is fetched or built
again (`wheels`, `npm`, `programs` and `remembered` need `cache import` or the registry for it). Deleting
`envs` or `node` breaks the installed packs that point there until they are installed again; `install` and
`path` notice that by themselves. packreg touches nothing else in the directory: by default the local registry
is there too.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from packreg.errors import InstallError
from packreg.files import read_file, write_file
from packreg.install.disk import disk_errors, remove_tree
from packreg.install.marker import release_directory
from packreg.install.sealed import place_of
from packreg.install.trust import Key

#: The most bytes of one kept file; the largest are the compiled modules of a large distribution.
_MAX_KEPT = 64 * 2**20


class Home:
    """The home directory. `root` is absolute; it is created when something is first kept.

    Its files are trusted only with a mark made with `key`; the default key is known to this process alone.
    `downloads` is the root of another home, from which wheels and npm's packages are taken. Each property for
    a directory raises `InstallError` if that directory is a link.
    """

    def __init__(self, root: Path, key: Key | None = None, *, downloads: Path | None = None) -> None:
        self.root = root
        self.key = Key() if key is None else key
        self._downloads = downloads or root

    @property
    def is_writable(self) -> bool:
        """Whether files can be written here, by the permissions of the nearest existing directory."""
        place = self.root
        while not os.path.lexists(place) and place != place.parent:
            place = place.parent
        return os.access(place, os.W_OK | os.X_OK)

    @property
    def packs(self) -> Path:
        """Installed packs."""
        return self.part("packs")

    @property
    def envs(self) -> Path:
        """Shared Python environments, by key."""
        return self.part("envs")

    @property
    def skeletons(self) -> Path:
        """Empty Python environments, by interpreter."""
        return self.part("skeletons")

    @property
    def node(self) -> Path:
        """Shared trees of node_modules, by key."""
        return self.part("node")

    @property
    def bundles(self) -> Path:
        """Downloaded bundles, by the sha256 of their bytes."""
        return self.part("bundles")

    @property
    def remembered(self) -> Path:
        """Records of releases, by registry."""
        return self.part("remembered")

    @property
    def resolved(self) -> Path:
        """Locks that were made on this machine, by the digest of what they lock."""
        return self.part("resolved")

    @property
    def wheels(self) -> Path:
        """Wheels that were imported, each in a directory named by its sha256."""
        return self._downloads / "wheels"

    @property
    def npm(self) -> Path:
        """Caches of npm that were imported, each for one lock."""
        return self._downloads / "npm"

    @property
    def programs(self) -> Path:
        """Programs that were imported, by name."""
        return self.part("programs")

    @property
    def bytecode(self) -> Path:
        """Compiled modules, by distribution and interpreter."""
        return self.part("bytecode")

    @property
    def interpreters(self) -> Path:
        """What interpreters said about themselves."""
        return self.part("interpreters")

    @property
    def logs(self) -> Path:
        """The output of tools that failed."""
        return self.part("logs")

    def release(self, registry_id: str, name: str, version_key: str) -> Path:
        """Where a release is installed. `version_key` is the version in lower case."""
        place = Path(release_directory(str(self.root), registry_id, name, version_key))
        for part in (self.packs, place.parents[1], place.parent):
            _not_a_link(part)
        return place

    def part(self, name: str) -> Path:
        """A directory of the home, by its name.

        Raises:
            InstallError: it is a link, so that files would be written or removed elsewhere.
        """
        return _not_a_link(self.root / name)

    def recall(self, file: Path) -> bytes | None:
        """What this user kept at `file` in this home, or None; what others put there counts as None.

        Raises:
            InstallError: the key is not safe where it is.
        """
        with suppress(OSError):
            return self.key.unwrap("kept", place_of(str(file)), read_file(file, _MAX_KEPT))
        return None

    def keep(self, file: Path, data: bytes) -> None:
        """Keep the bytes at `file`, below the root, for `recall`.

        Raises:
            OSError: the disk is full or refuses; the file is as it was before.
            InstallError: the key is not safe where it is.
        """
        for part in file.relative_to(self.root).parents:
            if part.name:
                _not_a_link(self.root / part)
        write_file(file, self.key.wrap("kept", place_of(str(file)), data), parents=True, durable=False)

    def lock_file(self, *words: str) -> Path:
        """The lock file for the thing that `words` name; only one process at a time holds its lock."""
        return self.part("locks") / ("-".join(words)[:200] + ".lock")

    def place_lock(self, place: Path) -> Path:
        """The lock file for the directory of an installed pack."""
        real = os.path.join(os.path.realpath(place.parent), place.name)  # noqa: PTH118
        return self.lock_file("place", hashlib.sha256(os.fsencode(real)).hexdigest()[:32])

    def bundle(self, sha256: str) -> Path:
        """Where the bundle with this sha256 (of the compressed bytes, hex) is kept."""
        return self.bundles / f"{sha256}.tgz"

    @contextmanager
    def scratch(self, purpose: str) -> Iterator[Path]:
        """A new empty directory that is removed at the end, also after an error.

        It lies in the home, or in the system's temporary directory if the home cannot be written.

        Raises:
            InstallError: it cannot be made.
        """
        parent = self.part("tmp") if self.is_writable else Path(tempfile.gettempdir())
        place = parent / f"{purpose}-{os.getpid()}-{os.urandom(6).hex()}"
        with disk_errors("make a scratch directory in", parent):
            parent.mkdir(parents=True, exist_ok=True)
            place.mkdir(mode=0o700)
        try:
            yield place
        finally:
            remove_tree(place)


def _not_a_link(part: Path) -> Path:
    if part.is_symlink():
        raise InstallError(
            f"{part} is a symbolic link, and what packreg keeps in it would end up elsewhere",
            hint="delete it (only the whole home may be a link), or choose another home with PACKREG_HOME",
        )
    return part
