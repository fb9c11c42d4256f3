"""package.json of a Node.js policy pack, read strictly.

The version rules are those of packs. Dependencies must come from a registry: a path, a link, a workspace, a
git repository or a URL could be missing, or be something else, on the machine that installs. Lifecycle
scripts are never run, neither at publish nor at install.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from packreg.pack.manifest import missing_version
from packreg.pack.problems import Problems
from packreg.pack.runtime import inside_pack
from packreg.pack.strict_json import Path, places, read_json
from packreg.pack.text import short
from packreg.pack.version import version_problem

FILE_NAME = "package.json"
MAX_BYTES = 256 * 1024
#: The SDK that every Node.js pack runs with: a dependency under one of these names runs in its place.
SDK = ("@pulumi/pulumi", "@pulumi/policy")
#: The groups of dependencies, as npm names them.
GROUPS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")

# npm's rule for names (validate-npm-package-name), and upper case too, which old packages have.
_NAME = re.compile(r"(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*", re.ASCII | re.IGNORECASE)
_COMPARATOR = re.compile(
    r"-|[~^<>]=?|=|(?:[~^<>]=?|=)?v?[0-9xX*][0-9xX*.]*(?:[-+][0-9A-Za-z.+-]*)?", re.ASCII
)
_TAG = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", re.ASCII)
_ALIAS = re.compile(r"npm:(@?[^@]+)(?:@(.*))?", re.DOTALL)
_ARCHIVE = re.compile(r".*\.(?:tgz|tar\.gz|tar)", re.IGNORECASE | re.DOTALL)
_LIFECYCLE = re.compile(
    r"(?:pre|post)?(?:install|prepare|pack|publish|prepublish|prepublishOnly)|dependencies"
)

_FROM_REGISTRY = "publish it to a registry and name it with a version, or put the code into the pack"


@dataclass(frozen=True, slots=True)
class PackageJson:
    """A package.json that follows the rules.

    `main` is a normalised path inside the pack or None; `files` the patterns as written, None when the key
    is missing; `dependencies` maps each of `GROUPS` to names and ranges. If it `has_overrides`, the ranges
    alone do not decide which versions are installed.
    """

    name: str
    version: str
    main: str | None = None
    files: tuple[str, ...] | None = None
    dependencies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    has_overrides: bool = False


def parse_package_json(data: bytes, problems: Problems) -> PackageJson | None:
    """Read and check a package.json of at most 256 KiB; None when there was an error.

    Every error and warning goes to `problems`, with line and column.
    """
    found = len(problems.errors)
    value = read_json(data, FILE_NAME, problems, limit=MAX_BYTES)
    if len(problems.errors) > found:
        return None
    if not isinstance(value, dict):
        problems.error("not-a-mapping", "the file is not an object", f"{FILE_NAME}:1:1", 'write {"name": …}')
        return None
    package = _PackageReader(value, data, problems).read()
    return package if len(problems.errors) == found else None


class _PackageReader:
    """Checks the parsed value of one package.json."""

    def __init__(self, value: dict[str, object], data: bytes, problems: Problems) -> None:
        self.value, self.data, self.problems = value, data, problems
        self._places: dict[Path, str] = {}

    def read(self) -> PackageJson:
        package = PackageJson(
            name=self._name(),
            version=self._version(),
            main=self._main(),
            files=self._files(),
            dependencies={group: self._group(group) for group in GROUPS},
            has_overrides=bool(self.value.get("overrides")),
        )
        self._overrides()
        self._surroundings()
        return package

    def _where(self, path: Path) -> str:
        if not self._places:  # only when there is something to tell
            self._places = places(self.data)
        return FILE_NAME + self._places[path]

    def _error(self, code: str, message: str, path: Path, hint: str = "") -> None:
        self.problems.error(code, message, self._where(path), hint)

    def _warn(self, code: str, message: str, path: Path, hint: str = "") -> None:
        self.problems.warn(code, message, self._where(path), hint)

    def _string(self, key: str) -> str | None:
        value = self.value.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self._error("not-text", f"{key} must be a string", (key,), "put it in double quotes")
            return ""
        return value

    def _name(self) -> str:
        name = self._string("name")
        if name is None:
            self._error("name-missing", "the package has no name, and npm refuses it", (), 'add "name"')
        elif name and not _is_name(name):
            self._error(
                "package-name", f"{short(name)} is not a package name", ("name",), "write it as npm does"
            )
        elif name == "" and self.value.get("name") == "":
            self._error("name-missing", "the package's name is empty", ("name",), "write one")
        return name or ""

    def _version(self) -> str:
        version = self._string("version")
        if version is None:
            self.problems.errors.append(missing_version("nodejs"))
            return ""
        if isinstance(self.value["version"], str):
            problem, fix = version_problem(version)
            if problem:
                self._error("version", f"{short(version)} is not a version: {problem}", ("version",), fix)
        return version

    def _main(self) -> str | None:
        main = self._string("main")
        if not main:
            return None
        path, problem = inside_pack(main)
        if problem:
            message = f"main {short(main)} cannot be used: {problem}"
            self._error("main", message, ("main",), "write a path inside the pack, with forward slashes")
        return path or None

    def _files(self) -> tuple[str, ...] | None:
        files = self.value.get("files")
        if files is None:
            return None
        if not isinstance(files, list):
            self._error("files", "files must be a list of patterns", ("files",))
            return None
        for index, pattern in enumerate(files):
            if not isinstance(pattern, str):
                self._error("files", "files must hold strings", ("files", index))
            elif ".." in re.split(r"[/\\]", pattern.lstrip("!")):
                message = f"the pattern {short(pattern)} leaves the pack"
                self._error("files", message, ("files", index), "name files inside the pack")
        return tuple(pattern for pattern in files if isinstance(pattern, str))

    def _group(self, group: str) -> dict[str, str]:
        wanted = self.value.get(group)
        if wanted is None:
            return {}
        if not isinstance(wanted, dict):
            self._error("dependency", f"{group} must be an object", (group,))
            return {}
        specs: dict[str, str] = {}
        for name, spec in wanted.items():
            if not _is_name(name):
                self._error("dependency", f"{short(name)} is not a package name", (group, name))
            elif not isinstance(spec, str):
                self._error("dependency", f"the version of {name} must be a string", (group, name))
            else:
                self._spec(name, spec, (group, name))
                specs[name] = spec
        return specs

    def _spec(self, name: str, spec: str, path: Path) -> None:
        """Check one dependency's range or source; refuse all that is not known to come from a registry."""
        alias = _ALIAS.fullmatch(spec)
        wanted = (alias[2] or "" if alias else spec).strip()
        if alias:
            if not _is_name(alias[1]):
                self._error("dependency", f"{short(alias[1])} is not a package name", path)
                return
            if name in SDK and alias[1] != name:
                message = f"another package, {alias[1]}, would run in the place of {name}"
                self._error("sdk-replaced", message, path, f"name {name} with a version")
                return
            self._warn("dependency-alias", f"{name} is another package, {alias[1]}", path, "name it directly")
        if _ARCHIVE.fullmatch(wanted):  # first: x-1.0.0.tgz would pass as a range, but npm takes it as a file
            what = "is an archive at a URL" if _is_url(wanted) else "is a local path"
            self._error("dependency", f"{name} {what}: {short(spec)}", path, _FROM_REGISTRY)
        elif wanted in ("", "*", "x", "X"):
            message = f"{name} accepts any version, even an incompatible one"
            self._warn("dependency-any", message, path, "write a range such as ^1.2.0")
        elif all(_COMPARATOR.fullmatch(word) for word in wanted.replace("||", " ").split()):
            return
        elif _TAG.fullmatch(wanted):
            message = f"{name} is taken at the tag {short(wanted)}, which moves"
            self._warn("dependency-any", message, path, "write a range such as ^1.2.0")
        else:
            self._error("dependency", f"{name} {_source(wanted)}: {short(spec)}", path, _FROM_REGISTRY)

    def _overrides(self) -> None:
        for key in ("overrides", "resolutions"):
            if not self.value.get(key):
                continue
            self._warn(key, f"{key} changes what the dependencies of dependencies are", (key,))
            waiting: list[tuple[Path, object]] = [((key,), self.value[key])]
            while waiting:
                path, value = waiting.pop()
                if isinstance(value, dict):
                    waiting.extend(((*path, name), below) for name, below in value.items())
                elif isinstance(value, str) and not value.startswith("$"):  # $name: as in dependencies
                    self._spec(_overridden(path), value, path)
                elif isinstance(value, str) and _overridden(path) in SDK and value[1:] != _overridden(path):
                    message = f"another package, {short(value[1:])}, would be taken for {_overridden(path)}"
                    self._error("sdk-replaced", message, path, "remove it")

    def _surroundings(self) -> None:
        """Check other keys, which a pack must not have or which have no effect in a pack."""
        if self.value.get("workspaces"):
            hint = "publish each pack from its own directory, with a package.json of its own"
            self._error("workspaces", "a pack cannot be a workspace root", ("workspaces",), hint)
        scripts = self.value.get("scripts")
        if isinstance(scripts, dict):
            names = sorted(name for name in scripts if _LIFECYCLE.fullmatch(name))
            if names:
                message = f"the scripts {short(', '.join(names))[1:-1]} never run, at publish or install"
                hint = "build before publishing, so that the result is in the pack"
                self._warn("lifecycle-script", message, ("scripts", names[0]), hint)
        if self.value.get("type") == "module":
            message = (
                "Pulumi loads a pack with require(), which takes ES modules from Node.js 20.19 and 22.12 on"
            )
            self._warn("es-module", message, ("type",), "remove the line, or compile to CommonJS")
        for key in ("os", "cpu", "libc"):
            if self.value.get(key):
                self._warn("platform", f"{key} keeps the pack from being installed elsewhere", (key,))
        if self.value.get("bin"):
            self._warn("bin", "a pack has no commands; bin has no effect", ("bin",), "remove it")
        for key in ("bundleDependencies", "bundledDependencies"):
            if self.value.get(key):
                message = f"{key} has no effect: node_modules is never part of a pack"
                self._warn("bundled", message, (key,), "remove it")


