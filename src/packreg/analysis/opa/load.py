"""A pack's files from a directory or from memory, and everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packreg.analysis.opa.builtins import check_calls
from packreg.analysis.opa.modules import MAX_FILE, read_modules
from packreg.analysis.opa.references import check_recursion
from packreg.analysis.opa.rules import MAX_SCHEMA_FILE, SCHEMA_FILE, RulePack, read_rules
from packreg.pack.manifest import Manifest, parse_manifest
from packreg.pack.problems import Problems

MANIFEST = "PulumiPolicy.yaml"
MAX_FILES = 10_000


@dataclass(frozen=True, slots=True)
class OpaPack:
    """An OPA pack that can be run: its rules, and what its manifest says."""

    rules: RulePack
    version: str
    description: str
    input_format: str


def examine(files: Mapping[str, bytes], problems: Problems) -> RulePack | None:
    """The rules in these files. A pack with errors must not be run, even when rules are returned."""
    modules = read_modules(files, problems)
    if not modules:
        if not any(path.endswith(".rego") for path in files):
            problems.error("rego-missing", "there is no Rego file (*.rego)", "", "write one with a deny rule")
        return None
    pack = read_rules(modules, files, problems)
    check_recursion(modules, problems)
    check_calls(modules, problems)
    return pack


def load_directory(directory: Path, problems: Problems) -> OpaPack | None:
    """The pack in a directory, or None when it cannot be run: then `problems` has errors."""
    files = _read(directory, problems)
    manifest = _manifest(files, problems)
    rules = examine(files, problems)
    if problems.errors or rules is None:
        return None
    if not manifest or not manifest.version:
        message = "the pack has no version; its findings name none"
        problems.warn("opa/missing-version", message, MANIFEST, "write version: 0.0.1 into it")
    return OpaPack(
        rules=rules,
        version=(manifest.version if manifest else None) or "",
        description=(manifest.description if manifest else None) or "",
        input_format=(manifest.input_format if manifest else None) or "",
    )


def _manifest(files: Mapping[str, bytes], problems: Problems) -> Manifest | None:
    data = files.get(MANIFEST)
    return parse_manifest(data, problems) if data is not None else None


def _read(directory: Path, problems: Problems) -> dict[str, bytes]:
    """The manifest, the schemas and all Rego files below; links are not followed, as in Pulumi's analyzer."""
    files: dict[str, bytes] = {}
    todo = [directory]
    while todo:
        here = todo.pop()
        try:
            entries = sorted(here.iterdir())
        except OSError as error:
            problems.error("unreadable", f"it cannot be read: {error.strerror or error}", str(here))
            continue
        for entry in entries:
            path = entry.relative_to(directory).as_posix()
            if entry.is_symlink():
                continue
            if entry.is_dir():
                todo.append(entry)
            elif entry.suffix == ".rego" or path in (MANIFEST, SCHEMA_FILE):
                try:
                    with entry.open("rb") as stream:
                        files[path] = stream.read(max(MAX_FILE, MAX_SCHEMA_FILE) + 1)
                except OSError as error:
                    problems.error("unreadable", f"it cannot be read: {error.strerror or error}", path)
        if len(files) > MAX_FILES:
            problems.error("too-many-files", f"there are more than {MAX_FILES} Rego files")
            break
    return files
