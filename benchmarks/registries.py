"""What a registry costs: requests per operation, time against raw boto3, and how listings grow.

The S3 server is ministack on loopback, in a process of its own. It answers in about a millisecond, so these
tables show packreg's own cost; on a real network the number of requests is what counts.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import boto3
from botocore.config import Config
from measure import Case, measure, shown

from packreg.pack.bundle import encode
from packreg.pack.check import Pack, load_pack
from packreg.pack.files import File
from packreg.pack.reference import Reference
from packreg.pack.template import new_pack
from packreg.pack.version import Version
from packreg.registry.record import Source
from packreg.registry.registry import Registry
from packreg.store.open import open_store
from packreg.store.store import Store
from packreg.store.url import parse_location


class Memory(dict[str, bytes]):
    """What a client remembers, in memory."""

    def put(self, key: str, data: bytes) -> None:
        """Keep an object."""
        self[key] = data


@contextmanager
def s3_server() -> Iterator[str]:
    """A ministack on a free port; yields its endpoint. Credentials are put into the environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    environ = os.environ | {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
    server = subprocess.Popen(
        [Path(sys.executable).with_name("ministack")],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    endpoint = f"http://127.0.0.1:{port}"
    try:
        for _ in range(150):
            try:
                raw_client(endpoint).create_bucket(Bucket="bench")
                break
            except Exception:
                time.sleep(0.2)
        yield endpoint
    finally:
        server.terminate()
        server.wait(10)


def raw_client(endpoint: str):
    """A plain boto3 client, as anyone would make it."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )


def registry(url: str, remembered: Memory | None = None) -> Registry:
    """A registry at `url` with a clock and ids of its own."""
    location = parse_location(url, cwd=".")
    return Registry(
        open_store(location),
        location=location,
        now=lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        new_id=lambda: str(uuid.uuid4()),
        remembered=remembered,
    )


def sample(root: Path, version: str = "1.0.0", extra: bytes = b"") -> Pack:
    """A real pack from the template, with another version and some more bytes."""
    place = root / "sample"
    if not place.exists():
        new_pack("opa", place, "sample")
    pack = load_pack(place)
    manifest = pack.files["PulumiPolicy.yaml"].data.replace(b"0.1.0", version.encode())
    (place / "PulumiPolicy.yaml").write_bytes(manifest)
    (place / "data.bin").write_bytes(extra)
    pack = load_pack(place)
    (place / "PulumiPolicy.yaml").write_bytes(manifest.replace(version.encode(), b"0.1.0"))
    return pack


def publish(into: Registry, pack: Pack) -> None:
    """Publish without a lock: what the registry itself costs."""
    into.publish(pack, lock=None, source=Source(), publisher="bench", tool="bench")


def counted(store: Store, work: Callable[[], object]) -> int:
    """How many requests `work` sends."""
    before = store.requests
    work()
    return store.requests - before


def requests(root: Path, endpoint: str) -> str:
    """A table: requests per operation, with nothing remembered and with what a warm client remembers."""
    url = f"s3://bench/requests?endpoint_url={endpoint}&region=us-east-1"
    registry(url).init()
    rows = []

    def row(what: str, aim: str, work: Callable[[Registry], object]) -> None:
        cold = registry(url, Memory())
        first = counted(cold.store, lambda: work(cold))
        rows.append(f"| {what} | {first} | {aim} |")

    versions = iter(range(1, 1000))

    def publish_next(into: Registry) -> None:
        publish(into, sample(root, f"1.0.{next(versions)}"))

    def install(reference: str, warn: bool) -> Callable[[Registry], object]:
        def work(source: Registry) -> None:
            resolved = source.resolve(Reference.parse(reference), warn=warn)
            source.files(resolved.record)

        return work

    row("publish", "5", publish_next)
    row("publish the same again", "", lambda r: publish(r, sample(root, "1.0.1")))
    row("install an exact version", "2", install("sample@1.0.1", False))
    row("install an exact version, and warn if it is yanked", "", install("sample@1.0.1", True))
    row("install the latest", "3", install("sample", False))
    row("install from a range", "3", install("sample@^1.0", False))
    row("list the versions of a pack", "1 per 1,000", lambda r: r.versions("sample"))
    row("list the packs", "1 per 1,000", lambda r: r.packs())
    head = ("### Requests, by a client that remembers nothing", "", "| operation | requests | aim |")
    return "\n".join([*head, "|---|---|---|", *rows, ""])


def against_boto3(root: Path, endpoint: str, rounds: int, small: bool) -> str:
    """Tables: publishing and fetching a 5 MB bundle against moving the same bytes with boto3."""
    url = f"s3://bench/transfers?endpoint_url={endpoint}&region=us-east-1"
    registry(url).init()
    pack = sample(root, "1.0.0", os.urandom(5_000_000))
    data = encode(pack.files).data
    client = raw_client(endpoint)
    client.put_object(Bucket="bench", Key="raw", Body=data)
    publish(registry(url), pack)
    warm = registry(url, Memory())
    numbers = iter(range(1, 10_000))
    packs = (_with_version(pack, Version(f"2.0.{n}")) for n in numbers)
    return "\n".join(
        (
            measure(
                "Publishing 5 MB to S3",
                [
                    Case(
                        "boto3 put_object",
                        lambda: client.put_object(Bucket="bench", Key=str(next(numbers)), Body=data),
                    ),
                    Case("packreg publish, bundling included", lambda: publish(warm, next(packs))),
                ],
                rounds,
                warm_up=not small,
            ),
            measure(
                "Fetching 5 MB from S3",
                [
                    Case(
                        "boto3 get_object",
                        lambda: client.get_object(Bucket="bench", Key="raw")["Body"].read(),
                    ),
                    Case(
                        "packreg resolve, fetch and verify",
                        lambda: registry_fetch(warm, "sample@1.0.0"),
                    ),
                ],
                rounds,
                warm_up=not small,
            ),
        )
    )


def _with_version(pack: Pack, version: Version) -> Pack:
    files = dict(pack.files)
    manifest = files["PulumiPolicy.yaml"].data.replace(b"version: 1.0.0", f"version: {version}".encode())
    files["PulumiPolicy.yaml"] = File(manifest)
    return replace(pack, version=version, files=files)


def registry_fetch(source: Registry, reference: str) -> None:
    """Resolve and fetch, every digest proved."""
    source.files(source.resolve(Reference.parse(reference), warn=False).record)


def growth(root: Path, endpoint: str, small: bool) -> str:
    """A table: how `versions` and `list` grow, in a directory and on S3."""
    lines = [
        "### How listings grow",
        "",
        "| objects | directory | S3 (ministack) | requests |",
        "|---|---|---|---|",
    ]
    client = raw_client(endpoint)
    versions, packs = ((1, 10), (10,)) if small else ((1, 100, 1000, 10_000), (10_000,))
    for what, counts in (("versions of one pack", versions), ("packs", packs)):
        for count in counts:
            local_root = root / f"growth-{what[:5]}-{count}"
            keys = [
                f"packs/sample/v/1.{n // 100}.{n % 100}" if what[0] == "v" else f"packs/pack-{n:05}/v/1.0.0"
                for n in range(count)
            ]
            for key in keys:
                (local_root / key).parent.mkdir(parents=True, exist_ok=True)
                (local_root / key).write_bytes(b"{}")
                client.put_object(Bucket="bench", Key=f"{local_root.name}/{key}", Body=b"{}")
            took = []
            for url in (
                str(local_root),
                f"s3://bench/{local_root.name}?endpoint_url={endpoint}&region=us-east-1",
            ):
                source = registry(url)
                ask = (lambda s: s.versions("sample")) if what[0] == "v" else (lambda s: s.packs())
                ask(source)
                times = []
                for _ in range(5):
                    before, start = source.store.requests, time.perf_counter()
                    ask(source)
                    times.append(time.perf_counter() - start)
                took.append(shown(sorted(times)[2]))
                sent = source.store.requests - before
            lines.append(f"| {count:,} {what} | {took[0]} | {took[1]} | {sent} |")
            shutil.rmtree(local_root)
    return "\n".join([*lines, ""])


def registries(directory: Path, rounds: int, small: bool = False) -> str:
    """All tables of this module."""
    root = directory / f"packreg-benchmark-registries-{os.getpid()}"
    root.mkdir()
    try:
        with s3_server() as endpoint:
            return "\n".join(
                (
                    requests(root, endpoint),
                    against_boto3(root, endpoint, rounds, small),
                    growth(root, endpoint, small),
                )
            )
    finally:
        shutil.rmtree(root, ignore_errors=True)
