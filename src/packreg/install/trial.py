"""Makes a pack runnable in a temporary directory before it is published, from its bundle's files.

Its environment is made from its lock and in the store, as installs do it. So what runs here is what every
machine will run; nothing from the author's directory or environment is used.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packreg.install.disk import disk_errors, remove_tree
from packreg.install.lock_dependencies import remembered_lock
from packreg.install.provision import Runtime, needs_of, provide
from packreg.install.tools import Tools
from packreg.pack.bundle import extract
from packreg.pack.manifest import Manifest
from packreg.registry.record import Lock

if TYPE_CHECKING:
    from packreg.pack.check import Pack


@contextmanager
def tried(
    pack: Pack,
    lock: Lock | None,
    tools: Tools,
    *,
    python: str | None = None,
    say: Callable[[str], None] = lambda step: None,
) -> Iterator[tuple[Path, Manifest]]:
    """The directory in which the pack can be started, removed at the end, and the manifest to start it with.

    The manifest names the environment. Without a lock the dependencies are resolved on this machine.

    Raises:
        InstallError: the environment cannot be made on this machine.
    """
    runtime = Runtime.of_manifest(pack.name, pack.manifest.as_dict(), pack.files)
    needs = needs_of(runtime, pack.files, lock, lambda: remembered_lock(pack, tools, say=say))
    provision = provide(runtime, pack.files, needs, tools, python=python, say=say)
    manifest = pack.manifest
    if provision.environment is not None:
        manifest = replace(manifest, virtualenv=provision.path)
    with disk_errors("make a directory in", Path(tempfile.gettempdir())):
        place = Path(tempfile.mkdtemp(prefix="packreg-run-"))
    try:
        directory = place / "pack"
        with disk_errors("write to", place):
            extract(pack.files, directory)
            provision.attach(directory)
        yield directory, manifest
    finally:
        remove_tree(place)
