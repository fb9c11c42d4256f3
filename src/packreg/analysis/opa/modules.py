"""The Rego files of a pack, parsed by the engine, and what their syntax trees say.

A syntax tree is the engine's own, as JSON: `{"Spec": {"span", "head", "bodies"}}` and the like, each node
with its place (`line` and `col` from 1, `start` and `end` as offsets in the UTF-8 source).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from packreg.analysis.opa.engine import new_engine, one_line
from packreg.pack.problems import Problems

MAX_FILE = 1 << 20  # bytes of one Rego file; the largest seen in public packs has 20 KB
MAX_NESTING = 100  # open brackets: the engine's parser recurses, and ends the process when its stack does

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RuleHead:
    """One rule of a module: its name, what its head makes and where it stands.

    `kind` is "set", "object", "function", "value" (`x = y`, also without a value, which is `true`) or
    "default". A name with dots (`a.b`) is that of a rule with a reference as its head.
    """

    name: str
    kind: str
    line: int


@dataclass(frozen=True, slots=True)
class Module:
    """One parsed file. `package` is the path after `data`, for example ("kubernetes", "admission")."""

    path: str
    source: str
    package: tuple[str, ...]
    rules: tuple[RuleHead, ...]
    tree: Node


def read_modules(files: Mapping[str, bytes], problems: Problems) -> list[Module]:
    """All `*.rego` of these files, by path, those left out that a problem says cannot be read."""
    modules = []
    for path in sorted(files, key=str.encode):
        if path.endswith(".rego"):
            module = _read(path, files[path], problems)
            if module is not None:
                modules.append(module)
    return modules


def _read(path: str, data: bytes, problems: Problems) -> Module | None:
    if len(data) > MAX_FILE:
        message = f"the file has {len(data)} bytes, and the engine reads at most {MAX_FILE}"
        problems.error("rego-too-large", message, path, "split it")
        return None
    try:
        source = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.error("rego-encoding", "the file is not UTF-8", f"{path}:{line}", "save it as UTF-8")
        return None
    if control := _CONTROL.search(source):  # the engine takes a null byte for the end of the file
        line = source.count("\n", 0, control.start()) + 1
        message = f"the file holds the control character U+{ord(control[0]):04X}"
        problems.error("rego-encoding", message, f"{path}:{line}", "remove it")
        return None
    if line := too_deep(source):
        message = f"brackets are nested deeper than {MAX_NESTING} levels"
        problems.error("rego-too-deep", message, f"{path}:{line}")
        return None
    engine = new_engine()
    try:
        engine.add_policy(path, source)
        tree = json.loads(engine.get_ast_as_json())[0]["ast"]
    except RecursionError:
        problems.error("rego-too-deep", "an expression is nested too deep to be read", path)
        return None
    except BaseException as error:  # a panic of the engine is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        line, message = _syntax_error(error)
        problems.error("rego-syntax", message, f"{path}:{line}" if line else path)
        return None
    package = static_path(tree["package"]["refr"])
    if package is None:
        problems.error("rego-package", "the package's name is not a plain path", path)
        return None
    rules = tuple(head for rule in tree["rules"] if (head := _head(rule)))
    return Module(path, source, package, rules, tree)


def too_deep(source: str) -> int:
    """The line where brackets are open beyond `MAX_NESTING`, or 0. Texts and comments do not count."""
    depth, line, index = 0, 1, 0
    while index < len(source):
        character = source[index]
        if character == "\n":
            line += 1
        elif character in "([{":
            depth += 1
            if depth > MAX_NESTING:
                return line
        elif character in ")]}":
            depth = max(0, depth - 1)
        elif character == "#":
            index = source.find("\n", index)
            if index < 0:
                return 0
            continue
        elif character in '"`':
            end = index + 1
            while end < len(source) and source[end] != character:
                end += 2 if character == '"' and source[end] == "\\" else 1
            line += source.count("\n", index, end)
            index = end
        index += 1
    return 0


def _syntax_error(error: BaseException) -> tuple[int, str]:
    """The line and the sentence of the engine's several lines."""
    text = one_line(error)
    for part in str(error).splitlines():
        if part.startswith("--> "):
            line = part.rsplit(":", 2)[-2]
            return int(line) if line.isdigit() else 0, text
    return 0, text


