"""Old reports are deleted by rule: said first, never the newest, never by somebody else's word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from packreg.errors import NotFound, StoreRefused, UsageError
from packreg.groups.model import Entity, Waiver
from packreg.registry import formats, layout
from packreg.registry.run_entries import PrunedReport, RunEntries, RunEntry
from packreg.registry.settings import RegistrySettings
from packreg.reports.report import History
from packreg.reports.report_keys import Run
from packreg.reports.stored import StoredReport
from packreg.services.evidence import enforcement_evidence
from packreg.services.findings import LatestRuns
from packreg.services.pruning import Prune, Retention, find_prunable, prune, prune_question
from packreg.services.reports import ReportStore, object_digest
from packreg.services.verify import verify
from packreg.services.workspace import Workspace
from packreg.store.memory import MemoryBucket
from packreg.store.store import Store
from tests.cli.kept import enter
from tests.registry.buckets import Killed, Tapped, dies_after
from tests.registry.packs import registry as new_registry
from tests.reports.findings import guard
from tests.reports.kept import stored

DEV = Entity("stack", "organization/shop/dev")
NOW = "2026-07-01T00:00:00.000000Z"


class Ada(Workspace):
    """Ada's workspace on a registry in memory, on the first of July."""

    def __init__(self, store: Store) -> None:
        super().__init__({}, by="Ada", settings={})
        self.__dict__["store"] = store
        self.__dict__["_registry"] = new_registry(store.bucket)
        self.precisely_now = lambda: NOW


@pytest.fixture
def ada() -> Ada:
    """Her workspace; the registry is empty."""
    return Ada(founded(MemoryBucket()))


def founded(bucket: MemoryBucket) -> Store:
    """The store of a registry that has nothing yet."""
    bucket.put_new(layout.SETTINGS, RegistrySettings("id", "home", "2026-06-01T00:00:00Z", {}).encode())
    return Store(bucket)


def run(day: int, hour: int = 10, kind: Run = "audit", **more: object) -> StoredReport:
    """A report of an hour of a day in June."""
    made = stored(guard(), day=day, run=kind, **more)  # type: ignore[arg-type]
    return replace(made, id=f"id-{day}-{hour}", time=f"2026-06-{day:02d}T{hour:02d}:00:00.000000Z")


def keep(ada: Ada, *reports: StoredReport) -> None:
    """Keep and enter reports."""
    for report in reports:
        ada.store.create(report.key, report.encode())
        enter(ada.store, report)


def days(found: Prune) -> list[str]:
    """Days and hours of what goes."""
    return sorted(each.time[8:13] for each in found.reports)


def errors(ada: Ada) -> list[str]:
    """What is wrong with the reports, but for when they were written."""
    wrong = ("error", "note")
    return [each.code for each in verify(ada) if each.level in wrong and each.code != "wrong-time"]


#: A rule under which nothing that rests on a report keeps it.
ALL = Retention(1, also=("waived", "last-of-day", "unaudited"))


def test_what_is_older_goes_and_the_newest_two_stay(ada: Ada) -> None:
    """Whatever their age."""
    keep(ada, *(run(day) for day in (1, 2, 3, 25, 26)))
    assert days(find_prunable(ada, ALL)) == ["01T10", "02T10", "03T10"]
    assert days(find_prunable(ada, replace(ALL, days=29))) == ["01T10"]
    assert days(find_prunable(ada, replace(ALL, days=None, keep_last=4))) == ["01T10"]


def test_the_last_report_of_a_day_stays(ada: Ada) -> None:
    """`prove` answers for the end of each day as it did before."""
    keep(ada, run(1), run(1, 12), run(2), run(4), run(4, 12), run(5), run(6))
    at = [f"2026-06-{day:02d}" for day in range(1, 8)]
    before = [[each.report.id for each in enforcement_evidence(ada, DEV, day).runs] for day in at]
    found = find_prunable(ada, Retention(1))
    assert days(found) == ["01T10", "04T10"]
    assert found.kept["last-of-day"] == 3
    list(prune(ada, found.reports))
    assert [[each.report.id for each in enforcement_evidence(ada, DEV, day).runs] for day in at] == before
    assert errors(ada) == []


