"""Real servers, each started once for the whole run, and the figures measured on them."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import pytest

from packreg.store.bucket import Bucket
from packreg.store.google import GoogleBucket
from packreg.store.location import GoogleLocation, S3Location
from packreg.store.s3 import S3Bucket
from packreg.store.url import parse_location
from tests.servers import ceph_rgw, gateways
from tests.servers.google import fake_gcs, missing_fake_gcs
from tests.store.fault_proxy import FaultProxy
from tests.store.ministack import CREDENTIALS, client

_numbers = itertools.count()
_figures: list[str] = []


def unavailable(reason: str) -> None:
    """Skip with the reason; where everything must be there, fail with it."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session", autouse=True)
def wanted() -> None:
    """These tests take minutes and servers: they run where they are asked for."""
    if not os.environ.get("PACKREG_SERVERS"):
        pytest.skip("real servers are started only with PACKREG_SERVERS=1")
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        os.environ.pop(name, None)
    os.environ.update(CREDENTIALS, AWS_EC2_METADATA_DISABLED="true")
    os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)


class _Start(Protocol):
    def __call__(self, place: Path) -> AbstractContextManager[str]: ...


def _serve(reason: str, start: _Start, factory: pytest.TempPathFactory) -> Iterator[str]:
    if reason:
        unavailable(reason)
    with start(factory.mktemp("server") / "data") as endpoint:
        client(endpoint).create_bucket(Bucket="registry")
        yield endpoint


@pytest.fixture(scope="session")
def ceph(wanted: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Ceph gateway with a bucket named `registry`."""
    yield from _serve(ceph_rgw.missing(), ceph_rgw.ceph_rgw, tmp_path_factory)


@pytest.fixture(scope="session")
def versitygw(wanted: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a versitygw with a bucket named `registry`."""
    yield from _serve(gateways.missing_versitygw(), gateways.versitygw, tmp_path_factory)


@pytest.fixture(scope="session")
def rclone(wanted: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an `rclone serve s3` with a bucket named `registry`."""
    yield from _serve(gateways.missing_rclone(), gateways.rclone, tmp_path_factory)


@pytest.fixture(scope="session")
def google(wanted: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a fake-gcs-server with a bucket named `registry`."""
    if reason := missing_fake_gcs():
        unavailable(reason)
    with fake_gcs(tmp_path_factory.mktemp("server") / "data") as endpoint:
        yield endpoint


#: Each safe server -> how the URLs of places on it begin.
SERVERS = {"ceph": "s3", "versitygw": "s3", "google": "gs"}


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    """The URL of each safe server."""
    endpoint: str = request.getfixturevalue(request.param)
    return endpoint


@pytest.fixture
def url(request: pytest.FixtureRequest, server: str) -> str:
    """The location of a new, empty place on it."""
    scheme = SERVERS[request.node.callspec.params["server"]]
    return f"{scheme}://registry/place-{next(_numbers)}?endpoint_url={server}"


@pytest.fixture
def bucket(url: str) -> Bucket:
    """The bucket at that place."""
    return bucket_at(url)


def bucket_at(url: str, *, read_timeout: float = 30.0) -> Bucket:
    """The bucket at a location, with another patience."""
    location = parse_location(url, cwd="/")
    if isinstance(location, GoogleLocation):
        return GoogleBucket(location, read_timeout=read_timeout)
    assert isinstance(location, S3Location)
    return S3Bucket(location, read_timeout=read_timeout)


@pytest.fixture
def proxy(server: str) -> Iterator[FaultProxy]:
    """A proxy in front of it that spoils requests when told to."""
    with FaultProxy(int(server.rpartition(":")[2])) as proxy:
        yield proxy


class Figures:
    """What a test measured, shown when the run is over."""

    def __init__(self, name: str) -> None:
        self._name = name

    def add(self, outcome: dict[str, Any]) -> None:
        """Keep one outcome."""
        _figures.append(f"{self._name}: {json.dumps(outcome)}")


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Where a test leaves its figures."""
    return Figures(request.node.name)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show the figures."""
    if _figures:
        terminalreporter.section("figures")
        for line in _figures:
            terminalreporter.line(line)
