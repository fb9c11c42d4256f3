"""Packs, as REF or DIR, become programs: unpacked or prepared, ready to be started and to be configured."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from packreg.analyzer.pack_program import pack_environment, pack_program
from packreg.analyzer.program import Engine
from packreg.configuration.reconcile import ConfigurablePack, reconcile
from packreg.errors import InvalidPack, PackFailed, PackregError, UsageError
from packreg.files import read_file
from packreg.install.marker import read_marker
from packreg.install.nodejs import node_version
from packreg.install.provision import default_toolchain
from packreg.install.several import NotInstalled
from packreg.install.tools import said_version
from packreg.install.unpacking import unpack_all
from packreg.opa.program import WHERE, analyzer_command
from packreg.pack.manifest import parse_manifest
from packreg.pack.problems import Problems
from packreg.pack.reference import Reference
from packreg.services.install import shown_installer
from packreg.services.pack_words import hinted, is_directory, refuse_both
from packreg.settings.limits import pack_limits

if TYPE_CHECKING:
    from packreg.analyzer.program import Program, Stack
    from packreg.analyzer.session import Configure, Settings
    from packreg.configuration.file import Layer
    from packreg.errors import Problem
    from packreg.pack.manifest import Manifest
    from packreg.pack.metadata import PackInfo
    from packreg.services.workspace import Workspace

_MAX_FILE = 256 * 1024
_MANIFEST = "PulumiPolicy.yaml"


class Ready(NamedTuple):
    """A pack in a directory. `version` is the release's or its files', "" if they have none.

    `name` is the release's or the directory's, which is what the command line and failures call it; a pack
    that runs is reported by the name that it gives itself. `digest` is that of a release's files as they were
    unpacked, `dependencies` that of its environment.
    """

    name: str
    version: str
    directory: Path
    manifest: Manifest
    digest: str = ""
    dependencies: str = ""


def ready_packs(
    workspace: Workspace, words: Sequence[str], *, offline: bool = False, python: str | None = None
) -> list[Ready]:
    """Unpack releases and prepare directories, so that each can be started; in the order of `words`.

    A directory whose dependencies are there is taken as it is if somebody else installed them; else they are
    installed, or brought up to date, as `packreg dev` would.

    Raises:
        UsageError: a word names a directory and a release.
        PackregError: the first one that is not available; nothing was run.
    """
    references = {word: Reference.parse(word) for word in words if not is_directory(word)}
    refuse_both(workspace, references, offline=offline)
    found = ready_releases(workspace, list(references.values()), offline=offline, python=python)
    releases: dict[str, Ready] = {}
    for word, release in zip(references, found, strict=True):
        if isinstance(release, PackregError):
            raise hinted(workspace, word, release)
        releases[word] = release
    return [
        releases.get(word) or _directory(workspace, word, offline=offline, python=python) for word in words
    ]


def ready_releases(
    workspace: Workspace,
    references: Sequence[Reference],
    *,
    offline: bool = False,
    python: str | None = None,
    show: bool = True,
) -> list[Ready | PackregError]:
    """Make releases ready, several at the same time; in the order of `references`, each or why it cannot be.

    Each is unpacked from its verified bundle into a directory of this process: what lies where it is
    installed decides nothing.
    """
    if not references:
        return []
    interpreter, place = workspace.python(python), workspace.private
    found: list[Ready | PackregError] = []
    with shown_installer(workspace, len(references), show=show) as (installer, done):
        results = unpack_all(installer, references, place, done=done, offline=offline, python=interpreter)
    for result in results:
        if isinstance(result, NotInstalled):
            found.append(result.error)
            continue
        for note in result.notes:
            workspace.notify.warn(note)
        try:
            manifest = _manifest(result.path, result.reference)
        except PackregError as error:
            found.append(error)
        else:
            digests = (result.digest, result.dependencies)
            found.append(Ready(result.name, result.version.text, result.path, manifest, *digests))
    return found


def program_of(workspace: Workspace, pack: Ready, stack: Stack | None) -> Program:
    """How the pack is started.

    Raises:
        PackFailed: its dependencies are not there, or no program `opa` for it.
        InstallError: there is no Node.js for it.
        UsageError: the program that a setting names for it is not there, or lies in the checkout.
    """
    analyzer: Sequence[str] = ()
    own = {}
    tools, node = workspace.tools, ""
    engine: Engine | None = None
    if pack.manifest.runtime == "opa":
        if operators := workspace.settings.opa_analyzer:
            operators = tools.programs.checked(operators, "analysis.opa_analyzer")
            analyzer = [operators]
            engine = Engine("opa_analyzer", operators, "")
        else:
            opa = tools.which("opa")
            if opa is None:
                raise PackFailed(
                    f"{pack.name}: OPA packs need the program opa, and there is none",
                    code="no-analyzer",
                    hint=WHERE,
                )
            analyzer = analyzer_command(opa, allowed=workspace.settings.opa_functions)
            engine = Engine("opa", opa, said_version(tools, Path(opa), "version").removeprefix("Version: "))
            own["PYTHONPATH"] = str(Path(__file__).parents[2])
    elif pack.manifest.runtime == "nodejs":
        node, version = node_version(tools)
        engine = Engine("node", node, version)
    limits = pack_limits(workspace.settings.values, pack.name)
    program = pack_program(
        pack.name,
        pack.directory,
        pack.manifest,
        pack_environment({**workspace.environ, "PATH": tools.programs.path}, stack=stack, own=own),
        stack=stack,
        digest=pack.digest,
        memory=limits.memory,
        deadlines=limits.deadlines,
        analyzer=analyzer,
        node=node,
        engine=engine,
    )
    if program.engine is not None:
        name, path, said, _ = program.engine
        workspace.notify.detail(f"{pack.name} is run by {name} {said or 'of an unknown version'} at {path}")
    return program


def configured(layers: Sequence[Layer] = (), warnings: list[Problem] | None = None) -> Configure:
    """Configures a pack by its own defaults and these layers, the weakest first.

    `warnings` gets what should be said of them, each time. What this gives raises InvalidConfiguration.
    """

    def configure(info: PackInfo) -> Settings | None:
        found = reconcile(ConfigurablePack.of(info), layers)
        if warnings is not None:
            warnings.extend(found.warnings)
        return found.request()

    return configure


def _directory(workspace: Workspace, word: str, *, offline: bool, python: str | None) -> Ready:
    from packreg.services.development import develop, keep_up

    directory = Path(workspace.cwd, word).resolve()
    if not directory.is_dir():
        raise UsageError(f"there is no directory {word}", hint="name the directory of a pack, or a release")
    pack = Ready(*_name_and_version(directory), directory, _manifest(directory, word))
    pack = pack._replace(version=pack.version or pack.manifest.version or "")
    interpreter = workspace.python(python)
    try:
        program_of(workspace, pack, None)
    except PackFailed as failed:
        if failed.code != "not-installed":
            raise
        written, _ = develop(workspace, Path(word), python=interpreter, offline=offline)
        return pack._replace(version=written.version.text)
    if read_marker(str(directory)) is None:
        keep_up(workspace, Path(word), python=interpreter, offline=offline)
    return pack


def _manifest(directory: Path, word: str) -> Manifest:
    """The manifest; for Python with its toolchain, which says where the environment is."""
    problems = Problems()
    try:
        data = read_file(directory / _MANIFEST, _MAX_FILE)
    except OSError as error:
        raise UsageError(
            f"{word} is not a policy pack: {_MANIFEST}: {error.strerror}", hint="name the directory of a pack"
        ) from None
    manifest = parse_manifest(data, problems)
    if manifest is None:
        raise InvalidPack(f"the manifest of {word} breaks the rules", tuple(problems.errors))
    if manifest.runtime == "python" and manifest.toolchain is None:
        files = {path.name for path in directory.glob("*.lock")}
        return replace(manifest, toolchain=default_toolchain(files))
    return manifest


def _name_and_version(directory: Path) -> tuple[str, str]:
    """From the marker of an installation, else the directory's name and the version of package.json."""
    marker = read_marker(str(directory))
    if marker is not None:
        return marker["name"], marker["version"]
    try:
        package = json.loads(read_file(directory / "package.json", _MAX_FILE))
        version = package["version"]
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        version = ""
    return directory.name, version if isinstance(version, str) else ""
