"""The home: where everything that packreg keeps on a machine lies.

    packs/<registry id>/<name>/<version>/  installed packs; remove one, and it is installed again when wanted
    envs/<key>/                            Python environments, shared by packs
    skeletons/<key>/                       the empty environment of each interpreter
    node/<key>/                            trees of node_modules, shared by packs
    bundles/<sha256>.tgz                   downloaded bundles
    remembered/<registry id>/              records of releases, which never change, and the URL they came from
    resolved/<sha256>.json                 locks made on this machine, for packs published without one
    wheels/<sha256>/<file>                 wheels that `cache import` brought
    npm/<sha256>/                          npm's cache for one lock, which `cache import` brought
    bytecode/<sha256>.zip                  compiled modules of distributions that were installed before
    interpreters/<sha256>.json             what an interpreter said about itself
    locks/                                 one empty file per thing that only one process may work on
    logs/                                  the output of tools that failed, the newest fifty
    tmp/                                   scratch directories of running commands

Every one of these may be deleted at any time while no packreg runs: what is missing is fetched or built
again (`wheels`, `npm` and `remembered` need `cache import` or the registry for it). Deleting `envs` or `node`
breaks the installed packs that point there until they are installed again, which `install` and `path` notice
by themselves. Nothing else in the directory is packreg's to touch: by default the local registry is there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from packreg.install.disk import disk_errors, remove_tree
from packreg.install.marker import release_directory
from packreg.install.trust import Key


class Home:
    """The directory that holds it all. `root` is absolute; it is created when something is first kept.

    What is in it is believed for marks made with `key`; by default that is one of this process alone.
    """

    def __init__(self, root: Path, key: Key | None = None) -> None:
        self.root = root
        self.key = Key() if key is None else key

    @property
    def packs(self) -> Path:
        """Installed packs."""
        return self.root / "packs"

    @property
    def envs(self) -> Path:
        """Shared Python environments, by key."""
        return self.root / "envs"

    @property
    def skeletons(self) -> Path:
        """Empty Python environments, by interpreter."""
        return self.root / "skeletons"

    @property
    def node(self) -> Path:
        """Shared trees of node_modules, by key."""
        return self.root / "node"

    @property
    def bundles(self) -> Path:
        """Downloaded bundles, by the sha256 of their bytes."""
        return self.root / "bundles"

    @property
    def remembered(self) -> Path:
        """Records of releases, by registry."""
        return self.root / "remembered"

    @property
    def resolved(self) -> Path:
        """Locks that were made on this machine, by the digest of what they lock."""
        return self.root / "resolved"

    @property
    def wheels(self) -> Path:
        """Wheels that were imported, each in a directory named by its sha256."""
        return self.root / "wheels"

    @property
    def npm(self) -> Path:
        """Caches of npm that were imported, each for one lock."""
        return self.root / "npm"

    @property
    def bytecode(self) -> Path:
        """Compiled modules, by distribution and interpreter."""
        return self.root / "bytecode"

    @property
    def interpreters(self) -> Path:
        """What interpreters said about themselves."""
        return self.root / "interpreters"

    @property
    def logs(self) -> Path:
        """The output of tools that failed."""
        return self.root / "logs"

    def release(self, registry_id: str, name: str, version_key: str) -> Path:
        """Where a release is installed. `version_key` is the version in lower case."""
        return Path(release_directory(str(self.root), registry_id, name, version_key))

    def lock_file(self, *words: str) -> Path:
        """The file whose lock only one process holds; `words` say of what."""
        return self.root / "locks" / ("-".join(words)[:200] + ".lock")

    def bundle(self, sha256: str) -> Path:
        """Where the bundle with this sha256 (of the compressed bytes, hex) is kept."""
        return self.bundles / f"{sha256}.tgz"

    @contextmanager
    def scratch(self, purpose: str) -> Iterator[Path]:
        """A new empty directory that is removed at the end, whatever happens.

        Raises:
            InstallError: it cannot be made.
        """
        parent = self.root / "tmp"
        place = parent / f"{purpose}-{os.getpid()}-{os.urandom(6).hex()}"
        with disk_errors("make a scratch directory in", parent):
            parent.mkdir(parents=True, exist_ok=True)
            place.mkdir()
        try:
            yield place
        finally:
            remove_tree(place)
