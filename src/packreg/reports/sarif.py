"""The report as SARIF 2.1.0 (OASIS), for code scanning: one run for each pack, one rule for each policy.

A violation is a result of the kind "fail", at the level "error" or "warning". A remediation is "fail" if it
makes the verdict worse, else "informational". Waived findings are suppressed, with the waiver's reason.
Evaluation errors and notes are notifications of the run, and a run with errors was not successful. The
location of a result is the analyzed file (code scanning needs one); its logical location is the resource's
URN.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any
from urllib.parse import quote

from packreg.analyzer.findings import EvaluationError, PackResult
from packreg.groups.model import Waiver
from packreg.pack.metadata import PolicyInfo
from packreg.reports.plain import change_line, plain_lines, resource_label
from packreg.reports.report import Report, pack_label, waiver_line
from packreg.text import plain

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"mandatory": "error", "advisory": "warning", "remediate": "error"}
#: GitHub sorts alerts by these scores: critical is 9.0 and more, high 7.0, medium 4.0, low above 0.
_SEVERITIES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}
_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/?#-]*)?")


def sarif_report(*reports: Report) -> dict[str, Any]:
    """One SARIF log of all reports, as values for JSON."""
    runs = [_run(pack, report) for report in reports for pack in report.evaluation.packs]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}


def _run(pack: PackResult, report: Report) -> dict[str, Any]:
    policies = pack.info.policies if pack.info else ()
    levels = {policy.policy: policy.level for policy in pack.policies}
    index = {policy.name: position for position, policy in enumerate(policies)}
    place = _place(report.where)
    results = [
        _result(
            violation.policy,
            violation.urn,
            violation.resource_type,
            "\n".join(plain_lines(violation.message)) or plain(violation.policy),
            index,
            place,
            {"kind": "fail", "level": _LEVELS[violation.level]},
            pack.pack,
            report.waiver(violation),
        )
        for violation in pack.violations
    ]
    results += [
        _result(
            found.policy,
            found.urn,
            found.resource_type,
            "\n".join(["would be changed:", *map(change_line, found.changes)]),
            index,
            place,
            {"kind": "fail", "level": "error"}
            if report.counts(found)
            else {"kind": "informational", "level": "none"},
            pack.pack,
            report.waiver(found),
        )
        for found in pack.remediations
    ]
    driver: dict[str, Any] = {
        "name": plain(pack.pack),
        "fullName": plain(f"{pack_label(pack)}, run by packreg {report.tool}").strip(),
        "rules": [_rule(policy, levels.get(policy.name, policy.level)) for policy in policies],
    }
    if pack.version:
        driver["version"] = plain(pack.version)
    notifications = [_notification(error, place) for error in pack.errors]
    notifications += [{"level": "note", "message": {"text": plain(str(note))}} for note in report.notes]
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": _category(pack, report)},
        "invocations": [
            {"executionSuccessful": not pack.errors, "toolExecutionNotifications": notifications}
        ],
        "columnKind": "unicodeCodePoints",
        "results": results,
        **({"properties": properties} if (properties := _properties(pack, report)) else {}),
    }


def _properties(pack: PackResult, report: Report) -> dict[str, Any]:
    """The properties of a run: hidden secrets, and whose group requires the pack."""
    found: dict[str, Any] = {"resourcesWithHiddenSecrets": len(report.hidden)} if report.hidden else {}
    membership = report.governed.required.membership(pack.pack) if report.governed is not None else None
    if membership is not None:
        found["requiredBy"] = {name: plain(text) for name, text in membership.as_json().items() if text}
    return found


def _category(pack: PackResult, report: Report) -> str:
    """The category of a run, with entity and pack: code scanning keeps the newest run of each category."""
    of = f"{plain(report.governed.required.entity.name)}/" if report.governed is not None else ""
    return f"packreg/{of}{plain(pack.pack)}/"


def _result(
    policy: str,
    urn: str,
    resource_type: str,
    message: str,
    index: dict[str, int],
    place: dict[str, Any],
    kind: dict[str, str],
    pack: str,
    waiver: Waiver | None,
) -> dict[str, Any]:
    found = hashlib.sha256("\0".join((pack, policy, urn, kind["kind"], message)).encode("utf-8", "replace"))
    result: dict[str, Any] = {
        "ruleId": plain(policy),
        **kind,
        "message": {"text": f"{plain(resource_label(urn, resource_type))}: {message}"},
        "locations": [
            {
                "physicalLocation": place,
                "logicalLocations": [{"fullyQualifiedName": plain(urn), "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"packregFinding/v1": found.hexdigest()},
    }
    if policy in index:
        result["ruleIndex"] = index[policy]
    if waiver is not None:
        justification = plain(waiver_line(waiver))
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": justification}]
    return result


def _rule(policy: PolicyInfo, level: str) -> dict[str, Any]:
    description = "\n".join(plain_lines(policy.description)) or plain(policy.display_name or policy.name)
    rule: dict[str, Any] = {
        "id": plain(policy.name),
        "shortDescription": {"text": description.split("\n")[0]},
        "fullDescription": {"text": description},
        "defaultConfiguration": (
            {"enabled": False} if level == "disabled" else {"level": _LEVELS.get(level, "warning")}
        ),
    }
    if policy.display_name:
        rule["name"] = plain(policy.display_name)
    steps = "\n".join(plain_lines(policy.remediation_steps))
    if steps:
        rule["help"] = {"text": steps}
    if _URL.fullmatch(policy.url):
        rule["helpUri"] = policy.url
    properties: dict[str, Any] = {}
    if tags := sorted({plain(tag) for tag in policy.tags}):
        properties["tags"] = tags
    if policy.severity in _SEVERITIES:
        properties["security-severity"] = _SEVERITIES[policy.severity]
    return rule | ({"properties": properties} if properties else {})


def _notification(error: EvaluationError, place: dict[str, Any]) -> dict[str, Any]:
    location: dict[str, Any] = {"physicalLocation": place}
    if error.urn:
        location["logicalLocations"] = [{"fullyQualifiedName": plain(error.urn), "kind": "resource"}]
    return {
        "level": "error",
        "descriptor": {"id": plain(error.code)},
        "message": {"text": "\n".join(plain_lines(str(error)))},
        "locations": [location],
    }


def _place(where: str) -> dict[str, Any]:
    """The physical location of the analyzed file; an absolute path becomes a `file:` URL."""
    uri = quote(where, safe="/:@!$&'()*+,;=~-._", errors="replace")
    uri = f"file://{uri}" if uri.startswith("/") else uri
    return {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}}
