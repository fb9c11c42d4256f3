"""The empty virtual environment of an interpreter: made by virtualenv once, then copied.

virtualenv takes 110 ms to import and 5 ms to work; copying the five links and files that it makes takes less
than 1 ms. An empty environment depends on the interpreter alone, and no file in it has its own path.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from packreg.errors import InstallError
from packreg.install.disk import copy_tree, disk_errors, only_one, remove_tree
from packreg.install.entries import find_entry
from packreg.install.interpreter import Interpreter
from packreg.install.sealed import seal_entry
from packreg.install.tools import Tools

_FORMAT = "packreg skeleton 1"
PTH = "_packreg.pth"


class Skeleton(NamedTuple):
    """An empty environment at `directory`; `site_packages` is the relative path of that directory in it."""

    directory: Path
    site_packages: str

    def copy(self, place: Path, *lines: str) -> None:
        """Copy the environment to `place`, which must not exist, with `lines` added to `pyvenv.cfg`.

        Raises:
            OSError: the disk is full or refuses.
        """
        copy_tree(str(self.directory), str(place))
        if lines:
            with (place / "pyvenv.cfg").open("a", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)


def skeleton(interpreter: Interpreter, tools: Tools) -> Skeleton:
    """The empty environment of this interpreter, from the store or made now.

    Raises:
        InstallError: virtualenv cannot make one, or the disk refuses.
    """
    home = tools.home
    key = hashlib.sha256(f"{_FORMAT}\n{interpreter.identity}".encode()).hexdigest()[:32]
    entry = home.skeletons / key
    found = _read(entry, tools)
    if found:
        return found
    with only_one(home.lock_file("skeleton", key), lambda: None), disk_errors("write to", home.skeletons):
        found = _read(entry, tools)
        if found:
            return found
        remove_tree(entry)
        home.skeletons.mkdir(parents=True, exist_ok=True)
        for stale in home.skeletons.glob(f".making-{key}-*"):
            remove_tree(stale)
        staging = home.skeletons / f".making-{key}-{os.urandom(4).hex()}"
        try:
            staging.mkdir()
            site_packages = _make(staging / "env", interpreter, tools)
            facts = {"interpreter": str(interpreter), "site_packages": site_packages}
            seal_entry(home.key, "skeleton", str(staging), str(entry), facts)
            staging.rename(entry)
        finally:
            remove_tree(staging)
    return Skeleton(entry / "env", site_packages)


def _read(entry: Path, tools: Tools) -> Skeleton | None:
    held = find_entry("skeleton", entry, tools)
    return Skeleton(entry / "env", held.facts["site_packages"]) if held is not None else None


def _make(place: Path, interpreter: Interpreter, tools: Tools) -> str:
    """Make an empty environment without activation scripts; returns the path of `site-packages` in it."""
    return make_empty(place, interpreter, tools, "--activators", "", "--no-vcs-ignore")


def make_empty(place: Path, interpreter: Interpreter, tools: Tools, *options: str) -> str:
    """Have virtualenv make an environment without packages; returns the path of `site-packages` in it.

    The operator's settings for virtualenv (variables and configuration file) are not used: an environment
    with seeded packages, or with access to the system's packages, would differ from machine to machine.

    Raises:
        InstallError: virtualenv cannot make one.
    """
    import virtualenv

    environ = {k: v for k, v in tools.environment.items() if not k.startswith("VIRTUALENV_")}
    environ["VIRTUALENV_CONFIG_FILE"] = os.devnull
    # without it virtualenv 21 writes a file `.venv` beside a pyproject.toml; older ones ignore the variable
    environ["VIRTUALENV_VENV_REDIRECT"] = "false"
    try:
        session = virtualenv.cli_run(
            [str(place), "--no-seed", "--no-periodic-update", *options, "--python", interpreter.path],
            setup_logging=False,
            env=environ,
        )
    except (RuntimeError, SystemExit, NotImplementedError, ValueError) as error:
        raise InstallError(
            f"virtualenv cannot make an environment with {interpreter}: {error}",
            hint="is it a complete Python, with its standard library? Try --python with another one",
        ) from error
    return Path(session.creator.purelib).relative_to(place).as_posix()
