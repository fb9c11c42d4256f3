"""What a registry holds: its packs, their versions, and what is known of one release."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from packreg.errors import NotFound
from packreg.pack.reference import Reference
from packreg.text import human_size

if TYPE_CHECKING:
    from packreg.registry.listing import PackListing
    from packreg.registry.maintenance import Standing
    from packreg.registry.record import Record
    from packreg.registry.seals import Sealed
    from packreg.services.workspace import Workspace


def latest_versions(workspace: Workspace) -> dict[str, str | None]:
    """Each pack with its latest version, None where all are yanked or removed. A listing per pack."""
    registry = workspace.registry()
    names = registry.packs()
    listings = workspace.at_once(registry.versions, names)
    return {name: _latest(listing) for name, listing in zip(names, listings, strict=True)}


class PackVersions(NamedTuple):
    """The versions of a pack, the lowest first, with their states, and which is the latest."""

    listing: PackListing
    latest: str | None

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "name": self.listing.name,
            "latest": self.latest,
            "versions": [{"version": str(r.version), "state": r.state} for r in self.listing.releases],
        }


def pack_versions(workspace: Workspace, name: str) -> PackVersions:
    """The versions of a pack, also the yanked and removed ones. Raises: NotFound: there is no such pack."""
    listing = workspace.registry().versions(name)
    if not listing.by_version:
        raise NotFound(
            f"there is no pack {name!r} in this registry", hint="`packreg list` shows what there is"
        )
    return PackVersions(listing, _latest(listing))


class ReleaseInfo(NamedTuple):
    """What the registry knows of a release; its locked dependencies are `name==version` or `name@version`."""

    record: Record
    standing: Standing
    dependencies: list[str]
    sealed: Sealed

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        state = self.standing.state
        told = {each: self._notice() if state == each else None for each in ("yanked", "removed")}
        sealed = kept_json(self.sealed) if self.sealed.is_begun else None
        return {**self.record.as_json(), **told, "dependencies": self.dependencies, "sealed": sealed}

    def _notice(self) -> dict[str, str]:
        """Why, by whom and when it was yanked or removed."""
        notice = self.standing.notice
        if notice is None:
            return {"reason": "no reason given", "by": "", "at": ""}
        return {"reason": notice.reason, "by": notice.by, "at": notice.at}


def release_info(workspace: Workspace, reference: Reference) -> ReleaseInfo:
    """What is known of the release that a reference means. Raises: NotFound: there is none."""
    registry = workspace.registry()
    record = registry.resolve(reference, warn=False).record
    standing = registry.standing(record.name, record.version)
    return ReleaseInfo(record, standing, dependencies(record), registry.seals.kept(record, standing.seals))


class FoundPack(NamedTuple):
    """A pack that was searched for, by its latest version."""

    name: str
    version: str
    description: str


def search_packs(workspace: Workspace, text: str) -> list[FoundPack]:
    """The packs that have a text in their names or descriptions, whatever its case."""
    registry = workspace.registry()
    sought = text.casefold()

    def look(name: str) -> FoundPack | None:
        try:
            record = registry.resolve(Reference(name, None)).record
        except NotFound:  # nothing but yanked or removed versions
            return None
        description = description_of(record)
        title = record.metadata.display_name if record.metadata else ""
        if not any(sought in text.casefold() for text in (name, description, title)):
            return None
        return FoundPack(name, str(record.version), description)

    return [hit for hit in workspace.at_once(look, registry.packs()) if hit]


def description_of(record: Record) -> str:
    """The manifest's, else the first line of what the running pack said."""
    said = record.metadata.description.strip().partition("\n")[0] if record.metadata else ""
    return str(record.manifest.get("description") or said)


def dependencies(record: Record) -> list[str]:
    """The locked dependencies of a release, as `name==version` or `name@version`, sorted."""
    if record.lock is None:
        return []
    if record.lock.kind == "requirements":
        lines = (line.partition(" \\")[0].strip() for line in record.lock.text.splitlines())
        return sorted(line for line in lines if line and not line.startswith(("#", "--")))
    try:
        packages: dict[str, Any] = json.loads(record.lock.text).get("packages", {})
        pairs = {
            (path.rpartition("node_modules/")[2], entry["version"])
            for path, entry in packages.items()
            if path
        }
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return []
    return sorted(f"{name}@{version}" for name, version in pairs)


def _latest(listing: PackListing) -> str | None:
    try:
        return str(listing.latest().version)
    except NotFound:
        return None


def kept_json(sealed: Sealed) -> dict[str, Any]:
    """What a registry keeps for a release, for `--json`."""
    return {"for": list(sealed.targets), "files": len(sealed.artifacts), "size": sealed.size}


def kept_in_words(sealed: Sealed) -> str:
    """The same for people; "" where nothing was sealed."""
    if not sealed.is_begun:
        return ""
    files = f"{len(sealed.artifacts)} files, {human_size(sealed.size)}"
    pythons: dict[str, list[str]] = {}
    for target in sealed.targets:
        platform, _, python = target.partition(" python ")
        pythons.setdefault(platform, []).extend([python] if python else [])
    words = [f"{each} (Python {', '.join(found)})" if found else each for each, found in pythons.items()]
    return f"for {', '.join(words)}: {files}" if words else f"in part: {files}"
