"""Stacks and accounts held against their audit groups by the use case: results as values, reports kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from packreg.errors import NotFound
from packreg.groups.model import Entity
from packreg.services.audit import AuditOptions, AuditResult, audit_account, audit_json, audit_stacks
from packreg.services.reports import ReportStore
from packreg.services.stacks import Shard, StackSelection
from packreg.services.workspace import Workspace
from packreg.states.resources import read_resources
from tests.cli.governed import GOOD, GUARD, OPEN, UNOWNED, founder, write_stack
from tests.services.conftest import told, workspace_of

pytestmark = pytest.mark.usefixtures("opa")

ACCOUNT = Entity("account", "aws/production")
ALL = StackSelection()


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry that has stacks and accounts audited with guard."""
    user = founder(tmp_path_factory.mktemp("audit"))
    user.publish("guard", "1.0.0", files={"policy.rego": GUARD})
    user.must("enable", "--yes", "guard@latest", "--group", "default-audit-policy-group", "--quiet")
    return user.top


@pytest.fixture
def ada(tmp_path: Path, founded: Path) -> Iterator[Workspace]:
    """Ada's workspace on a copy of that registry, beside a backend with three stacks."""
    for stack, buckets in {"shop/prod": OPEN, "shop/dev": GOOD, "blog/prod": UNOWNED}.items():
        write_stack(tmp_path / "states", *stack.split("/"), buckets)
    found = workspace_of(tmp_path, founded)
    yield found
    found.close()


def audited(ada: Workspace, selection: StackSelection = ALL, **options: bool) -> dict[str, str]:
    """The outcome of each stack, by name."""
    found = audit_stacks(ada, "file://states", selection, AuditOptions(**options))
    return {each.entity.removeprefix("organization/"): each.outcome for each in found}


def test_stacks_are_audited_by_name_and_their_reports_kept(ada: Workspace) -> None:
    """Results come in order, with what was counted; each has its report, and nothing is said or printed."""
    results = audit_stacks(ada, "file://states", ALL)
    assert [(each.entity, each.verdict, each.mandatory, each.advisory) for each in results] == [
        ("organization/blog/prod", "compliant", 0, 1),
        ("organization/shop/dev", "compliant", 0, 0),
        ("organization/shop/prod", "not-compliant", 1, 0),
    ]
    [kept] = ReportStore(ada).newest(Entity("stack", "organization/shop/prod"), "audit")
    assert (kept.verdict, kept.report.stack, kept.report.project) == ("not-compliant", "prod", "shop")
    assert told(ada).warned == []


def test_a_selection_and_a_shard_are_audited_and_no_other(ada: Workspace) -> None:
    """Those that are named; a name that is not there is an error before anything is judged."""
    assert audited(ada, StackSelection(("shop/dev",)), keep=False) == {"shop/dev": "compliant"}
    parts = [set(audited(ada, StackSelection(shard=Shard(part, 2)), keep=False)) for part in (1, 2)]
    assert parts[0] | parts[1] == {"blog/prod", "shop/dev", "shop/prod"} and not parts[0] & parts[1]
    with pytest.raises(NotFound, match="has no stack shop/gone"):
        audited(ada, StackSelection(("shop/gone", "shop/dev")))
    assert ReportStore(ada).entities(("audit",)) == []


def test_what_did_not_change_is_not_judged_again(ada: Workspace, tmp_path: Path) -> None:
    """Only with that option, and only while state, packs and waivers are as they were."""
    assert audited(ada, changed_only=True)["shop/prod"] == "not-compliant"
    assert set(audited(ada, changed_only=True).values()) == {"unchanged"}
    write_stack(tmp_path / "states", "shop", "prod", GOOD)
    assert audited(ada, changed_only=True) == {
        "blog/prod": "unchanged",
        "shop/dev": "unchanged",
        "shop/prod": "compliant",
    }
    assert set(audited(ada).values()) == {"compliant"}


def test_a_stack_that_cannot_be_read_stops_nothing(ada: Workspace, tmp_path: Path) -> None:
    """It is not evaluated, with the reason; the others are."""
    write_stack(tmp_path / "states", "shop", "broken", {}).write_text("{")
    results = audit_stacks(ada, "file://states", ALL, AuditOptions(shared=True), jobs=1)
    broken = results[1]
    assert (broken.entity, broken.verdict) == ("organization/shop/broken", "not-evaluated")
    assert "broken.json" in broken.error
    assert [each.verdict for each in results] == ["compliant", "not-evaluated", "compliant", "not-compliant"]


def test_an_account_is_audited_by_what_it_holds(ada: Workspace) -> None:
    """Its report is kept under its own name, unless nobody wants one."""
    line = b'{"type": "demo:index:Bucket", "name": "b", "properties": {"acl": "public", "owner": "me"}}\n'
    held = read_resources(line, "account.jsonl")
    result = audit_account(ada, ACCOUNT, held, AuditOptions(keep=False))
    assert (result.entity, result.kind, result.verdict) == ("aws/production", "account", "not-compliant")
    assert ReportStore(ada).newest(ACCOUNT, "audit") == ()
    assert audit_account(ada, ACCOUNT, held) == result
    assert len(ReportStore(ada).newest(ACCOUNT, "audit")) == 1


def test_the_document_counts_every_outcome() -> None:
    """Each has its own number, also what nobody had; with hidden secrets nothing is just compliant."""
    results = [
        AuditResult("a", "stack", "compliant", resources=3, hidden=2),
        AuditResult("b", "stack", "compliant", resources=1),
        AuditResult("c", "stack", "not-compliant", past_the_guard=2, unguarded="2026-08-01T00:00:00Z"),
        AuditResult("d", "stack", "compliant", resources=1, unkept="no"),
        AuditResult("e", "stack", "compliant"),
    ]
    document = audit_json(results)
    assert document["summary"] == {
        "audited": 5,
        "compliant": 2,
        "compliant_with_hidden_secrets": 1,
        "nothing_to_judge": 1,
        "not_compliant": 1,
        "nothing_required": 0,
        "not_evaluated": 0,
        "unchanged": 0,
        "past_the_guard": 2,
        "unguarded": 1,
        "unkept": 1,
    }
    assert [each["entity"] for each in document["entities"]] == ["a", "b", "c", "d", "e"]
