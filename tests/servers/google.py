"""A server with Google Cloud Storage's JSON API in a process of its own: fake-gcs-server, built with Go."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import urllib3

from tests.go_programs import build_go_programs
from tests.store.ministack import free_port, stop, wait_for_port

_MODULE = Path(__file__).parent / "google_tools"
_PROGRAM = {"fake-gcs-server": "github.com/fsouza/fake-gcs-server"}


def missing_fake_gcs() -> str:
    """Why fake-gcs-server cannot run here, or an empty string when it can."""
    return "" if shutil.which("go") else "fake-gcs-server is built with Go, which is not installed"


@contextlib.contextmanager
def fake_gcs(place: Path) -> Iterator[str]:
    """Serve buckets from memory; gives the URL. There is a bucket named `registry`."""
    program = build_go_programs(_MODULE, _PROGRAM) / "fake-gcs-server"
    place.mkdir(parents=True)
    port = free_port()
    address = f"127.0.0.1:{port}"
    command = [str(program), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
    command += ["-backend", "memory", "-public-host", address]
    with (place / "output").open("wb") as output:
        process = subprocess.Popen(
            command, env=dict(os.environ), cwd=place, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            wait_for_port(port, process)
            make_bucket(f"http://{address}", "registry")
            yield f"http://{address}"
        finally:
            stop(process)


def make_bucket(endpoint: str, name: str) -> None:
    """Create a bucket."""
    answer = urllib3.request("POST", f"{endpoint}/storage/v1/b?project=tests", json={"name": name})
    assert answer.status == 200, answer.data
