"""pyproject.toml of a Python pack: what it depends on, and which tool installs it.

Read with tomllib, after a check of nesting and key lengths: tomllib recurses into nested arrays, and takes
time and memory quadratic in the parts of a dotted key. Dependencies follow the rules of requirements.txt: no
paths, git repositories, URLs, workspaces or indexes, in the tables of uv and poetry too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from packreg.pack.files import Files
from packreg.pack.problems import Problems
from packreg.pack.requirements import parse_requirement
from packreg.pack.requires_python import LOWEST, lowest_python, poetry_range
from packreg.pack.text import MAX_PROBLEMS, Positions, decode, position, short

FILE_NAME = "pyproject.toml"
MAX_BYTES = 256 * 1024
MAX_REQUIREMENTS = 1_000
MAX_SPECIFIER = 500
MAX_DEPTH = 32
MAX_KEY_PARTS = 20

# A string runs to its end, or, left open, to the end of the line or the text.
_TOKEN = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*+(?:"{3,5}|\Z)|\'\'\'(?:[^']|'(?!''))*+(?:'{3,5}|\Z)'''
    r"""|"(?:[^"\\\n]|\\[^\n])*+"?|'[^'\n]*+'?|\#[^\n]*+|[\[\]{}.\n=,]""",
    re.DOTALL,
)
#: Names of packages and build backends (packaging specifications).
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_BACKEND = re.compile(r"[\w.]{1,200}(?::[\w.]{1,200})?")
_AT = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)\Z")

#: Keys of [tool.uv] and [tool.uv.pip] that choose where packages come from.
_UV_INDEX_KEYS = (
    *("index", "index-url", "extra-index-url", "no-index", "find-links"),
    *("allow-insecure-host", "trusted-host", "index-strategy", "keyring-provider"),
)
_UV_REQUIREMENT_KEYS = (
    *("dev-dependencies", "constraint-dependencies"),
    *("override-dependencies", "build-constraint-dependencies"),
)
#: The other settings that a pack may give uv: its dependencies and how they are resolved. Unknown ones are
#: refused, because uv obeys them whenever the Pulumi CLI runs it in an installed pack.
_UV_BOTH = frozenset(
    (
        *(
            "resolution",
            "prerelease",
            "fork-strategy",
            "exclude-newer",
            "exclude-newer-package",
            "no-sources",
        ),
        *("no-build", "no-build-package", "no-binary", "no-binary-package", "compile-bytecode", "link-mode"),
    )
)
_UV_KEYS = _UV_BOTH.union(
    _UV_REQUIREMENT_KEYS,
    ("sources", "pip", "workspace", "package", "managed", "default-groups", "dependency-groups"),
    ("environments", "required-environments", "conflicts", "required-version", "exclude-dependencies"),
    ("python-preference", "python-downloads", "build-backend", "preview"),
)
_UV_PIP_KEYS = _UV_BOTH.union(
    (
        "universal",
        "generate-hashes",
        "python-version",
        "python-platform",
        "only-binary",
        "no-header",
        "strict",
    ),
    ("no-annotate", "annotation-style", "emit-index-annotation", "no-strip-extras", "no-strip-markers"),
)
#: The SDK that every Python pack runs with: a package under one of these names would run in its place.
SDK = frozenset(("pulumi", "pulumi-policy"))

_LOWEST = ".".join(map(str, LOWEST))
_FROM_INDEX = "publish it to an index and name it with a version, or put the code into the pack"
_OPERATOR = "remove it: whoever installs chooses indexes in the configuration of pip or uv"


@dataclass(frozen=True, slots=True)
class PyProject:
    """What a pyproject.toml says about installing the pack.

    `is_project`: it has a [project] table, which uv needs. `is_buildable`: it has a project.name and a
    build-system.build-backend, so that Pulumi installs the pack itself as a package, and runs it by its
    name where there is no `__main__.py` (pulumi-language-python: `IsBuildablePackage`). `is_poetry`: it has
    a [tool.poetry] table; `poetry_plugins`: it requires plugins, which poetry would install and run.
    `dependencies` are normalised as in requirements.txt; `dynamic_dependencies` says that the build computes
    them; `poetry_dependencies` are the names in [tool.poetry.dependencies] that are always installed.
    `requires_python` is a range of PEP 440, None for all Python versions.
    """

    name: str | None
    requires_python: str | None
    dependencies: tuple[str, ...]
    dynamic_dependencies: bool
    is_project: bool
    is_buildable: bool
    is_poetry: bool
    poetry_plugins: bool = False
    poetry_dependencies: tuple[str, ...] = ()


