"""packreg as a reader of the README has it: installed by its first command into a new virtual environment.

It lies in the ignored directory `.build/` of the checkout and is made again when a source, the project's file
or the command changes. Tests that run side by side share it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.pages import ROOT, of_the_machine

_PLACE = ROOT / ".build" / "readme"
_FILES = ("pyproject.toml", "README.md", "LICENSE")


def readme_install(extras: tuple[str, ...] = ()) -> Path:
    """The virtual environment that the README's first command makes, with these extras of packreg.

    Raises RuntimeError with what pip said where the command fails.
    """
    top = _PLACE / ("-".join(sorted(extras)) or "plain")
    made = top / "made-from"
    top.mkdir(parents=True, exist_ok=True)
    with (top / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        key = _key()
        if not made.is_file() or made.read_text() != key:
            made.unlink(missing_ok=True)
            _install(top / "checkout", first_command(extras))
            made.write_text(key)
    return top / "checkout" / ".venv"


def first_command(extras: tuple[str, ...] = ()) -> str:
    """The part of the README's first command that installs packreg, as somebody types it who needs extras."""
    found = re.search(
        r"^\$ (python3 -m venv .* install -q) \. && .*$", (ROOT / "README.md").read_text(), re.M
    )
    assert found, "README.md has no command that installs packreg from the checkout"
    return f"{found[1]} '.[{','.join(extras)}]'" if extras else f"{found[1]} ."


def _key() -> str:
    """What an install is made from, as a digest."""
    key = hashlib.sha256((sys.version + first_command()).encode())
    for file in [ROOT / "pyproject.toml", *sorted((ROOT / "src").rglob("*"))]:
        if file.is_file() and "__pycache__" not in file.parts:
            key.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return key.hexdigest()


def _install(checkout: Path, command: str) -> None:
    shutil.rmtree(checkout, ignore_errors=True)
    checkout.mkdir()
    for name in _FILES:
        shutil.copy(ROOT / name, checkout)
    shutil.copytree(ROOT / "src", checkout / "src", ignore=shutil.ignore_patterns("__pycache__"))
    programs = checkout / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(sys.executable)
    environ = of_the_machine() | {"HOME": str(Path.home()), "PATH": f"{programs}:{os.defpath}"}
    done = subprocess.run(["sh", "-c", command], cwd=checkout, env=environ, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command} failed:\n{done.stdout}{done.stderr}")