def _head(rule: Node) -> RuleHead | None:
    kind, spec = next(iter(rule.items()))
    if kind == "Default":
        path = static_path(spec["refr"])
        return RuleHead(".".join(path), "default", spec["span"]["line"]) if path else None
    shape, head = next(iter(spec["head"].items()))
    path = leading_path(head["refr"])
    kind = {"Set": "set", "Func": "function", "Compr": "value"}.get(shape, "value")
    if static_path(head["refr"]) is None:  # p[x] = y
        kind = "object"
    if not path:
        return None
    return RuleHead(".".join(path), kind, spec["span"]["line"])


def static_path(node: Node) -> tuple[str, ...] | None:
    """The path of a reference made of names and literal texts (`data.a["b"]`), or None."""
    steps = _steps(node)
    return tuple(step for step in steps if step is not None) if steps and None not in steps else None


def leading_path(node: Node) -> tuple[str, ...]:
    """The static beginning of a reference: of `data.a[x].b` it is ("data", "a"); () where it has none."""
    return tuple(step for step in takewhile(lambda step: step is not None, _steps(node)) if step is not None)


def _steps(node: Node) -> list[str | None]:
    """The steps of a reference, None for each that is no literal text; [None] when it is no reference."""
    steps: list[str | None] = []
    while True:
        kind, inner = next(iter(node.items()))
        if kind == "Var":
            steps.append(inner["value"])
            return steps[::-1]
        if kind == "RefDot":
            steps.append(inner["field"][1] if inner["field"] else None)
        elif kind == "RefBrack":
            index_kind, index = next(iter(inner["index"].items()))
            steps.append(index["value"] if index_kind in ("String", "RawString") else None)
        else:
            return [None]
        node = inner["refr"]


def walk(node: object) -> Iterator[tuple[str, Node]]:
    """Every node below, as (kind, node), each before what it is made of; without recursion."""
    todo = [node]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            for kind, inner in item.items():
                if isinstance(inner, dict) and kind[:1].isupper():
                    yield kind, inner
            todo.extend(reversed(item.values()))
        elif isinstance(item, list):
            todo.extend(reversed(item))


def imports(module: Module) -> dict[str, tuple[str, ...]]:
    """What each imported name stands for: {"lib": ("data", "shared", "lib")}."""
    found = {}
    for item in module.tree["imports"]:
        path = static_path(item["refr"])
        if path and path[0] in ("data", "input"):
            name = _span_text(module, item["as"]) if item.get("as") else path[-1]
            found[name] = path
    return found


def _span_text(module: Module, span: Mapping[str, int]) -> str:
    return module.source.encode()[span["start"] : span["end"]].decode("utf-8", "replace")


def calls(module: Module) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Every call by a static name, as (path of the name, the call's node)."""
    for kind, node in walk(module.tree["rules"]):
        if kind == "Call":
            path = static_path(node["fcn"])
            if path:
                yield path, node


def package_of(modules: Sequence[Module], problems: Problems) -> tuple[str, ...] | None:
    """The one package that all modules are in."""
    found = {module.package: module.path for module in reversed(modules)}
    if len(found) > 1:
        first = modules[0]
        for module in modules:
            if module.package != first.package:
                message = (
                    f"the package is {'.'.join(module.package)} here and {'.'.join(first.package)} in "
                    f"{first.path}; all Rego files of a pack, tests too, must be in one package"
                )
                problems.error("rego-packages", message, module.path, "give the files one package")
        return None
    return next(iter(found), None)
