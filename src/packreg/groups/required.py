"""Which packs an entity must run, and by which rule other entries of its groups lost. Pure.

The rules are Pulumi's: an entity must run the packs of all its groups. Of each pack one version runs, the
newest by SemVer. If several groups ask for that version, the entry that was modified last counts, with its
configuration and its environments. packreg adds: of entries modified at the same time, that of the group
first by name counts; a yanked version runs only if an entry names it exactly; and a pack that a group asks
for and that is not available is a problem, whatever other groups ask for.

So the order of groups never matters, one more group never removes a pack, and no clock is read: only the
times in the entries count.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from packreg.errors import NotFound, PackregError, Problem, Removed
from packreg.groups.decision import GroupRequest, Lost, Required, Requirement, Unavailable
from packreg.groups.model import Entity, Governance, Group, Mode, PackEntry
from packreg.pack.reference import Reference
from packreg.pack.version import Version
from packreg.registry.listing import Choice, PackListing, precedence

#: The versions of each pack by its name, or why they could not be read.
Listings = Mapping[str, PackListing | PackregError]


def packs_of(groups: Iterable[Group]) -> tuple[str, ...]:
    """The names of all packs that these groups ask for, sorted: those whose listings a decision needs."""
    return tuple(sorted({name for group in groups for name in group.packs}))


class Resolution:
    """Decides for any number of entities, at one revision of governance and with the same listings.

    References and sets of groups are resolved once, so that one more entity takes no longer than finding its
    groups. For one thread.
    """

    def __init__(self, governance: Governance, listings: Listings) -> None:
        self._governance = governance
        self._listings = listings
        self._choices: dict[tuple[str, str], Choice | PackregError] = {}
        self._decided: dict[tuple[str, ...], tuple[tuple[Requirement, ...], tuple[Unavailable, ...]]] = {}

    def required(self, entity: Entity, mode: Mode, groups: Iterable[str]) -> Required:
        """What the entity must run as a member of the groups with these names, which must have this mode."""
        names = tuple(sorted(groups))
        if names not in self._decided:
            self._decided[names] = self._decide([self._governance.groups[name] for name in names])
        return Required(entity, mode, self._governance.revision, names, *self._decided[names])

    def _decide(self, groups: Sequence[Group]) -> tuple[tuple[Requirement, ...], tuple[Unavailable, ...]]:
        asked: dict[str, list[GroupRequest]] = defaultdict(list)
        missing: list[Unavailable] = []
        for group in groups:
            for entry in group.packs.values():
                choice = self._choose(entry)
                if isinstance(choice, Choice):
                    asked[entry.pack].append(GroupRequest(group.name, entry, choice.version))
                else:
                    missing.append(_cannot_be_had(group, entry, choice))
        packs = tuple(self._settled(name, asked[name]) for name in sorted(asked))
        return packs, tuple(sorted(missing))

    def _choose(self, entry: PackEntry) -> Choice | PackregError:
        key = (entry.pack, entry.version)
        if key not in self._choices:
            self._choices[key] = self._chosen(entry)
        return self._choices[key]

    def _chosen(self, entry: PackEntry) -> Choice | PackregError:
        listing = self._listings.get(entry.pack) or PackListing(entry.pack, {})
        if isinstance(listing, PackregError):
            return listing
        try:
            wanted = Reference.parse(f"{entry.pack}@{entry.version}").wanted
            if isinstance(wanted, str):
                return NotFound(f"{entry.pack}@{wanted} is a digest; groups name versions")
            return listing.choose(wanted)
        except PackregError as error:
            return error

    def _settled(self, pack: str, asked: Sequence[GroupRequest]) -> Requirement:
        """The one version that runs, and why the other entries do not count."""
        newest = max((each.version for each in asked), key=precedence)
        same = [each for each in asked if each.version == newest]
        latest = max(_moment(each.entry) for each in same)
        winner = min((e for e in same if _moment(e.entry) == latest), key=lambda each: each.group)
        lost = [Lost(each, _rule(each, winner)) for each in asked if each is not winner]
        lost.sort(key=lambda each: (each.asked.version == newest, each.asked.group))
        warnings = tuple(self._warnings(pack, newest, same))
        return Requirement(pack, newest, winner, tuple(lost), warnings)

    def _warnings(self, pack: str, version: Version, asked: Sequence[GroupRequest]) -> Iterable[Problem]:
        groups = ", ".join(sorted(each.group for each in asked))
        listing = self._listings[pack]
        if isinstance(listing, PackListing) and listing.by_version[version].state == "yanked":
            message = f"{pack} {version} was yanked, and runs because it is named exactly"
            hint = f"`packreg info {pack}@{version}` says why; name another version in the group"
            yield Problem("yanked", message, groups, hint)
        for note in sorted(
            {choice.note for e in asked if isinstance(choice := self._choose(e.entry), Choice)}
        ):
            if note:
                yield Problem("only-prereleases", note, groups)


def _rule(asked: GroupRequest, winner: GroupRequest) -> str:
    """The rule that an entry lost by; "same" where it asks for just what the winner does."""
    if asked.version != winner.version:
        return "newer-version"
    if _content(asked.entry) == _content(winner.entry):
        return "same"
    return "modified-later" if _moment(asked.entry) < _moment(winner.entry) else "first-by-name"


def _content(entry: PackEntry) -> str:
    """What an entry asks for beside the version; as text, since in Python 1 equals True."""
    return json.dumps([entry.config, entry.environments], sort_keys=True)


def _moment(entry: PackEntry) -> str:
    """The time of an entry as a text that sorts by time, fractions of a second too."""
    return entry.modified.removesuffix("Z")


def _cannot_be_had(group: Group, entry: PackEntry, error: PackregError) -> Unavailable:
    if isinstance(error, Removed):
        code = "version-removed"
    else:
        code = "version-missing" if isinstance(error, NotFound) else "pack-unreadable"
    hint = error.hint or f"change the group: `packreg enable {entry.pack}@VERSION --group {group.name}`"
    problem = Problem(code, f"{entry.pack}@{entry.version}: {error}", f"group {group.name}", hint)
    return Unavailable(entry.pack, entry.version, problem)
