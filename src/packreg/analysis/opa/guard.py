"""Built-in functions that fail are undefined: OPA's rule, which the engine does not keep.

The engine fails the whole rule when `to_number("many")`, `1 / 0` or `count(1)` is evaluated, where OPA goes
on as if that expression had no value. So, when a rule fails, it is evaluated again by modules in which each
call of a built-in, and each operator of arithmetic or sets, is a function of ours that first asks whether the
call would fail:

    to_number(x)     →  data.packreg_guard.call_to_number_1(x)
    a / b            →  data.packreg_guard.divide(a , b)

The question is answered by a second engine that is given the call alone. Two functions are always
ours, also when nothing fails: `sprintf`, so that messages read as OPA's do, and `walk` with one argument,
which gives nothing in this engine: `walk(x)` becomes `data.packreg_guard.call_walk_1(x)[_]`.

A change is believed only when the changed text parses to exactly the syntax tree that is meant; otherwise the
file stays as it is, and a built-in that fails in it is an evaluation error, never a pass.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from packreg.analysis.opa.builtins import engine_builtins
from packreg.analysis.opa.engine import new_engine
from packreg.analysis.opa.modules import Module, Node, static_path, walk
from packreg.analysis.opa.sprintf import format_plain, go_sprintf

if TYPE_CHECKING:
    import regorus

PACKAGE = "packreg_guard"
_MAX_ARGUMENTS = 8
#: Left alone: they make values of one's own, have an effect, or are evaluated like a relation.
_UNGUARDED = frozenset(
    {"print", "trace", "http.send", "time.now_ns", "rand.intn", "uuid.rfc4122", "opa.runtime"}
)
_OPERATORS = {
    "Add": ("add", "+"),
    "Sub": ("subtract", "-"),
    "Mul": ("multiply", "*"),
    "Div": ("divide", "/"),
    "Mod": ("remainder", "%"),
    "Union": ("union", "|"),
    "Intersection": ("intersection", "&"),
}
_OPERATOR_FUNCTIONS = """
add(a, b) = y { is_number(a); is_number(b); y := a + b }
subtract(a, b) = y { is_number(a); is_number(b); y := a - b }
subtract(a, b) = y { is_set(a); is_set(b); y := a - b }
multiply(a, b) = y { is_number(a); is_number(b); y := a * b }
divide(a, b) = y { is_number(a); is_number(b); b != 0; y := a / b }
negate(a) = y { is_number(a); y := 0 - a }
remainder(a, b) = y { is_number(a); is_number(b); b != 0; floor(a) == a; floor(b) == b; y := a % b }
union(a, b) = y { is_set(a); is_set(b); y := a | b }
intersection(a, b) = y { is_set(a); is_set(b); y := a & b }
"""
# The engine's sprintf differs from OPA's for many formats, and fails for arguments that do not fit.
_OURS = frozenset({"sprintf", "walk"})
_WALK = "call_walk_1(x) = [entry | walk(x, entry)]"
_SPRINTF = """
call_sprintf_2(f, a) = y {
  is_string(f); is_array(a)
  y := packreg.sprintf(f, [[type_name(x), sprintf("%v", [x])] | x := a[_]])
}
"""


def plain_engine(modules: Sequence[Module]) -> regorus.Engine:
    """An engine, for the calling thread, with these modules, of which only sprintf is changed."""
    return _engine(modules, _OURS, operators=False)


def guarded_engine(modules: Sequence[Module]) -> regorus.Engine:
    """An engine, for the calling thread, in which built-in functions that fail are undefined."""
    return _engine(modules, engine_builtins() - _UNGUARDED, operators=True)


def _engine(modules: Sequence[Module], guarded: Set[str], *, operators: bool) -> regorus.Engine:
    own = {head.name for module in modules for head in module.rules}
    used: set[tuple[str, int]] = set()
    engine = new_engine()
    for module in modules:
        engine.add_policy(module.path, guarded_source(module, guarded - own, used, operators=operators))
    engine.add_policy("packreg_guard.rego", _functions(used))
    engine.add_extension("packreg.safe", 2, _Prober().safe)
    engine.add_extension("packreg.sprintf", 2, go_sprintf)
    engine.add_extension("packreg.format", 2, format_plain)
    return engine


def _functions(used: set[tuple[str, int]]) -> str:
    text = [f"package {PACKAGE}", 'describe(x) = [type_name(x), sprintf("%v", [[x]])]', _OPERATOR_FUNCTIONS]
    for name, count in sorted(used):
        if (name, count) in (("sprintf", 2), ("walk", 1)):
            text.append(_WALK if name == "walk" else _SPRINTF)
            continue
        names = [f"a{index}" for index in range(count)]
        described = ", ".join(f"describe({argument})" for argument in names)
        arguments = ", ".join(names)
        text.append(
            f"{_function(name, count)}({arguments}) = y "
            f'{{ packreg.safe("{name}", [{described}]); y := {name}({arguments}) }}'
        )
    return "\n".join(text) + "\n"


def _target(name: str, count: int, *, plain: bool) -> str:
    """What is called in place of a built-in."""
    if plain and name == "sprintf":
        return "packreg.format"  # several times faster than a function that describes its arguments
    return f"data.{PACKAGE}.{_function(name, count)}"


def _function(name: str, count: int) -> str:
    return f"call_{name.replace('.', '_')}_{count}"


class _Prober:
    """Answers whether the call of a built-in would fail, with an engine of its own."""

    def __init__(self) -> None:
        self._engine = new_engine()
        self._known = lru_cache(maxsize=10_000)(self._ask)

    def safe(self, name: str, arguments: list[list[str]]) -> bool:
        """Arguments as (type, text of a list with just it)."""
        literals = []
        for kind, text in arguments:
            literal = text[1:-1]
            literals.append("set()" if kind == "set" and literal == "{}" else literal)
        return self._known(name, tuple(literals))

    def _ask(self, name: str, literals: tuple[str, ...]) -> bool:
        self._engine.eval_query_as_json(f"x := [{', '.join(literals)}]")  # whether they are literals at all
        try:
            self._engine.eval_query_as_json(f"x := {name}({', '.join(literals)})")
        except RuntimeError:
            return False
        return True


def guarded_source(module: Module, guarded: Set[str], used: set[tuple[str, int]], *, operators: bool) -> str:
    """The source with guards for these functions, added to `used`; the source as it is if that fails."""
    calls: dict[int, str] = {}
    found: set[tuple[str, int]] = set()
    source = module.source.encode()
    edits: list[tuple[int, int, int, bytes, int]] = []  # start, order, order, text, how much it replaces
    for kind, node in walk(module.tree["rules"]):
        if kind == "Call":
            path = static_path(node["fcn"])
            name = ".".join(path or ())
            count = len(node["params"])
            if name not in guarded or count > _MAX_ARGUMENTS or (name == "walk" and count != 1):
                continue
            start = next(iter(node["fcn"].values()))["span"]["start"]
            if source[start : start + len(name)] != name.encode():
                return module.source
            target = _target(name, count, plain=not operators)
            calls[id(node)] = target
            found.add((name, count))
            edits.append((start, 1, 0, target.encode(), len(name)))
            if name == "walk":
                edits.append((node["span"]["end"], -2, 0, b"[_]", 0))
        elif operators and kind == "UnaryExpr":
            edits.append(
                (node["span"]["start"], 0, -node["span"]["end"], f"data.{PACKAGE}.negate(".encode(), 1)
            )
            edits.append((_extent(node["expr"])[1], -1, 0, b")", 0))
        elif operators and kind in ("ArithExpr", "BinExpr") and node["op"] in _OPERATORS:
            function, operator = _OPERATORS[node["op"]]
            start, end = _extent({kind: node})
            between = source.find(operator.encode(), _extent(node["lhs"])[1], _extent(node["rhs"])[0])
            if between < 0:
                return module.source
            edits.append((start, 0, -end, f"data.{PACKAGE}.{function}(".encode(), 0))
            edits.append((between, 1, 0, b",", 1))
            edits.append((end, -1, 0, b")", 0))
    text = _edited(source, edits).decode()
    if not edits or _parsed(module.path, text) != _meant(module.tree["rules"], calls, operators):
        return module.source
    used |= found
    return text


def _extent(node: Node) -> tuple[int, int]:
    """The bytes of an expression: its span, which for texts lacks the quotes."""
    kind, inner = next(iter(node.items()))
    start, end = inner["span"]["start"], inner["span"]["end"]
    if kind in ("String", "RawString"):
        return start - 1, end + 1
    if kind in ("ArithExpr", "BinExpr"):
        for side, edge in (("lhs", 0), ("rhs", 1)):
            leaf = _leaf(inner, side)
            if next(iter(leaf)) in ("String", "RawString"):
                span = next(iter(leaf.values()))["span"]
                if edge == 0 and span["start"] == start:
                    start -= 1
                elif edge == 1 and span["end"] == end:
                    end += 1
    return start, end


def _leaf(inner: Node, side: str) -> Node:
    while True:
        node: Node = inner[side]
        kind, inner = next(iter(node.items()))
        if kind not in ("ArithExpr", "BinExpr"):
            return node


def _edited(source: bytes, edits: list[tuple[int, int, int, bytes, int]]) -> bytes:
    parts: list[bytes] = []
    position = 0
    for start, _, _, text, length in sorted(edits):
        parts += (source[position:start], text)
        position = start + length
    return b"".join((*parts, source[position:]))


def _parsed(path: str, text: str) -> object:
    engine = new_engine()
    try:
        engine.add_policy(path, text)
        return _meant(json.loads(engine.get_ast_as_json())[0]["ast"]["rules"], {}, False)
    except (RuntimeError, RecursionError):
        return None


def _meant(tree: Any, calls: Mapping[int, str], operators: bool) -> Any:
    """The tree without places; with the guards, when it is that of the original."""
    if isinstance(tree, list):
        return [_meant(item, calls, operators) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if len(tree) == 1:
        kind, node = next(iter(tree.items()))
        if kind == "Call":
            guard = calls.get(id(node))
            function = _guard_name(guard) if guard else _meant(node["fcn"], calls, operators)
            call = {"Call": {"fcn": function, "params": _meant(node["params"], calls, operators)}}
            if guard == _target("walk", 1, plain=True):
                return {"RefBrack": {"refr": call, "index": {"Var": {"value": "_"}}}}
            return call
        if kind == "UnaryExpr" and operators:
            return {
                "Call": {
                    "fcn": _guard_name(f"data.{PACKAGE}.negate"),
                    "params": [_meant(node["expr"], calls, operators)],
                }
            }
        if kind in ("ArithExpr", "BinExpr") and node.get("op") in _OPERATORS and operators:
            sides = [_meant(node["lhs"], calls, operators), _meant(node["rhs"], calls, operators)]
            return {
                "Call": {"fcn": _guard_name(f"data.{PACKAGE}.{_OPERATORS[node['op']][0]}"), "params": sides}
            }
        if kind == "RefDot":
            field = node["field"][1] if node["field"] else None
            return {"RefDot": {"refr": _meant(node["refr"], calls, operators), "field": field}}
    left_out = ("span", "eidx", "sidx", "qidx", "line", "col", "start", "end")
    return {key: _meant(value, calls, operators) for key, value in tree.items() if key not in left_out}


def _guard_name(target: str) -> Node:
    first, *others = target.split(".")
    name: Node = {"Var": {"value": first}}
    for step in others:
        name = {"RefDot": {"refr": name, "field": step}}
    return name
