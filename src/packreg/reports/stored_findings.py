"""Reads findings from a stored report, member by member; the reverse of `document`. Pure.

Names and texts of findings are not changed, since findings of two runs are compared by them; code that shows
them has to make them `plain`, as for a new run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from packreg.analyzer.findings import (
    Evaluation,
    EvaluationError,
    PackResult,
    PolicyResult,
    PropertyChange,
    Remediation,
    Violation,
)
from packreg.analyzer.program import Engine
from packreg.groups.model import Waiver
from packreg.groups.times import is_second
from packreg.pack.metadata import LEVELS, PackInfo
from packreg.registry.members import Members

_KINDS = ("resource", "stack")
_CHANGES = ("add", "delete", "update")


def read_evaluation(packs: Iterable[Members], resources: int) -> Evaluation:
    """The evaluation with all packs' results. Raises: IntegrityError: a member is missing or not valid."""
    return Evaluation(tuple(_pack(found) for found in packs), resources)


def read_waiver(found: Members) -> Waiver:
    """A waiver that was in force. Raises: IntegrityError: a member is missing or not valid."""
    return Waiver(
        id=found.text("id"),
        pack=found.text("pack"),
        policy=found.text("policy"),
        entity=found.text("entity"),
        owner=found.lines("owner"),
        reason=found.lines("reason"),
        expires=found.matching("expires", is_second),
        created=found.matching("created", is_second),
        resource=found.text("resource"),
    )


def _pack(found: Members) -> PackResult:
    name, version = found.raw("name", str), found.raw("version", str)
    return PackResult(
        name,
        version,
        PackInfo(name, version, ()) if found.raw("ran", bool) else None,
        found.number("resources"),
        tuple(_policy(policy) for policy in found.list_of("policies")),
        tuple(_violation(violation, name, version) for violation in found.list_of("violations")),
        tuple(_remediation(remediation, name, version) for remediation in found.list_of("remediations")),
        tuple(_error(error, name, version) for error in found.list_of("errors")),
        found.number("restarts"),
        found.optional("engine", _engine),
    )


def _engine(found: Members) -> Engine:
    """The program that ran the pack; older reports do not have it, or not all of it."""
    asked = found.values.get("in_process") is True
    return Engine(found.text("name"), found.text("path"), found.text("version"), asked)


def _policy(found: Members) -> PolicyResult:
    return PolicyResult(
        found.raw("policy", str),
        found.matching("level", LEVELS.__contains__),
        found.number("passed"),
        found.number("failed"),
        found.number("not_applicable"),
        found.number("errors"),
    )


def _violation(found: Members, pack: str, version: str) -> Violation:
    return Violation(
        pack=pack,
        version=version,
        policy=found.raw("policy", str),
        level=found.matching("level", ("advisory", "mandatory").__contains__),
        message=found.raw("message", str),
        urn=found.raw("urn", str),
        resource_type=found.raw("resource_type", str),
        description=found.raw("description", str),
        severity=found.raw("severity", str),
        kind=found.matching("kind", _KINDS.__contains__),
    )


def _remediation(found: Members, pack: str, version: str) -> Remediation:
    return Remediation(
        pack=pack,
        version=version,
        policy=found.raw("policy", str),
        urn=found.raw("urn", str),
        resource_type=found.raw("resource_type", str),
        changes=tuple(_change(change) for change in found.list_of("changes")),
        description=found.raw("description", str),
    )


def _change(found: Members) -> PropertyChange:
    steps: list[Any] = found.raw("path", list)
    if not all(type(step) in (str, int) for step in steps):
        raise found.wrong("path", "it is not a list of names and numbers")
    kind = found.matching("kind", _CHANGES.__contains__)
    return PropertyChange(tuple(steps), kind, found.values.get("before"), found.values.get("after"))


def _error(found: Members, pack: str, version: str) -> EvaluationError:
    return EvaluationError(
        pack=pack,
        version=version,
        code=found.raw("code", str),
        why=found.raw("why", str),
        policy=found.raw("policy", str),
        urn=found.raw("urn", str),
        kind=found.matching("kind", _KINDS.__contains__),
        resources=found.number("resources"),
        log=found.raw("log", str),
    )
