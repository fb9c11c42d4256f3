"""Installed packs are taken off this machine; the registry is not asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packreg.errors import NotFound, UsageError
from packreg.install.cache import installed_packs, uninstall
from packreg.install.marker import read_installed
from packreg.pack.reference import Reference
from packreg.pack.version import Version, VersionRange

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from packreg.install.cache import CachedThing
    from packreg.services.workspace import Workspace


def uninstall_packs(workspace: Workspace, words: Sequence[str], *, force: bool = False) -> list[CachedThing]:
    """Remove the installed packs of the registry that references mean: of a name alone, every version.

    What somebody changed since it was installed is removed with `force` only.

    Raises:
        NotFound: one is not installed; nothing was removed.
        UsageError: one was changed, or "latest" is meant; nothing was removed.
        InstallError: one cannot be removed; those before it are gone.
    """
    home, found = workspace.home, dict[str, "Path"]()
    for word in words:
        reference = Reference.parse(word)
        if word.endswith("@latest"):
            raise UsageError(
                f"{word!r} is not asked of the registry here",
                hint=f"name a version, or write {reference.name} for every version that is installed",
            )
        meant = {
            f"{said['name']}@{said['version']}": path
            for path, said in installed_packs(home)
            if path.parents[1].name == workspace.location.id and _means(reference, said)
        }
        if not meant:
            raise NotFound(
                f"{word} is not installed from {workspace.place}", hint="`packreg cache list` says what is"
            )
        found |= meant
    for name, path in found.items():
        held = read_installed(home.key, str(path))
        if held is not None and not held.comparison.same and not held.only_compiled and not force:
            raise UsageError(
                f"{name} in {path} was changed since it was installed: {held.comparison}",
                hint="--force removes it all the same",
            )
    return [uninstall(home, path) for path in found.values()]


def _means(reference: Reference, said: dict[str, Any]) -> bool:
    wanted, version = reference.wanted, Version(said["version"])
    if said["name"] != reference.name:
        return False
    if isinstance(wanted, VersionRange):
        return version in wanted
    return wanted in (None, said["digest"]) or wanted == version
