"""A test case as values: what is judged, for which stack and configuration, and the expected findings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from packreg.analyzer.findings import Remediation, Violation
from packreg.configuration.file import Layer
from packreg.configuration.messages import path_text
from packreg.configuration.schema import compiled
from packreg.reports.plain import json_value
from packreg.states.resource import urn_parts


@dataclass(frozen=True, slots=True)
class ExpectedViolation:
    """An expected violation. Only `policy` is required; an empty text in another field accepts any value.

    `message` is a text that the message must contain, or a regular expression (RE2) between slashes that must
    match somewhere in it; `resource` is a name, a type or a URN.
    """

    policy: str
    level: str = ""
    resource: str = ""
    message: str = ""

    def accepts(self, found: Violation) -> bool:
        """Whether a finding meets this expectation."""
        return (
            found.policy == self.policy
            and self.level in ("", found.level)
            and is_meant(self.resource, found.urn, found.resource_type)
            and holds(self.message, found.message)
        )


@dataclass(frozen=True, slots=True)
class ExpectedChange:
    """An expected change of the property at `path`.

    `values` has `to`, the new value, unless the property is removed; and, optionally, `from`, the old value.
    """

    path: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ExpectedRemediation:
    """An expected remediation. `changes` are all its changes, in any order; None accepts any changes."""

    policy: str
    resource: str = ""
    changes: tuple[ExpectedChange, ...] | None = None

    def accepts(self, found: Remediation) -> bool:
        """Whether a finding meets this expectation."""
        return (
            found.policy == self.policy
            and is_meant(self.resource, found.urn, found.resource_type)
            and (self.changes is None or self._are(found))
        )

    def _are(self, found: Remediation) -> bool:
        seen = {path_text(change.path): change for change in found.changes}
        wanted = {change.path: change.values for change in self.changes or ()}
        if wanted.keys() != seen.keys() or len(seen) != len(found.changes):
            return False
        for path, values in wanted.items():
            change = seen[path]
            if ("to" in values) != (change.kind != "delete"):
                return False
            if "to" in values and _text(values["to"]) != _text(change.after):
                return False
            if "from" in values and (change.kind == "add" or _text(values["from"]) != _text(change.before)):
                return False
        return True


@dataclass(frozen=True, slots=True)
class Expected:
    """All findings of a case: these must be found, and no others."""

    violations: tuple[ExpectedViolation, ...] = ()
    remediations: tuple[ExpectedRemediation, ...] = ()


@dataclass(frozen=True, slots=True)
class StackSettings:
    """What a case says about its stack. For "" and None, the resources or the defaults decide."""

    name: str = ""
    project: str = ""
    organization: str = ""
    dry_run: bool | None = None
    config: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """One case of the file `file`; it begins at `line`.

    `kind` says what is judged. For "resources", `resources` is JSON Lines and `lines` has the line of the
    case file at which each resource begins. For "state" and "preview", `source` is the path of that file in
    the pack. `expect` is None if the case does not say what it expects; then no result makes it pass.
    """

    file: str
    line: int
    name: str
    kind: Literal["resources", "state", "preview"]
    resources: bytes = b""
    lines: tuple[int, ...] = ()
    source: str = ""
    stack: StackSettings = StackSettings()
    layer: Layer | None = None
    expect: Expected | None = None


def _text(value: Any) -> str:
    """A value as canonical JSON: equal values give equal texts (1 equals 1.0, but not true)."""
    return json.dumps(json_value(value), sort_keys=True)


def is_meant(resource: str, urn: str, resource_type: str) -> bool:
    """Whether `resource` (a name, a type, a URN, or "" for any) names the resource of a finding."""
    return resource in ("", urn, resource_type, urn_parts(urn)[3])


def holds(pattern: str, message: str) -> bool:
    """Whether a message contains the text `pattern`, or a match of it if it is /an expression/."""
    if is_expression(pattern):
        return compiled(pattern[1:-1]).search(message) is not None
    return pattern in message


def is_expression(pattern: str) -> bool:
    """Whether a message pattern is a regular expression: one between slashes."""
    return len(pattern) > 2 and pattern.startswith("/") and pattern.endswith("/")
