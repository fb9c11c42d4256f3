"""Unpacks releases that packreg runs itself: from verified downloads only, into a directory of this process.

The pack's installed directory is not used. So nothing that was added or changed there is run: no file, no
compiled module, nothing that Python or Node.js would load by its name. The cost is to write the few files of
the pack for each run; its environment stays in the store, and its contents are compared with their list.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

from packreg.errors import InstallError
from packreg.install.disk import disk_errors
from packreg.install.installer import Job, edited
from packreg.install.private import PrivatePlace, Unpacked
from packreg.install.several import NotInstalled, each
from packreg.pack.bundle import extract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from packreg.install.installer import Installer
    from packreg.install.releases import Release
    from packreg.pack.reference import Reference


def unpack(
    installer: Installer,
    reference: Reference,
    place: PrivatePlace,
    *,
    python: str | None = None,
    offline: bool = False,
) -> Unpacked:
    """Unpack a release in `place`, ready to run; if that was done before, return it.

    Unless `offline`, the registry is asked for the record and whether the release was removed or yanked. The
    bundle must have the digest in the record, and the environment must be as this user made it. Otherwise it
    is made again, in `place` if the home cannot be written.

    Raises:
        NotFound, Removed, StoreError, IntegrityError, InstallError: as `Installer.install`.
    """
    job = Job(True, False, python, offline, lambda step: installer.progress(str(reference), step))
    release = installer.releases.find(reference, offline=offline)
    name = hashlib.sha256(f"{release.record.digest} {python}".encode()).hexdigest()[:32]
    with place.locks[name]:
        if name not in place.made:
            place.made[name] = _unpack(installer, release, place, name, job)
    return place.made[name]


def unpack_all(
    installer: Installer,
    references: Iterable[Reference],
    place: PrivatePlace,
    *,
    done: Callable[[], None] = lambda: None,
    **options: Any,
) -> list[Unpacked | NotInstalled]:
    """Unpack several releases at the same time; a release or a failure for each. `options` as in `unpack`."""
    return each(lambda one: unpack(installer, one, place, **options), references, done=done)


def _unpack(installer: Installer, release: Release, place: PrivatePlace, name: str, job: Job) -> Unpacked:
    record, home = release.record, installer.home
    content = installer.releases.content(release, offline=job.offline, say=job.say)
    started = time.monotonic()
    try:
        gathered, provision = installer.provided(release, content, installer.tools, job)
        notes = gathered.notes
    except InstallError:
        if home.is_writable:
            raise
        gathered, provision = installer.provided(release, content, place.tools(installer.tools), job)
        cost = (
            f"the home {home.root} cannot be written to, and has no environment for {record.reference} "
            "that you made on this machine: this run made one of its own, which took "
            f"{time.monotonic() - started:.1f} s and happens again in each run"
        )
        notes = (*gathered.notes, cost)
    directory = place.path / name
    with disk_errors("write to", directory):
        extract(edited(content.files, provision), directory)
        provision._replace(whole=False).attach(directory)
    return Unpacked(directory, record.name, record.version, record.digest, provision.contents, notes)
