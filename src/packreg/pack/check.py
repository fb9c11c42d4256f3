"""Check everything that publishing demands of a pack, all at once and offline; no code of the pack runs.

The version comes from PulumiPolicy.yaml, for Node.js from package.json (where both have one they must agree).
The name comes from the source: the argument of PolicyPack(), or the Rego package. The caller may give a name
or version that no file has. Files, entry point, dependencies and credentials are checked; each problem has
its file and line.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packreg.errors import InvalidPack, Problem
from packreg.pack.bundle import decode
from packreg.pack.credentials import find_credentials
from packreg.pack.entry import Dependencies, check_runnable, check_texts
from packreg.pack.files import DEFAULT_LIMITS, MANIFEST, File, Limits
from packreg.pack.loadable import check_loadable
from packreg.pack.manifest import Manifest, missing_version, parse_manifest
from packreg.pack.npm_files import NpmFiles
from packreg.pack.package_json import PackageJson, parse_package_json
from packreg.pack.paths import collisions, shown
from packreg.pack.problems import Problems
from packreg.pack.requirements import Requirements
from packreg.pack.select import LeftOut, Selection, left_out_by_default, read_file, select_files
from packreg.pack.source_name import literal_names
from packreg.pack.version import Version, name_problem, pack_name

_ALTERNATIVES = ("PulumiPolicy.yml", "PulumiPolicy.json")


@dataclass(frozen=True, slots=True)
class PackReport:
    """What a check found. `name`, `version` and `runtime` are None where they are not known.

    `files` is the number of files in the pack, `contents` the files that could be read; `left_out` are the
    files of the directory that are not part of the pack.
    """

    name: str | None
    version: str | None
    runtime: str | None
    files: int
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    left_out: tuple[LeftOut, ...] = ()
    contents: Mapping[str, File] = field(default_factory=dict, repr=False)

    @property
    def ok(self) -> bool:
        """Whether the pack may be published: there is no error."""
        return not self.errors

    def as_json(self) -> dict[str, object]:
        """The report as `packreg check --json` prints it."""
        return {
            "ok": self.ok,
            "name": self.name,
            "version": self.version,
            "runtime": self.runtime,
            "files": self.files,
            "errors": [problem._asdict() for problem in self.errors],
            "warnings": [problem._asdict() for problem in self.warnings],
        }


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that follows the rules: its files, and what was read from them.

    `dependencies_kind` says where the dependencies are listed: "requirements" (requirements.txt), "uv"
    (uv.lock or pyproject.toml, by uv), "pyproject" (a buildable pyproject.toml), "poetry", "npm" or "none".
    `requires_python` is the range of Python versions that the pack runs on, "" for all.
    """

    name: str
    version: Version
    runtime: str
    manifest: Manifest
    files: dict[str, File]
    requirements: Requirements | None
    package_json: PackageJson | None
    dependencies_kind: str
    requires_python: str = ""

    @property
    def needs_wheel(self) -> bool:
        """Whether the pack runs only as a wheel that is not among its files yet (see `wheel.with_wheel`)."""
        wheel = any(path.startswith(".packreg/wheels/") for path in self.files)
        return self.runtime == "python" and "__main__.py" not in self.files and not wheel


def check_directory(
    directory: Path,
    *,
    name: str | None = None,
    version: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    poetry: bool = False,
    loadable: bool = False,
) -> tuple[PackReport, Pack | None]:
    """Check the pack in a directory; `poetry` says that poetry can be run here.

    With `loadable` its source, dependencies and locks are also checked for whether it can be loaded. The pack
    is None unless it could be read whole. A pack that has credentials in it or cannot be loaded is returned,
    but its report is not ok.

    Raises:
        UsageError: the `name` or `version` given by the caller is not valid.
    """
    problems = Problems()
    selection = select_files(directory, problems, limits, npm=_npm_files(directory, limits))
    examination = _Examination(selection.files, selection.reason, problems, limits)
    pack = examination.run(name, version, poetry=poetry)
    if loadable:
        examination.check_loadable(lambda path: _left_out(directory, path, selection))
    return examination.report(selection.left_out), pack


