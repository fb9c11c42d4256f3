"""The names that this user's commands have read from a registry, kept on this machine for shell completion.

A shell must not wait for a bucket while it completes a word. So what a command reads anyway (packs, versions,
policies, groups, stacks, environments) is noted, and the command line keeps it when a command ends, in a file
of the home for each registry, which only this user can have written (`Home.keep`). It may be out of date, and
nothing is decided by it. Names come from a registry, and a shell puts them into a command line: one with
anything in it that a shell obeys is left out, when it is noted and when it is read.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Literal, get_args

from packreg.groups.model import SELF_MANAGED
from packreg.registry.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packreg.groups.model import Entity, Governance
    from packreg.install.home import Home
    from packreg.pack.version import Version
    from packreg.registry.listing import PackListing
    from packreg.registry.record import Record

Kind = Literal["pack", "release", "policy", "group", "stack", "account", "environment"]
_KINDS: tuple[Kind, ...] = get_args(Kind)
#: The most names of one kind that are kept, the last ones that were read.
_MOST = 2_000
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@+-]{0,199}", re.ASCII)


class SeenWords:
    """The names seen in one registry; several threads may note some. Nothing is read before it is needed."""

    def __init__(self, home: Home, registry_id: str) -> None:
        self._home, self._file = home, home.root / "words" / f"{registry_id}.json"
        self._noted: dict[Kind, dict[str, None]] = {}
        self._whole: set[Kind] = set()

    def add(self, kind: Kind, words: Iterable[str]) -> None:
        """Note more names of a kind."""
        there = dict.fromkeys([*self._noted.get(kind, ()), *filter(_WORD.fullmatch, words)])
        self._noted[kind] = dict.fromkeys(list(there)[-_MOST:])

    def replace(self, kind: Kind, words: Iterable[str]) -> None:
        """Note all names that there are of a kind: others are gone."""
        self._noted.pop(kind, None)
        self._whole.add(kind)
        self.add(kind, words)

    def governance(self, found: Governance) -> None:
        """Note the groups of governance, and what they and waivers name."""
        self.replace("group", found.groups)
        for group in found.groups.values():
            self.add("stack", group.stacks)
            self.add("account", group.accounts)
        self.add("policy", (f"{waiver.pack}:{waiver.policy}" for waiver in found.waivers.values()))

    def entities(self, found: Iterable[Entity]) -> None:
        """Note stacks and accounts; a stack of a self-managed backend as project/stack."""
        for entity in found:
            self.add("stack" if entity.kind == "stack" else "account", [_short(entity)])

    def release(self, record: Record) -> None:
        """Note a release and its policies."""
        self.add("pack", [record.name])
        self.add("release", [f"{record.name}@{record.version}"])
        policies = record.metadata.policies if record.metadata else ()
        self.add("policy", (f"{record.name}:{policy.name}" for policy in policies))

    def of(self, kind: Kind) -> list[str]:
        """The names of a kind, sorted: noted ones, and those that were kept."""
        return sorted({*self._kept().get(kind, ()), *self._noted.get(kind, ())})

    def keep(self) -> None:
        """Keep what was noted, if anything is new in it.

        Raises:
            OSError, InstallError: it cannot be kept there.
        """
        if not self._noted:
            return
        kept = self._kept()
        before = {kind: [] if kind in self._whole else kept.get(kind, []) for kind in _KINDS}
        found = {
            kind: list(dict.fromkeys([*before[kind], *self._noted.get(kind, ())]))[-_MOST:] for kind in _KINDS
        }
        if found != {kind: kept.get(kind, []) for kind in _KINDS}:
            self._home.keep(self._file, json.dumps(found).encode("ascii"))

    def _kept(self) -> dict[Kind, list[str]]:
        """What is in the file; nothing where there is none, or another user wrote it."""
        data = self._home.recall(self._file)
        try:
            found = json.loads(data) if data is not None else {}
        except ValueError:
            return {}
        if not isinstance(found, dict):
            return {}
        lists = {kind: found[kind] for kind in _KINDS if isinstance(found.get(kind), list)}
        return {
            kind: [word for word in words if isinstance(word, str) and _WORD.fullmatch(word)][-_MOST:]
            for kind, words in lists.items()
        }


class NotedRegistry(Registry):
    """A registry of which `words` notes what is read."""

    words: SeenWords

    def packs(self) -> list[str]:
        """As `Registry.packs`."""
        found = super().packs()
        self.words.replace("pack", found)
        return found

    def versions(self, name: str) -> PackListing:
        """As `Registry.versions`."""
        found = super().versions(name)
        self.words.add("release", (f"{name}@{version}" for version in found.versions("published")))
        return found

    def record(self, name: str, version: Version) -> Record:
        """As `Registry.record`."""
        found = super().record(name, version)
        self.words.release(found)
        return found


def _short(entity: Entity) -> str:
    return entity.name.removeprefix(f"{SELF_MANAGED}/") if entity.kind == "stack" else entity.name