def test_what_a_waiver_rests_on_stays_until_it_expires(ada: Ada) -> None:
    """Who let it pass must be able to show what for."""
    waiver = Waiver(
        "w", "guard", "private", "shop/dev", "ada", "later", "2026-07-31T00:00:00Z", "2026-01-01T00:00:00Z"
    )
    late = replace(waiver, expires="2026-06-30T00:00:00Z")
    keep(ada, run(1, waivers=(waiver,)), run(2, waivers=(late,)), run(3), run(4))
    found = find_prunable(ada, Retention(1, also=("last-of-day",)))
    assert found.unreadable == []
    assert days(found) == ["02T10"]
    assert found.kept["waived"] == 1


def test_an_update_stays_until_an_audit_has_seen_it(ada: Ada) -> None:
    """Or it would look as if it had gone past the guard."""
    keep(ada, *(run(day, kind="update") for day in range(1, 9)))
    rule = Retention(1, also=("last-of-day",))
    assert find_prunable(ada, rule).kept["unaudited"] == 6
    seen = 1780480800 * 10**9  # 3 June, 10:00
    audit = run(9)
    keep(ada, replace(audit, report=replace(audit.report, history=History(3, seen))))
    assert days(find_prunable(ada, rule)) == ["01T10", "02T10"]


def test_only_what_is_named_goes(ada: Ada) -> None:
    """Stacks by pattern, runs by kind; a stack without reports is a mistake."""
    keep(ada, *(run(day) for day in range(1, 5)), *(run(day, kind="preview") for day in range(1, 5)))
    assert {each.run for each in find_prunable(ada, replace(ALL, runs=("preview",))).reports} == {"preview"}
    assert len(find_prunable(ada, replace(ALL, entities=["*/dev"])).reports) == 4
    with pytest.raises(UsageError, match="no reports are kept"):
        find_prunable(ada, replace(ALL, entities=["*/prod"]))
    with pytest.raises(UsageError, match="nothing says which"):
        find_prunable(ada, Retention())


def test_verify_passes_afterwards_and_fails_for_what_is_not_covered(ada: Ada) -> None:
    """A report that is gone without an entry is an error as before."""
    reports = [run(day) for day in range(1, 8)]
    keep(ada, *reports)
    gone = list(prune(ada, find_prunable(ada, replace(ALL, days=28)).reports))
    assert [each.number for each in gone] == [2, 1]
    assert errors(ada) == []
    ada.store.delete(reports[3].key)
    assert errors(ada) == ["missing-report"]


def test_numbers_are_not_used_again(ada: Ada) -> None:
    """The entries stay, so the next run has the next number."""
    keep(ada, *(run(day) for day in range(1, 5)))
    list(prune(ada, find_prunable(ada, ALL).reports))
    late = run(20)
    ada.store.create(late.key, late.encode())
    assert enter(ada.store, late).number == 6
    assert errors(ada) == []


@pytest.mark.parametrize("left", range(1, 7))
def test_killed_anywhere_the_next_run_completes_it(left: int) -> None:
    """Nothing is deleted before it is said; a report that is still there goes with the next run."""
    bucket = MemoryBucket()
    keep(Ada(founded(bucket)), *(run(day) for day in range(1, 6)))
    before, after = dies_after(left)
    tapped = Ada(Store(Tapped(bucket, before=before, after=after)))
    found = find_prunable(Ada(Store(bucket)), ALL)
    with pytest.raises(Killed):
        list(prune(tapped, found.reports))
    ada = Ada(Store(bucket))
    assert set(errors(ada)) <= {"unfinished-pruning"}
    list(prune(ada, find_prunable(ada, ALL).reports))
    assert errors(ada) == []
    assert len(ada.entries.reports("audit", DEV)) == 2
    said = [each for each in ada.entries.history("audit", DEV) if each.entry.kind == "pruned"]
    assert len(said) == 1


def test_a_report_that_was_changed_stays_and_is_named(ada: Ada) -> None:
    """Nobody has evidence of tampering deleted."""
    reports = [run(day) for day in range(1, 5)]
    keep(ada, *reports)
    ada.store.delete(reports[0].key)
    ada.store.create(reports[0].key, replace(reports[0], state=f"sha256:{'0' * 64}").encode())
    found = find_prunable(ada, ALL)
    assert days(found) == ["02T10"]
    assert found.unreadable == [f"{reports[0].key} was changed since it was entered"]


def says_pruned(ada: Ada, report: StoredReport, number: int, *, verdict: str = "") -> None:
    """An entry as anybody may write one who may write entries."""
    entries = RunEntries(ada.store, now=lambda: NOW, new_id=ada.new_id)
    said = PrunedReport(number, object_digest(report.encode()), verdict or report.verdict)
    entries.append(
        RunEntry("pruned", report.run, "stack", DEV.name, ada.new_id(), by="mallory", pruned=(said,))
    )


