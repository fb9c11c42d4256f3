"""The structure that ARCHITECTURE.md describes, held by the imports themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

import packreg

SOURCE = Path(packreg.__file__).parent

#: What every room may import.
GROUND = {"errors", "text", "files", "threads"}
#: room -> the rooms it may import from.
MAY_IMPORT = {
    "errors": set(),
    "_version": set(),
    "text": set(),
    "files": set(),
    "threads": set(),
    "pack": set(),
    "store": set(),
    "registry": {"pack", "store"},
    "install": {"pack", "store", "registry"},
    "configuration": {"pack"},
    "environments": {"pack", "store", "registry", "configuration"},
    "groups": {"pack", "store", "registry", "configuration", "environments"},
    "states": {"pack", "store"},
    "analyzer": {"pack", "install", "states"},
    "settings": {"store", "groups", "analyzer"},
    "opa": {"pack", "install", "states", "analyzer"},
    "enforcement": {"pack", "registry", "configuration", "groups", "states", "analyzer"},
    "reports": {"pack", "registry", "configuration", "groups", "states", "analyzer"} | {"enforcement"},
}
MAY_IMPORT["findings"] = MAY_IMPORT["reports"] | {"reports"}
MAY_IMPORT["cases"] = MAY_IMPORT["reports"] | {"reports"}
#: The faces: nothing imports them, and they import everything below them.
FACES = {"cli", "guard"}
MAY_IMPORT["services"] = {*MAY_IMPORT}
for face in FACES:
    MAY_IMPORT[face] = {*MAY_IMPORT} - FACES

#: Libraries that cost 30 to 200 ms to import: only inside the functions that need them.
HEAVY = {
    "boto3",
    "botocore",
    "psycopg",
    "azure",
    "certifi",
    "virtualenv",
    "rich",
    "build",
    "semver",
    "jsonschema",
    "referencing",
    "cryptography",
    "re2",
    "distributed",
    "dask",
    "kubernetes",
}
#: Other libraries that a function may import, as their users do not always need them: 2 ms or more each.
SLOW = {
    "click.shell_completion",
    "concurrent.futures",
    "ctypes",
    "difflib",
    "email",
    "google",
    "packaging",
    "platformdirs",
    "psutil",
    "pyproject_hooks",
    "subprocess",
    "textwrap",
    "traceback",
    "urllib3",
    "uv",
    "yaml",
    "zipfile",
}
#: What is not there on every system or in every Python.
NOT_EVERYWHERE = {
    "_winapi",
    "backports",
    "compression",
    "fcntl",
    "msvcrt",
    "pwd",
    "resource",
}
#: Modules that run before anything else is loaded, or that each command needs another part of: why they
#: import where they need it. `tests/cli/test_start.py` holds what they may load.
EACH_A_PART = {
    "__init__.py": "import packreg loads nothing",
    "cli/start.py": "answers path, install and list without click and the rest",
    "cli/output.py": "the list is printed without json",
    "settings/file.py": "settings are read before path, install and list are answered",
    "settings/load.py": "settings are read before path, install and list are answered",
    "settings/operator.py": "settings are read before path, install and list are answered",
    "settings/places.py": "settings are read before path, install and list are answered",
    "store/location.py": "the URL of a location is written where it is needed",
    "store/open.py": "the list needs one kind of store",
    "store/store.py": "the list deletes nothing",
    "store/url.py": "the location of a registry is known without parsing URLs",
    "install/attach.py": "path looks whether an environment is attached, and attaches none",
    "install/contents.py": "path looks whether an installation is whole, and digests nothing",
    "install/trust.py": "path proves a marker by one digest, without json",
    "install/ask_interpreter.py": "a script for other interpreters",
    "pack/wheel_builder.py": "a script for the environment that builds",
    "registry/objects.py": "installing loads nothing that lists, sets or seals",
    "registry/registry.py": "installing loads nothing that publishes, lists or verifies",
    "services/clock.py": "the clock is asked where no registry is opened",
    "services/workspace.py": "every use case opens something else",
    "guard/__main__.py": "signals count before the rest is loaded",
    "analyzer/hosts/python_host.py": "it runs in a pack's process, and takes gRPC from there",
}
#: Modules of packreg that a function may import -> what they load that their users do not always need.
LATER = {
    "analyzer.analyzer": "protobuf",
    "analyzer.evaluation": "protobuf",
    "analyzer.feed": "protobuf",
    "analyzer.grpc_calls": "gRPC, for packs that serve it",
    "analyzer.pool": "sockets and processes, where packs may not run",
    "cli.project_plugins": "YAML, which only one form of the guard needs",
    "install.dev": "packaging and zipfile, for packs in directories",
    "install.lock_dependencies": "zipfile and email, for packs without a lock",
    "install.lockfile": "tomllib, where packs are named",
    "install.nodejs": "YAML, for packs in Node.js",
    "install.npm_lock": "YAML, for packs in Node.js",
    "opa.check": "protobuf, for OPA packs",
    "pack.check": "pathspec, packaging and RE2, for packs in directories",
    "pack.difference": "packaging and YAML",
    "pack.manifest": "YAML",
    "pack.npm_packages": "YAML, for packs in Node.js",
    "pack.pyproject": "packaging, for packs in Python",
    "pack.wheel": "packaging and subprocess, for packs that build a wheel",
    "pack.wheel_file": "zipfile and email",
    "registry.listing": "the rules of versions, where one is given exactly",
    "registry.run_entries": "nothing slow, but much by the time that the guard has said its port",
    "services.decisions": "as run_entries",
    "services.defects": "traceback, after a defect",
    "services.development": "packaging and zipfile, for packs in directories",
    "services.environments": "YAML and decimal, where no environment is attached",
    "services.esc": "subprocess, where no value comes from the ESC program",
    "services.git": "subprocess, where nobody has to be named",
    "services.guard_evidence": "as run_entries",
    "services.nodejs_findings": "pathspec, packaging and YAML, for packs in Node.js",
    "services.python_findings": "packaging and YAML, for packs in Python",
    "services.prepare": "as run_entries",
    "services.reports": "as run_entries",
    "services.stack_tags": "as run_entries",
    "states.google_place": "urllib3, where no backend is Google's",
    "states.azure_place": "logging, for one kind of backend",
    "states.inventory.throttling": "urllib3",
    "states.postgres": "psycopg",
    "store.aws_answers": "botocore",
    "store.connections": "urllib3",
    "store.google_credentials": "urllib3",
    "store.azure_answers": "the libraries of Azure",
    "store.azure_connection": "nothing slow, but for Azure alone",
}
#: Modules that only such functions import.
BEHIND_HEAVY = {
    "states/inventory/throttling.py",
    "states/postgres.py",
    "store/aws_answers.py",
    "store/azure_answers.py",
}
#: What only a face may ask: the environment and the wall clock.
AMBIENT = {
    ("os", "environ"),
    ("os", "getenv"),
    ("time", "time"),
    ("time", "time_ns"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
}
#: Where a workspace's clock comes from, and processes whose environment is their own.
ASKING = {
    "services/clock.py",
    "services/audit_dask.py",
    "install/fetch_archive.py",
    "analyzer/hosts/python_forks.py",
    "analyzer/hosts/python_host.py",
    "analyzer/supervisor.py",
}
LINES_AT_MOST = 400

MODULES = sorted(p for p in SOURCE.rglob("*.py") if "templates" not in p.parts)


def room(path: Path) -> str:
    """The room a module belongs to; the package's own face is the room `packreg`."""
    inside = path.relative_to(SOURCE)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


