"""What the guard asks the registry, and what it leaves there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from packreg.analyzer.findings import Evaluation, PackResult, Violation
from packreg.analyzer.program import Stack
from packreg.errors import NotFound, Problem, StoreRefused
from packreg.guard.run import Run
from packreg.reports.stored import StoredReport
from tests.cli.conftest import User
from tests.guard.test___main__ import BUCKET, STACK, URN, office
from tests.guard.test___main__ import enforced as enforced


def test_a_stack_gets_what_its_groups_ask_for(enforced: User) -> None:
    """The release is unpacked and ready to run, and belongs to the stack that was named."""
    guards = office(enforced)
    prepared = guards.prepare(STACK, "preventative")
    [pack] = prepared.packs
    assert (pack.name, pack.version) == ("rules", "1.2.0")
    assert (pack.program.directory / "PulumiPolicy.yaml").is_file()
    assert str(prepared.required.entity) == "organization/shop/dev"
    assert [each.name for each in prepared.ran] == ["rules"]
    assert office(enforced).prepare(STACK, "audit").required.nothing


def test_groups_that_go_by_tags_nobody_told_are_known(enforced: User) -> None:
    """A stack without tags may be a member all the same; one with tags is one or is not."""
    assert enforced("group", "new", "tagged", "--add-tag", "env=prod").code == 0
    assert enforced("enable", "rules@^1", "--group", "tagged").code == 0
    assert office(enforced).prepare(STACK, "preventative").unseen == ("tagged",)
    tagged = office(enforced).prepare(replace(STACK, tags={"env": "dev"}), "preventative")
    assert (tagged.unseen, tagged.required.groups) == ((), ("default-preventative-policy-group",))


def test_a_registry_that_is_not_there_requires_nothing_and_is_an_error(user: User) -> None:
    """Nobody may take a missing registry for one that asks for nothing; one that is empty does."""
    with pytest.raises(NotFound, match="there is no registry at"):
        office(user).prepare(STACK, "preventative")
    assert user("init").code == 0
    assert office(user).prepare(STACK, "preventative").required.nothing


def test_waivers_are_found_and_runs_are_kept(enforced: User) -> None:
    """A run is one report, of a preview or an update or an audit, with the waivers that counted."""
    line = "waiver add rules:deny_open --stack shop/dev --expires 30d --reason moving --owner ada"
    assert enforced(*line.split()).code == 0
    asked = office(enforced)
    prepared = asked.prepare(STACK, "preventative")
    violation = Violation("rules", "1.2.0", "deny_open", "mandatory", "open", URN, BUCKET)
    waiver = prepared.waiver_for(violation)
    assert waiver is not None
    assert waiver.owner == "ada"
    found = Evaluation((PackResult("rules", "1.2.0", None, 1, violations=(violation,)),), 1)
    unseen = Problem("caller-unseen", "the system does not show which process called the guard")
    asked.keep(Run(STACK, prepared, found, notes=(unseen,)))
    asked.keep(Run(Stack("dev", "shop", "organization"), prepared, found, ("a pack did not run",)))
    top = enforced.top / "user/.local/share/packreg/registry"
    reports = [StoredReport.decode(p.read_bytes(), p.relative_to(top).as_posix()) for p in top.rglob("*.gz")]
    assert {report.run for report in reports} == {"preview", "update"}
    assert all(report.report.governed.waived.used for report in reports)
    assert [unseen in report.report.notes for report in reports if report.run == "preview"] == [True]
    assert [report.run for report in reports if report.report.governed.failed_open] == ["update"]


def test_a_replica_is_not_written_to(enforced: User) -> None:
    """A report is refused where packreg never writes, and nothing else is."""
    asked = office(enforced)
    prepared = asked.prepare(STACK, "preventative")
    settings = enforced.top / "user/.local/share/packreg/registry/registry.json"
    settings.chmod(0o644)
    settings.write_text(settings.read_text().replace('"home"', '"replica"'))
    with pytest.raises(StoreRefused):
        asked.keep(Run(STACK, prepared, Evaluation((), 0)))
