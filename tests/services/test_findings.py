"""What the last runs found, asked of the use case: findings, compliance, reports and a page."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from packreg.errors import NotFound, UsageError
from packreg.pack.metadata import PackInfo, PolicyInfo
from packreg.registry.record import Source
from packreg.services.findings import (
    FindingFilter,
    LatestRuns,
    compliance_json,
    finding_json,
    policy_finding_json,
    report_json,
)
from packreg.services.workspace import Workspace
from tests.cli.conftest import User
from tests.cli.kept import enter, keep
from tests.registry.packs import pack
from tests.reports.findings import guard
from tests.reports.kept import stored
from tests.services.conftest import workspace_for


@pytest.fixture
def ada(user: User) -> Workspace:
    """A workspace on a registry with two audits of a stack: `owned` was fixed between them."""
    fixed = replace(guard(), violations=guard().violations[:1])
    keep(user, stored(guard()), stored(fixed, day=2))
    return workspace_for(user)


def found(latest: LatestRuns, wanted: FindingFilter | None = None) -> list[tuple[str, str]]:
    """Status and policy of what is found."""
    return [(each.status, each.policy) for each in latest.findings(wanted)]


def test_findings_are_told_with_what_became_of_them(ada: Workspace) -> None:
    """Those of the last run against the run before; with one report of each, nothing is compared."""
    latest = LatestRuns(ada)
    assert found(latest) == [("open", "private"), ("fixed", "owned"), ("open", "tagged")]
    assert found(latest, FindingFilter()) == [("open", "private"), ("open", "tagged")]
    assert found(LatestRuns(ada, count=1)) == [("new", "private"), ("new", "tagged")]
    assert (latest.unreadable, latest.doubted) == ([], [])


def test_a_finding_keeps_its_id_from_run_to_run(ada: Workspace) -> None:
    """It is found by the beginning of it, with what its pack says of the policy."""
    first, second = ({each.policy: each.id for each in LatestRuns(ada, count=n).findings()} for n in (1, 2))
    assert first == {policy: second[policy] for policy in first}
    assert len(set(second.values())) == 3
    [one] = LatestRuns(ada).find(second["owned"][:6].upper())
    assert one.finding.status == "fixed"
    assert one.policy is None, "this registry has no release of the pack"
    assert policy_finding_json(one)["url"] == ""
    policies = (PolicyInfo("owned", "advisory", url="https://example.org/owned?x=1"),)
    ada.registry().publish(
        pack("guard", "1.0.0"),
        lock=None,
        source=Source(),
        publisher="Ann",
        tool="a test",
        metadata=PackInfo("guard", "1.0.0", policies),
    )
    [one] = LatestRuns(ada).find(second["owned"])
    assert policy_finding_json(one)["url"] == "https://example.org/owned?x=1"
    with pytest.raises(NotFound):
        LatestRuns(ada).find("xyz")
    with pytest.raises(UsageError, match="beginning of"):
        LatestRuns(ada).find("")


def test_what_a_filter_names_and_no_run_has_is_told(ada: Workspace) -> None:
    """Where the table is empty because of a misspelt word, that is said with the words that there are."""
    latest = LatestRuns(ada)
    assert latest.unknown_words(FindingFilter(("sh*",), ("guard",), ("guard:off", "owned"))) == []
    wanted = FindingFilter(("web",), ("gaurd",), ("guard:privat",))
    assert [(what, word) for what, word, _ in latest.unknown_words(wanted)] == [
        *(("project", "web"), ("pack", "gaurd"), ("policy", "guard:privat")),
    ]
    assert latest.unknown_words(wanted)[1][2] == ["guard"]


@pytest.mark.parametrize(
    ("wanted", "policies"),
    [
        (FindingFilter(levels=("remediate",)), ["tagged"]),
        (FindingFilter(severities=("high",)), ["private"]),
        (FindingFilter(policies=("t*",)), ["tagged"]),
        (FindingFilter(packs=("other",)), []),
        (FindingFilter(packs=("gu*",), levels=("mandatory",)), ["private"]),
        (FindingFilter(statuses=("fixed",)), ["owned"]),
        (FindingFilter(statuses=()), ["private", "owned", "tagged"]),
        (FindingFilter(policies=("guard:t*",)), ["tagged"]),
        (FindingFilter(policies=("other:t*",)), []),
        (FindingFilter(projects=("sh*",), levels=("remediate",)), ["tagged"]),
        (FindingFilter(projects=("dev",)), []),
    ],
)
def test_a_filter_leaves_what_fits_all_of_it(
    ada: Workspace, wanted: FindingFilter, policies: list[str]
) -> None:
    """Pack, policy, level, severity and status; what is empty leaves nothing out."""
    assert [policy for _, policy in found(LatestRuns(ada), wanted)] == policies


def test_entities_are_named_by_patterns(ada: Workspace) -> None:
    """And kinds of run; a pattern that fits nobody is misuse, and no empty answer."""
    assert len(LatestRuns(ada, ("*/dev",), ("audit",)).newest) == 1
    for entities, runs in ((("*/gone",), ()), (("shop/dev",), ("enforce",))):
        with pytest.raises(UsageError, match="no reports are kept of"):
            LatestRuns(ada, entities, runs)  # type: ignore[arg-type]


def test_compliance_and_reports_are_of_the_last_run(ada: Workspace) -> None:
    """Each as a value and in the shape that programs get, which is JSON."""
    latest = LatestRuns(ada)
    [row] = compliance_json(latest.compliance())
    assert (row["entity"], row["pack"], row["passed"], row["failed"]) == (
        "organization/shop/dev",
        "guard",
        *latest.compliance().score(latest.newest[0].required.entity, "guard")[2:4],  # type: ignore[index]
    )
    [report] = latest.newest
    assert report_json(report)["id"] == "id-2"
    assert json.loads(json.dumps(report_json(report)))["run"] == "audit"
    first = finding_json(latest.findings()[0])
    assert (first["entity"], first["entity_kind"], first["waiver"]) == (
        "organization/shop/dev",
        "stack",
        None,
    )
    assert "Policy compliance" in latest.page() and "private" in latest.page()


def test_a_report_that_was_changed_is_told_and_not_counted(user: User) -> None:
    """It is among what is unreadable; what the others say is there all the same."""
    keep(user, stored(guard()))
    changed = stored(replace(guard(), violations=()), day=2)
    keep(user, changed, entered=False)
    ada = workspace_for(user)
    enter(ada.store, changed, digest=f"sha256:{'0' * 64}")
    latest = LatestRuns(ada)
    assert [report.id for report in latest.newest] == ["id-1"]
    assert len(latest.unreadable) == 1 and "was changed since it was entered" in latest.unreadable[0]