def imported_rooms(tree: ast.AST) -> set[str]:
    """The rooms of packreg that a module imports, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("packreg.")}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_room_imports_only_the_rooms_below_it(path: Path) -> None:
    """Data flows one way: no module imports a room that the table does not allow it."""
    here = room(path)
    if here in ("__init__", "__main__"):
        return
    assert here in MAY_IMPORT, f"{here} is not in the table of rooms"
    assert imported_rooms(ast.parse(path.read_text("utf-8"))) - {here} <= MAY_IMPORT[here] | GROUND


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_only_a_face_asks_the_environment_and_the_clock(path: Path) -> None:
    """Every other room is told the time and the settings, so that it can be tested and trusted."""
    if room(path) in FACES or str(path.relative_to(SOURCE)) in ASKING:
        return
    asked = {
        (node.value.id, node.attr)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    assert not asked & AMBIENT


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_slow_libraries_are_imported_where_they_are_used(path: Path) -> None:
    """No module loads a slow library at its top: `packreg --help` must not pay for S3."""
    if str(path.relative_to(SOURCE)) in BEHIND_HEAVY:
        return
    top: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            top |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            top.add(node.module.partition(".")[0])
    assert not top & HEAVY


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_module_can_be_read_in_one_sitting(path: Path) -> None:
    """No module outgrows what a reader holds in mind."""
    assert len(path.read_text("utf-8").splitlines()) <= LINES_AT_MOST


def test_a_class_name_means_one_thing() -> None:
    """No two modules define a class of one name, so that a reader who knows one knows which is meant."""
    places: dict[str, list[str]] = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(str(path.relative_to(SOURCE)))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def local_imports(tree: ast.AST) -> set[tuple[str, str]]:
    """Module and name of what is imported inside functions; the name is empty for a whole module."""
    found = set()
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for node in ast.walk(function):
                if isinstance(node, ast.Import):
                    found |= {(alias.name, "") for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    found |= {(node.module, alias.name) for alias in node.names}
    return found


def within(name: str, modules: Iterable[str]) -> str:
    """Which of the modules a dotted name is, or is inside of."""
    return next((module for module in modules if f"{name}.".startswith(f"{module}.")), "")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_function_imports_only_what_is_slow_to_load(path: Path) -> None:
    """Imports stand at the top of a module, unless start-up was measured to need it otherwise."""
    if str(path.relative_to(SOURCE)) in EACH_A_PART:
        return
    later = {f"packreg.{module}" for module in LATER}
    left = {
        f"{module}.{name}".strip(".")
        for module, name in local_imports(ast.parse(path.read_text("utf-8")))
        if not within(f"{module}.{name}", HEAVY | SLOW | NOT_EVERYWHERE | later)
    }
    assert left == set(), "import it at the top; if a command gets slower by 2 ms, say so in a table above"


def test_no_table_allows_what_nobody_imports() -> None:
    """Each entry of the tables still has a function that imports it."""
    imported = {
        str(path.relative_to(SOURCE)): local_imports(ast.parse(path.read_text("utf-8"))) for path in MODULES
    }
    assert {path for path in EACH_A_PART if not imported.get(path)} == set()
    names = {f"{module}.{name}" for found in imported.values() for module, name in found}
    tables = SLOW | NOT_EVERYWHERE | {f"packreg.{module}" for module in LATER}
    assert {entry for entry in tables if not any(within(name, [entry]) for name in names)} == set()
