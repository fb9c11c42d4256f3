"""Seals: files added to the registry after a release was published, so that installs need no index.

The record of a release that was published sealed says so: `artifacts` are the files, `sealed_for` the
platforms for which they are complete. Records never change, so sealing it later creates another object, a
seal, which says the same of the added files. A release's seals are numbered from 1 and lie among its yanks,
so one listing shows both, and installs need no further request. A reader that does not know seals gets the
files that the lock names from an index, by the same digests, as before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from packreg.errors import IntegrityError, InvalidPack
from packreg.pack.version import Version
from packreg.registry.artifacts import Artifact, artifacts_json, read_artifacts
from packreg.registry.formats import beginning
from packreg.registry.members import Members
from packreg.text import one_line

#: The largest seal, in bytes.
MAX_SEAL = 4 * 2**20
#: A target that a release is sealed for: a platform, and for some packs a version of Python.
_TARGET = re.compile(r"[a-z0-9]+-[a-z0-9_]+(?: python 3\.[0-9]{1,2})?", re.ASCII)
_MOST_TARGETS = 1000


class Sealed(NamedTuple):
    """The files of a release's dependencies that a registry keeps, and the platforms with nothing missing."""

    artifacts: tuple[Artifact, ...] = ()
    targets: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(artifact.size for artifact in self.artifacts)

    @property
    def is_begun(self) -> bool:
        """Whether the release was sealed, at least partly: wheels that publishing built do not count."""
        return bool(self.targets) or any(not artifact.built_from for artifact in self.artifacts)

    def together(self, seals: Iterable[Seal]) -> Sealed:
        """The sum of this, a record's, and the seals that were added later."""
        found = [self, *(seal.sealed for seal in seals)]
        artifacts = dict.fromkeys(each for one in found for each in one.artifacts)
        return Sealed(tuple(artifacts), tuple(dict.fromkeys(word for one in found for word in one.targets)))


class Seal(NamedTuple):
    """One addition: `sealed` is what was added, `by` whom, `at` which time (RFC 3339, UTC).

    `attempt` is the id of the one command that wrote it.
    """

    name: str
    version: Version
    sealed: Sealed
    by: str
    at: str
    attempt: str

    def encode(self) -> bytes:
        """The bytes of the seal."""
        members = {
            **beginning(),
            "name": self.name,
            "version": self.version.text,
            **sealed_json(self.sealed),
            "by": self.by,
            "at": self.at,
            "attempt": self.attempt,
        }
        return (json.dumps(members, indent=1) + "\n").encode("ascii")

    @classmethod
    def decode(cls, data: bytes, key: str, name: str, version: Version) -> Seal:
        """Read the seal that was found at `key`, which belongs to `name` and `version`.

        Raises:
            IntegrityError: `data` is no seal, or that of another release.
            StoreRefused: it has a newer format than this packreg knows.
        """
        found = Members.read(data, key, MAX_SEAL)
        seal = cls(
            name=found.text("name"),
            version=found.parsed("version", Version),
            sealed=Sealed(read_artifacts(found), read_targets(found)),
            by=found.text("by"),
            at=found.text("at"),
            attempt=found.text("attempt"),
        )
        if seal.name != name or seal.version != version:
            raise found.wrong("name", f"it is the seal of {seal.name}@{seal.version}")
        return seal


def sealed_json(sealed: Sealed) -> dict[str, Any]:
    """The members `artifacts` and `sealed_for`, without empty ones."""
    return {
        **({"artifacts": artifacts_json(sealed.artifacts)} if sealed.artifacts else {}),
        **({"sealed_for": list(sealed.targets)} if sealed.targets else {}),
    }


def read_targets(found: Members) -> tuple[str, ...]:
    """The optional member `sealed_for` of an object. Raises: IntegrityError: it cannot be trusted."""
    if "sealed_for" not in found.values:
        return ()
    targets = found.texts("sealed_for")
    if len(targets) > _MOST_TARGETS or not all(map(_TARGET.fullmatch, targets)):
        raise found.wrong("sealed_for", "it is not a list of platforms")
    return targets


def new_seal(name: str, version: Version, sealed: Sealed, by: str, at: str, attempt: str) -> Seal:
    """A seal of a release, as every reader will read it, its texts made printable.

    Raises:
        InvalidPack: no reader would accept it, because it is too large.
    """
    seal = Seal(name, version, sealed, one_line(by)[:200], at, attempt)
    try:
        return Seal.decode(seal.encode(), "the seal", seal.name, seal.version)
    except IntegrityError as error:
        raise InvalidPack(f"no reader would accept the seal of {name}@{version}: {error}") from error
