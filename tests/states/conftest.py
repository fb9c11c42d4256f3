"""Backends for the tests: a directory and a bucket with the same files."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.store.ministack import client, ministack, use_credentials

Backend = Callable[[Mapping[str, bytes]], str]

_numbers = itertools.count()


@pytest.fixture(scope="session")
def state_bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a local S3 emulator with a bucket named `states`."""
    with ministack(tmp_path_factory.mktemp("ministack") / "log") as endpoint:
        client(endpoint).create_bucket(Bucket="states")
        yield endpoint


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials for the emulator, and none of whoever runs the tests."""
    use_credentials(monkeypatch, tmp_path)


@pytest.fixture(params=["directory", "bucket"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    """Makes a backend with these files, and gives its URL."""

    def in_directory(files: Mapping[str, bytes]) -> str:
        for name, data in files.items():
            path = tmp_path / "backend" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return f"file://{tmp_path / 'backend'}"

    if request.param == "directory":
        return in_directory
    endpoint = request.getfixturevalue("state_bucket")
    request.getfixturevalue("aws")
    prefix = f"team/{next(_numbers)}"

    def in_bucket(files: Mapping[str, bytes]) -> str:
        s3 = client(endpoint)
        for name, data in files.items():
            s3.put_object(Bucket="states", Key=f"{prefix}/{name}", Body=data)
        return f"s3://states/{prefix}?endpoint={endpoint}&region=us-east-1&s3ForcePathStyle=true&awssdk=v2"

    return in_bucket
