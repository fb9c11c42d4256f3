"""The record of a release: what was published, by whom, from what, with which dependencies. Pure.

A record is one JSON object in UTF-8. It is read as strictly as all data from outside: other people and tools
may write to a bucket. Name, version and bundle key in a record must agree with its own key, so that no record
can lead a reader to another pack's bytes. Unknown members are ignored: a newer packreg may add some without a
newer format.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from packreg.errors import InvalidPack
from packreg.pack.metadata import PackInfo
from packreg.pack.reference import digest_problem
from packreg.pack.version import Version
from packreg.registry.artifacts import Artifact, read_artifacts
from packreg.registry.formats import beginning
from packreg.registry.layout import bundle_key, record_key
from packreg.registry.members import Members, printable_values
from packreg.registry.metadata import read_metadata
from packreg.registry.seals import Sealed, read_targets, sealed_json
from packreg.text import one_line

#: The beginning of the note in a record that was published without a lock.
UNLOCKED = "published without a lock"
#: The beginning of the note in a record whose pack was not run at publish.
NOT_RUN = "published without running the pack"
#: The largest record in bytes: room for a lock of 500 packages with 100 hashes each, at 80 bytes a line.
MAX_RECORD = 4 * 2**20
MAX_BUNDLE = 2**31
#: Names of uncommitted files in a record, at most.
MOST_DIRTY = 100

_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z", re.ASCII)
#: A range of PEP 440, such as `>=3.12,<4`.
_PYTHONS = re.compile(r"(?:(?:~=|===?|!=|[<>]=?)[a-z0-9.*+!_-]{1,60},?){1,20}", re.ASCII | re.IGNORECASE)
_USER_INFO = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)[^/?#]*@")


class Source(NamedTuple):
    """Where a pack came from, according to git; all empty outside a repository.

    `dirty` says that files of the pack differ from the commit, `dirty_files` names them (at most
    `MOST_DIRTY`), with those that git ignores; it is empty in older records.
    """

    commit: str = ""
    branch: str = ""
    remote: str = ""
    dirty: bool = False
    dirty_files: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Its members as they are written: `dirty_files` only where there are any."""
        values = self._asdict() | {"dirty_files": list(self.dirty_files)}
        return {name: value for name, value in values.items() if name != "dirty_files" or value}

    def cleaned(self) -> Source:
        """The same without the credentials in the remote's URL, which must not be stored for all readers."""
        remote = _USER_INFO.sub(r"\1", one_line(self.remote))
        files = tuple(one_line(path) for path in self.dirty_files[:MOST_DIRTY])
        return Source(one_line(self.commit), one_line(self.branch), remote, self.dirty, files)


