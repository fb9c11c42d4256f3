"""The structure that ARCHITECTURE.md describes, held by the imports themselves."""

from __future__ import annotations

import ast
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
}
#: Modules that only such functions import.
BEHIND_HEAVY = {"store/aws_answers.py"}
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
ASKING = {"services/clock.py", "services/audit_dask.py", "install/fetch_archive.py"}
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
