"""Provides what a pack needs besides its own files: finds or builds it in the store, attaches it to the pack.

Used by `install` and `dev`. Python packs get an environment, if need be an empty one (without any, the Pulumi
CLI runs the first Python on the PATH); Node.js packs get `node_modules` if they depend on anything; OPA packs
get nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Container, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from packreg.errors import InstallError, InvalidPack
from packreg.files import write_file
from packreg.install import marker
from packreg.install.attach import attach, environment_path
from packreg.install.disk import disk_errors
from packreg.install.environment import Environment, Needs, get_environment, own_wheels
from packreg.install.fitting import choose_interpreter
from packreg.install.tools import Tools
from packreg.pack.files import MANIFEST, File
from packreg.pack.problems import Problems
from packreg.registry.record import Lock

if TYPE_CHECKING:
    from packreg.install.kept_files import KeptFiles
    from packreg.install.nodejs import Tree
    from packreg.install.npm_lock import NpmInput

NODE_MODULES = "node_modules"
#: The directory in a store entry with a file for each directory outside the home that needs the entry; the
#: file holds the path of that directory.
USERS = "users"
#: Resolves the dependencies of a pack without a lock; returns None if it has no dependencies.
Resolve = Callable[[], Lock | None]


class Runtime(NamedTuple):
    """What a pack's manifest and files say about how it runs. `of` names the pack in errors.

    `requires_python` is the range of Python versions that it runs on, "" for all.
    """

    of: str
    name: str
    virtualenv: str | None = None
    toolchain: str | None = None
    production: bool = False
    requires_python: str = ""

    @classmethod
    def of_manifest(cls, of: str, manifest: Mapping[str, Any], files: Mapping[str, File]) -> Runtime:
        """Read the runtime from a recorded manifest; without a toolchain the lock decides, as in Pulumi.

        The range of Pythons is read from the pack's files, since old records do not have it.
        """
        runtime = manifest.get("runtime")
        whole = runtime if isinstance(runtime, Mapping) else {"name": runtime}
        options = whole.get("options")
        options = options if isinstance(options, Mapping) else {}
        virtualenv, toolchain = options.get("virtualenv"), options.get("toolchain")
        return cls(
            of=of,
            name=str(whole.get("name")),
            virtualenv=virtualenv if isinstance(virtualenv, str) else None,
            toolchain=toolchain if isinstance(toolchain, str) else default_toolchain(files),
            production=options.get("production") is True,
            requires_python=_requires_python(files) if str(whole.get("name")) == "python" else "",
        )


class Provision(NamedTuple):
    """What is attached to a pack's directory. `kind` is one of the marker's; `path` is relative to the pack.

    `edits` are files of the pack that are installed with other contents than they were published with.
    `whole`: the environment is copied instead of linked.
    """

    kind: str
    path: str = ""
    environment: Environment | None = None
    whole: bool = False
    tree: Tree | None = None
    edits: Mapping[str, bytes] = MappingProxyType({})

    def attach(self, directory: Path) -> None:
        """Attach it to a directory that has no environment or node_modules yet. Raises: OSError."""
        if self.environment is not None:
            attach(self.environment, directory / self.path, whole=self.whole)
        elif self.tree is not None:
            from packreg.install.nodejs import link

            link(self.tree, directory / self.path)

    def note_user(self, directory: Path) -> None:
        """Remember a directory outside the home that needs this store entry, so that pruning keeps it."""
        entry = self.environment.entry if self.environment else self.tree.entry if self.tree else None
        if entry is not None and not self.whole:
            text = str(directory)
            digest = hashlib.sha256(os.fsencode(text)).hexdigest()[:32]
            with disk_errors("write to", entry):
                write_file(entry / USERS / digest, os.fsencode(text), parents=True)

    @property
    def contents(self) -> str:
        """The digest of what the environment or node_modules holds, "" if there is none."""
        store = self.environment or self.tree
        return store.contents if store else ""

    def as_marker(self) -> dict[str, str]:
        """The member `environment` of the pack's marker."""
        store = self.environment.entry if self.environment else self.tree.entry if self.tree else ""
        python = self.environment.interpreter.path if self.environment else ""
        return {"kind": self.kind, "path": self.path, "store": str(store), "python": python}


