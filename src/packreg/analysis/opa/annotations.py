"""METADATA annotations: the comments above a rule or a package that say what it is.

    # METADATA
    # title: Buckets are private
    # description: …
    # custom:
    #   message: Make the bucket private

OPA's rules: the block begins with a comment that is just `METADATA`, its lines are the comments that follow
without a gap in the same column, their text is YAML, and it belongs to what stands next, unless its `scope`
names something wider. Of the YAML only `title`, `description`, `scope` and `custom.message` are used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from packreg.pack.problems import Problems
from packreg.pack.strict_yaml import Mapping, Node, Scalar, read_yaml

_BEGIN = re.compile(r"([ \t]*)#[ \t]*METADATA[ \t]*", re.ASCII)
_SCOPES = ("rule", "document", "package", "subpackages")


@dataclass(frozen=True, slots=True)
class Annotation:
    """One block. `line` is that of the statement it stands above; `scope` is "" where it says none."""

    line: int
    scope: str
    title: str
    description: str
    message: str


def read_annotations(path: str, source: str, problems: Problems) -> list[Annotation]:
    """The blocks of one Rego file in order; one that is not YAML is refused, as OPA does."""
    lines = source.split("\n")
    found = []
    index = 0
    while index < len(lines):
        begin = _BEGIN.fullmatch(lines[index].rstrip("\r"))
        index += 1
        if not begin:
            continue
        first, indent, text = index, begin[1] + "#", []
        while index < len(lines) and lines[index].startswith(indent):
            text.append(lines[index].removeprefix(indent).rstrip("\r"))
            index += 1
        while index < len(lines) and (not lines[index].strip() or lines[index].lstrip().startswith("#")):
            if _BEGIN.fullmatch(lines[index].rstrip("\r")):
                break
            index += 1
        annotation = _read(path, first, text, index + 1, problems)
        if annotation is not None:
            found.append(annotation)
    return found


def _read(path: str, first: int, lines: list[str], target: int, problems: Problems) -> Annotation | None:
    own = Problems()
    # One column less, and as many empty lines before it as there are in the file: places then fit the file.
    data = ("\n" * first + "\n".join(_without_space(lines))).encode()
    tree = read_yaml(data, path, own, limit=1 << 20)
    for problem in own.errors:
        problems.error(
            "rego-metadata", f"the METADATA comment: {problem.message}", problem.where, problem.hint
        )
    if own.errors or tree is None or (isinstance(tree, Scalar) and tree.is_null):
        return None
    if not isinstance(tree, Mapping):
        problems.error("rego-metadata", "the METADATA comment is not a mapping", f"{path}:{first}")
        return None
    scope = _text(tree.get("scope"))
    if scope and scope not in _SCOPES:
        message = f"the scope of a METADATA comment is one of {', '.join(_SCOPES)}, not {scope!r}"
        problems.error("rego-metadata", message, f"{path}:{first}")
        return None
    custom = tree.get("custom")
    message = _text(custom.get("message")) if isinstance(custom, Mapping) else ""
    return Annotation(target, scope, _text(tree.get("title")), _text(tree.get("description")), message)


def _without_space(lines: list[str]) -> list[str]:
    """The lines without the one space that all of them begin with, if they do."""
    if all(line.startswith(" ") or not line.strip() for line in lines):
        return [line[1:] for line in lines]
    return lines


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) and not node.is_null else ""
