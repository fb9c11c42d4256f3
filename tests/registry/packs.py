"""Packs and registries for tests: real bundles and records, a clock that stands where it is put."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path

from packreg.pack.bundle import Bundle, encode
from packreg.pack.check import Pack
from packreg.pack.files import File
from packreg.pack.manifest import Manifest
from packreg.pack.reference import Reference
from packreg.pack.version import Version
from packreg.registry.artifacts import Artifact
from packreg.registry.record import Lock, Record, Source
from packreg.registry.registry import Registry
from packreg.store.bucket import Bucket
from packreg.store.memory import MemoryBucket
from packreg.store.store import Store
from packreg.store.url import parse_location

NOW = "2026-01-02T03:04:05Z"
LOCAL = parse_location("/registry", cwd=Path("/"))
S3 = parse_location("s3://bucket/registry", cwd=Path("/"))


def pack(name: str = "guard", version: str = "1.0.0", content: str = "a") -> Pack:
    """A small python pack whose identity depends on all three arguments but the name."""
    manifest = f"runtime: python\nversion: {version}\ndescription: A pack\n"
    files = {
        "PulumiPolicy.yaml": File(manifest.encode()),
        "__main__.py": File(f"# {content}\n".encode()),
    }
    return Pack(
        name=name,
        version=Version(version),
        runtime="python",
        manifest=Manifest(runtime="python", version=version, description="A pack"),
        files=files,
        requirements=None,
        package_json=None,
        dependencies_kind="none",
    )


def lock() -> Lock:
    """A lock as `uv pip compile` writes it."""
    return Lock("requirements", "pulumi-policy==1.12.0 \\\n    --hash=sha256:00\n", "uv 0.5", ">=3.11")


def bundle(name: str = "guard", version: str = "1.0.0", content: str = "a") -> Bundle:
    """The bundle of `pack` with the same arguments."""
    return encode(pack(name, version, content).files)


def record(name: str = "guard", version: str = "1.0.0", content: str = "a") -> Record:
    """The record of `pack` with the same arguments, as a registry would write it."""
    made = bundle(name, version, content)
    manifest = pack(name, version, content).files["PulumiPolicy.yaml"].data
    return Record(
        name=name,
        version=Version(version),
        digest=made.digest,
        bundle_sha256=made.sha256,
        bundle_size=made.size,
        unpacked=made.unpacked,
        members=made.members,
        runtime="python",
        manifest={"runtime": "python", "version": version},
        manifest_sha256=hashlib.sha256(manifest).hexdigest(),
        publisher="ann",
        published=NOW,
        tool="packreg 0.1.0",
        attempt="attempt-1",
        lock=lock(),
        source=Source("c0ffee", "main", "https://git.example/guard", False),
    )


def ref(text: str) -> Reference:
    """A reference from its text."""
    return Reference.parse(text)


class Memory:
    """What a client remembers, in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """The bytes under this key."""
        return self.kept.get(key)

    def put(self, key: str, data: bytes) -> None:
        """Keep the bytes."""
        self.kept[key] = data


def registry(
    bucket: Bucket | None = None,
    *,
    location: object = LOCAL,
    remembered: Memory | None = None,
    who: str = "id",
    deadline: float = 60.0,
) -> Registry:
    """A registry whose waiting takes no time; without a bucket a new one in memory. `who` begins its ids."""
    clock = itertools.count()
    numbers = itertools.count(1)
    waited = [0.0]

    def sleep(seconds: float) -> None:
        waited[0] += seconds

    store = Store(
        bucket if bucket is not None else MemoryBucket(),
        deadline=deadline,
        sleep=sleep,
        monotonic=lambda: waited[0] + next(clock) * 1e-6,
    )
    return Registry(
        store,
        location=location,  # type: ignore[arg-type]
        now=lambda: NOW,
        new_id=lambda: f"{who}-{next(numbers)}",
        remembered=remembered,
    )


def founded(bucket: Bucket | None = None) -> Registry:
    """A registry that somebody initialised."""
    made = registry(bucket)
    made.init()
    return made


def artifact(data: bytes = b"wheel", name: str = "dep-1.0-py3-none-any.whl") -> Artifact:
    """The artifact with these bytes."""
    return Artifact.of(name, data)


def publish(
    target: Registry, *arguments: str, publisher: str = "ann", artifacts: tuple[bytes, ...] = ()
) -> Record:
    """Publish `pack(*arguments)` and return the record that is there then; `artifacts` go with it."""
    return target.publish(
        pack(*arguments),
        lock=lock(),
        source=Source(),
        publisher=publisher,
        tool="packreg 0.1.0",
        artifacts={artifact(data): lambda data=data: data for data in artifacts},  # type: ignore[misc]
    ).record
