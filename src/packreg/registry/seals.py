"""What was added to a release after it was published, so that installs need no index: seals, numbered from 1.

A release that was published sealed says so in its record: `artifacts` are the files, `sealed_for` the
platforms for which nothing is missing. Whoever seals it later creates an object beside it that says the same
of what was added, since records never change. Seals lie among the yanks of a release, so one listing tells of
both, and an install asks no more for being told. A reader that does not know them asks an index for the files
that the lock names, by the same digests, as before.
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
#: What a release is sealed for: a platform, and a version of Python for packs that need one.
_TARGET = re.compile(r"[a-z0-9]+-[a-z0-9_]+(?: python 3\.[0-9]{1,2})?", re.ASCII)
_MOST_TARGETS = 1000


class Sealed(NamedTuple):
    """What a registry keeps of a release's dependencies, and for which platforms nothing is missing."""

    artifacts: tuple[Artifact, ...] = ()
    targets: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(artifact.size for artifact in self.artifacts)

    @property
    def is_begun(self) -> bool:
        """Whether anything was sealed: not only wheels are kept that were built when it was published."""
        return bool(self.targets) or any(not artifact.built_from for artifact in self.artifacts)

    def together(self, seals: Iterable[Seal]) -> Sealed:
        """What a record says and what the seals beside it say."""
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
            IntegrityError: it is none, or that of another release.
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
    """The members that say what is kept, each only where there is something to say."""
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
        InvalidPack: no reader would accept it, because there is too much in it.
    """
    seal = Seal(name, version, sealed, one_line(by)[:200], at, attempt)
    try:
        return Seal.decode(seal.encode(), "the seal", seal.name, seal.version)
    except IntegrityError as error:
        raise InvalidPack(f"no reader would accept the seal of {name}@{version}: {error}") from error
