"""A pack's private environment, which takes its packages from a shared one in the store.

It is a copy of the interpreter's empty environment with one `.pth` line that adds the packages of a store
entry; making it takes milliseconds. Python, `importlib.metadata` and nested `.pth` files work with it.
Whatever a tool writes (`pip install`, `uv pip install`, even a `uv sync` that rebuilds it with another
Python) stays in this directory: with a link to the store, it would change the environment of every other
pack. Console scripts of the dependencies are not linked: the Pulumi CLI starts `bin/python` and nothing else.

A pack whose toolchain is uv or poetry gets a full copy of the shared environment instead. The Pulumi CLI
first runs `uv sync --inexact`, which looks for packages in the environment itself; poetry does so too when it
is asked where the environment is.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from packreg.errors import InstallError
from packreg.install.environment import Environment
from packreg.install.skeleton import PTH

#: The environment's path when a manifest names none, by toolchain: what Pulumi uses itself.
DEFAULT_PATHS = {"pip": "venv", "uv": ".venv", "poetry": ".venv"}
#: The file in an environment that packreg made which says what it was made from.
MADE_FROM = ".packreg-environment"


def environment_path(virtualenv: str | None, toolchain: str | None) -> str:
    """Where in the pack the environment appears; "/"-separated and relative.

    Raises:
        InstallError: the manifest names a place outside the pack, or the pack itself.
    """
    if virtualenv is None:
        return DEFAULT_PATHS.get(toolchain or "pip", "venv")
    path = PurePosixPath(virtualenv.replace("\\", "/"))
    parts = [part for part in path.parts if part != "."]
    if not parts or ".." in parts or path.is_absolute() or ":" in parts[0] or "\0" in virtualenv:
        raise InstallError(
            f"the pack's environment would be at {virtualenv!r}, which is not inside the pack",
            hint="set runtime.options.virtualenv in PulumiPolicy.yaml to a relative path such as venv",
        )
    return "/".join(parts)


def pth_line(site_packages: Path) -> str:
    """The line that makes the packages of a store entry importable, with their own `.pth` files."""
    return f"import site; site.addsitedir({str(site_packages)!r})\n"


def attach(environment: Environment, place: Path, *, whole: bool = False) -> None:
    """Make the private environment at `place`, which must not exist; missing parents are created.

    With `whole` it holds copies of the packages, instead of a `.pth` line.

    Raises:
        OSError: the disk is full or refuses; what was written stays, for the caller to remove.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    if whole:
        import shutil

        shutil.copytree(environment.entry / "env", place, symlinks=True)
    else:
        environment.skeleton.copy(place)
        packages = place / environment.skeleton.site_packages
        (packages / PTH).write_text(pth_line(environment.site_packages), "utf-8")
    (place / MADE_FROM).write_text(_made_from(environment, whole), "utf-8")


def _made_from(environment: Environment, whole: bool) -> str:
    return f"{environment.key}\n{'whole' if whole else 'linked'}\n{environment.interpreter.identity}\n"