class Lock(NamedTuple):
    """The exact dependencies of a release.

    `text` is a requirements file with hashes or a package-lock.json, `made_by` the tool that wrote it,
    `python` the Python versions that it holds for (empty for npm).
    """

    kind: Literal["requirements", "npm"]
    text: str
    made_by: str = ""
    python: str = ""

    @property
    def sha256(self) -> str:
        """The sha256 of the text in UTF-8, in hex; part of the keys of virtual environments."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


class Record(NamedTuple):
    """One release, as it was published; it never changes.

    `digest` is its identity (`sha256:` of the uncompressed tar). `bundle_sha256` (hex) and `bundle_size`
    (bytes) are those of the `.tgz`, `unpacked` is in bytes. `manifest_sha256` (hex) is that of
    PulumiPolicy.yaml, `manifest` its content. `published` is RFC 3339 in UTC, `attempt` the id of the command
    that wrote the record, `notes` are remarks for readers (such as that it has no lock). `metadata` is the
    running pack's at publish, None if it was not run. `artifacts` are the files of its dependencies that the
    registry keeps; `sealed_for` are the platforms (and Python versions) for which these are complete
    (`seals`). `requires_python` is the range of Python versions that a Python pack runs on, "" for all, and
    in records of older packregs.
    """

    name: str
    version: Version
    digest: str
    bundle_sha256: str
    bundle_size: int
    unpacked: int
    members: int
    runtime: str
    manifest: Mapping[str, Any]
    manifest_sha256: str
    publisher: str
    published: str
    tool: str
    attempt: str
    lock: Lock | None = None
    source: Source = Source()
    notes: tuple[str, ...] = ()
    metadata: PackInfo | None = None
    artifacts: tuple[Artifact, ...] = ()
    sealed_for: tuple[str, ...] = ()
    requires_python: str = ""

    @property
    def bundle_key(self) -> str:
        """The key of its bundle in the store."""
        return bundle_key(self.name, self.version, self.bundle_sha256)

    @property
    def reference(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def sealed(self) -> Sealed:
        """The files of its dependencies that the registry keeps, by the record alone, without seals."""
        return Sealed(self.artifacts, self.sealed_for)

    def as_json(self) -> dict[str, Any]:
        """Its members as they are written, for `--json` too."""
        lock = None if self.lock is None else self.lock._asdict() | {"sha256": self.lock.sha256}
        return {
            **beginning(),
            "name": self.name,
            "version": self.version.text,
            "digest": self.digest,
            "bundle": {"key": self.bundle_key, "sha256": self.bundle_sha256, "size": self.bundle_size},
            "unpacked": self.unpacked,
            "members": self.members,
            "runtime": self.runtime,
            "manifest": dict(self.manifest),
            "manifest_sha256": self.manifest_sha256,
            "publisher": self.publisher,
            "published": self.published,
            "tool": self.tool,
            "attempt": self.attempt,
            "source": self.source.as_json(),
            "notes": list(self.notes),
            "lock": lock,
            "metadata": None if self.metadata is None else self.metadata.as_json(),
            **({"requires_python": self.requires_python} if self.requires_python else {}),
            **sealed_json(self.sealed),
        }

    def encode(self) -> bytes:
        """The bytes of the record.

        Raises:
            InvalidPack: it has more than 4 MiB, which no reader accepts.
        """
        data = (json.dumps(self.as_json(), indent=1) + "\n").encode("ascii")
        if len(data) > MAX_RECORD:
            hint = "most of it is the lock: publish with fewer dependencies, or with --no-lock"
            if self.lock is None or len(self.lock.text) < len(data) // 2:
                hint = (
                    "most of it describes the pack's policies: shorten texts and schemas, or split the pack"
                )
            raise InvalidPack(
                f"the record of {self.reference} would have {len(data)} bytes, more than {MAX_RECORD}",
                hint=hint,
            )
        return data

    @classmethod
    def decode(cls, data: bytes, name: str, version: Version) -> Record:
        """Read the record that was found at the key of `name` and `version`.

        Raises:
            IntegrityError: `data` is no record, or that of another release.
            StoreRefused: it has a newer format than this packreg knows.
        """
        found = Members.read(data, record_key(name, version), MAX_RECORD)
        bundle = found.members("bundle")
        record = cls(
            name=found.text("name"),
            version=found.parsed("version", Version),
            digest=found.matching("digest", lambda text: not digest_problem(text)),
            bundle_sha256=bundle.matching("sha256", _HEX.fullmatch),
            bundle_size=bundle.number("size", MAX_BUNDLE),
            unpacked=found.number("unpacked"),
            members=found.number("members"),
            runtime=found.text("runtime"),
            manifest=printable_values(found.members("manifest").values),
            manifest_sha256=found.matching("manifest_sha256", _HEX.fullmatch),
            publisher=found.text("publisher"),
            published=found.matching("published", _TIME.fullmatch),
            tool=found.text("tool"),
            attempt=found.text("attempt"),
            lock=found.optional("lock", _read_lock),
            source=_read_source(found.members("source")),
            notes=found.texts("notes"),
            metadata=found.optional("metadata", read_metadata),
            artifacts=read_artifacts(found),
            sealed_for=read_targets(found),
            requires_python=_read_pythons(found),
        )
        if record.name != name or record.version != version:
            raise found.wrong("name", f"it is the record of {record.reference}")
        if bundle.text("key") != record.bundle_key:
            raise bundle.wrong("key", f"the bundle's key is not {record.bundle_key}")
        return record


def _read_pythons(found: Members) -> str:
    """The optional member `requires_python`."""
    if "requires_python" not in found.values:
        return ""
    return found.matching("requires_python", _PYTHONS.fullmatch)


def _read_lock(found: Members) -> Lock:
    kind = found.text("kind")
    if kind not in ("requirements", "npm"):
        raise found.wrong("kind", "the kind of lock is neither requirements nor npm")
    text = found.raw("text", str)
    lock = Lock("npm" if kind == "npm" else "requirements", text, found.text("made_by"), found.text("python"))
    if found.text("sha256") != lock.sha256:
        raise found.wrong("sha256", "the lock's text does not have its sha256")
    return lock


def _read_source(found: Members) -> Source:
    return Source(
        commit=found.text("commit"),
        branch=found.text("branch"),
        remote=found.text("remote"),
        dirty=found.raw("dirty", bool),
        dirty_files=found.texts("dirty_files") if "dirty_files" in found.values else (),
    ).cleaned()
