"""Load an OPA pack from a directory or from memory, and report everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packreg.opa.modules import Module, RuleHead, Staged, read_modules
from packreg.opa.rules import MAX_SCHEMA_FILE, SCHEMA_FILE, RulePack, read_rules, rule_path
from packreg.pack.manifest import Manifest, parse_manifest
from packreg.pack.problems import Problems

MANIFEST = "PulumiPolicy.yaml"
MAX_FILES = 10_000
MAX_FILE = 64 << 20  # bytes
_PROBE = "probe.rego"
_SILENT, _OPEN = "rule-not-a-set", "rule-any-value"
#: Functions that take the other types that a rule can have, but no sets and no lists.
_OTHERS = ("upper", "abs", "object.keys")
#: Imports that change the meaning of `not` from OPA 1.17 on.
_NOT_IMPORTED = frozenset({("future", "keywords"), ("future", "keywords", "not")})
_DATA_FILES = ("data.json", "data.yaml", "data.yml")


@dataclass(frozen=True, slots=True)
class OpaPack:
    """An OPA pack that can be run: its rules, and what its manifest says.

    `silent` has a message for each policy that never fires, or only when its value is a set or a list.
    """

    rules: RulePack
    version: str
    description: str
    input_format: str
    silent: tuple[str, ...] = ()


def examine(files: Mapping[str, bytes], staged: Staged, problems: Problems) -> RulePack | None:
    """The rules in `files`, whose Rego files are in `staged`; None when there are none.

    If `problems` has errors afterwards, the pack must not be run, even when rules are returned. Raises
    OpaFailure when `opa` does not answer.
    """
    if not staged.paths:
        problems.error("rego-missing", "there is no Rego file (*.rego)", "", "write one with a deny rule")
        return None
    modules = read_modules(staged, problems)
    if not modules:
        return None
    for path in sorted(files):
        if path.rpartition("/")[2] in _DATA_FILES:
            message = "it is not read: rules of a policy pack see no data except their configuration"
            problems.warn(
                "rego-data", message, path, "put the values into a rule, or into config-schema.json"
            )
    pack = read_rules(modules, files, problems)
    if pack is not None:
        _warn_of_exceptions(pack.modules, problems)
        _warn_of_not(pack.modules, files, problems)
        _warn_of_silent_rules(pack, staged, problems)
    return pack


def load_files(files: Mapping[str, bytes], staged: Staged, problems: Problems) -> OpaPack | None:
    """The pack of these files, or None when it cannot be run: then `problems` has errors.

    Raises OpaFailure when `opa` does not answer.
    """
    manifest = _manifest(files, problems)
    rules = examine(files, staged, problems)
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
        silent=tuple(problem.message for problem in problems.warnings if problem.code in (_SILENT, _OPEN)),
    )


def read_directory(directory: Path, problems: Problems) -> dict[str, bytes]:
    """The manifest, the schema file and all Rego files of a directory, by path.

    Links are not followed, as in Pulumi's analyzer.
    """
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


def _manifest(files: Mapping[str, bytes], problems: Problems) -> Manifest | None:
    data = files.get(MANIFEST)
    return parse_manifest(data, problems) if data is not None else None


def _warn_of_exceptions(modules: tuple[Module, ...], problems: Problems) -> None:
    """Warn that conftest's rule `exception` has no effect, here and in Pulumi's analyzer."""
    found: dict[str, tuple[Module, RuleHead]] = {}
    for module in modules:
        for head in module.rules:
            if head.name == "exception":
                found.setdefault(head.name, (module, head))
    for module, head in found.values():
        message = "exception is a rule of conftest: here it has no effect"
        problems.warn("rego-exception", message, f"{module.path}:{head.line}", "use a waiver, or a condition")


def _warn_of_not(modules: tuple[Module, ...], files: Mapping[str, bytes], problems: Problems) -> None:
    """Warn where the meaning of `not` changes with OPA 1.17."""
    for module in modules:
        if not _NOT_IMPORTED.isdisjoint(module.imports) and re.search(rb"\bnot\b", files[module.path]):
            message = (
                "with `import future.keywords`, what `not` says of absent keys depends on OPA's version: "
                "from 1.17 on it holds"
            )
            problems.warn("rego-not", message, module.path, "write `import rego.v1` in its place")


def _warn_of_silent_rules(pack: RulePack, staged: Staged, problems: Problems) -> None:
    """Warn of policies whose value is never, or not always, a set or a list: only those fire.

    OPA's type checker finds them. `max` takes only sets and lists, so it refuses a rule that can be neither
    as its argument. A rule that one of `_OTHERS` accepts can have another type.
    """
    functions = ("max", *_OTHERS)
    lines = ["package packreg_probe"]
    for number, rule in enumerate(pack.rules):
        path = rule_path(pack.package) + rule.name
        lines += [f"p{number}_{place} := {name}({path})" for place, name in enumerate(functions)]
    (staged.folder / _PROBE).write_text("\n".join(lines) + "\n", "utf-8")
    refused = {fault.row - 2 for fault in staged.check(_PROBE) if fault.file.endswith(_PROBE)}
    (staged.folder / _PROBE).unlink()
    for number, rule in enumerate(pack.rules):
        is_no_set, *is_nothing_else = (
            number * len(functions) + place in refused for place in range(len(functions))
        )
        hint = f"write {rule.name}[message] {{ … }}"
        if is_no_set:
            message = f"the policy {rule.name} never fires: its value is neither a set nor a list of messages"
            problems.warn(_SILENT, message, rule.where, hint)
        elif not all(is_nothing_else):
            message = f"the policy {rule.name} fires only where its value is a set or a list of messages"
            problems.warn(_OPEN, message, rule.where, hint)
