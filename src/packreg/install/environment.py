"""Python environments named by a hash of their contents: built once, shared by packs that need the same one.

An entry of the store is `envs/<key>/` with `env/` (a whole virtual environment) and, written last,
`.complete`, which lists its contents. It is built under a temporary name and a lock, then renamed, so an
entry under its key is complete. One that this user did not make on this machine, or that changed since, is
rebuilt. Wheels are *copied* out of uv's cache: a hard link would let an edited file reach the cache, and from
there, past every hash, the next environment.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from packreg.errors import InstallError
from packreg.install.bytecode import compile_policy_modules
from packreg.install.dependency_wheels import wheels_for
from packreg.install.disk import disk_errors, only_one, remove_tree
from packreg.install.entries import find_entry
from packreg.install.interpreter import Interpreter
from packreg.install.kept_wheels import bring_wheels, wheel_places
from packreg.install.marker import python_in_environment
from packreg.install.requirements_lock import read_lock
from packreg.install.sealed import seal_entry
from packreg.install.skeleton import Skeleton, skeleton
from packreg.install.tools import Tools

if TYPE_CHECKING:
    from packreg.install.kept_files import KeptFiles
    from packreg.install.requirements_lock import Locked
    from packreg.pack.files import File

#: Part of every key: raised when entries are built in another way.
_FORMAT = "packreg environment 1: copied wheels, no sources, no build, policy modules compiled"


class Needs(NamedTuple):
    """What an environment must hold: the packages of a lock (as text, "" for none) and the pack's own wheels.

    `wheels` are file names and bytes, sorted; `of` names the pack in errors. `kept` are files of the lock
    that the registry keeps: if these are all that the environment needs, no index is asked. `requires` is the
    range of Python versions that the pack runs on, "" for all.
    """

    lock: str = ""
    wheels: tuple[tuple[str, bytes], ...] = ()
    of: str = "the pack"
    kept: KeptFiles | None = None
    requires: str = ""


def own_wheels(files: Mapping[str, File]) -> tuple[tuple[str, bytes], ...]:
    """The names and bytes of a bundle's own wheels, which `publish` built from the pack's pyproject.toml."""
    prefix = ".packreg/wheels/"
    return tuple(
        (path.removeprefix(prefix), files[path].data)
        for path in sorted(files)
        if path.startswith(prefix) and path.endswith(".whl") and "/" not in path.removeprefix(prefix)
    )


class Into(NamedTuple):
    """Where packages are installed: into the environment of `python`, which then holds only them, or into the
    one at `prefix`, which keeps its other packages; no program of that one is run, only `python`.

    `interpreter` is set where a release is installed: the interpreter that decides which files are fetched.
    """

    python: Path
    prefix: Path | None = None
    interpreter: Interpreter | None = None

    @property
    def words(self) -> list[str | Path]:
        """uv's options for this place."""
        prefix: list[str | Path] = ["--prefix", self.prefix] if self.prefix else []
        return ["--python", self.python, *prefix]


class Environment(NamedTuple):
    """A complete environment in the store. `site_packages` is the absolute path of its packages.

    `contents` is the digest of its files without compiled modules, `sha256:…`.
    """

    key: str
    entry: Path
    site_packages: Path
    interpreter: Interpreter
    skeleton: Skeleton
    contents: str = ""


def environment_key(needs: Needs, interpreter: Interpreter) -> str:
    """The name of the environment in the store: 64 hex digits.

    A hash of the lock's bytes, the sha256 of the pack's own wheels, everything the interpreter says about
    itself (real path, full version, ABI, machine, libc) and the way entries are built. Requirements are not
    in it: what a range means changes with time.
    """
    own = [f"{name} {hashlib.sha256(data).hexdigest()}" for name, data in needs.wheels]
    lock = hashlib.sha256(needs.lock.encode()).hexdigest()
    return hashlib.sha256("\n".join([_FORMAT, lock, *own, interpreter.identity]).encode()).hexdigest()


def get_environment(
    needs: Needs,
    interpreter: Interpreter,
    tools: Tools,
    *,
    offline: bool = False,
    say: Callable[[str], None] = lambda step: None,
) -> Environment:
    """The environment with exactly these packages, from the store or built now.

    If two processes need the same one at once, the second waits for the first. With `offline` only wheels
    that are on this machine are used.

    Raises:
        InstallError: a package is not available, an installer failed (its log is named), the disk refuses.
        InvalidPack: a wheel that the pack brings cannot be used.
    """
    key = environment_key(needs, interpreter)
    empty = skeleton(interpreter, tools)
    entry = tools.home.envs / key
    found = Environment(key, entry, entry / "env" / empty.site_packages, interpreter, empty)
    held = find_entry("environment", entry, tools)
    if held is not None:
        return found._replace(contents=held.facts["contents"])
    packages = read_lock(needs.lock, needs.of)
    lock_file = tools.home.lock_file("env", key)
    with only_one(lock_file, lambda: say("waiting for another packreg that builds the same environment")):
        held = find_entry("environment", entry, tools)
        if held is not None:
            return found._replace(contents=held.facts["contents"])
        say("building the environment")
        with disk_errors("build an environment in", tools.home.envs):
            return _build(found, needs, packages, tools, offline)