def detect_toolchain(files: Files, option: str | None) -> str:
    """`pip`, `uv` or `poetry`: the `toolchain` option, or what the Pulumi CLI finds when it is unset.

    Pulumi looks for uv.lock, then poetry.lock, in the pack and all directories above it; only the pack
    counts here.
    """
    if option:
        return option
    if "uv.lock" in files:
        return "uv"
    return "poetry" if "poetry.lock" in files else "pip"


def parse_pyproject(data: bytes, problems: Problems) -> PyProject | None:
    """Read and check a pyproject.toml of at most 256 KiB; None when there was an error.

    tomllib keeps no positions: errors in its grammar have line and column, others the place where the text
    first occurs.
    """
    found = len(problems.errors)
    text = decode(data, FILE_NAME, problems, limit=MAX_BYTES)
    table = None if text is None else load_toml(text, FILE_NAME, problems)
    if text is None or table is None:
        return None
    project = _PyprojectReader(text, problems).read(table)
    return project if len(problems.errors) == found else None


def load_toml(text: str, where: str, problems: Problems) -> dict[str, object] | None:
    """The top-level table of the TOML `text` of the file `where`; None after a problem."""
    bound = _beyond_bounds(text)
    if bound is not None:
        place = f"{where}:{position(text, bound)}"
        problems.error("too-deep", "arrays, tables or dotted keys nest too deep", place)
        return None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _AT.search(str(error))
        message = str(error)[: at.start()] if at else str(error)
        place = f"{at[1]}:{at[2]}" if at and at[1] else position(text, len(text))
        message = f"this is not TOML: {message[:1].lower()}{message[1:200]}"
        problems.error("toml-syntax", message, f"{where}:{place}")
    except ValueError:  # int() of thousands of digits
        problems.error("toml-syntax", "this is not TOML: a number has too many digits", where)
    return None


def _beyond_bounds(text: str) -> int | None:
    """The offset where brackets nest too deep or a key has too many parts, outside strings and comments."""
    depth = dots = 0
    for match in _TOKEN.finditer(text):
        sign = match[0]
        if sign in ("[", "{"):
            depth += 1
            dots = 0
        elif sign in ("]", "}"):
            depth = max(depth - 1, 0)
        elif sign == ".":
            dots += 1
        elif sign in ("\n", "=", ","):
            dots = 0
        if depth > MAX_DEPTH or dots >= MAX_KEY_PARTS:
            return match.start()
    return None


