"""A local S3 emulator in its own process, on loopback, for as long as a test run."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

#: What the emulator accepts; it checks nothing.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "testtesttest"}


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, process: subprocess.Popen[bytes] | None = None, seconds: float = 30) -> None:
    """Wait until somebody listens on a port of the loopback address."""
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process and process.poll() is not None:
                raise RuntimeError(f"the server ended with status {process.returncode}") from None
            if time.monotonic() > end:
                raise RuntimeError(f"nothing listens on port {port} after {seconds} s") from None
            time.sleep(0.02)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server of ours, kindly if it lets us."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def client(endpoint: str) -> Any:
    """A botocore client for setting a server up; the tests' subject makes its own."""
    from botocore.config import Config
    from botocore.session import Session

    return Session().create_client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
    )


def use_credentials(monkeypatch: pytest.MonkeyPatch, nowhere: Path) -> None:
    """Credentials for the emulator, and none of whoever runs the tests; `nowhere` is an empty directory."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(nowhere / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nowhere / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@contextlib.contextmanager
def ministack(log: Path) -> Iterator[str]:
    """Run the emulator; gives its URL. What it says goes into the file `log`."""
    port = free_port()
    program = shutil.which("ministack", path=str(Path(sys.executable).parent)) or shutil.which("ministack")
    assert program, "ministack is a dependency of the tests"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program],
            env={**os.environ, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)},
            cwd=log.parent,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for_port(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            stop(process)
