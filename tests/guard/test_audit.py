"""Audit groups judge what an update leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.guard.guard import Guard, Stopped
from tests.guard.cli import Cli, Office, bucket, pack
from tests.guard.test_guard import SLOW, Shop
from tests.guard.test_guard import guards as guards
from tests.guard.test_guard import shop as shop


def test_audit_groups_judge_what_an_update_leaves(shop: Shop, guards: list[Guard]) -> None:
    """Audits see the inputs of resources that were updated and the outputs of others, and block nothing."""
    office = Office(audits=lambda stack: [shop.of_every_kind(stack)])
    guards += [office.guard(), office.guard()]
    preview, update = Cli(guards[0]), Cli(guards[1], dry_run=False)
    resources = [bucket("logs", acl="from outputs"), bucket("other", acl="also from outputs")]
    for cli in (preview, update):
        assert cli.judge(bucket("logs", acl="from inputs"))[1] == []
        assert cli.judge_stack(*resources) == []
    modes = [run.prepared.required.mode for run in office.kept]
    assert sorted(modes) == ["audit", "preventative", "preventative"]
    [audit] = [run for run in office.kept if run.prepared.required.mode == "audit"]
    texts = [each.message for each in audit.evaluation.violations if each.policy == "private"]
    assert [text.splitlines()[-1] for text in texts] == [
        "logs has the access list 'from inputs'.",
        "other has the access list 'also from outputs'.",
    ]


def test_audits_never_make_a_run_end_badly_and_are_kept_when_it_does(shop: Shop, guards: list[Guard]) -> None:
    """Violations that audit groups find do not deny; where the run is denied, they are reported as ever."""
    office = Office(lambda stack: [shop.own(stack)], audits=lambda stack: [shop.of_every_kind(stack)])
    for password in ({}, {"password": "x"}):
        guards.append(office.guard())
        cli = Cli(guards[-1], dry_run=False)
        resource = bucket("logs", acl="public", **password)
        cli.judge(resource)
        if not password:
            assert cli.judge_stack(resource) == []
            continue
        with pytest.raises(Stopped) as stopped:
            cli.judge_stack(resource)
        assert "a-kinds" not in str(stopped.value)
    assert [run.prepared.required.mode for run in office.kept].count("audit") == 2


def test_a_slow_audit_delays_the_answer_by_a_bounded_time(
    shop: Shop, guards: list[Guard], tmp_path: Path
) -> None:
    """When its time is up, an audit is broken off, and its report says that it is not whole."""
    office = Office(audits=lambda stack: [pack(tmp_path / "slow", SLOW, shop.python, stack)])
    guards.append(office.guard(audit_seconds=0.5))
    cli = Cli(guards[0], dry_run=False)
    cli.judge(bucket("logs"))
    cli.judge_stack(bucket("logs"))
    [audit] = [run for run in office.kept if run.prepared.required.mode == "audit"]
    assert not audit.evaluation.is_complete
