"""Fetches wheels that the registry keeps (`registry.artifacts`) into the home, where installers find them.

Each is kept in a directory named by its sha256, as imported wheels are. One that was changed there is fetched
again, and uv and pip compare every file with the lock.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from packreg.errors import InstallError, IntegrityError
from packreg.files import write_file
from packreg.install.disk import disk_errors
from packreg.install.kept_files import FETCHERS
from packreg.registry.artifacts import proved
from packreg.threads import at_once

if TYPE_CHECKING:
    from packreg.install.kept_files import Fetch
    from packreg.install.tools import Tools
    from packreg.registry.artifacts import Artifact


def bring_wheels(
    artifacts: Iterable[Artifact], hashes: Iterable[str], fetch: Fetch | None, tools: Tools
) -> None:
    """Fetch those artifacts that are wheels with one of these sha256 and are not in the home yet.

    Raises:
        InstallError: `fetch` is None (offline), and a wheel that no index has is not here; or the disk
            refuses.
        NotFound, IntegrityError, StoreError: from `fetch`.
    """
    wanted = set(hashes)
    wheels = [each for each in artifacts if each.sha256 in wanted and each.name.endswith(".whl")]
    missing = [artifact for artifact in dict.fromkeys(wheels) if not _is_here(artifact, tools)]
    if fetch is None:
        for artifact in missing:
            if artifact.built_from:
                raise InstallError(
                    f"offline, and {artifact.name} is not on this machine: it was built from "
                    f"{artifact.built_from}, and the registry alone has it",
                    hint="install once with a network, or bring it with `packreg cache export` and `import`",
                )
        return

    def bring(artifact: Artifact) -> None:
        place = tools.home.part("wheels")
        data = fetch(artifact)
        with disk_errors("keep a wheel in", place):
            write_file(place / artifact.sha256 / artifact.name, data, parents=True)

    at_once(FETCHERS, bring, missing)


def wheel_places(hashes: Iterable[str], tools: Tools) -> list[str | Path]:
    """The options `--find-links DIRECTORY` for each wheel in the home that has one of these sha256."""
    places = (root / digest for digest in hashes for root in _roots(tools))
    return [word for place in places if place.is_dir() for word in ("--find-links", place)]


def _is_here(artifact: Artifact, tools: Tools) -> bool:
    """Whether a wheel is in the home and has the recorded bytes."""
    for root in _roots(tools):
        with suppress(OSError, IntegrityError):
            proved(artifact, (root / artifact.sha256 / artifact.name).read_bytes())
            return True
    return False


def _roots(tools: Tools) -> list[Path]:
    """The directories of wheels: of the home that downloads are taken from, and of the one written to."""
    roots = dict.fromkeys((tools.home.wheels, tools.home.part("wheels")))
    return [root for root in roots if root.is_dir()]
