"""Edits of policy groups that are planned first, called without a command line."""

from __future__ import annotations

import pytest

from packreg.errors import ChangedMeanwhile, NotFound, UsageError
from packreg.groups.editing import Listed
from packreg.groups.group_file import read_groups
from packreg.groups.model import DEFAULT_AUDIT as AUDIT
from packreg.groups.model import DEFAULT_PREVENTATIVE as DEFAULT
from packreg.services.governance import past_changes, read_governance
from packreg.services.group_plans import carry_out, plan_groups, plan_promotion
from packreg.services.groups import enable_pack, new_group
from packreg.services.workspace import Workspace

TEXT = f"groups:\n  {DEFAULT}:\n    packs:\n      guard:\n        version: 1.0.0\n".encode()


def test_files_are_planned_before_they_are_applied(governed: Workspace) -> None:
    """The plan writes nothing and names each change, as does a dry run; carried out, it leaves none."""
    read = [read_groups(TEXT, "groups.yaml")]
    plan = plan_groups(governed, read, "apply groups.yaml", prune=False, dry_run=True)
    assert plan.changes
    assert not carry_out(governed, plan, dry_run=True).edited.written
    assert read_governance(governed).revision == 1
    assert carry_out(governed, plan).edited.changes == plan.changes
    newest = next(past_changes(governed))
    assert (newest.change.by, newest.change.what) == ("Ada", "apply groups.yaml")
    assert plan_groups(governed, read, "again", prune=False, dry_run=True).changes == []


def test_entries_that_change_are_checked(governed: Workspace) -> None:
    """A version that is not there stops the plan."""
    absent = [read_groups(TEXT.replace(b"1.0.0", b"9.0.0"), "groups.yaml")]
    with pytest.raises(NotFound, match=r"9\.0\.0"):
        plan_groups(governed, absent, "apply", prune=False, dry_run=True)


def test_what_an_audit_group_tested_is_promoted(governed: Workspace) -> None:
    """The plan is what is made then; the audit group keeps what it has."""
    enable_pack(governed, AUDIT, "guard@1.0.0", yes=True)
    new_group(governed, "prod", Listed(("*/prod",)))
    plan = plan_promotion(governed, AUDIT, "prod")
    assert len(plan.changes) == 1
    after = carry_out(governed, plan).edited.governance.groups
    assert after["prod"].packs["guard"].version == after[AUDIT].packs["guard"].version == "1.0.0"
    assert plan_promotion(governed, AUDIT, "prod").changes == []
    with pytest.raises(UsageError, match="from an audit group to a preventative one"):
        plan_promotion(governed, "prod", AUDIT)


def test_a_plan_is_for_the_groups_that_it_was_made_for(governed: Workspace) -> None:
    """What somebody else changed in the same group since is not overwritten."""
    enable_pack(governed, AUDIT, "guard@1.0.0", yes=True)
    plan = plan_promotion(governed, AUDIT, DEFAULT)
    enable_pack(governed, DEFAULT, "guard@1.1.0", yes=True)
    with pytest.raises(ChangedMeanwhile):
        carry_out(governed, plan)
