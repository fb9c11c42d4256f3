"""Buckets for the tests of the store."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from packreg.store.bucket import Bucket
from packreg.store.local import LocalBucket
from packreg.store.memory import MemoryBucket
from packreg.store.s3 import S3Bucket
from packreg.store.url import parse_location
from tests.store.ministack import client, ministack, use_credentials

_numbers = itertools.count()


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a local S3 emulator with a bucket named `registry`."""
    with ministack(tmp_path_factory.mktemp("ministack") / "log") as endpoint:
        client(endpoint).create_bucket(Bucket="registry")
        yield endpoint


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials for the emulator, and none of whoever runs the tests."""
    use_credentials(monkeypatch, tmp_path)


@pytest.fixture
def s3_url(s3_endpoint: str, aws: None) -> str:
    """The URL of a new, empty place in the emulator."""
    return f"s3://registry/place-{next(_numbers)}?endpoint_url={s3_endpoint}"


@pytest.fixture(params=["memory", "local", "s3"])
def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Bucket:
    """An empty bucket of each kind."""
    if request.param == "memory":
        return MemoryBucket()
    if request.param == "local":
        return LocalBucket(str(tmp_path / "registry"))
    return S3Bucket(parse_location(request.getfixturevalue("s3_url"), cwd=tmp_path))
