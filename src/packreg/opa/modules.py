"""The Rego files of a pack: staged in a private folder, checked by `opa`, and parsed.

A syntax tree is OPA's own, as JSON: `{"package", "imports", "rules"}`. A term is `{"type", "value"}`; a
reference such as `input.tags[x]` has the type "ref" and a list of terms, of which the first is a variable.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from packreg.opa import program
from packreg.pack.problems import Problems

_CAPABILITIES = "capabilities.json"
_PARSERS = 2  # at the same time: a syntax tree takes about a hundred times the memory of its file
_SCHEMA_HINT = "write the whole schema into the comment"
_V1_HINT = "write `import rego.v1` below the package line: without it, policy packs are read as Rego v0"

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Annotation:
    """The texts of a METADATA comment of a rule."""

    title: str = ""
    description: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class RuleHead:
    """The head of one rule of a module: its name, what kind of value it makes, and its line.

    `kind` is "set", "object", "function", "value" (`x = y`, also without a value, which is `true`) or
    "default". A name with dots (`a.b`) is that of a rule with a reference as its head.
    """

    name: str
    kind: str
    line: int
    annotation: Annotation | None = None


@dataclass(frozen=True, slots=True)
class Module:
    """One parsed file. `package` is the path after `data`, for example ("kubernetes", "admission").

    `keys` are the members of the input that its rules can read, None for all. `imports` are paths, such as
    ("future", "keywords"). `references` are the lines of METADATA comments whose schema refers to another
    document.
    """

    path: str
    package: tuple[str, ...]
    title: str
    rules: tuple[RuleHead, ...]
    keys: frozenset[str] | None
    imports: tuple[tuple[str, ...], ...]
    references: tuple[int, ...]


class Staged:
    """Rego files in a private folder, named by number; `opa` loads nothing else.

    The pack's own names and folders are not used, because `opa` takes the text before a colon in a file name
    as a prefix, and would load every JSON and YAML file of a folder as data.
    """

    def __init__(
        self,
        opa: str,
        folder: Path,
        files: Mapping[str, bytes],
        allowed: Collection[str] = (),
        *,
        memory: int = 0,
    ) -> None:
        """Write the Rego files among `files` into the empty `folder`; `memory` as in `program.Opa`.

        Raises OpaFailure.
        """
        self.opa, self.folder = program.Opa(opa, memory), folder
        program.version_of(self.opa, cwd=folder)
        program.write_capabilities(self.opa, folder / _CAPABILITIES, allowed)
        rego = sorted((path for path in files if path.endswith(".rego")), key=str.encode)
        self.paths = {f"{number}.rego": path for number, path in enumerate(rego)}
        for name, path in self.paths.items():
            (folder / name).write_bytes(files[path])

    @property
    def names(self) -> list[str]:
        """The names of the files in the private folder."""
        return list(self.paths)

    def check(self, *more: str) -> list[program.Fault]:
        """What `opa` refuses in these files: at most 100 faults, or with `more` files in the folder, all.

        Raises OpaFailure.
        """
        names, most = [*self.paths, *more], 0 if more else 100
        return program.check(self.opa, names, cwd=self.folder, capabilities=_CAPABILITIES, most=most)

    def where(self, file: str, row: int) -> str:
        """A place as "path:line", with the path in the pack; "" for other files, no line for row 0."""
        path = self.paths.get(file.rpartition("/")[2], "")
        return f"{path}:{row}" if path and row else path

    def own_words(self, text: str) -> str:
        """A message of `opa` with the staged names replaced by the paths in the pack."""
        for name, path in sorted(self.paths.items(), key=lambda pair: -len(pair[0])):
            text = text.replace(f"{name}:", f"{path}:")
        return text


def read_modules(staged: Staged, problems: Problems) -> list[Module]:
    """All files, parsed; none if `opa` refuses one of them: then `problems` says why. Raises OpaFailure."""
    with ThreadPoolExecutor(_PARSERS) as parsers:
        found = list(parsers.map(lambda name: _read(staged, name), staged.paths))
    modules = []
    for path, module in zip(staged.paths.values(), found, strict=True):
        if isinstance(module, program.SaidTooMuch):
            problems.error("rego-too-large", str(module), path, "split it into several files")
        elif module is not None:
            modules.append(module)
            for row in module.references:
                message = "a schema in a METADATA comment refers to another document, which OPA would read"
                problems.error("rego-schema-reference", message, f"{path}:{row}", _SCHEMA_HINT)
    if problems.errors:
        return []
    faults = staged.check()
    newer: dict[str, bool] = {}
    for fault in faults:
        unparsed = fault.code == "rego_parse_error"
        if unparsed and fault.file not in newer:
            newer[fault.file] = program.is_newer_dialect(staged.opa, fault.file, cwd=staged.folder)
        if unparsed and newer[fault.file]:
            continue
        problems.error(_code(fault), staged.own_words(fault.message), staged.where(fault.file, fault.row))
    for file in (file for file, is_newer in newer.items() if is_newer):
        row = next(fault.row for fault in faults if fault.file == file)
        message = "this is Rego v1, and the file does not say so"
        problems.error("rego-v1", message, staged.where(file, row), _V1_HINT)
    if faults:
        return []
    if len(modules) < len(staged.paths):
        raise program.OpaFailure("opa parse refuses what opa check lets pass")
    return modules


def _read(staged: Staged, name: str) -> Module | program.SaidTooMuch | None:
    """The module in a file; None if `opa` cannot parse it, SaidTooMuch if the tree is too large.

    Raises OpaFailure.
    """
    try:
        tree = program.parse(staged.opa, name, cwd=staged.folder)
    except program.SaidTooMuch as too_much:
        return too_much
    return None if tree is None else _module(staged.paths[name], tree)


def _schema_references(tree: Node) -> Iterator[int]:
    """The lines of METADATA comments with a schema that refers to another document, or has an id."""
    for annotation in tree.get("annotations") or ():
        todo: list[object] = [each.get("definition") for each in annotation.get("schemas") or ()]
        while todo:
            item = todo.pop()
            if isinstance(item, list):
                todo.extend(item)
            elif isinstance(item, dict):
                todo.extend(item.values())
                names = [item.get(key) for key in ("$ref", "$id", "id")]
                if any(isinstance(name, str) and not name.startswith("#") for name in names):
                    yield annotation["location"]["row"]
                    break


def _code(fault: program.Fault) -> str:
    if fault.message.startswith("undefined function"):
        return "rego-unknown-function"
    return {"rego_parse_error": "rego-syntax", "rego_recursion_error": "rego-recursion"}.get(
        fault.code, fault.code.replace("_", "-")
    )


def _module(path: str, tree: Node) -> Module:
    package = tuple(str(step["value"]) for step in tree["package"]["path"][1:])
    title = next(
        (
            str(each["title"])
            for each in tree.get("annotations", ())
            if each.get("title") and each.get("scope") in ("package", "subpackages")
        ),
        "",
    )
    heads = tuple(_head(rule) for rule in tree.get("rules") or ())
    imports = tuple(leading_path(each["path"]) for each in tree.get("imports") or ())
    return Module(path, package, title, heads, _input_keys(tree), imports, tuple(_schema_references(tree)))


def _head(rule: Node) -> RuleHead:
    head = rule["head"]
    reference = head.get("ref") or [{"type": "var", "value": head["name"]}]
    steps = leading_path({"type": "ref", "value": reference})
    if rule.get("default"):
        kind = "default"
    elif "args" in head:
        kind = "function"
    elif "key" in head:
        kind = "object" if "value" in head else "set"
    else:
        kind = "value" if len(steps) == len(reference) else "object"
    annotations = [
        each for each in rule.get("annotations", ()) if each.get("scope") in (None, "rule", "document")
    ]
    return RuleHead(
        ".".join(steps), kind, rule["location"]["row"], _annotation(annotations[0]) if annotations else None
    )


def _annotation(given: Node) -> Annotation:
    message = given.get("custom", {}).get("message", "")
    texts = (given.get("title", ""), given.get("description", ""), message)
    return Annotation(*(text if isinstance(text, str) else str(text) for text in texts))


def leading_path(term: Node) -> tuple[str, ...]:
    """The constant beginning of a reference: ("data", "a") for `data.a[x].b`; () for other terms."""
    if term.get("type") != "ref":
        return ()
    first, *rest = term["value"]
    fixed = takewhile(lambda step: step["type"] == "string", rest)
    return (str(first["value"]), *(str(step["value"]) for step in fixed))


def package_of(modules: Sequence[Module], problems: Problems) -> tuple[str, ...] | None:
    """The one package that all modules are in.

    None if there are no modules. Several packages, or one called config, are a problem, and give None.
    """
    found = {module.package: module.path for module in reversed(modules)}
    if len(found) > 1:
        first = modules[0]
        for module in modules:
            if module.package != first.package:
                message = (
                    f"the package is {'.'.join(module.package)} here and {'.'.join(first.package)} in "
                    f"{first.path}; all Rego files of a policy pack, tests too, must be in one package"
                )
                problems.error("rego-packages", message, module.path, "give the files one package")
        return None
    package = next(iter(found), None)
    if package and package[0] == "config":
        message = "the package is called config, where a pack's configuration is"
        problems.error("rego-packages", message, modules[0].path, "give it another name")
        return None
    return package


def input_keys(modules: Sequence[Module]) -> frozenset[str] | None:
    """The top-level members of the input that the rules can read, or None for all of them.

    Only `input.name` and `input["name"]` name a member. Where `input` stands alone, as `input[x]` or in an
    import, the rules may read every member.
    """
    keys: frozenset[str] = frozenset()
    for module in modules:
        if module.keys is None:
            return None
        keys |= module.keys
    return keys


def _input_keys(tree: Node) -> frozenset[str] | None:
    keys: set[str] = set()
    for term in _terms([tree.get("imports"), tree.get("rules")]):
        if term["type"] == "var" and term["value"] == "input":
            return None
        path = leading_path(term)
        if path[:1] == ("input",):
            if len(path) == 1:
                return None
            keys.add(path[1])
    return frozenset(keys)


def _terms(node: object) -> Iterator[Node]:
    """Every term in a node, except the variable at the beginning of a reference. Not recursive."""
    todo = [node]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            kind = item.get("type")
            if isinstance(kind, str) and "value" in item:
                yield item
            reference = item["value"] if kind == "ref" else ()
            begins_with_name = reference and reference[0].get("type") == "var"
            todo.extend(reference[1:] if begins_with_name else reference or item.values())
        elif isinstance(item, list):
            todo.extend(item)
