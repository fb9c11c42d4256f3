"""A new pack, from the template of its runtime: one real policy, its test, and what publishing needs.

The templates are the files below `templates/`, each with a final `.template` so that no tool takes them for
code of this project; `@NAME@` stands for the name.
"""

from __future__ import annotations

import shutil
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import mkdtemp

from packreg.errors import UsageError
from packreg.pack.bundle import extract
from packreg.pack.files import File
from packreg.pack.version import pack_name

RUNTIMES = ("python", "nodejs", "opa")
_SUFFIX = ".template"


def new_pack(runtime: str, directory: Path, name: str) -> str:
    """Write a new pack called `name` into `directory`, which is empty or does not exist yet.

    Returns the pack's name: an opa pack is called like its Rego package, in which "-" and "." become "_".

    Raises:
        UsageError: the runtime or the name cannot be, the directory holds something, or it cannot be written;
            nothing was left in it.
    """
    if runtime not in RUNTIMES:
        raise UsageError(f"there is no template for {runtime!r}", hint=f"write one of {', '.join(RUNTIMES)}")
    name = pack_name(name)
    if runtime == "opa":
        name = name.replace("-", "_").replace(".", "_")
        if name[0].isdigit():
            raise UsageError(f"{name!r} cannot name a Rego package", hint="begin it with a letter")
    files = dict(_rendered(resources.files("packreg.pack") / "templates" / runtime, "", name))
    try:
        if directory.is_dir() and not directory.is_symlink():
            _fill(directory, files)
        else:
            _make(directory, files)
    except OSError as error:
        raise UsageError(f"the pack cannot be written to {directory}: {error.strerror or error}") from error
    return name


def _make(directory: Path, files: dict[str, File]) -> None:
    """Write into a directory that is not there yet, all or nothing."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(mkdtemp(prefix=".packreg-new-", dir=directory.parent))
    try:
        extract(files, staging / "pack")
        (staging / "pack").rename(directory)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _fill(directory: Path, files: dict[str, File]) -> None:
    """Write into an empty directory, which may be somebody's working directory and therefore stays itself."""
    if any(directory.iterdir()):
        raise UsageError(f"{directory} is not empty", hint="name a directory that does not exist yet")
    staging = Path(mkdtemp(prefix=".packreg-new-", dir=directory))
    try:
        extract(files, staging / "pack")
        for entry in list((staging / "pack").iterdir()):
            entry.rename(directory / entry.name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _rendered(place: Traversable, prefix: str, name: str) -> list[tuple[str, File]]:
    """The files of a template with the name filled in; `gitignore` becomes `.gitignore`."""
    found: list[tuple[str, File]] = []
    for entry in sorted(place.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            found += _rendered(entry, f"{prefix}{entry.name}/", name)
        elif entry.name.endswith(_SUFFIX):
            path = entry.name.removesuffix(_SUFFIX)
            text = entry.read_text("utf-8").replace("@NAME@", name)
            found.append((prefix + (".gitignore" if path == "gitignore" else path), File(text.encode())))
    return found
