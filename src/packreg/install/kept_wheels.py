"""Wheels of a lock that the registry keeps (`registry.artifacts`), brought to where installers look for them.

They lie in the home as imported ones do, each in a directory named by its sha256. Whoever changes one there
only makes an installation fail: uv and pip compare every file with the lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from packreg.errors import InstallError
from packreg.files import write_file
from packreg.install.disk import disk_errors

if TYPE_CHECKING:
    from packreg.install.tools import Tools
    from packreg.registry.artifacts import Artifact

#: Gives the verified bytes of an artifact; None where no registry may be asked.
Fetch = Callable[["Artifact"], bytes]


def bring_wheels(
    artifacts: Iterable[Artifact], hashes: Iterable[str], fetch: Fetch | None, tools: Tools
) -> None:
    """Have those of the artifacts in the home that are wheels with one of these sha256.

    Raises:
        InstallError: offline, and a wheel is not here that no index has; or the disk refuses.
        NotFound, IntegrityError, StoreError: as `fetch` says.
    """
    wanted = set(hashes)
    for artifact in artifacts:
        path = tools.home.wheels / artifact.sha256 / artifact.name
        if artifact.sha256 not in wanted or not artifact.name.endswith(".whl") or path.is_file():
            continue
        if fetch is not None:
            data = fetch(artifact)
            with disk_errors("keep a wheel in", tools.home.wheels):
                write_file(path, data, parents=True)
        elif artifact.built_from:
            raise InstallError(
                f"offline, and {artifact.name} is not on this machine: it was built from "
                f"{artifact.built_from}, and the registry alone has it",
                hint="install once with a network, or bring it with `packreg cache export` and `import`",
            )


def wheel_places(hashes: Iterable[str], tools: Tools) -> list[str | Path]:
    """`--find-links` for every wheel with one of these sha256 that the home has."""
    if not tools.home.wheels.is_dir():
        return []
    places = (tools.home.wheels / digest for digest in hashes)
    return [word for place in places if place.is_dir() for word in ("--find-links", place)]
