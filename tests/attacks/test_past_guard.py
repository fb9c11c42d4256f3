"""Deployments that go past the guard are found afterwards: by the backend's history, whoever made them."""

from __future__ import annotations

import csv
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from packreg.analyzer.findings import Evaluation, PackResult
from packreg.cli.context import CommandContext
from packreg.enforcement.governed import Governed
from packreg.enforcement.verdict import Verdict
from packreg.groups.decision import Required
from packreg.groups.model import Entity
from packreg.pack.metadata import PackInfo
from packreg.registry.run_entries import RunEntry
from packreg.reports.report import Report
from packreg.reports.stored import RanPack, StoredReport
from packreg.services.reports import ReportStore
from tests.cli.conftest import Done, User
from tests.cli.conftest import user as user
from tests.cli.governed import GOOD, GUARD, founder, moved_in, write_stack, write_tags

ENTITY = Entity("stack", "organization/shop/dev")
FORMATS = ("text", "json", "sarif", "junit", "github", "markdown", "csv", "html")
DIGEST = f"sha256:{'a' * 64}"


pytestmark = pytest.mark.usefixtures("opa")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry in which every stack must pass guard, and all are audited with it."""
    founding = founder(tmp_path_factory.mktemp("past"))
    founding.publish("guard", "1.0.0", files={"policy.rego": GUARD})
    founding.publish("guard", "2.0.0", files={"policy.rego": GUARD})
    founding.must("enable", "--yes", "guard@1.0.0", "--quiet")
    founding.must("enable", "--yes", "guard@1.0.0", "--group", "default-audit-policy-group", "--quiet")
    return founding.top


class Deploying:
    """The stack shop/dev, its history in the backend, and what the guard leaves; an hour is a second here."""

    def __init__(self, user: User) -> None:
        self.user = user
        user.extra["PULUMI_BACKEND_URL"] = "file://states"
        write_stack(user.directory / "states", "shop", "dev", GOOD)
        self.now = time.time() + 3600  # long after governance was written
        self.folder = user.directory / "states" / ".pulumi" / "history" / "shop" / "dev"
        self.folder.mkdir(parents=True)

    def update(self, *, kind: str = "update", result: str = "succeeded", touched: bool = True) -> float:
        """An update that takes ten seconds, an hour after the one before; gives when it began."""
        self.now += 3600
        began = int(self.now)
        entry: dict[str, Any] = {"kind": kind, "startTime": began, "result": result}
        entry["resourceChanges"] = {"create": 1} if touched else {}
        (self.folder / f"dev-{began + 10}500000000.history.json").write_text(json.dumps(entry))
        return float(began)

    def begun(self, at: float, id: str) -> None:
        """The entry that the guard writes first."""
        session = self._session(at)
        session.entries.append(RunEntry("begun", "update", "stack", ENTITY.name, id))

    def report(
        self,
        at: float,
        id: str,
        *,
        packs: tuple[str, ...] = ("guard",),
        version: str = "1.0.0",
        verdict: Verdict = "allowed",
        failed_open: bool = False,
    ) -> None:
        """The report that the guard keeps."""
        results = tuple(PackResult(name, version, PackInfo(name, version, ()), 1) for name in packs)
        ran = tuple(RanPack(name, version, DIGEST, "g", DIGEST) for name in packs)
        governed = Governed(Required(ENTITY, "preventative", 3, ("g",), ()), failed_open=failed_open)
        report = Report(Evaluation(results, 1), "pulumi up", tool="1", governed=governed)
        stored = StoredReport(id, "update", _time(at), "", ran, verdict, report)
        ReportStore(self._session(at)).save(stored)

    def guarded(self, at: float, id: str, **kind: Any) -> None:
        """All that the guard leaves of an update."""
        self.begun(at + 1, id)
        self.report(at + 9, id, **kind)

    def audit(self, *words: str) -> Done:
        """The audit of the stack."""
        return self.user("audit", "--all", *words)

    def found(self) -> list[str]:
        """What an audit finds beside the packs: policies with the last words of their messages."""
        assert self.audit("--json").code == 0
        rows = self.user.must("findings", "ls", "--pack", "packreg", "--json").json()
        return [f"{row['policy']}: {row['message'].rpartition(': ')[2]}" for row in rows]

    def _session(self, at: float) -> CommandContext:
        session = CommandContext(self.user.environ)
        session.entries._now = lambda: _time(at)  # the clock of that hour
        return session


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.fixture
def deploying(user: User, founded: Path) -> Deploying:
    """Somebody who deploys."""
    return Deploying(moved_in(user, founded))


def test_an_update_without_the_guard_is_found_in_every_format(deploying: Deploying) -> None:
    """Whoever unsets the variable of the guard leaves an update without a report: critical, exit code 3."""
    deploying.update()
    done = deploying.audit("--fail-on", "past-the-guard")
    assert done.code == 3
    assert "organization/shop/dev: 1 finding about what went past the guard" in done.err
    user = deploying.user
    assert user("audit", "--all").code == 0
    [found] = user.must("findings", "ls", "--severity", "critical", "--json").json()
    assert (found["pack"], found["policy"], found["level"]) == ("packreg", "past-the-guard", "mandatory")
    assert "no report of the guard" in found["message"]
    for form in FORMATS:
        assert "past-the-guard" in user.must("report", "--format", form).out, form
    assert "packreg" in json.dumps(user.must("compliance", "--json").json())
    [row] = csv.DictReader(user.must("report", "--format", "csv").out.splitlines())
    assert row["severity"] == "critical"


def test_it_stays_until_somebody_answers_for_it(deploying: Deploying) -> None:
    """No later update mends it; a waiver with a reason acknowledges it, and shows who did."""
    began = deploying.update()
    for number in range(3):
        assert deploying.audit("--fail-on", "past-the-guard").code == 3
        deploying.guarded(deploying.update(), f"good-{number}")
    assert len(deploying.found()) == 1
    user = deploying.user
    ended = _time(began + 10.5)
    user.must(
        *("waiver", "add", "packreg:past-the-guard", "--stack", "shop/dev", "--resource", f"*::{ended}"),
        *("--expires", "30d", "--reason", "an emergency", "--owner", "ada", "--quiet"),
    )
    done = deploying.audit("--fail-on", "past-the-guard", "--json")
    assert (done.code, done.json()["summary"]["past_the_guard"]) == (0, 0)
    [found] = user.must("findings", "ls", "--pack", "packreg", "--json").json()
    assert found["waiver"]["reason"] == "an emergency"
    deploying.update()
    assert deploying.audit("--fail-on", "past-the-guard").code == 3, "it is for one update only"


def test_a_guard_that_could_not_keep_its_report_is_told_from_none(deploying: Deploying) -> None:
    """It entered that it was there before it answered the first question."""
    deploying.begun(deploying.update() + 1, "lost")
    [found] = deploying.found()
    assert "the guard was there when it began, and no report of it was kept" in found


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ({"verdict": "denied"}, "although the guard denied it"),
        ({"verdict": "not-evaluated"}, "although the guard did not evaluate it"),
        ({"failed_open": True}, "the guard was told to fail open"),
        ({"packs": ()}, "it was judged by no packs, but guard had to run"),
        ({"packs": ("guard", "other")}, "it was judged by guard@1.0.0, other@1.0.0"),
        ({"version": "0.9.0"}, "it was judged by guard@0.9.0"),
    ],
)
def test_a_report_that_does_not_fit_the_update(deploying: Deploying, kind: dict[str, Any], said: str) -> None:
    """Policy exceptions of the engine, for instance, let pass what the guard denied: its report says so."""
    deploying.guarded(deploying.update(), "odd", **kind)
    [found] = deploying.found()
    assert found.startswith("past-the-guard") and said in found


def test_what_is_no_update_past_the_guard(deploying: Deploying) -> None:
    """Guarded ones, denied ones that failed, ones that ended before anything, other kinds, older ones."""
    deploying.guarded(deploying.update(), "good")
    deploying.guarded(deploying.update(result="failed"), "denied", verdict="denied")
    deploying.update(result="failed", touched=False)
    deploying.begun(deploying.update(result="failed", touched=False) + 1, "interrupted")
    deploying.update(kind="refresh")
    deploying.update(kind="destroy")
    deploying.now -= 8 * 3600 + 86_400
    deploying.update()
    assert deploying.found() == []


def test_a_tag_that_came_after_an_update_is_not_held_against_it(deploying: Deploying) -> None:
    """The guard was told of a stack without the tag, of which nothing was required: that counts."""
    user = deploying.user
    user.must("disable", "--yes", "guard", "--quiet")
    user.must("group", "new", "prod", "--add-tag", "env=prod", "--quiet")
    user.must("enable", "--yes", "guard@1.0.0", "--group", "prod", "--quiet")
    deploying.guarded(deploying.update(), "untagged", packs=())
    write_tags(user.directory / "states", "shop/dev", env="prod")
    assert deploying.found() == []
    deploying.update()
    [found] = deploying.found()
    assert "nor any sign that the guard was there" in found


def test_reports_of_an_older_guard_count(deploying: Deploying) -> None:
    """It entered no beginning: the time of its report decides."""
    deploying.report(deploying.update() + 12, "old")
    assert deploying.found() == []


def test_one_run_of_the_guard_is_for_one_update(deploying: Deploying) -> None:
    """An update right after a guarded one is not hidden by that one's report."""
    began = deploying.update()
    deploying.guarded(began, "good")
    deploying.now = began + 12 - 3600
    deploying.update()
    assert len(deploying.found()) == 1


