"""Reports on packs that are required of an entity: who asked, what is waived, and how each format says it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import junitparser

from packreg.errors import Problem
from packreg.groups.decision import Unavailable
from packreg.groups.model import About
from packreg.reports.document import document
from packreg.reports.github import github_report
from packreg.reports.junit import junit_report
from packreg.reports.markdown import markdown_report
from packreg.reports.report import Report, summary, totals
from packreg.reports.sarif import sarif_report
from packreg.reports.text import text_report
from tests.reports.findings import HOSTILE, OWNED, governed, waiver

WAIVED = "waived until 2026-12-31T23:59:59Z by ada: moves in spring (w-{})"
SCHEMA = Path(__file__).parents[1] / "reports" / "sarif-schema-2.1.0.json"


def waived() -> Report:
    """The mandatory violation and the remediation are waived."""
    return governed(waivers=[waiver("private"), waiver("tagged")])


def test_the_text_says_who_asked_and_who_answers() -> None:
    """The groups stand first, each waived finding with its waiver, and the last line counts them."""
    assert (
        text_report(waived())
        == f"""\
Required of organization/shop/dev by prod (preventative):

Policies:
    ⚠️ guard@1.0.0  (6 policies: 1 passed, 3 failed, 1 disabled, 1 not applicable)
        - [remediate, waived]  tagged  (demo:index:Bucket: open)
            ~ acl: "public" => "private"
            + tags.a.b: "yes"
            - rules[0].port: 80
          {WAIVED.format("tagged")}
        - [mandatory, waived]  private  (demo:index:Bucket: open)  severity high
          Is private.
          open is public.
          {WAIVED.format("private")}
        - [advisory]  owned  (demo:index:Bucket: open)  severity high
          open has no owner.

1 of 5 policies failed, 1 passed, 2 waived, 1 not applicable
allowed: 0 mandatory violations, 1 advisory violation, 0 remediations, 2 waived (1 pack over 2 resources)
"""
    )


def test_every_format_says_who_owns_the_groups() -> None:
    """Text and Markdown name the owner beside the group, JSON and SARIF have values for programs."""
    report = governed(memberships=(OWNED,))
    said = "prod (rule: */dev), owned by platform team: #platform"
    assert text_report(report).splitlines()[1] == f"    {said}"
    assert f"Required by `{said}`" in markdown_report(report).splitlines()
    values = {"group": "prod", "rule": "*/dev", "owner": "platform team", "contact": "#platform"}
    assert document(report)["required"]["memberships"] == [{**values, "description": ""}]
    assert sarif_report(report)["runs"][0]["properties"] == {"requiredBy": values}
    nobody = governed(memberships=(replace(OWNED, about=About()),))
    assert "prod (by" not in text_report(nobody) + markdown_report(nobody)


def test_nothing_required_is_said_in_words() -> None:
    """The groups that ask for nothing are named."""
    report = governed(nothing=True)
    assert summary(report) == "nothing is required: no pack is enabled in prod"
    assert text_report(report).endswith("nothing is required: no pack is enabled in prod\n")


def test_a_pass_that_was_asked_for_in_spite_of_errors_is_called_so() -> None:
    """Failing open is in the report's last line."""
    report = governed(unavailable=_unavailable(), failed_open=True)
    assert summary(report).startswith(
        "could not be evaluated, and let pass because failing open was asked for: "
    )


def test_an_audit_says_that_it_does_not_block() -> None:
    """Violations in audit mode are no denial."""
    assert summary(governed(mode="audit")).startswith(
        "not compliant, and not blocked by an audit: 1 mandatory"
    )


def test_the_document_has_the_decision_and_the_waivers() -> None:
    """Entity, mode, revision and groups are there, and a waiver at each finding that has one."""
    found = document(waived())
    assert "fail_on" not in found
    assert found["required"] == {
        "entity": "organization/shop/dev",
        "kind": "stack",
        "mode": "preventative",
        "revision": 7,
        "groups": ["prod"],
        "memberships": [],
    }
    [pack] = found["packs"]
    assert [v.get("waiver", {}).get("id") for v in pack["violations"]] == ["w-private", None]
    assert pack["remediations"][0]["waiver"]["reason"] == "moves in spring"
    assert totals(waived()).waived == found["totals"]["waived"] == 2


def test_sarif_suppresses_what_is_waived() -> None:
    """The log passes its schema; a remediation that is left is a failure, a waived one is suppressed."""
    open_ones, covered = sarif_report(governed()), sarif_report(waived())
    for log in (open_ones, covered):
        jsonschema.Draft4Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(log)
    results = open_ones["runs"][0]["results"]
    assert [r["level"] for r in results] == ["error", "warning", "error"]
    assert not any("suppressions" in result for result in results)
    reasons = [r.get("suppressions", [{}])[0].get("justification") for r in covered["runs"][0]["results"]]
    assert reasons == [WAIVED.format("private"), None, WAIVED.format("tagged")]


def test_junit_fails_what_counts() -> None:
    """A mandatory violation and a remediation left fail their cases; waived they are printed, with reason."""
    [suite] = junitparser.JUnitXml.fromstring(junit_report(governed()).encode())
    assert (suite.failures, suite.errors) == (2, 0)
    text = junit_report(waived())
    [suite] = junitparser.JUnitXml.fromstring(text.encode())
    assert suite.failures == 0
    assert text.count("waived until") == 2


def test_github_notes_what_is_waived() -> None:
    """What counts is an error, what is waived a notice with its reason."""
    commands = [line.split(" ")[0] for line in github_report(governed()).splitlines()]
    assert commands[:3] == ["::error", "::warning", "::error"]
    lines = github_report(waived()).splitlines()
    assert [line.split(" ")[0] for line in lines[:3]] == ["::notice", "::warning", "::notice"]
    assert WAIVED.format("private") in lines[0]


def test_markdown_names_the_entity() -> None:
    """The first line has the entity, and a waived finding its waiver."""
    text = markdown_report(waived())
    assert "✅ **allowed: 0 mandatory" in text
    assert "for `organization/shop/dev` in `state.json`" in text
    assert "- **mandatory, waived** `private`" in text
    assert WAIVED.format("tagged") in text


def test_a_hostile_waiver_stays_text() -> None:
    """Owner and reason of a waiver obey nobody's terminal, runner or markup."""
    report = governed(waivers=[waiver("private", owner=HOSTILE, reason=HOSTILE)])
    for line in (*text_report(report).splitlines(), *github_report(report).splitlines()):
        assert line.isprintable()
        assert "##[" not in line
        assert not line.lstrip().startswith("::") or line.startswith(
            ("::notice", "::warning", "::error title=guard")
        )
    assert junitparser.JUnitXml.fromstring(junit_report(report).encode())
    assert json.loads(json.dumps(sarif_report(report)))


def _unavailable() -> tuple[Unavailable, ...]:
    return (Unavailable("limits", "1.0.0", Problem("version-removed", "was removed")),)
