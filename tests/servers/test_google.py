"""Backends of Pulumi and a whole registry on fake-gcs-server."""

# ruff: noqa: F403 (the tests of the other kinds of backends run here, with the fixture `backend` below)
from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import urllib3

from packreg.pack.reference import Reference
from packreg.states.backend import list_stacks
from packreg.states.places import open_place
from packreg.store.connections import HttpConnections
from packreg.store.url import parse_location
from tests.cli.conftest import User, user, write_pack  # noqa: F401  the fixture
from tests.registry.packs import Memory, founded, publish, registry
from tests.servers.conftest import bucket_at
from tests.states.conftest import Backend
from tests.states.test_backend import *

del test_a_backend_can_be_a_whole_bucket  # noqa: F821  of S3
_numbers = itertools.count()


def upload(endpoint: str, name: str, data: bytes) -> None:
    """Write an object, over an older one, too."""
    url = f"{endpoint}/upload/storage/v1/b/registry/o?uploadType=media&name={quote(name, safe='')}"
    assert urllib3.request("POST", url, body=data).status == 200


@pytest.fixture
def backend(google: str) -> Backend:
    """Makes a backend in the bucket, and gives its URL."""
    prefix = f"team/{next(_numbers)}"

    def in_bucket(files: Mapping[str, bytes]) -> str:
        for name, data in files.items():
            upload(google, f"{prefix}/{name}", data)
        return f"gs://registry/{prefix}?endpoint={google}"

    return in_bucket


def test_odd_names_are_read_as_pulumi_writes_them(google: str, backend: Backend) -> None:
    """The library escapes the slash behind two dots; the stack is found under its own name."""
    url = backend({".pulumi/meta.yaml": b"version: 1", ".pulumi/stacks/odd..__0x2f__dev.json": b"{}"})
    place = open_place(url, cwd=Path("/"))
    (found,) = list_stacks(place)
    assert (found.project, found.name) == ("odd..", "dev")
    assert place.read(found.file, 9) == b"{}"


@pytest.mark.usefixtures("opa")
def test_a_team_shares_a_bucket(user: User, google: str) -> None:  # noqa: F811
    """A registry is made once, published to, listed, grouped, installed from, verified and swept."""
    user.extra |= {"STORAGE_EMULATOR_HOST": google.removeprefix("http://")}
    user.extra |= {"PACKREG_REGISTRY": f"gs://registry/{user.top.name}"}
    write_pack(user.directory / "guard", "guard", "1.0.0")
    assert "packreg init" in user("publish", "guard").err
    assert user.must("init", "--json").json()["already"] is False
    user.must("publish", "guard")
    assert user.must("publish", "guard", "--json").json()["already"] is True
    assert user.must("list").out == "guard\n"
    user.must("group", "new", "all")
    assert (Path(user.must("path", "guard@1.0.0").out.rstrip("\n")) / "policy.rego").is_file()
    assert user.must("verify").out == "2 ok, 0 wrong\n"
    user.must("gc")
    missing = user("--registry", "gs://missing/x", "list")
    assert (missing.code, "create the bucket" in missing.err, "Traceback" in missing.err) == (9, True, False)


def test_few_requests_are_sent(google: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publishing takes five requests and installing two, as on S3, and each is sent once."""
    url = f"gs://registry/counted-{next(_numbers)}?endpoint_url={google}"
    bucket = bucket_at(url)
    founded(bucket)
    sent: list[str] = []
    request = HttpConnections.request

    def counted(self: HttpConnections, method: str, url: str, **options: Any) -> Any:
        sent.append(f"{method} {url}")
        return request(self, method, url, **options)

    monkeypatch.setattr(HttpConnections, "request", counted)
    location = parse_location(url, cwd="/")
    publish(registry(bucket, location=location, remembered=Memory()), "guard", "1.0.0")
    assert len(sent) == 5, sent
    sent.clear()
    reader = registry(bucket, location=location)
    reader.files(reader.resolve(Reference.parse("guard@1.0.0"), warn=False).record)
    assert len(sent) == 2, sent
