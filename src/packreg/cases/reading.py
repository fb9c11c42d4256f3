"""Read a case file: strict YAML, checked against the published schema, every problem with its position."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

from packreg.cases.model import (
    Case,
    Expected,
    ExpectedChange,
    ExpectedRemediation,
    ExpectedViolation,
    StackSettings,
    is_expression,
)
from packreg.cases.yaml_values import place_of, value_of
from packreg.configuration.file import Layer, read_layer
from packreg.configuration.messages import dotted, explain, shown
from packreg.configuration.schema import pattern_problem
from packreg.errors import InvalidConfiguration
from packreg.pack.problems import Problems
from packreg.pack.strict_yaml import Mapping as YamlMapping
from packreg.pack.strict_yaml import Node, Scalar, Sequence, read_yaml
from packreg.text import nearest

MAX_FILE = 1024 * 1024  # bytes
MAX_NODES = 100_000  # keys and values

_Path = tuple[str | int, ...]


def schema_text() -> str:
    """The JSON schema of case files (draft 2020-12)."""
    return resources.files("packreg.cases").joinpath("schema.json").read_text("utf-8")


def read_cases(data: bytes, path: str, problems: Problems) -> tuple[Case, ...]:
    """The cases of the file at `path` in the pack, in the file's order; none if there is any problem.

    All problems are added to `problems`: bad YAML, what the schema refuses, a name that occurs twice, a path
    that leaves the pack, a pattern that is not a regular expression.
    """
    root = tree_of(data, path, problems)
    nodes = case_nodes(root) if root is not None else ()
    if root is not None and not nodes:
        problems.error("no-cases", "the file has no cases", path, "write one, or remove the file")
    reader = _CaseReader(path, problems)
    cases = tuple([reader.case(node) for node in nodes])
    return () if problems.errors else tuple(case for case in cases if case is not None)


def tree_of(data: bytes, path: str, problems: Problems) -> Node | None:
    """The YAML tree of a case file; None if it cannot be read, and then `problems` says why."""
    return read_yaml(data, path, problems, limit=MAX_FILE, nodes=MAX_NODES)


def case_nodes(root: Node) -> tuple[Node, ...]:
    """The node of each case: the file is one case or a list of cases."""
    if isinstance(root, Sequence):
        return root.items
    return () if isinstance(root, Scalar) and root.is_null else (root,)


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator({"$ref": "#/$defs/case", "$defs": json.loads(schema_text())["$defs"]})


class _CaseReader:
    def __init__(self, path: str, problems: Problems) -> None:
        self.path, self.problems = path, problems
        self.names: dict[str, int] = {}

    def case(self, node: Node) -> Case | None:
        """One case, or None if the schema refuses it."""
        found = Problems()
        value = value_of(node, self.path, found)
        if not found.errors:
            for error in _validator().iter_errors(value):
                self._refused(error, node, found)
        self.problems.errors += sorted(set(found.errors), key=lambda p: (_position(p.where), p.message))
        if found.errors:
            return None
        assert isinstance(node, YamlMapping)
        return self._read(node, value)

    def _read(self, node: YamlMapping, value: Mapping[str, Any]) -> Case:
        line = node.place.line
        if value["name"] in self.names:
            message = f"the case {shown(value['name'])} already appears in line {self.names[value['name']]}"
            self._problem("duplicate-name", message, node, ("name",), "give each case a name of its own")
        self.names[value["name"]] = line
        kind = next(kind for kind in ("resource", "resources", "state", "preview") if kind in value)
        stack = value.get("stack", {})
        given, lines = self._resources(node, kind, value)
        return Case(
            file=self.path,
            line=line,
            name=value["name"],
            kind="resources" if kind in ("resource", "resources") else kind,  # type: ignore[arg-type]
            resources=given,
            lines=lines,
            source=self._source(node, kind, value[kind]) if kind in ("state", "preview") else "",
            stack=StackSettings(
                stack.get("name", ""),
                stack.get("project", ""),
                stack.get("organization", ""),
                stack.get("dryRun"),
                stack.get("config", {}),
                stack.get("tags", {}),
            ),
            layer=self._layer(node, value["config"]) if "config" in value else None,
            expect=self._expected(node, value["expect"]) if "expect" in value else None,
        )

    def _resources(
        self, node: YamlMapping, kind: str, value: Mapping[str, Any]
    ) -> tuple[bytes, tuple[int, ...]]:
        if kind not in ("resource", "resources"):
            return b"", ()
        given = [value[kind]] if kind == "resource" else value[kind]
        paths: list[_Path] = [(kind,)] if kind == "resource" else [(kind, n) for n in range(len(given))]
        data = "".join(f"{json.dumps(resource)}\n" for resource in given)
        return data.encode(), tuple(place_of(node, path).line for path in paths)

    def _source(self, node: YamlMapping, kind: str, source: str) -> str:
        path = normpath(PurePosixPath(self.path).parent / source)
        if source.startswith("/") or path.split("/")[0] == ".." or "\0" in source or "\\" in source:
            message = f"{shown(source)} is not a path in the pack, relative to this file"
            self._problem("bad-path", message, node, (kind,), "put the file into the pack")
        return path

    def _layer(self, node: YamlMapping, config: Mapping[str, Any]) -> Layer | None:
        try:
            return read_layer(json.dumps(config).encode(), f"{self.path}:{place_of(node, ('config',))}")
        except InvalidConfiguration as error:
            self.problems.errors += error.problems
            return None

    def _expected(self, node: YamlMapping, expect: Mapping[str, Any]) -> Expected:
        violations = tuple(ExpectedViolation(**entry) for entry in expect.get("violations", []))
        for index, violation in enumerate(violations):
            problem = pattern_problem(violation.message[1:-1]) if is_expression(violation.message) else ""
            if problem:
                path = ("expect", "violations", index, "message")
                self._problem("bad-pattern", problem, node, path, "write a text, or /an RE2 expression/")
        return Expected(violations, tuple(map(_remediation, expect.get("remediations", []))))

    def _problem(self, code: str, message: str, node: Node, path: _Path, hint: str = "") -> None:
        self.problems.error(code, message, f"{self.path}:{place_of(node, path)}", hint)

    def _refused(self, error: Any, node: Node, found: Problems) -> None:
        """Add to `found` what one error of the jsonschema library means for a case file."""
        path: _Path = tuple(error.absolute_path)
        place = place_of(node, path)
        what = dotted(path) or "a case"
        if error.validator == "additionalProperties" and error.validator_value is False:
            inside = _node(node, path)
            for key, _ in inside.entries if isinstance(inside, YamlMapping) else ():
                if key.text not in error.schema["properties"]:
                    message = f"{shown(key.text)} is not a key here"
                    hint = _meant(key.text, error.schema["properties"])
                    found.error("unknown-key", message, f"{self.path}:{key.place}", hint)
        elif error.validator in ("oneOf", "anyOf"):
            if not isinstance(error.instance, dict):
                return  # the library reports the wrong type as an error of its own
            names = [alternative["required"][0] for alternative in error.validator_value]
            some = "exactly one" if error.validator == "oneOf" else "at least one"
            message = f"{what} must have {some} of {', '.join(names)}"
            found.error("bad-value", message, f"{self.path}:{place}")
        elif error.validator == "required":
            for name in _missing(error):
                message = f"{what} must have a {name}"
                found.error("missing-key", message, f"{self.path}:{place}")
        else:
            message = f"{what} {explain(error)}"
            found.error("bad-value", message, f"{self.path}:{place}")


def _remediation(entry: Mapping[str, Any]) -> ExpectedRemediation:
    changes = entry.get("changes")
    return ExpectedRemediation(
        entry["policy"],
        entry.get("resource", ""),
        tuple(
            ExpectedChange(change["path"], {key: change[key] for key in ("from", "to") if key in change})
            for change in changes
        )
        if changes is not None
        else None,
    )


def _missing(error: Any) -> Iterator[str]:
    return (name for name in error.validator_value if name not in error.instance)


def _node(root: Node, path: _Path) -> Node | None:
    node: Node | None = root
    for step in path:
        if isinstance(node, YamlMapping):
            node = node.get(str(step))
        elif isinstance(node, Sequence) and isinstance(step, int):
            node = node.items[step]
    return node


def _meant(word: str, known: Mapping[str, Any]) -> str:
    close = nearest(word, known)
    return f"did you mean {close}?" if close else f"the keys are {', '.join(known)}"


def _position(where: str) -> tuple[int, ...]:
    return tuple(int(part) for part in where.rsplit(":", 2)[1:] if part.isdigit())
