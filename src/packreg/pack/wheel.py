"""The wheel of a Python pack that has no `__main__.py` but a buildable pyproject.toml.

This is the one place in this package that runs programs. At publish, `wheel_builder` runs the pack's build
backend, in an environment made for it. It is a separate process because uv or pip, which install the backend,
read configuration from their working directory, and that must be a directory of packreg's. The wheel becomes
part of the bundle, so that no install runs a build. It is built from a copy of exactly the files that are
published, with fixed modes and times. Whether two builds give the same bytes depends on the backend: to get
the same bundle again, pin it in the pack (`requires = ["hatchling==1.27.0"]`).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from packreg.errors import InvalidPack, Problem
from packreg.pack.bundle import extract
from packreg.pack.files import File, Files

if TYPE_CHECKING:
    from packreg.pack.check import Pack

#: Where the wheel goes in the bundle; `select` keeps this directory free.
DIRECTORY = ".packreg/wheels"
_BUILDER = str(Path(__file__).with_name("wheel_builder.py"))
#: 1980-01-01, the earliest time that a zip file can store, in Unix seconds.
_EPOCH = "315532800"


def build_wheel(
    files: Files, *, log: Callable[[str], None], environ: Mapping[str, str], installer: str = "uv"
) -> tuple[str, bytes]:
    """Build the wheel of the pack `files`; returns its file name and its bytes.

    `log` gets the output of the tools if the build fails. `installer` installs the backend: `uv` or `pip`,
    with the operator's own configuration. `environ` is the whole environment of the tools.

    Raises:
        InvalidPack: the build failed, or its wheel runs on one platform or one Python only.
    """
    with tempfile.TemporaryDirectory(prefix="packreg-wheel-") as place:
        source, target = Path(place) / "source", Path(place) / "target"
        extract(files, source)
        for path, file in files.items():  # independent of the umask: the backend copies modes into the wheel
            (source / path).chmod(0o755 if file.executable else 0o644)
        (Path(place) / "uv.toml").write_bytes(b"")  # uv looks no further up for a project's settings
        wheel = _build(source, target, log, installer, environ)
        data = wheel.read_bytes()
    try:
        tags = parse_wheel_filename(wheel.name)[3]
    except InvalidWheelFilename as error:
        raise _refusal("wheel-name", f"the build made a file that is not a wheel: {error}") from None
    if not any(tag.abi == "none" and tag.platform == "any" for tag in tags):
        message = f"the wheel {wheel.name} is for one platform only"
        raise _refusal("wheel-platform", message, "keep compiled code in a package that the pack depends on")
    return wheel.name, data


def with_wheel(
    pack: Pack, *, log: Callable[[str], None], environ: Mapping[str, str], installer: str = "uv"
) -> Pack:
    """`pack` with its wheel among its files, if it needs one to run; else `pack` itself.

    Raises:
        InvalidPack: as `build_wheel`.
    """
    if not pack.needs_wheel:
        return pack
    name, data = build_wheel(pack.files, log=log, environ=environ, installer=installer)
    return replace(pack, files=pack.files | {f"{DIRECTORY}/{name}": File(data)})


def _build(
    source: Path, target: Path, log: Callable[[str], None], installer: str, environ: Mapping[str, str]
) -> Path:
    words = [json.dumps(sys.path), str(source), str(target), installer]
    done = subprocess.run(
        [sys.executable, "-I", _BUILDER, *words],
        cwd=source.parent,
        env={**environ, "SOURCE_DATE_EPOCH": _EPOCH},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    text = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode == 0:
        return Path(text)
    log(text)
    raise _refusal("wheel-build", f"the build of the wheel failed: {_last_line(text)}")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def _refusal(
    code: str, message: str, hint: str = "fix pyproject.toml until 'python -m build' works"
) -> InvalidPack:
    return InvalidPack(message, (Problem(code, message, "pyproject.toml", hint),), hint=hint)
