"""Only the rule bodies that can hold for an input are evaluated: a smaller pack for each kind of input.

Most bodies of a policy begin with a condition like `input.type == "aws:s3/bucket:Bucket"`. The engine
evaluates every body for every input; OPA looks such conditions up in an index. So do we, in front of the
engine: for each combination of the compared values there is an engine with the modules from which the bodies
are left out whose condition is false then. What is left out can have no result, so nothing changes but the
time; a policy without any body left is not evaluated at all.

Only bodies of policies that are sets and that no other rule refers to are left out, for those others could
depend on more than the result.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from packreg.analysis.opa.engine import Engine
from packreg.analysis.opa.guard import guarded_engine, plain_engine
from packreg.analysis.opa.modules import Module, Node, read_modules, static_path, walk
from packreg.analysis.opa.references import referred_rules
from packreg.analysis.opa.rules import RulePack
from packreg.pack.problems import Problems

MAX_PATHS = 3  # places of the input that are looked at
MAX_ENGINES = 64  # some 100 KB each
_PLAIN = re.compile(r"[\w:/.@-]+", re.ASCII)  # texts that are written as they are

Path = tuple[str, ...]


class Body(NamedTuple):
    """One rule body that may be left out: where it stands, and what it demands of the input."""

    module: int
    start: int
    end: int
    rule: str
    demands: Mapping[Path, str]


class Choice(NamedTuple):
    """The engine for an input, and the policies that can have a result in it; None for all."""

    engine: Engine
    rules: frozenset[str] | None


class Dispatch:
    """The engines of one pack."""

    def __init__(self, pack: RulePack) -> None:
        self._pack = pack
        self._configuration: Mapping[str, Mapping[str, Any]] = {}
        self._bodies, self._always = _bodies(pack)
        counted = Counter(path for body in self._bodies for path in body.demands)
        self._paths = tuple(path for path, count in counted.most_common(MAX_PATHS) if count > 1)
        self._constants = {
            path: frozenset(body.demands[path] for body in self._bodies if path in body.demands)
            for path in self._paths
        }
        self._full = Choice(self._engine(pack.modules), None)
        self._choices: dict[tuple[str | None, ...], Choice] = {}

    def configure(self, configuration: Mapping[str, Mapping[str, Any]]) -> None:
        """Make `data.config` this, for all inputs that follow."""
        self._configuration = configuration
        for choice in (self._full, *self._choices.values()):
            choice.engine.configure(configuration)

    def choose(self, input: Mapping[str, Any]) -> Choice:
        """The engine for this input."""
        if not self._paths:
            return self._full
        key = tuple(self._known(path, _at(input, path)) for path in self._paths)
        choice = self._choices.get(key)
        if choice is None:
            if len(self._choices) >= MAX_ENGINES:
                return self._full
            choice = self._choices[key] = self._make(key)
        return choice

    def _known(self, path: Path, value: Any) -> str | None:
        return value if isinstance(value, str) and value in self._constants[path] else None

    def _make(self, key: tuple[str | None, ...]) -> Choice:
        values = dict(zip(self._paths, key, strict=True))
        out, kept = [], set(self._always)
        for body in self._bodies:
            if any(values.get(path, text) != text for path, text in body.demands.items()):
                out.append(body)
            else:
                kept.add(body.rule)
        modules = _without(self._pack.modules, out)
        if modules is None:
            return self._full
        return Choice(self._engine(modules), frozenset(kept))

    def _engine(self, modules: Sequence[Module]) -> Engine:
        engine = Engine(self._pack.package, plain_engine(modules), lambda: guarded_engine(modules))
        engine.configure(self._configuration)
        return engine


def _at(value: Any, path: Path) -> Any:
    for step in path:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def _without(modules: Sequence[Module], out: Sequence[Body]) -> list[Module] | None:
    """The modules with these bodies blanked, so that all else stays in its place."""
    sources = [bytearray(module.source.encode()) for module in modules]
    for body in out:
        source = sources[body.module]
        blank = bytes(c if c in b"\r\n" else 0x20 for c in source[body.start : body.end])
        source[body.start : body.end] = blank
    problems = Problems()
    files = {module.path: bytes(source) for module, source in zip(modules, sources, strict=True)}
    made = read_modules(files, problems)
    return None if problems.errors else made


def _bodies(pack: RulePack) -> tuple[list[Body], frozenset[str]]:
    """The bodies that demand something, and the policies that have other bodies too."""
    names = {rule.name for rule in pack.rules if not rule.stack} - referred_rules(pack.modules)
    bodies, always = [], {rule.name for rule in pack.rules} - names
    for index, module in enumerate(pack.modules):
        for rule in module.tree["rules"]:
            kind, spec = next(iter(rule.items()))
            head = spec["refr"] if kind == "Default" else next(iter(spec["head"].values()))["refr"]
            name = ".".join(static_path(head) or ())
            if name not in names:
                continue
            demands = _demands(spec) if kind == "Spec" and "Set" in spec["head"] else {}
            if demands:
                span = spec["span"]
                bodies.append(Body(index, span["start"], span["end"], name, demands))
            else:
                always.add(name)
    return bodies, frozenset(always)


def _demands(spec: Node) -> dict[Path, str]:
    """The texts that places of the input must be for the only body of this rule to hold."""
    if len(spec["bodies"]) != 1 or _assigns_input(spec):
        return {}
    demands: dict[Path, str] = {}
    for statement in spec["bodies"][0]["query"]["stmts"]:
        if not statement.get("with_mods"):
            for path, text in _comparisons(statement["literal"]):
                demands.setdefault(path, text)
    return demands


def _comparisons(literal: Node) -> Iterator[tuple[Path, str]]:
    if "Expr" not in literal:
        return
    kind, node = next(iter(literal["Expr"]["expr"].items()))
    if kind not in ("BoolExpr", "AssignExpr") or node["op"] != "Eq":
        return
    for one, other in ((node["lhs"], node["rhs"]), (node["rhs"], node["lhs"])):
        text_kind, text = next(iter(other.items()))
        if text_kind in ("String", "RawString") and _PLAIN.fullmatch(text["value"]):
            path = static_path(one) if next(iter(one)) in ("RefDot", "RefBrack") else None
            if path and path[0] == "input":
                yield path[1:], text["value"]


def _assigns_input(spec: Node) -> bool:
    """Whether `input` may be a local variable here."""
    for kind, node in walk(spec):
        if kind == "AssignExpr" and any(
            inner["value"] == "input" for k, inner in walk([node["lhs"]]) if k == "Var"
        ):
            bottom = next(iter(node["lhs"]))
            if bottom in ("Var", "Array", "Object"):
                return True
        if kind in ("SomeVars", "SomeIn", "Every") and '"input"' in str(node).replace("'", '"'):
            return True
    return False
