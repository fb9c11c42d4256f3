"""What the modules of a pack refer to: rules that need each other, and parts of the input."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from packreg.analysis.opa.modules import Module, Node, imports, leading_path, walk
from packreg.pack.problems import Problems


def check_recursion(modules: Sequence[Module], problems: Problems) -> None:
    """Refuse rules that need themselves, as OPA does: this engine would end the process on some of them."""
    needs: dict[str, set[str]] = defaultdict(set)
    where: dict[str, str] = {}
    names = {head.name.split(".")[0] for module in modules for head in module.rules}
    for module in modules:
        for rule in module.tree["rules"]:
            kind, spec = next(iter(rule.items()))
            head = spec["refr"] if kind == "Default" else next(iter(spec["head"].values()))["refr"]
            name = next(iter(leading_path(head)), "")
            where.setdefault(name, f"{module.path}:{spec['span']['line']}")
            needs[name] |= set(_rules_named(_without_own_name(spec, kind), module, names))
    for cycle in _cycles(needs):
        message = f"the rule needs itself: {' → '.join((*cycle, cycle[0]))}"
        problems.error("rego-recursion", message, where.get(cycle[0], ""), "Rego has no recursion")


def referred_rules(modules: Sequence[Module]) -> set[str]:
    """The rules of the package that some rule of it refers to; all of them where that cannot be told."""
    names = {head.name.split(".")[0] for module in modules for head in module.rules}
    found: set[str] = set()
    for module in modules:
        own = ("data", *module.package)
        for rule in module.tree["rules"]:
            kind, spec = next(iter(rule.items()))
            tree = _without_own_name(spec, kind)
            found |= set(_rules_named(tree, module, names))
        if any(own[: len(path)] == path for path in imports(module).values()):
            return names
    return found if not _whole_package(modules) else names


def _whole_package(modules: Sequence[Module]) -> bool:
    """Whether a module takes its package, or what is around it, as a value."""
    for module in modules:
        own = ("data", *module.package)
        inner: set[int] = set()
        for kind, node in walk(module.tree["rules"]):
            if kind in ("RefDot", "RefBrack"):
                inner.update(id(below) for below in node["refr"].values())
                path = leading_path({kind: node})
                if id(node) not in inner and path[:1] == ("data",) and own[: len(path)] == path:
                    return True
            elif kind == "Var" and node["value"] == "data" and id(node) not in inner:
                return True
    return False


def _without_own_name(spec: Node, kind: str) -> object:
    if kind == "Default":
        return [spec["value"]]
    head = next(iter(spec["head"].values()))
    index = [node["index"] for node_kind, node in walk([head["refr"]]) if node_kind == "RefBrack"]
    return [spec["bodies"], {key: value for key, value in head.items() if key != "refr"}, index]


def _rules_named(tree: object, module: Module, names: set[str]) -> Iterator[str]:
    """The rules of the package that this piece refers to, by their own name or in full."""
    imported = imports(module)
    own = ("data", *module.package)
    for kind, node in walk([tree]):
        if kind == "Var":
            name = node["value"]
            if name in imported:
                path = imported[name]
                if path[: len(own)] == own and len(path) > len(own):
                    yield path[len(own)]
            elif name in names:
                yield name
        elif kind in ("RefDot", "RefBrack"):
            path = leading_path({kind: node})
            if path[:1] == ("data",) and path[: len(own)] == own[: len(path)]:
                if len(path) > len(own):
                    yield path[len(own)]
                elif kind == "RefBrack" and len(path) == len(own):
                    yield from names  # data.<package>[x]: any of them


def _cycles(needs: dict[str, set[str]]) -> Iterator[tuple[str, ...]]:
    """One cycle for each rule that begins one, by depth-first search without recursion."""
    done: set[str] = set()
    for start in needs:
        if start in done:
            continue
        path: dict[str, None] = {}  # in order, and quick to look into
        stack: list[tuple[str, Iterator[str]]] = [(start, iter(sorted(needs[start])))]
        path[start] = None
        while stack:
            name, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                stack.pop()
                del path[name]
                done.add(name)
            elif following in path:
                names = list(path)
                yield tuple(names[names.index(following) :])
            elif following not in done and following in needs:
                stack.append((following, iter(sorted(needs[following]))))
                path[following] = None


def input_keys(modules: Sequence[Module]) -> frozenset[str] | None:
    """The top-level members of the input that the rules can look at, or None for all of them.

    Only `input.name` and `input["name"]` name one; `input` by itself, `input[x]`, and an import of it do not
    tell, and then all are needed.
    """
    keys: set[str] = set()
    for module in modules:
        trees: list[Any] = [module.tree["rules"], [item["refr"] for item in module.tree["imports"]]]
        covered: set[int] = set()  # the `input` at the bottom of a reference that was seen from above
        for kind, node in walk(trees):
            if kind in ("RefDot", "RefBrack"):
                path = leading_path({kind: node})
                if path[:1] == ("input",) and len(path) > 1:
                    keys.add(path[1])
                    covered.add(id(_bottom(node)))
            elif kind == "Var" and node["value"] == "input" and id(node) not in covered:
                return None
    return frozenset(keys)


def _bottom(node: Node) -> Node:
    while "refr" in node:
        node = next(iter(node["refr"].values()))
    return node
