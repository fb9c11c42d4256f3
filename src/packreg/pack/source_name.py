"""A pack's name, read from its source without running it.

The name is in no file of its own: it is the first argument of `PolicyPack(...)`, or the package of the Rego
modules. A literal argument can be read; of 163 public packs 155 have exactly one. What is found is a guess
that the caller checks, so that source which cannot be read is passed over, never an error.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from packreg.pack.files import Files
from packreg.pack.javascript import policy_pack_names

#: Bytes of source that are looked at, nearest to the root first.
MAX_SOURCE = 256 * 1024
#: Longer Python files are passed over: CPython 3.11 takes time quadratic in the fields of an f-string.
MAX_PYTHON = 64 * 1024

#: For each runtime: the endings of its sources, endings that are none, and what a source with a name holds.
_SOURCES: dict[str, tuple[tuple[str, ...], tuple[str, ...], bytes]] = {
    "python": ((".py",), (), b"PolicyPack"),
    "nodejs": ((".js", ".ts", ".mjs", ".cjs", ".mts", ".cts"), (".d.ts", ".d.mts", ".d.cts"), b"PolicyPack"),
    "opa": ((".rego",), (), b"package"),
}
_TEST_DIRECTORIES = frozenset({"test", "tests", "__tests__", "node_modules"})
_TEST_FILE = re.compile(r"test_.*\.py|.*_test\.py|conftest\.py|.*[._-](?:test|spec)\.[a-z]+|.*_test\.rego")
_PACKAGE = re.compile(
    r"(?:\s++|\#[^\n]*+)*+package[ \t]++([A-Za-z_]\w*+(?:\.[A-Za-z_]\w*+|\[\"[^\"\n]*+\"\])*+)", re.ASCII
)


def literal_names(files: Files, runtime: str) -> tuple[str, ...]:
    """The names that the source of a pack gives to it, each once; empty when none is a literal.

    Tests and node_modules aside, the files nearest to the pack's root that hold a name decide: an example in
    a subdirectory does not make the name doubtful. For opa all modules must agree, so all count.
    """
    read = {"python": _python_names, "nodejs": _nodejs_names, "opa": _opa_names}[runtime]
    wanted, exempt, marker = _SOURCES[runtime]
    left = MAX_SOURCE
    names: dict[str, None] = {}
    depth = 0
    for path in sorted(files, key=lambda path: (path.count("/"), path)):
        data = files[path].data
        if not path.endswith(wanted) or path.endswith(exempt) or _is_test(path) or marker not in data:
            continue
        if names and runtime != "opa" and path.count("/") > depth:
            break
        if len(data) > (min(left, MAX_PYTHON) if runtime == "python" else left):
            continue
        left -= len(data)
        depth = path.count("/")
        names |= dict.fromkeys(read(data))
    return tuple(names)


def _is_test(path: str) -> bool:
    *directories, name = path.split("/")
    return not _TEST_DIRECTORIES.isdisjoint(directories) or bool(_TEST_FILE.fullmatch(name))


def _python_names(data: bytes) -> list[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in the pack's own strings
            tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError, LookupError, OverflowError):
        return []
    classes, modules = _imported(tree)
    return [
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _is_policy_pack(node.func, classes, modules)
        for name in _first_argument(node)
    ]


def _imported(tree: ast.AST) -> tuple[set[str], set[str]]:
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


def _first_argument(call: ast.Call) -> Iterator[str]:
    arguments = call.args[:1] or [keyword.value for keyword in call.keywords if keyword.arg == "name"]
    for argument in arguments:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value


def _nodejs_names(data: bytes) -> list[str]:
    return policy_pack_names(data.decode("utf-8", "replace"))


def _opa_names(data: bytes) -> list[str]:
    match = _PACKAGE.match(data.decode("utf-8", "replace").removeprefix("\ufeff"))
    return [re.sub(r'\["([^"]*)"\]', r".\1", match[1])] if match else []