class _PyprojectReader:
    """Checks the tables of one pyproject.toml."""

    def __init__(self, text: str, problems: Problems) -> None:
        self.text, self.problems = text, problems
        self._positions = Positions(text)
        self._errors = 0

    def read(self, root: dict[str, object]) -> PyProject:
        project = self._table(root, "project")
        tool = self._table(root, "tool")
        dependencies = self._requirements(project.get("dependencies"), "project.dependencies")
        for extra, listed in self._table(project, "optional-dependencies", "project.").items():
            self._requirements(listed, f"project.optional-dependencies.{extra}")
        for group, listed in self._table(root, "dependency-groups").items():
            own = listed  # without {include-group = …}
            if isinstance(listed, list):
                own = [item for item in listed if not isinstance(item, dict)]
            self._requirements(own, f"dependency-groups.{group}")
        build = self._table(root, "build-system")
        self._requirements(build.get("requires"), "build-system.requires")
        self._uv(self._table(tool, "uv", "tool."))
        self._poetry(self._table(tool, "poetry", "tool."))
        dynamic = project.get("dynamic")
        poetry = tool.get("poetry")
        name = project.get("name")
        if isinstance(name, str) and re.sub(r"[-_.]+", "-", name).lower() in SDK:
            message = f"a pack called {short(name)} would be installed in the place of Pulumi's package"
            self._error("sdk-replaced", message, name, "give it a name of its own")
        return PyProject(
            name=name if isinstance(name, str) else None,
            requires_python=self._requires_python(project.get("requires-python"), poetry),
            dependencies=dependencies,
            dynamic_dependencies=isinstance(dynamic, list) and "dependencies" in dynamic,
            is_project="project" in root,
            is_buildable=_is(_NAME, name) and _is(_BACKEND, build.get("build-backend")),
            is_poetry="poetry" in tool,
            poetry_plugins=isinstance(poetry, dict) and "requires-plugins" in poetry,
            poetry_dependencies=_poetry_names(poetry),
        )

    def _error(self, code: str, message: str, needle: str, hint: str = "") -> None:
        self._errors += 1
        if self._errors <= MAX_PROBLEMS:
            self.problems.error(code, message, self._where(needle), hint)

    def _where(self, needle: str) -> str:
        match = re.search(rf"(?<![\w-]){re.escape(needle)}(?![\w-])", self.text)
        return f"{FILE_NAME}:{self._positions.at(match.start())}" if match else FILE_NAME

    def _table(self, parent: dict[str, object], name: str, prefix: str = "") -> dict[str, object]:
        value = parent.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._error("toml-type", f"{prefix}{name} must be a table", name)
            return {}
        return value

    def _requirements(self, value: object, key: str) -> tuple[str, ...]:
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._error("toml-type", f"{key} must be a list of requirements", key.rpartition(".")[2])
            return ()
        if len(value) > MAX_REQUIREMENTS:
            message = f"{key} has more than {MAX_REQUIREMENTS:,} requirements"
            self._error("too-large", message, key.rpartition(".")[2])
            return ()
        parsed = [parse_requirement(item, self._where(item), self.problems) for item in value]
        return tuple(str(requirement) for requirement in parsed if requirement is not None)

    def _requires_python(self, value: object, poetry: object) -> str | None:
        """The range of Python versions, normalised: the project's, else that of poetry's `python`."""
        found = None
        if value is None:
            listed = poetry.get("dependencies") if isinstance(poetry, dict) else None
            constraint = listed.get("python") if isinstance(listed, dict) else None
            if isinstance(constraint, str) and len(constraint) <= MAX_SPECIFIER:
                found = poetry_range(constraint)
        elif isinstance(value, str) and len(value) <= MAX_SPECIFIER:
            with suppress(InvalidSpecifier):
                found = str(SpecifierSet(value))
        if found is None and value is not None:
            message = "requires-python is not a range of Python versions"
            self._error("requires-python", message, "requires-python", 'write requires-python = ">=3.11"')
        elif found and lowest_python(found) is None:
            message = f"no Python that packs run with is in {found}: they run with {_LOWEST} or later"
            key = "requires-python" if value is not None else "python"
            self._error("requires-python", message, key, f"allow {_LOWEST} or a later one")
        return found or None

    def _uv(self, uv: dict[str, object]) -> None:
        for name, source in self._table(uv, "sources", "tool.uv.").items():
            for key in sorted({key for table in _tables(source) for key in table}):
                if key in ("path", "git", "url", "workspace"):
                    self._elsewhere(name, key)
                elif key == "index":
                    self._error(
                        "index",
                        f"tool.uv.sources takes {short(name)} from an index of its own",
                        name,
                        _OPERATOR,
                    )
        for parent, table in (("tool.uv", uv), ("tool.uv.pip", self._table(uv, "pip", "tool.uv."))):
            for key in _UV_INDEX_KEYS:
                if key in table:
                    self._error("index", f"{parent}.{key} chooses where packages come from", key, _OPERATOR)
            allowed = _UV_KEYS if table is uv else _UV_PIP_KEYS
            for key in sorted(table.keys() - allowed - set(_UV_INDEX_KEYS)):
                message = f"{parent}.{short(key)[1:-1]} is not a setting of uv that a pack may have"
                hint = "remove it; settings of your own uv belong in your own uv.toml"
                self._error("uv-setting", message, key, hint)
        if "workspace" in uv:
            hint = "publish each pack from its own directory, with a pyproject.toml of its own"
            self._error("workspaces", "a pack cannot be a workspace root", "workspace", hint)
        for key in _UV_REQUIREMENT_KEYS:
            self._requirements(uv.get(key), f"tool.uv.{key}")

    def _poetry(self, poetry: dict[str, object]) -> None:
        if "source" in poetry:
            self._error("index", "tool.poetry.source chooses where packages come from", "source", _OPERATOR)
        groups = [poetry]
        groups += [
            group
            for group in self._table(poetry, "group", "tool.poetry.").values()
            if isinstance(group, dict)
        ]
        for group in groups:
            for key in ("dependencies", "dev-dependencies"):
                for name, spec in self._table(group, key, "tool.poetry.").items():
                    for table in _tables(spec):
                        for origin in sorted({"path", "git", "url", "file"} & table.keys()):
                            self._elsewhere(name, origin)

    def _elsewhere(self, name: str, key: str) -> None:
        words = {"path": "a local path", "file": "a local path", "git": "a git repository", "url": "a URL"}
        where = words.get(key, "a workspace that only its author has")
        self._error("requirement-url", f"{short(name)} comes from {where}", name, _FROM_INDEX)


def _poetry_names(poetry: object) -> tuple[str, ...]:
    listed = poetry.get("dependencies") if isinstance(poetry, dict) else None
    if not isinstance(listed, dict):
        return ()
    return tuple(
        name
        for name, spec in listed.items()
        if name != "python" and not any(table.get("optional") for table in _tables(spec))
    )


def _is(form: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def _tables(value: object) -> Iterator[dict[str, object]]:
    """The tables in a value that is a table or a list of tables; none in any other value."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item
