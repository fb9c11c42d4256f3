"""Go programs that tests need, built once from a module of the project's own and kept until it changes.

The result lies in the ignored directory `.build/` of the checkout, in a directory named by what went into it,
so that a program of another version is never taken for the one asked for.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

CACHE = Path(__file__).parent.parent / ".build" / "go"


def build_go_programs(
    module: Path, programs: Mapping[str, str], *, ldflags: str = "", build: bool = True
) -> Path:
    """The directory with the programs: built now, or earlier from the same module, Go and flags.

    `module` holds the go.mod and go.sum, `programs` maps the name of each program to the import path of its
    main package. Raises RuntimeError with the end of Go's own output where it cannot build, FileNotFoundError
    where there is no Go, or where they are not built yet and `build` is false.
    """
    version = subprocess.run(["go", "version"], cwd=module, capture_output=True, check=True).stdout
    key = hashlib.sha256(version + repr((sorted(programs.items()), ldflags)).encode())
    for name in ("go.mod", "go.sum"):
        key.update((module / name).read_bytes())
    built = CACHE / key.hexdigest()[:16]
    if _is_there(built, programs):
        return built
    if not build:
        raise FileNotFoundError(f"{', '.join(programs)} of {module.name}/go.mod: not built yet")

    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests that run side by side build it once
        return built if _is_there(built, programs) else _build(module, programs, ldflags, built)


def _is_there(built: Path, programs: Mapping[str, str]) -> bool:
    return all((built / name).is_file() for name in programs)


def _build(module: Path, programs: Mapping[str, str], ldflags: str, built: Path) -> Path:
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="tmp-") as staging:
        for name, package in programs.items():
            print(f"building {name} (minutes the first time, then kept in {CACHE})", flush=True)
            command = ["go", "build", "-ldflags", ldflags, "-o", str(Path(staging, name)), package]
            done = subprocess.run(command, cwd=module, capture_output=True, text=True)
            if done.returncode != 0:
                raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-4000:]}")
        built.mkdir(exist_ok=True)
        for name in programs:
            shutil.move(Path(staging, name), built / name)
    return built
