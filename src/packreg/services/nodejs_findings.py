"""What the Node.js and npm of this machine say of a pack, offline: its syntax, its lock, its scopes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from packreg.install.node_syntax import syntax_faults
from packreg.install.npm_lock import lock_problems
from packreg.install.npm_scopes import configured_scopes
from packreg.pack.nodejs_check import NodeProgram
from packreg.pack.npm_packages import NPM_LOCKS, read_npm_lock
from packreg.pack.npmrc import FILE_NAME, MAX_BYTES, private_scopes, scoped_registries
from packreg.pack.package_json import PackageJson, parse_package_json
from packreg.pack.paths import shown
from packreg.pack.problems import Problems
from packreg.pack.select import read_file

if TYPE_CHECKING:
    from packreg.install.tools import Tools
    from packreg.pack.files import File


def nodejs_findings(
    files: Mapping[str, File], directory: Path | None, tools: Tools, problems: Problems
) -> None:
    """Add what is wrong with a Node.js pack to `problems`; `directory` is None for a bundle.

    Raises:
        InstallError: Node.js or npm fails.
    """
    _check_lock(files, problems)
    _check_syntax(files, tools, problems)
    if directory is not None:
        check_scopes(files, directory, tools, problems)


def _check_lock(files: Mapping[str, File], problems: Problems) -> None:
    path = next((path for path in NPM_LOCKS if path in files), "")
    for text in lock_problems(files[path].data, path) if path else ():
        problems.error("npm-lock", text, path, "depend only on packages from a registry")


def _package(files: Mapping[str, File]) -> PackageJson | None:
    data = files["package.json"].data if "package.json" in files else None
    return parse_package_json(data, Problems()) if data is not None else None


def _check_syntax(files: Mapping[str, File], tools: Tools, problems: Problems) -> None:
    faults = syntax_faults(files, tools)
    if not faults:
        return
    program = NodeProgram(files, _package(files), lambda path: "")
    program.run()
    for path, line, message in faults:
        where = f"{shown(path)}:{line}" if line else shown(path)
        if path in program.surely:
            problems.error("javascript-syntax", message, where, "the pack cannot be loaded with it")
        else:
            problems.warn("javascript-syntax", message, where, "nothing that surely runs imports it")


def check_scopes(files: Mapping[str, File], directory: Path, tools: Tools, problems: Problems) -> None:
    """A scope of the pack's own .npmrc must have one in the operator's npm: else the public one is asked.

    Raises:
        InstallError: npm fails.
    """
    npmrc = read_file(directory / FILE_NAME, MAX_BYTES)
    package = _package(files)
    if npmrc is None or package is None:
        return
    registries = scoped_registries(npmrc)
    lock = read_npm_lock(files)
    names = {name for group in package.dependencies.values() for name in group}
    private = private_scopes(registries, frozenset(names | set(lock.versions if lock else ())))
    configured = configured_scopes(private, tools) if private else set()
    for scope, host in sorted(private.items()):
        if configured is None:
            message = f"{scope} comes from {host}, and there is no npm here to say whether it knows that"
            problems.warn("npm-scope", message, FILE_NAME, "have npm on the PATH")
        elif scope not in configured:
            message = f"{scope} comes from {host}, and your own npm would ask the public registry for it"
            hint = f"run `npm config set {scope}:registry https://{host}/`; a pack's .npmrc is never used"
            if host == "a variable":
                hint = f"set {scope}:registry in your own .npmrc; a pack's is never used"
            problems.error("npm-scope", message, FILE_NAME, hint)
    if registries.get("") and private_scopes({"@": registries[""]}, frozenset(("@/x",))):
        message = f"the registry {registries['']} is not used for this pack: whoever installs chooses it"
        hint = "run `npm config get registry`, and make sure that it has the pack's packages"
        problems.warn("npm-registry", message, FILE_NAME, hint)