def test_history_that_shrank_is_found(deploying: Deploying) -> None:
    """Whoever deletes what an audit saw is found by the number of what is left, also with new updates."""
    for number in range(3):
        deploying.guarded(deploying.update(), f"good-{number}")
    assert deploying.found() == []
    sorted(deploying.folder.iterdir())[0].unlink()
    deploying.guarded(deploying.update(), "good-3")
    [found] = deploying.found()
    assert found.startswith("history-lost")
    assert deploying.audit("--fail-on", "past-the-guard").code == 3
    assert len(deploying.found()) == 1, "it is told once"


def test_history_that_is_gone_is_found(deploying: Deploying) -> None:
    """A stack that is written to while packs are required has a history."""
    [found] = deploying.found()
    assert found.startswith("history-lost")


def test_history_that_was_overwritten_is_found(deploying: Deploying) -> None:
    """What an update was is then not known, which is said and not guessed."""
    deploying.update()
    [entry] = deploying.folder.iterdir()
    entry.write_text("{")
    [found] = deploying.found()
    assert found.startswith("history-lost") and "is not an entry of a stack's history" in found


def test_an_audit_by_the_guard_hides_nothing(deploying: Deploying) -> None:
    """The guard's own audit, after an update, takes over what the last audit found."""
    from packreg.analyzer.program import Stack
    from packreg.guard.backend import GuardBackend
    from packreg.guard.run import Run

    deploying.update()
    assert len(deploying.found()) == 1
    deploying.user.monkeypatch.chdir(deploying.user.directory)  # where the CLI would be, and its backend
    session = CommandContext(deploying.user.environ)
    office = GuardBackend(session)
    stack = Stack("dev", "shop", "organization")
    prepared = office.prepare(stack, "audit")
    office.keep(Run(stack, prepared, Evaluation((PackResult("guard", "1.0.0", None, 1),), 1)))
    [found] = deploying.user.must("findings", "ls", "--pack", "packreg", "--json").json()
    assert found["status"] == "open"


def test_unchanged_stacks_are_not_free_of_it(deploying: Deploying) -> None:
    """`--since last` looks at the history all the same, and goes on failing."""
    deploying.update()
    assert deploying.audit("--since", "last", "--fail-on", "past-the-guard").code == 3
    again = deploying.audit("--since", "last", "--fail-on", "past-the-guard", "--json")
    assert (again.code, again.json()["entities"][0]["verdict"]) == (3, "unchanged")
    deploying.update()
    assert deploying.audit("--since", "last", "--json").json()["entities"][0]["past_the_guard"] == 2
