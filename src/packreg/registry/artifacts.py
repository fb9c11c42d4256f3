"""Wheels and npm tarballs that installs need, kept in the registry, each once by its sha256.

    artifacts/<sha256>      the bytes, and nothing about them

Any bytes with a digest can be kept, and all releases share them. Their names, sizes and origins are in the
records that need them, in the member `artifacts` (`Record.artifacts`). A reader that does not know the member
gets the files that the lock names from an index, by the same digests. It reads the same bytes, so the member
needs no feature (`formats`).

Artifacts are stored before the record that names them. `needed_artifacts` verifies them and finds those that
no release needs any more. A publisher that found an artifact in the store checks after its commit that it is
still there, as for a bundle.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from packreg.errors import IntegrityError, NotFound, OutcomeUnknown, StoreUnavailable
from packreg.registry import layout

if TYPE_CHECKING:
    from packreg.registry.members import Members
    from packreg.store.bucket import Entry
    from packreg.store.store import Store

#: The largest artifact, in bytes: a reader holds one of them in memory.
MAX_ARTIFACT = 2**29
#: Returns the bytes of an artifact to store; called only if the registry does not have it.
Supply = Callable[[], bytes]

_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9@_][A-Za-z0-9._+!@-]{0,254}", re.ASCII)


class Artifact(NamedTuple):
    """A file that a release needs: its file name, the sha256 of its bytes in hex, and their number.

    `built_from` is the file name and sha256 of the source archive of a wheel that was built for this release;
    it is "" for a file from an index.
    """

    name: str
    sha256: str
    size: int
    built_from: str = ""

    @classmethod
    def of(cls, name: str, data: bytes, built_from: str = "") -> Artifact:
        """The artifact with these bytes. Raises ValueError: the file name is not allowed."""
        if not _NAME.fullmatch(name) or len(data) > MAX_ARTIFACT:
            raise ValueError(f"{name[:200]!r} with {len(data)} bytes cannot be kept in a registry")
        return cls(name, hashlib.sha256(data).hexdigest(), len(data), built_from)

    @property
    def key(self) -> str:
        """The key of its bytes in the store."""
        return layout.artifact_key(self.sha256)


def read_artifacts(found: Members) -> tuple[Artifact, ...]:
    """The optional member `artifacts` of an object. Raises: IntegrityError: it cannot be trusted."""
    if "artifacts" not in found.values:
        return ()
    return tuple(
        Artifact(
            each.matching("name", _NAME.fullmatch),
            each.matching("sha256", _HEX.fullmatch),
            each.number("size", MAX_ARTIFACT),
            each.text("built_from"),
        )
        for each in found.list_of("artifacts")
    )


def artifacts_json(artifacts: Iterable[Artifact]) -> list[dict[str, Any]]:
    """The member `artifacts`, as `read_artifacts` reads it."""
    return [each._asdict() for each in artifacts]


class Artifacts:
    """The artifacts in a registry's store. Threads may share one."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._problems: dict[Artifact, str] = {}

    def held(self) -> dict[str, Entry]:
        """Everything that is kept, by its sha256. One request per 1,000."""
        return {
            sha256: entry
            for entry in self._store.list_all(layout.ARTIFACTS)
            if (sha256 := layout.read_artifact_key(entry.key))
        }

    def keep(self, wanted: Mapping[Artifact, Supply]) -> frozenset[Artifact]:
        """Store the artifacts that the registry lacks; returns those that it had. Safe to repeat.

        One request per 1,000 artifacts in the registry, and one for each that it lacks.

        Raises:
            IntegrityError: the registry has other bytes under a digest, or a supply returned other bytes.
            StoreUnavailable: an artifact could not be stored; the same call again is safe.
        """
        if not wanted:
            return frozenset()
        there = self.held()
        found = []
        for artifact, supply in wanted.items():
            held = there.get(artifact.sha256)
            if held is None:
                self._create(artifact, proved(artifact, supply()))
            elif held.size != artifact.size:
                raise self._damaged(artifact, f"it has {held.size} bytes, not {artifact.size}")
            else:
                found.append(artifact)
        return frozenset(found)

    def get(self, artifact: Artifact) -> bytes:
        """The bytes of an artifact, its size and sha256 verified. One request.

        Raises:
            NotFound: the registry does not have it.
            IntegrityError: the stored bytes are not those of the artifact.
        """
        try:
            return proved(artifact, self._store.get(artifact.key, limit=artifact.size))
        except NotFound:
            raise NotFound(
                f"{artifact.name} is not in {self._store.describe()}: there is no {artifact.key}",
                hint="on a replica, try again in a few minutes; in the home registry, put it back from a "
                "replica or a backup, or with `packreg seal` if the package index has it still",
            ) from None
        except IntegrityError as error:
            raise self._damaged(artifact, str(error)) from None

    def problem(self, artifact: Artifact) -> str:
        """What is wrong with an artifact, or ""; each is read once in the life of this object."""
        if artifact not in self._problems:
            try:
                self.get(artifact)
                self._problems[artifact] = ""
            except (NotFound, IntegrityError) as error:
                self._problems[artifact] = str(error)
        return self._problems[artifact]

    def _create(self, artifact: Artifact, data: bytes) -> None:
        try:
            other = self._store.create(artifact.key, data)
        except OutcomeUnknown as error:
            raise StoreUnavailable(
                f"{artifact.name} could not be stored: {error}", hint="run the same command again, it is safe"
            ) from error
        if other is not None:
            raise self._damaged(artifact, "it holds other bytes")

    def _damaged(self, artifact: Artifact, why: str) -> IntegrityError:
        return IntegrityError(
            f"{artifact.name} in {self._store.describe()} is damaged: {artifact.key}: {why}",
            hint=f"put it back from a replica or a backup, after `{self._store.deletion(artifact.key)}`",
        )


def proved(artifact: Artifact, data: bytes) -> bytes:
    """Return `data` if it is the artifact's bytes. Raises IntegrityError if it is not."""
    if len(data) != artifact.size or hashlib.sha256(data).hexdigest() != artifact.sha256:
        raise IntegrityError(f"{artifact.name} does not have its sha256 {artifact.sha256}")
    return data
