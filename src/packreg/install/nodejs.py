"""node_modules in the store: built once by `npm ci`, shared by packs with the same lock.

An entry of the store is `node/<key>/` with `node_modules/` and, written last, `.complete`, which lists its
contents. An entry that this user did not make on this machine, or that changed since, is rebuilt. A pack gets
a link `node_modules` to it. Tried with npm 11: `npm install` in a pack removes the link (it says "Removing
non-directory") and makes a directory of the pack's own. A directory of links to the single packages would be
less safe: npm follows such links and installs into what they point to. Tools that write through the link
(yarn 1 does) fail, since the tree is read-only. Node resolves the link first, so every package finds its
dependencies beside itself, and there is one @pulumi/pulumi.

Scripts never run (`--ignore-scripts`): neither those of packages nor the pack's own.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from packreg.errors import InstallError
from packreg.install.ask_interpreter import facts
from packreg.install.dependency_tarballs import fill, lacking, tarballs, with_addresses
from packreg.install.disk import disk_errors, make_read_only, only_one, remove_tree
from packreg.install.entries import find_entry
from packreg.install.npm_lock import NpmInput, lock_problems, package_with
from packreg.install.sealed import seal_entry
from packreg.install.targets import Target, platform_here
from packreg.install.tools import Tools, said_version

_FORMAT = "packreg node_modules 1: npm ci, no scripts, read-only"
NODE_HINT = "install Node.js 18 or later, with npm, and have it on the PATH"
NODE_MODULES = "node_modules"
#: The directory of npm's cache for one installation, filled with files that a packreg registry keeps.
CACHE = "cache"
#: Without it, npm takes a directory above that lists this one as a workspace for the project, with its
#: .npmrc.
ALONE = "--no-workspaces"
CI = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", ALONE)


@dataclass(frozen=True)
class Tree:
    """A complete node_modules in the store. `contents` is the digest of its files, `sha256:…`."""

    key: str
    entry: Path
    contents: str = ""

    @property
    def node_modules(self) -> Path:
        """The path of the directory `node_modules`."""
        return self.entry / NODE_MODULES


def get_tree(
    wanted: NpmInput,
    tools: Tools,
    *,
    of: str,
    production: bool = False,
    offline: bool = False,
    say: Callable[[str], None] = lambda step: None,
) -> Tree:
    """The node_modules of this lock, from the store or built now; `of` names the pack in errors.

    The key is over lock, dependencies, platform and the major version of Node.js. `production` leaves out
    devDependencies. With `offline` npm uses its cache alone.

    Raises:
        InstallError: Node.js or npm is missing, npm failed (its log is named), the disk refuses.
    """
    major = node_version(tools)[1].partition(".")[0]
    platform = f"{sys.platform} {facts()['machine']} {'glibc' if facts()['libc'] else ''} node {major}"
    parts = (_FORMAT, wanted.digest, platform, str(production))
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    tree = Tree(key, tools.home.node / key)
    held = find_entry("node_modules", tree.entry, tools)
    if held is not None:
        return replace(tree, contents=held.facts["contents"])
    problems = lock_problems(wanted.lock, "package-lock.json")
    if problems:
        raise InstallError(
            f"the npm lock of {of} cannot be used:\n" + "\n".join(problems[:10]),
            hint="publish a new version whose lock names only packages from a registry",
        )
    with only_one(
        tools.home.lock_file("node", key),
        lambda: say("waiting for another packreg that builds the same tree"),
    ):
        held = find_entry("node_modules", tree.entry, tools)
        if held is not None:
            return replace(tree, contents=held.facts["contents"])
        say("installing node modules")
        with disk_errors("build node_modules in", tools.home.node):
            return _build(tree, wanted, tools, of, production=production, offline=offline)


def npm_source(
    cache: Path, wanted: NpmInput, tools: Tools, *, production: bool = False, offline: bool = False
) -> tuple[list[str], bytes]:
    """npm's options for where it takes packages from, and the lock to give it.

    Files that a packreg registry keeps are put into `cache`; if that is all of them, npm runs offline.

    Raises:
        NotFound, IntegrityError, StoreError: from the registry.
        OSError: the disk refuses.
    """
    asks = "--offline" if offline else "--prefer-offline"
    imported = tools.home.npm / wanted.digest
    if offline and imported.is_dir():
        return [asks, "--cache", str(imported)], with_addresses(wanted.lock)
    if wanted.kept is None or wanted.kept.fetch is None:
        return [asks], wanted.lock
    packages, here = tarballs(wanted.lock), Target(platform_here())
    names = {package.file for package in packages if here.takes(package.entry)}
    kept = [artifact for artifact in wanted.kept.artifacts if artifact.name in names]
    if not kept:
        return [asks], wanted.lock
    fill(cache, packages, kept, wanted.kept.fetch)
    whole = not lacking(packages, here, kept, production=production)
    return ["--offline" if whole else asks, "--cache", str(cache)], with_addresses(wanted.lock)


def _build(tree: Tree, wanted: NpmInput, tools: Tools, of: str, *, production: bool, offline: bool) -> Tree:
    npm = tools.need("npm", NODE_HINT)
    tools.home.node.mkdir(parents=True, exist_ok=True)
    prefix = f".building-{tree.key[:32]}-"
    for stale in tools.home.node.glob(f"{prefix}*"):  # we hold the lock, so its process has ended
        remove_tree(stale)
    staging = tools.home.node / f"{prefix}{os.urandom(4).hex()}"
    try:
        staging.mkdir()
        (staging / "package.json").write_bytes(wanted.package_json)
        words, lock = npm_source(staging / CACHE, wanted, tools, production=production, offline=offline)
        (staging / "package-lock.json").write_bytes(lock)
        omitted = ["--omit=dev"] if production else []
        command = [npm, *CI, *omitted, *words]
        try:
            tools.run(command, f"install the locked dependencies of {of}", cwd=staging)
        except InstallError as error:
            raise _naming_the_package(error, wanted) from None
        remove_tree(staging / CACHE)
        (staging / NODE_MODULES).mkdir(exist_ok=True)
        make_read_only(str(staging / NODE_MODULES))
        facts = {"for": of, "digest": wanted.digest}
        said = seal_entry(tools.home.key, "node_modules", str(staging), str(tree.entry), facts)
        remove_tree(tree.entry)
        staging.rename(tree.entry)
        return replace(tree, contents=said["contents"])
    finally:
        remove_tree(staging)


def _naming_the_package(error: InstallError, wanted: NpmInput) -> InstallError:
    """The error with the package's name, which npm leaves out when a file has another hash than the lock."""
    found = re.search(r"Integrity checksum failed .*wanted (sha\S+)", str(error))
    package = package_with(wanted.lock, found[1]) if found else ""
    message = str(error).replace("Integrity checksum failed", f"{package} has another hash than the lock", 1)
    return InstallError(message, hint=error.hint, log=error.log) if package else error