def _build(
    wanted: Environment, needs: Needs, packages: tuple[Locked, ...], tools: Tools, offline: bool
) -> Environment:
    envs = tools.home.envs
    envs.mkdir(parents=True, exist_ok=True)
    prefix = f".building-{wanted.key[:32]}-"
    for stale in envs.glob(f"{prefix}*"):  # we hold the lock, so its process has ended
        remove_tree(stale)
    staging = envs / f"{prefix}{os.urandom(4).hex()}"
    try:
        staging.mkdir()
        place = staging / "env"
        # uv then writes console scripts that work wherever the environment is moved to
        wanted.skeleton.copy(place, "relocatable = true")
        python = place / python_in_environment()
        if packages:
            into = Into(python, interpreter=wanted.interpreter)
            install_lock(into, staging, needs, packages, tools, offline=offline)
        if needs.wheels:
            install_wheels(Into(python), staging, needs, tools)
        compile_policy_modules(python, place / wanted.skeleton.site_packages, wanted.interpreter, tools)
        facts = {
            "interpreter": str(wanted.interpreter),
            "packages": [f"{package.name}=={package.version}" for package in packages],
            "lock": hashlib.sha256(needs.lock.encode()).hexdigest(),
            "site_packages": wanted.skeleton.site_packages,
        }
        said = seal_entry(tools.home.key, "environment", str(staging), str(wanted.entry), facts)
        remove_tree(wanted.entry)
        staging.rename(wanted.entry)
        return wanted._replace(contents=said["contents"])
    finally:
        remove_tree(staging)


def install_lock(
    into: Into, staging: Path, needs: Needs, packages: tuple[Locked, ...], tools: Tools, *, offline: bool
) -> None:
    """Install the packages of a lock; `staging` is a directory for temporary files.

    Raises:
        InstallError: one is not available, or the installer failed.
    """
    lock = staging / "requirements.txt"
    lock.write_text(needs.lock, "utf-8")
    doing = f"install the locked dependencies of {needs.of}"
    try:
        if not tools.uv:
            kept, whole = lock_places(needs, packages, tools, into.interpreter)
            source = ["--no-index"] if offline or whole else []
            words = [
                *source,
                *kept,
                "--no-deps",
                "--require-hashes",
                "--only-binary",
                ":all:",
                "--no-compile",
            ]
            tools.run([*pip_command(tools, into.python), "install", *words, "-r", lock], doing)
            return
        verb: list[str | Path] = ["install", "--no-deps", "-r", lock] if into.prefix else ["sync", lock]
        command: list[str | Path] = [tools.uv, "pip", *verb, *into.words, "--require-hashes"]
        command += ["--no-build", "--link-mode", "copy", "--no-compile-bytecode"]
        # The hashes say which files are wanted, so what lies in a cache is as good as what an index has, and
        # asking the index first costs four fifths of the time. uv never mixes its cache with --no-index.
        here = wheel_places(_hashes(packages), tools)
        ways = [["--offline", "--no-index", *here]] if here else []
        if needs.kept is not None or not offline:
            ways.append(["--offline", *here])
        for way in ways:
            try:
                tools.run([*command, *way], doing)
                return
            except InstallError as error:
                Path(error.log).unlink(missing_ok=True)
        kept, whole = lock_places(needs, packages, tools, into.interpreter)
        source = ["--offline", "--no-index"] if whole else ["--offline"] if offline else []
        tools.run([*command, *source, *kept], doing)
    finally:
        lock.unlink(missing_ok=True)


def install_wheels(into: Into, staging: Path, needs: Needs, tools: Tools) -> None:
    """Install the pack's own wheels, without their dependencies, which are in the lock.

    Raises:
        InstallError: the installer failed.
        InvalidPack: a wheel cannot be used.
    """
    from packreg.pack.wheel_file import wheel_metadata

    directory = staging / "wheels"
    directory.mkdir()
    for name, data in needs.wheels:
        wheel_metadata(name, data, tools.unpacked)  # checks its size: uv and pip unpack any
        (directory / name).write_bytes(data)
    wheels = sorted(directory.iterdir())
    if tools.uv:
        command: list[str | Path] = [tools.uv, "pip", "install", *into.words, "--link-mode", "copy"]
        command += ["--reinstall"] if into.prefix else []
        command += ["--no-deps", "--no-index", "--offline", "--no-build", "--no-compile-bytecode"]
    else:
        command = [
            *pip_command(tools, into.python),
            "install",
            "--no-deps",
            "--no-index",
            "--no-compile",
        ]
    try:
        tools.run([*command, *wheels], f"install the wheels of {needs.of}")
    finally:
        remove_tree(directory)


def lock_places(
    needs: Needs, packages: tuple[Locked, ...], tools: Tools, interpreter: Interpreter | None
) -> tuple[list[str | Path], bool]:
    """The options with which installers find a lock's wheels on this machine; kept ones are fetched first.

    Also whether these are all wheels that are needed, so that no index has to be asked. Raises what
    `bring_wheels` raises.
    """
    hashes = _hashes(packages)
    if needs.kept is None:
        return wheel_places(hashes, tools), False
    wheels, whole = wheels_for(packages, interpreter, needs.kept.artifacts)
    bring_wheels(wheels, hashes, needs.kept.fetch, tools)
    return wheel_places(hashes, tools), whole and needs.kept.fetch is not None


def _hashes(packages: tuple[Locked, ...]) -> list[str]:
    return [digest for package in packages for digest in package.hashes]


def pip_command(tools: Tools, python: Path | str | None = None) -> list[str | Path]:
    """How to run pip for the interpreter `python`: the pip beside packreg, one on the PATH, or uv's.

    Raises:
        InstallError: there is no pip, and no uv that could fetch one.
    """
    found = next((path for path in map(tools.which, ("pip3", "pip")) if path), None)
    if find_spec("pip") is not None:
        command: list[str | Path] = [sys.executable, "-m", "pip"]
    elif found:
        command = [found]
    elif tools.uv:
        command = [tools.uv, "tool", "run", "--quiet", "pip"]
    else:
        raise InstallError(
            "neither uv nor pip can be found to install a pack's dependencies",
            hint="install uv (`pip install uv`), or install packs with --no-env",
        )
    return [*command, "--python", python] if python is not None else command
