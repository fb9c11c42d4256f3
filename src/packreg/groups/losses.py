"""What groups lose when a version of a pack is yanked or removed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal, NamedTuple

from packreg.errors import NotFound
from packreg.groups.model import Governance
from packreg.pack.reference import Reference
from packreg.pack.version import Version, VersionRange
from packreg.registry.listing import PackListing


class Loss(NamedTuple):
    """What happens to one group's entry for a pack when the version that it means now is yanked or removed.

    `asks` is what the entry asks for. `effect` is `pinned`: it names this version; `moves`: it means
    `instead` then; `nothing-left`: no version is left that it could mean.
    """

    group: str
    asks: str
    effect: Literal["pinned", "moves", "nothing-left"]
    instead: str = ""

    def __str__(self) -> str:
        if self.effect == "pinned":
            return f"{self.group} pins it"
        if self.effect == "moves":
            return f"{self.group} asks for {self.asks}, and moves to {self.instead}"
        return f"{self.group} asks for {self.asks}, and has no version left"


def losses(governance: Governance, listing: PackListing, version: Version) -> Iterator[Loss]:
    """The groups that mean this version of the listing's pack now, in order of their names."""
    there = listing.by_version.get(version)
    if there is None:
        return
    without = replace(listing, by_version={**listing.by_version, version: there._replace(state="removed")})
    for name, group in sorted(governance.groups.items()):
        entry = group.packs.get(listing.name)
        if entry is None:
            continue
        wanted = Reference.parse(f"{entry.pack}@{entry.version}").wanted
        if wanted == version:
            yield Loss(name, entry.version, "pinned")
        if isinstance(wanted, Version | str) or _chosen(listing, wanted) != version:
            continue
        instead = _chosen(without, wanted)
        if instead is None:
            yield Loss(name, entry.version, "nothing-left")
        else:
            yield Loss(name, entry.version, "moves", instead.text)


def _chosen(listing: PackListing, wanted: VersionRange | None) -> Version | None:
    try:
        return listing.choose(wanted).version
    except NotFound:
        return None