def node_version(tools: Tools) -> tuple[str, str]:
    """The path of Node.js and its version (`20.20.0`).

    Raises:
        InstallError: there is no Node.js.
    """
    node = Path(tools.need("node", NODE_HINT))
    said = said_version(tools, node, "--version")
    if not re.fullmatch(r"v[0-9]+(\.[0-9A-Za-z.+-]+)?", said, re.ASCII):
        raise InstallError(f"{node} is not Node.js: it says {said[:40]!r}", hint=NODE_HINT)
    return str(node), said.removeprefix("v")


def link(tree: Tree, place: Path) -> None:
    """Make `place` a symbolic link to the tree; on Windows a junction, which needs no privilege.

    Raises:
        OSError: there is something at `place`, or the disk refuses.
    """
    if sys.platform == "win32":
        import _winapi

        _winapi.CreateJunction(str(tree.node_modules), str(place))
    else:
        place.symlink_to(tree.node_modules, target_is_directory=True)


def relink(tree: Tree, place: Path, store: Path) -> bool:
    """Make `place` a link to the tree, or change the link there; returns whether anything was changed.

    Raises:
        InstallError: there is something at `place` that is no link into `store`.
        OSError: the disk refuses.
    """
    if place.is_symlink() or (
        sys.platform == "win32" and place.is_dir() and store in place.resolve().parents
    ):
        there = place.readlink()
        if there == tree.node_modules:
            return False
        if store not in there.parents:
            raise _in_the_way(place)
        remove_tree(place) if sys.platform != "win32" else place.rmdir()
    elif place.exists():
        raise _in_the_way(place)
    link(tree, place)
    return True


def _in_the_way(place: Path) -> InstallError:
    return InstallError(
        f"{place} is there already, and packreg did not make it",
        hint="remove it to have packreg look after the pack's node_modules",
    )