def needs_of(
    runtime: Runtime,
    files: Mapping[str, File],
    lock: Lock | None,
    resolve: Resolve,
    kept: KeptFiles | None = None,
) -> Needs | NpmInput | None:
    """The exact dependencies of a pack; None for an OPA pack, and for a Node.js pack without dependencies.

    `resolve` is called only if there are dependencies and no lock; `kept` are the files that a registry
    keeps.

    Raises:
        InstallError: its lock is of another kind, or its package.json cannot be read.
    """
    if runtime.name == "python":
        if lock is None and any(name in files for name in ("requirements.txt", "pyproject.toml", "uv.lock")):
            lock = resolve()
        if lock is not None and lock.kind != "requirements":
            raise InstallError(f"{runtime.of} is a Python pack, but its lock is for npm")
        text = lock.text if lock else ""
        return Needs(text, own_wheels(files), runtime.of, kept, runtime.requires_python)
    if runtime.name != "nodejs":
        return None
    from packreg.install.npm_lock import NpmInput, dependencies_only, has_dependencies
    from packreg.pack.npm_packages import NPM_LOCKS

    package_json = _read_package_json(runtime, files)
    if not has_dependencies(package_json):
        return None
    bundled = next((files[path].data for path in NPM_LOCKS if path in files), None)
    if bundled is None:
        lock = lock or resolve()
        if lock is None or lock.kind != "npm":
            raise InstallError(f"{runtime.of} is a Node.js pack, but its lock is not for npm")
        bundled = lock.text.encode()
    return NpmInput(dependencies_only(package_json), bundled, kept)


def provide(
    runtime: Runtime,
    files: Mapping[str, File],
    needs: Needs | NpmInput | None,
    tools: Tools,
    *,
    python: str | None = None,
    offline: bool = False,
    say: Callable[[str], None] = lambda step: None,
) -> Provision:
    """Find in the store, or build there, the dependencies that `needs_of` returned.

    Raises:
        InstallError: a package is not available, or the pack has files where its environment would be.
    """
    if needs is not None and not isinstance(needs, Needs):
        from packreg.install.nodejs import get_tree

        keep_free(runtime, files, NODE_MODULES)
        tree = get_tree(needs, tools, of=runtime.of, production=runtime.production, offline=offline, say=say)
        return Provision(marker.NODE_MODULES, NODE_MODULES, tree=tree)
    if needs is None:
        return Provision(marker.NONE)
    path = environment_path(runtime.virtualenv, runtime.toolchain)
    keep_free(runtime, files, path)
    interpreter = choose_interpreter(python, tools, requires=needs.requires, of=needs.of)
    environment = get_environment(needs, interpreter, tools, offline=offline, say=say)
    whole = runtime.toolchain in ("uv", "poetry")
    edits = {} if runtime.virtualenv is not None or whole else {MANIFEST: _told(runtime, files, path)}
    return Provision(marker.PYTHON, path, environment, whole=whole, edits=edits)


def dependencies_place(runtime: Runtime) -> tuple[str, ...]:
    """The paths in a pack where its dependencies are when somebody installs them without packreg."""
    if runtime.name == "python":
        return (environment_path(runtime.virtualenv, runtime.toolchain),)
    return (NODE_MODULES,) if runtime.name == "nodejs" else ()


def _requires_python(files: Mapping[str, File]) -> str:
    """The `requires-python` of the pack's pyproject.toml; "" if there is none or it cannot be read."""
    if "pyproject.toml" not in files:
        return ""
    from packreg.pack.pyproject import parse_pyproject

    project = parse_pyproject(files["pyproject.toml"].data, Problems())
    return (project.requires_python or "") if project is not None else ""


def default_toolchain(files: Container[str]) -> str | None:
    """The toolchain of a Python pack whose manifest names none: its lock decides, as in Pulumi."""
    return "uv" if "uv.lock" in files else "poetry" if "poetry.lock" in files else None


def _told(runtime: Runtime, files: Mapping[str, File], path: str) -> bytes:
    """The manifest with `virtualenv` set to `path`."""
    from packreg.pack.manifest import with_virtualenv

    try:
        return with_virtualenv(files[MANIFEST].data, path)
    except InvalidPack as error:
        raise InstallError(
            f"the manifest of {runtime.of} cannot be told where its environment is: {error}",
            hint="publish a version with runtime.options.virtualenv in PulumiPolicy.yaml",
        ) from error


def _read_package_json(runtime: Runtime, files: Mapping[str, File]) -> dict[str, Any]:
    try:
        found = json.loads(files["package.json"].data.decode("utf-8-sig"))
    except (KeyError, ValueError, RecursionError) as error:
        raise InstallError(f"the package.json of {runtime.of} cannot be read: {error!r}") from error
    if not isinstance(found, dict):
        raise InstallError(f"the package.json of {runtime.of} is not an object")
    return found


def keep_free(runtime: Runtime, files: Mapping[str, File], path: str) -> None:
    """Refuse a pack that has files at the path of its environment, or a file in place of a parent directory.

    Raises:
        InstallError: the pack has such a file.
    """
    for name in files:
        folded, wanted = name.casefold(), path.casefold()
        if folded == wanted or folded.startswith(f"{wanted}/") or wanted.startswith(f"{folded}/"):
            raise InstallError(
                f"{runtime.of} brings {name!r}, where its environment would be ({path})",
                hint="publish a version without it, or install with --no-env",
            )
