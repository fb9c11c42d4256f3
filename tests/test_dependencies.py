"""What the package imports is what it declares."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import packreg

SOURCE = Path(packreg.__file__).parent
PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]

#: Package of Python's index -> what it is imported as, where the names differ.
IMPORTED_AS = {
    "azure-core": {"azure.core"},
    "azure-identity": {"azure.identity"},
    "azure-storage-blob": {"azure.storage.blob"},
    "backports-zstd": {"backports"},
    "google-auth": {"google.auth", "google.oauth2"},
    "google-re2": {"re2"},
    "grpcio": {"grpc"},
    "protobuf": {"google.protobuf"},
    "pyproject-hooks": {"pyproject_hooks"},
    "pyyaml": {"yaml"},
}
#: Extra -> the modules that may import what it installs. They say the extra's name where it is missing.
BY_EXTRA = {
    "azure": {"states/inventory/azure.py", "store/azure_answers.py", "store/azure_container.py"},
    "dask": {"services/audit_dask.py"},
    "google": {"store/google_credentials.py"},
    "kubernetes": {"states/inventory/kubernetes.py"},
    "postgres": {"states/postgres.py"},
}
#: Modules of Python that the list of its standard library does not have: inner ones, and those of newer ones.
PYTHONS_OWN = {"_sha2", "compression"}


def packages(lines: list[str]) -> set[str]:
    """The names of the packages of requirement lines, in their normal form."""
    return {re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", line, maxsplit=1)[0]).lower() for line in lines}


def modules(names: set[str]) -> set[str]:
    """What packages are imported as."""
    return {module for name in names for module in IMPORTED_AS.get(name, {name})}


def imported(path: Path) -> set[str]:
    """The foreign modules that a module imports, at its top or inside a function, with their full names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    own = {*sys.stdlib_module_names, *PYTHONS_OWN, "packreg"}
    return {name for name in found if name.partition(".")[0] not in own}


def within(name: str, known: set[str]) -> str:
    """Which of the known modules a name is, or is inside of; "" for none."""
    return next((module for module in known if f"{name}.".startswith(f"{module}.")), "")


IMPORTS = {
    path.relative_to(SOURCE).as_posix(): imported(path)
    for path in SOURCE.rglob("*.py")
    if "templates" not in path.parts
}
ALWAYS = modules(packages(PROJECT["dependencies"]))
EXTRAS = {
    extra: modules(packages(lines)) - ALWAYS for extra, lines in PROJECT["optional-dependencies"].items()
}


def test_what_is_imported_is_declared() -> None:
    """No module lives on a package that only another package brings along: that one may drop it."""
    undeclared = {}
    for path, names in IMPORTS.items():
        allowed = ALWAYS.union(*(EXTRAS[extra] for extra, where in BY_EXTRA.items() if path in where))
        if left := {name for name in names if not within(name, allowed)}:
            undeclared[path] = left
    assert undeclared == {}, "declare it in pyproject.toml, or name the module in BY_EXTRA"


def test_the_table_of_extras_is_true() -> None:
    """Each extra has its modules, and each of these imports something of its extra."""
    assert BY_EXTRA.keys() == EXTRAS.keys()
    idle = {
        (extra, path)
        for extra, paths in BY_EXTRA.items()
        for path in paths
        if not any(within(name, EXTRAS[extra]) for name in IMPORTS[path])
    }
    assert idle == set()


def test_what_is_declared_is_imported() -> None:
    """No dependency outlives its use, but for boto3, whose releases choose the botocore that is used."""
    names = set().union(*IMPORTS.values())
    idle = {module for module in ALWAYS if not any(within(name, {module}) for name in names)}
    assert idle == {"boto3"}


def test_the_table_of_names_is_true() -> None:
    """Packages that are imported under another name say so themselves, where they are installed."""
    there = importlib.metadata.packages_distributions()
    for package, names in IMPORTED_AS.items():
        for name in names:
            owners = {
                re.sub(r"[-_.]+", "-", owner).lower() for owner in there.get(name.partition(".")[0], ())
            }
            assert not owners or package in owners