def test_who_may_not_delete_hides_nothing_by_an_entry(ada: Ada) -> None:
    """A report that is there is read, and only the operator's own rule deletes it."""
    reports = [run(day) for day in range(1, 5)]
    keep(ada, *reports)
    says_pruned(ada, reports[0], 1)
    assert [each.report.id for each in ReportStore(ada).walk(DEV, "audit")] == [
        r.id for r in reversed(reports)
    ]
    assert errors(ada) == ["unfinished-pruning"]
    assert find_prunable(ada, replace(ALL, days=60)).reports == []


def test_the_newest_report_cannot_be_covered_up(ada: Ada) -> None:
    """Deleted with an entry beside it, it is missed by whoever reads."""
    reports = [run(day) for day in range(1, 5)]
    keep(ada, *reports)
    says_pruned(ada, reports[3], 4)
    ada.store.delete(reports[3].key)
    assert errors(ada) == ["bad-pruning", "missing-report"]
    latest = LatestRuns(ada)
    assert any("packreg never does" in text for text in latest.unreadable)
    assert find_prunable(ada, ALL).reports == []


def test_another_verdict_than_the_reports_is_found_before_it_is_lost(ada: Ada) -> None:
    """An entry that says so keeps the report."""
    reports = [run(day) for day in range(1, 5)]
    keep(ada, *reports)
    says_pruned(ada, reports[0], 1, verdict="denied" if reports[0].verdict != "denied" else "compliant")
    found = find_prunable(ada, ALL)
    assert days(found) == ["02T10"]
    assert "another verdict" in found.unreadable[0]


def test_prove_and_findings_say_pruned(ada: Ada) -> None:
    """What is known of the run is shown; it is never passed over for an older one."""
    keep(ada, *(run(day) for day in range(1, 8)))
    list(prune(ada, [each for each in find_prunable(ada, ALL).reports if each.number != 1]))
    evidence = enforcement_evidence(ada, DEV, "2026-06-04")
    assert evidence.runs == ()
    assert [(each.number, each.verdict, each.by) for each in evidence.pruned] == [(4, run(4).verdict, "Ada")]
    assert enforcement_evidence(ada, DEV, "2026-06-01").pruned == ()
    latest = LatestRuns(ada, count=30)
    assert latest.gaps.startswith("the reports of 4 runs were pruned, the last at 2026-07-01")
    assert latest.unreadable == []
    assert latest.gaps in latest.page()


def test_an_older_packreg_stops_and_names_the_feature(ada: Ada, monkeypatch: pytest.MonkeyPatch) -> None:
    """It neither takes the gap for tampering nor goes on with the chain; the question said so before."""
    keep(ada, *(run(day) for day in range(1, 5)))
    found = find_prunable(ada, ALL)
    assert "every packreg before 0.1.0 will stop" in prune_question(found.reports)
    list(prune(ada, found.reports))
    monkeypatch.delitem(formats.FEATURES, formats.PRUNED_REPORTS)
    with pytest.raises(StoreRefused, match="pruned-reports"):
        enter(ada.store, run(20))
    kept = ReportStore(ada)
    assert list(kept.walk(DEV, "audit")) == []
    assert "pruned-reports" in kept.unreadable[0]


@pytest.mark.parametrize("clock", [None, lambda: 0.0])
def test_a_wrong_clock_deletes_nothing(clock: Callable[[], float] | None) -> None:
    """By a clock that runs ahead everything is old; a store with a clock of its own refuses it."""
    ada = Ada(Store(MemoryBucket(now=clock)))
    keep(ada, *(run(day) for day in range(1, 5)))
    if clock is None:
        assert find_prunable(ada, ALL).reports
    else:
        with pytest.raises(StoreRefused, match="clock of this machine"):
            find_prunable(ada, ALL)


def test_many_reports_are_said_in_several_entries(ada: Ada, monkeypatch: pytest.MonkeyPatch) -> None:
    """No entry gets larger than a chain allows."""
    monkeypatch.setattr("packreg.services.pruning._MOST", 2)
    keep(ada, *(run(day) for day in range(1, 8)))
    list(prune(ada, find_prunable(ada, ALL).reports))
    said = [each.entry for each in ada.entries.history("audit", DEV) if each.entry.kind == "pruned"]
    assert [len(each.pruned) for each in said] == [1, 2, 2]
    assert errors(ada) == []
    with pytest.raises(NotFound):
        ada.store.get(f"{layout.REPORTS}x")