def check_bundle(
    data: bytes,
    *,
    name: str | None = None,
    version: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    poetry: bool = True,
    loadable: bool = False,
) -> tuple[PackReport, Pack | None]:
    """Check the pack in a bundle, as `check_directory` does.

    Raises:
        UsageError: the `name` or `version` given by the caller is not valid.
    """
    try:
        files = decode(data, limits)
    except InvalidPack as error:
        return PackReport(name, version, None, 0, error.problems, ()), None
    problems = Problems()
    _warn_of_strays(files, problems)
    examination = _Examination(files, lambda path: "", problems, limits)
    pack = examination.run(name, version, poetry=poetry)
    if loadable:
        examination.check_loadable(lambda path: "")
    return examination.report(), pack


def load_pack(
    directory: Path, *, name: str | None = None, version: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> Pack:
    """The pack in a directory.

    Raises:
        InvalidPack: it breaks the rules; the error holds every problem.
        UsageError: `name` or `version` is not valid.
    """
    report, pack = check_directory(directory, name=name, version=version, limits=limits)
    if pack is None or not report.ok:
        count = len(report.errors)
        raise InvalidPack(
            f"the pack in {directory} has {count} problem{'s' * (count != 1)}, first: {report.errors[0]}",
            report.errors,
            hint=report.errors[0].hint,
        )
    return pack


class _Examination:
    """The examination of one set of files; `reason` says why a path on disk is not among them."""

    def __init__(
        self, files: dict[str, File], reason: Callable[[str], str], problems: Problems, limits: Limits
    ) -> None:
        self.files, self.reason, self.problems, self.limits = files, reason, problems, limits
        self.manifest: Manifest | None = None
        self.package_json: PackageJson | None = None
        self.needs: Dependencies | None = None
        self.name: str | None = None
        self.version: Version | None = None

    def run(self, name: str | None, version: str | None, *, poetry: bool) -> Pack | None:
        """Run every check that the results so far allow; returns the pack if all of it could be read."""
        self.name = pack_name(name) if name is not None else None
        self.version = Version(version) if version is not None else None
        self._look_at_paths()
        manifest = self.manifest = self._read_manifest()
        if manifest is None:
            check_texts(self.files, self.problems)
        else:
            if manifest.runtime == "nodejs" and "package.json" in self.files:
                self.package_json = parse_package_json(self.files["package.json"].data, self.problems)
            self.needs = check_runnable(
                manifest, self.package_json, self.files, self.reason, self.problems, poetry=poetry
            )
            self._find_version(manifest)
            self._find_name(manifest.runtime)
        sound = not self.problems.errors
        find_credentials(self.files, self.problems)
        needs = self.needs
        if not sound or manifest is None or needs is None or self.name is None or self.version is None:
            return None
        return self._pack(manifest, needs, self.name, self.version)

    def _pack(self, manifest: Manifest, needs: Dependencies, name: str, version: Version) -> Pack:
        return Pack(
            name=name,
            version=version,
            runtime=manifest.runtime,
            manifest=manifest,
            files=dict(self.files),
            requirements=needs.requirements,
            package_json=self.package_json,
            dependencies_kind=needs.kind,
            requires_python=needs.requires_python,
        )

    def check_loadable(self, left_out: Callable[[str], str]) -> None:
        """Check whether the pack can be loaded (see the module `loadable`)."""
        check_loadable(self.files, self.manifest, self.package_json, self.needs, left_out, self.problems)

    def report(self, left_out: tuple[LeftOut, ...] = ()) -> PackReport:
        """What was found so far."""
        return PackReport(
            name=self.name,
            version=self.version.text if self.version else None,
            runtime=self.manifest.runtime if self.manifest else None,
            files=len(self.files),
            errors=tuple(self.problems.errors),
            warnings=tuple(self.problems.warnings),
            left_out=left_out,
            contents=self.files,
        )

    def _look_at_paths(self) -> None:
        for first, later in collisions(self.files):
            message = f"file systems that ignore case take it for {shown(first)!r}"
            self.problems.error("path-collision", message, shown(later), "rename one of them")
        for path in self.files:
            if path.rpartition("/")[2] == "pyvenv.cfg":
                message = "the pack brings a virtual environment, whose programs Pulumi would run"
                self.problems.error("is-environment", message, shown(path), "leave it out")

    def _read_manifest(self) -> Manifest | None:
        if MANIFEST in self.files:
            for other in set(_ALTERNATIVES) & set(self.files):
                message = f"Pulumi may publish with this file, but runs with {MANIFEST}"
                self.problems.warn("second-manifest", message, other, "remove it")
            return parse_manifest(self.files[MANIFEST].data, self.problems, limit=self.limits.manifest)
        stopped = {"too-many-files", "too-large"} | ({"unreadable"} if not self.files else set())
        if any(problem.where == MANIFEST or problem.code in stopped for problem in self.problems.errors):
            return None  # the manifest, or the failure to read any file, is already reported
        message, where = f"there is no {MANIFEST}", ""
        hint = "run this in a pack's directory, or start one with 'packreg new'"
        if reason := self.reason(MANIFEST):
            message, where, hint = f"{MANIFEST} is left out: {reason}", MANIFEST, "change that rule"
        for path in sorted(self.files):
            if path in _ALTERNATIVES or path.lower() == MANIFEST.lower():
                message, where = f"Pulumi runs packs with {MANIFEST} only, in this spelling", path
                hint = f"rename it to {MANIFEST}; a manifest in JSON is also one in YAML"
        self.problems.error("manifest-missing", message, shown(where), hint)
        return None

    def _find_version(self, manifest: Manifest) -> None:
        """Read the version from its files; the caller's may only agree with it, or stand in where none is."""
        places = {MANIFEST: manifest.version}
        if manifest.runtime == "nodejs":
            places["package.json"] = self.package_json.version if self.package_json else None
            if not self.package_json:
                return  # reported when package.json was read
        found = {place: Version(text) for place, text in places.items() if text}
        if len(set(found.values())) > 1:
            message = f"the version is {found[MANIFEST]} here and {found['package.json']} in package.json"
            self.problems.error("version-differs", message, MANIFEST, "write it in package.json only")
            return
        written = next(iter(found.values()), None)
        if written is None and self.version is None:
            self.problems.errors.append(missing_version(manifest.runtime))
        elif written is not None and self.version is not None and written != self.version:
            message = f"the version is {written} here, but {self.version} was asked for"
            hint = "change it here: --version is for packs that have none"
            self.problems.error("version-differs", message, next(iter(found)), hint)
        else:
            self.version = written or self.version

    def _find_name(self, runtime: str) -> None:
        """Take the name that the source gives the pack, unless the caller gave one."""
        names = literal_names(self.files, runtime)
        where = {"python": "PolicyPack(…)", "nodejs": "new PolicyPack(…)", "opa": "the Rego package"}[runtime]
        if self.name is not None:
            if names and self.name not in {name.lower() for name in names}:
                message = f"the source calls the pack {shown(', '.join(names))}, not {self.name}"
                self.problems.warn("name-differs", message, "", "Pulumi shows the name of the source")
            return
        if not names:
            message = f"the source has no name for the pack: no literal one in {where}"
            self.problems.error("name-unknown", message, "", "give it with --name, or let publish ask it")
        elif len(names) > 1:
            message = f"the source has several names: {shown(', '.join(names))}"
            self.problems.error("name-unknown", message, "", "choose with --name, or let publish ask it")
        elif problem := name_problem(names[0].lower()):
            message = f"{shown(names[0])!r} cannot name a pack: {problem}"
            self.problems.error("name", message, "", "change it in the source, or give another with --name")
        else:
            self.name = names[0].lower()
            if self.name != names[0]:
                message = f"the pack is published as {self.name}: names are in lower case"
                self.problems.warn("name-case", message, "", f"write {self.name} in the source")


def _left_out(directory: Path, path: str, selection: Selection) -> str:
    """Why a file that lies in the directory is not in the pack; "" for any other path."""
    return selection.reason(path) if os.path.isfile(directory / path) else ""  # noqa: PTH113


def _npm_files(directory: Path, limits: Limits) -> NpmFiles | None:
    """npm's selection for a Node.js pack, else None. What is wrong is found when the files are read again."""
    unheard = Problems()
    manifest = read_file(directory / MANIFEST, limits.manifest)
    parsed = parse_manifest(manifest, unheard, limit=limits.manifest) if manifest is not None else None
    if parsed is None or parsed.runtime != "nodejs":
        return None
    data = read_file(directory / "package.json", limits.unpacked)
    package = parse_package_json(data, unheard) if data is not None else None
    return NpmFiles(package.files, package.main) if package else NpmFiles(None, None)


def _warn_of_strays(files: dict[str, File], problems: Problems) -> None:
    """Warn of files that `check_directory` would have left out; a bundle made by others may hold some."""
    for path in files:
        reason = left_out_by_default(path)
        if reason:
            problems.warn(
                "stray-file", f"it should not be part of a pack: {reason}", shown(path), "leave it out"
            )
