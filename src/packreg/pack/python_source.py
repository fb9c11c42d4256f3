"""One Python file of a pack, read without running it: its imports, the packs it makes, whether it compiles.

Only what happens every time the file runs can be an error. So statements are skipped that stand in a
function, under a condition, in a `try` that expects an import to fail, or after a `PolicyPack(…)`, whose
constructor serves the engine and does not return.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from packreg.pack.source_packs import PackCall

#: Bytes. Longer files are not read: CPython 3.11 takes time quadratic in the fields of an f-string.
MAX_PYTHON = 64 * 1024
#: What Python raises, besides SyntaxError, for a file that cannot be compiled.
_UNREADABLE = (ValueError, RecursionError, MemoryError, LookupError, OverflowError)
_IMPORT_FAILURES = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


class PythonImport(NamedTuple):
    """An import: `module` is dotted ("" for `from . import x`), `level` its leading dots, `names` what is
    taken from it (empty for `import x`).
    """

    module: str
    level: int
    names: tuple[str, ...]
    line: int


class SyntaxFault(NamedTuple):
    """Why a file does not compile; `column` is 0 where Python does not say."""

    message: str
    line: int
    column: int


class PythonFile(NamedTuple):
    """What was read of a file: its certain imports and its packs; or its fault, and then nothing else."""

    imports: tuple[PythonImport, ...] = ()
    packs: tuple[PackCall, ...] = ()
    fault: SyntaxFault | None = None


def read_python(data: bytes, *, entry: bool = False) -> PythonFile:
    """Read a file; `entry` says that it is run as `__main__`. Empty if it is too long or cannot be parsed."""
    if len(data) > MAX_PYTHON:
        return PythonFile()
    try:
        tree = _compiled(data)
    except SyntaxError as error:
        message = re.sub(r" \(.*, line \d+\)\Z", "", error.msg or "it cannot be read")
        return PythonFile(fault=SyntaxFault(message, error.lineno or 1, max(error.offset or 0, 0)))
    except _UNREADABLE:
        return PythonFile()
    reader = _PythonReader(tree, entry=entry)
    packs = tuple(sorted(reader.packs(), key=lambda call: call.line))
    served = min((call.line for call in packs if call.certain), default=sys.maxsize)
    return PythonFile(tuple(found for found in reader.imports() if found.line <= served), packs)


def newer_syntax(data: bytes, version: tuple[int, int]) -> SyntaxFault | None:
    """Why a file that compiles here would not on an older Python, as far as CPython can tell; else None."""
    if len(data) > MAX_PYTHON:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(data, feature_version=version)
    except SyntaxError as error:
        return SyntaxFault(error.msg, error.lineno or 1, max(error.offset or 0, 0))
    except _UNREADABLE:
        return None
    return None


def _compiled(data: bytes) -> ast.Module:
    """Parse and compile a file; only compiling finds errors such as `return` outside a function."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about escapes in the pack's own strings
        tree = ast.parse(data)
        compile(tree, "pack", "exec", dont_inherit=True)
    return tree


class _PythonReader:
    """Walks the statements of one file that run every time the file runs."""

    def __init__(self, tree: ast.Module, *, entry: bool) -> None:
        self.tree, self.entry = tree, entry
        self._certain = list(self._running(tree.body))

    def imports(self) -> Iterator[PythonImport]:
        for node in self._certain:
            if isinstance(node, ast.Import):
                yield from (PythonImport(alias.name, 0, (), node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                names = tuple(alias.name for alias in node.names)
                yield PythonImport(node.module or "", node.level, names, node.lineno)

    def packs(self) -> Iterator[PackCall]:
        classes, modules = _policy_pack(self.tree)
        if not classes and not modules:
            return
        certain = {id(call) for node in self._certain for call in _calls(node)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and _is_policy_pack(node.func, classes, modules):
                yield PackCall(_first_argument(node), node.lineno, id(node) in certain)

    def _running(self, body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
        """The statements in `body` that always run; for one with a body of its own, those in that body."""
        for node in body:
            if isinstance(node, ast.If):
                if self.entry and _is_main(node.test):
                    yield from self._running(node.body)
            elif isinstance(node, ast.Try):
                if not any(_catches_import(handler) for handler in node.handlers):
                    yield from self._running(node.body)
                yield from self._running(node.finalbody)
            elif isinstance(node, ast.ClassDef):
                yield from self._running(node.body)
            elif not isinstance(
                node,
                ast.FunctionDef
                | ast.AsyncFunctionDef
                | ast.For
                | ast.AsyncFor
                | ast.While
                | ast.With
                | ast.AsyncWith
                | ast.Match
                | ast.TryStar,
            ):
                yield node


def _is_main(test: ast.expr) -> bool:
    """Whether this is `__name__ == "__main__"`."""
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and test.left.id == "__name__"
        and isinstance(test.ops[0], ast.Eq)
        and isinstance(test.comparators[0], ast.Constant)
        and test.comparators[0].value == "__main__"
    )


def _catches_import(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = [node.id for node in caught if isinstance(node, ast.Name)]
    return len(names) < len(caught) or not _IMPORT_FAILURES.isdisjoint(names)


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    """The calls that a statement always makes: none in a lambda, a condition or a comprehension."""
    waiting = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, ast.Call):
            yield item
        if not isinstance(
            item, ast.Lambda | ast.IfExp | ast.BoolOp | ast.ListComp | ast.SetComp | ast.DictComp
        ) and not isinstance(item, ast.GeneratorExp):
            waiting.extend(ast.iter_child_nodes(item))


def _policy_pack(tree: ast.AST) -> tuple[set[str], set[str]]:
    """The names that the class PolicyPack and its module go by in this file."""
    classes: set[str] = set()
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pulumi_policy":
            for alias in node.names:
                if alias.name in ("PolicyPack", "*"):
                    classes.add(alias.asname or "PolicyPack")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "pulumi_policy":
                    modules.add(alias.asname or "pulumi_policy")
    return classes, modules


def _is_policy_pack(function: ast.expr, classes: set[str], modules: set[str]) -> bool:
    if isinstance(function, ast.Name):
        return function.id in classes
    if not isinstance(function, ast.Attribute) or function.attr != "PolicyPack":
        return False
    owner = function.value
    while isinstance(owner, ast.Attribute):
        owner = owner.value
    return isinstance(owner, ast.Name) and owner.id in modules


def _first_argument(call: ast.Call) -> str:
    """The literal text of a call's first argument, or of its keyword argument `name`; else ""."""
    arguments = call.args[:1] or [keyword.value for keyword in call.keywords if keyword.arg == "name"]
    value = arguments[0].value if arguments and isinstance(arguments[0], ast.Constant) else ""
    return value if isinstance(value, str) else ""
