"""The report as a JSON document, for programs. Members may be added; none is renamed or removed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from packreg.analyzer.findings import EvaluationError, PackResult, Remediation, Violation
from packreg.groups.model import Waiver
from packreg.reports.plain import json_value
from packreg.reports.report import Report, totals


def document(report: Report) -> dict[str, Any]:
    """The report as values for JSON. Texts are as packs wrote them, with known secrets replaced."""
    found = {
        "verdict": report.verdict,
        "fail_on": report.fail_on,
        "analyzed": {
            "where": report.where,
            "stack": report.stack,
            "project": report.project,
            "resources": report.evaluation.resources,
        },
        "totals": totals(report)._asdict(),
        "hidden_secrets": {"resources": list(report.hidden), "allowed": report.hidden_allowed},
        "notes": [note._asdict() for note in report.notes],
        "packs": [_pack(pack, report) for pack in report.evaluation.packs],
    }
    if report.governed is not None:
        del found["fail_on"]
        required = report.governed.required
        found["required"] = {
            "entity": required.entity.name,
            "kind": required.entity.kind,
            "mode": required.mode,
            "revision": required.revision,
            "groups": list(required.groups),
            "memberships": [each.as_json() for each in required.memberships],
        }
    return found


def _pack(pack: PackResult, report: Report) -> dict[str, Any]:
    counts = {name.replace(" ", "_"): count for name, count in pack.counts.items()}
    return {
        "name": pack.pack,
        "version": pack.version,
        "ran": pack.info is not None,
        "resources": pack.resources,
        "restarts": pack.restarts,
        "engine": pack.engine._asdict() if pack.engine is not None else None,
        "counts": counts,
        "policies": [asdict(policy) | {"outcome": policy.outcome} for policy in pack.policies],
        "violations": [violation_json(found) | _waived(report.waiver(found)) for found in pack.violations],
        "remediations": [
            remediation_json(found) | _waived(report.waiver(found)) for found in pack.remediations
        ],
        "errors": [error_json(error) for error in pack.errors],
    }


def _waived(waiver: Waiver | None) -> dict[str, Any]:
    """The member `waiver` for a finding that has one, else nothing."""
    return {} if waiver is None else {"waiver": asdict(waiver)}


def violation_json(found: Violation) -> dict[str, Any]:
    """A violation, without its pack and version."""
    return _without_pack(asdict(found))


def error_json(error: EvaluationError) -> dict[str, Any]:
    """An evaluation error, without its pack and version."""
    return _without_pack(asdict(error))


def remediation_json(found: Remediation) -> dict[str, Any]:
    """A remediation, without its pack and version."""
    changes = []
    for change in found.changes:
        values = {} if change.kind == "add" else {"before": json_value(change.before)}
        values |= {} if change.kind == "delete" else {"after": json_value(change.after)}
        changes.append({"path": list(change.path), "kind": change.kind, **values})
    return {
        "policy": found.policy,
        "urn": found.urn,
        "resource_type": found.resource_type,
        "description": found.description,
        "changes": changes,
    }


def _without_pack(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name not in ("pack", "version")}
