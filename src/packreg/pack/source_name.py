"""A pack's name, read from its source without running it.

No metadata file has the name: it is the first argument of `PolicyPack(...)`, or the package of the Rego
modules. A literal argument can be read; of 163 public packs 155 have exactly one. The result is a guess that
the caller checks, so source that cannot be read is skipped and is no error.
"""

from __future__ import annotations

import re

from packreg.pack.files import Files
from packreg.pack.javascript import policy_pack_names
from packreg.pack.python_source import MAX_PYTHON, read_python

#: Bytes of source that are read, from the files nearest to the root first.
MAX_SOURCE = 256 * 1024

#: For each runtime: file endings of its sources, endings to exclude, and text that a source with a name has.
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

    Of the files that have a name, only those nearest to the pack's root count, so that an example in a
    subdirectory does not make the name ambiguous. Tests and node_modules never count. For opa all modules
    count, since they must agree.
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
    return [call.name for call in read_python(data).packs if call.name]


def _nodejs_names(data: bytes) -> list[str]:
    return policy_pack_names(data.decode("utf-8", "replace"))


def _opa_names(data: bytes) -> list[str]:
    match = _PACKAGE.match(data.decode("utf-8", "replace").removeprefix("\ufeff"))
    return [re.sub(r'\["([^"]*)"\]', r".\1", match[1])] if match else []