def _is_name(name: str) -> bool:
    return (
        len(name) <= 214
        and bool(_NAME.fullmatch(name))
        and name.lower() not in ("node_modules", "favicon.ico")
    )


def _overridden(path: Path) -> str:
    """The package that an override is about: `name`, `name@range`, `**/name`; `.` is its parent's package."""
    words = [str(word) for word in path if word != "."]
    match = re.search(r"(?:^|/)(@[^/@]+/[^/@]+|[^/@]+)(?:@[^/]*)?$", words[-1])
    return match[1] if match else words[-1]


def _is_url(spec: str) -> bool:
    return bool(re.match(r"https?:", spec, re.IGNORECASE))


def _source(spec: str) -> str:
    """In words, where a dependency comes from that is not from a registry."""
    if spec.startswith("workspace:"):
        return "is in a workspace that only its author has"
    if spec.startswith(("file:", "link:", "portal:", ".", "/", "~/", "\\")):
        return "is a local path"
    if _is_url(spec) and not spec.partition("#")[0].endswith(".git"):
        return "comes from a URL"
    if re.match(r"git|https?:|ssh:|[^/@:]+/[^/]|[^@]+@[^:]+:|(?:github|gitlab|bitbucket|gist):", spec):
        return "comes from a git repository"
    return "does not come from a registry"
