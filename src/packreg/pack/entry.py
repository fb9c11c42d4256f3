"""What each runtime needs to find in a pack: its entry point, and where its dependencies are listed.

The rules are those of Pulumi's language hosts: `python -m pulumi.policy` runs `__main__.py` or an installed
package, the Node.js SDK loads `main` of package.json, the OPA analyzer every `.rego` file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from packreg.pack.files import MANIFEST, Files
from packreg.pack.manifest import Manifest
from packreg.pack.package_json import PackageJson, parse_package_json
from packreg.pack.paths import shown
from packreg.pack.problems import Problems
from packreg.pack.pyproject import PyProject, detect_toolchain, parse_pyproject
from packreg.pack.requirements import Requirements, parse_requirements
from packreg.pack.select import reserved

REQUIREMENTS = "requirements.txt"
PYPROJECT = "pyproject.toml"
#: Where the wheel of a pack without __main__.py lies in its bundle.
WHEELS = ".packreg/wheels/"


class Dependencies(NamedTuple):
    """Where a pack's dependencies are listed (`check.Pack` has the kinds), and what requirements.txt says.

    `requires_python` is the range of Python versions that the pack runs on, "" for all.
    """

    kind: str
    requirements: Requirements | None = None
    requires_python: str = ""


def check_runnable(
    manifest: Manifest,
    package_json: PackageJson | None,
    files: Files,
    reason: Callable[[str], str],
    problems: Problems,
    *,
    poetry: bool,
) -> Dependencies:
    """Check that a pack has an entry point and that its dependencies can be found; returns where they are.

    `reason` tells why a file on disk is not among `files`; `poetry` says that poetry can be run.
    """
    checker = _Checker(manifest, files, reason, problems)
    checker.check_main()
    if manifest.runtime == "python":
        return checker.python(poetry=poetry)
    if manifest.runtime == "nodejs":
        checker.nodejs(package_json)
        return Dependencies("npm")
    checker.opa()
    return Dependencies("none")


def check_texts(files: Files, problems: Problems) -> None:
    """Report the faults in the dependency files of a pack whose runtime is not known."""
    if "package.json" in files:
        parse_package_json(files["package.json"].data, problems)
    if PYPROJECT in files:
        parse_pyproject(files[PYPROJECT].data, problems)
    if REQUIREMENTS in files:
        parse_requirements(files, REQUIREMENTS, problems)


class _Checker:
    """Checks one pack."""

    def __init__(
        self, manifest: Manifest, files: Files, reason: Callable[[str], str], problems: Problems
    ) -> None:
        self.manifest, self.files, self.reason, self.problems = manifest, files, reason, problems

    def check_main(self) -> None:
        """Refuse a `main` below the root: Pulumi would run and publish only that directory."""
        main = self.manifest.main
        if main in (None, ".") or (main in self.files and "/" not in main):
            return
        inside = main in self.files or any(path.startswith(f"{main}/") for path in self.files)
        if inside:
            message = f"Pulumi would treat the directory of main, {main}, as the whole pack"
            self.problems.error("main", message, MANIFEST, "move its files to the root and remove main")
        else:
            message = f"main is {main}, which is not in the pack{self._because(main)}"
            self.problems.error("main", message, MANIFEST, "name a file in the pack's root, or remove main")

    def nodejs(self, package_json: PackageJson | None) -> None:
        """Node.js needs package.json and the file that its `main` names, by default index.js or index.ts."""
        if package_json is None:
            if "package.json" not in self.files and not self._mentioned("package.json"):
                message = "a Node.js pack needs a package.json, with a name and a version"
                self.problems.error("package-json-missing", message, "", "make one with 'npm init'")
            return
        main = package_json.main
        if main and node_entry(self.files, main) in _node_candidates(main):
            return
        found = node_entry(self.files, None)
        if main:
            left = next((path for path in _node_candidates(main) if self.reason(path)), "")
            message = f"main is {main}, which is not in the pack{self._because(left)}"
            hint = "build the pack first, or correct main"
            if left:
                hint = "change that rule, or name the directory in `files` of package.json"
            if found:
                message = f"{message}; Node.js takes {found}"
                self.problems.warn("main-missing", message, "package.json", hint)
            else:
                self.problems.error("entry-missing", message, "package.json", hint)
        elif not found:
            message = (
                f"there is no index.js or index.ts{self._because('index.js') or self._because('index.ts')}"
            )
            self.problems.error(
                "entry-missing", message, "", "name the file with PolicyPack in main of package.json"
            )

    def opa(self) -> None:
        """Refuse a pack without rules: the OPA analyzer would run it without a word."""
        if not any(path.endswith(".rego") for path in self.files):
            message = "there is no .rego file in the pack, and Pulumi would run it without any rule"
            self.problems.error(
                "entry-missing", message, "", "add the policies, or check that no ignore rule leaves them out"
            )

    def python(self, *, poetry: bool) -> Dependencies:
        """Python needs __main__.py or a package that can be built; returns the pack's dependencies."""
        self._virtualenv_is_free()
        project = None
        if PYPROJECT in self.files:
            project = parse_pyproject(self.files[PYPROJECT].data, self.problems)
        for path in ("uv.lock", "poetry.lock", REQUIREMENTS, PYPROJECT):
            if self.reason(path):
                message = f"the file says what the pack depends on, but it is left out: {self.reason(path)}"
                self.problems.error("dependencies-left-out", message, path, "change that rule")
        self._python_entry(buildable=project is not None and project.is_buildable)
        kind = self._kind(project)
        if kind == "poetry":
            self._poetry(project, there=poetry)
        pythons = (project.requires_python if project is not None else None) or ""
        if kind != "requirements":
            return Dependencies(kind, requires_python=pythons)
        return Dependencies(kind, parse_requirements(self.files, REQUIREMENTS, self.problems), pythons)

    def _kind(self, project: PyProject | None) -> str:
        """Where the dependencies are listed, by the toolchain that Pulumi's Python host would choose."""
        toolchain = detect_toolchain(self.files, self.manifest.toolchain)
        if toolchain == "poetry":
            return "poetry"
        if toolchain == "uv" and (PYPROJECT in self.files or REQUIREMENTS not in self.files):
            if PYPROJECT not in self.files:
                self.problems.error(
                    "uv", "uv needs a pyproject.toml", MANIFEST, "add one, with a [project] table"
                )
            elif project is not None and not project.is_project:
                self.problems.error(
                    "uv", "uv needs a [project] table", PYPROJECT, "add one, with name and version"
                )
            return "uv"
        if REQUIREMENTS in self.files:
            return "requirements"
        return "pyproject" if PYPROJECT in self.files else "none"

    def _poetry(self, project: PyProject | None, *, there: bool) -> None:
        """A poetry pack needs a lock that poetry reads, and must not bring plugins that poetry would run."""
        if not there:
            hint = "write requirements.txt and remove poetry.lock, or move to uv; or install poetry"
            self.problems.error("toolchain-poetry", "poetry manages the pack's dependencies", MANIFEST, hint)
        for path, hint in (
            (PYPROJECT, "add the one that poetry uses"),
            ("poetry.lock", "run `poetry lock`"),
        ):
            if path not in self.files and not self.reason(path):
                self.problems.error("poetry", f"poetry needs a {path}", MANIFEST, hint)
        if project is not None and project.poetry_plugins:
            message = "tool.poetry.requires-plugins makes poetry install and run plugins"
            self.problems.error("poetry", message, PYPROJECT, "remove it")

    def _python_entry(self, *, buildable: bool) -> None:
        if "__main__.py" in self.files or buildable or any(path.startswith(WHEELS) for path in self.files):
            return
        hint = "name the file with PolicyPack(…) __main__.py"
        others = [path for path in self.files if path.endswith(".py") and "/" not in path]
        if len(others) == 1:
            hint = f"rename {others[0]} to __main__.py"
        if PYPROJECT in self.files:
            hint += ", or give pyproject.toml a project.name and a build-system.build-backend"
        message = (
            f"the pack has neither __main__.py{self._because('__main__.py')} nor a buildable pyproject.toml"
        )
        self.problems.error("entry-missing", message, "", hint)

    def _virtualenv_is_free(self) -> None:
        own = "venv" if detect_toolchain(self.files, self.manifest.toolchain) == "pip" else ".venv"
        place = (self.manifest.virtualenv or own).lower()
        reason = "" if self.manifest.virtualenv is None else reserved(self.manifest.virtualenv)
        if reason:
            message = f"the virtual environment cannot be made at {place}: {reason}"
            hint = "choose another place in runtime.options.virtualenv, such as venv"
            self.problems.error("virtualenv-reserved", message, MANIFEST, hint)
        for path in self.files:
            taken = path.lower() + "/"
            if taken.startswith(place + "/") or (place + "/").startswith(taken):
                message = f"the virtual environment is made at {place}, where the pack has this file"
                hint = "rename its directory, or choose another place in runtime.options.virtualenv"
                self.problems.error("virtualenv-occupied", message, shown(path), hint)
                return

    def _because(self, path: str) -> str:
        """Why `path` is not in the pack, as the tail of a sentence; empty if no rule leaves it out."""
        reason = self.reason(path)
        return f" ({path} is left out: {reason})" if reason else ""

    def _mentioned(self, path: str) -> bool:
        return any(problem.where.partition(":")[0] == path for problem in self.problems.errors)


def node_entry(files: Files, main: str | None) -> str:
    """The file that Node.js loads: what `main` names, else index.js or index.ts; "" where there is none."""
    candidates = (*(_node_candidates(main) if main else ()), "index.js", "index.ts")
    return next((path for path in candidates if path in files), "")


def _node_candidates(main: str) -> tuple[str, ...]:
    """The files that require() tries for `main`, with the extensions of a TypeScript pack."""
    endings = ("", ".js", ".ts", ".json", ".cjs", "/index.js", "/index.ts", "/index.json")
    return tuple(main + ending for ending in endings)
