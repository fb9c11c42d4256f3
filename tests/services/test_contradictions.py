"""What contradicts a report: governance that cannot have decided so, and releases that cannot be what ran."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from packreg.groups.document import Change, Document, default_groups
from packreg.groups.model import DEFAULT_AUDIT, Governance, Group, PackEntry
from packreg.pack.reference import Reference
from packreg.reports.stored import RanPack, StoredReport
from packreg.services.contradictions import contradictions, release_contradiction
from tests.cli.conftest import User
from tests.cli.kept import fitting
from tests.reports.findings import guard
from tests.reports.kept import stored
from tests.services.conftest import workspace_for


def revisions(*times: str) -> Mapping[int, Document]:
    """Revisions of governance of these times, in each of which `watch` requires `guard`."""
    packs = {"guard": PackEntry("guard", "1.0.0", "2026-05-01T10:00:00.000000Z")}
    groups = default_groups() | {
        "watch": Group("watch", "audit", frozenset({"stack"}), ("shop/*",), packs=packs)
    }
    return {
        number: Document(Governance(number, groups), Change("ada", time, "for tests"))
        for number, time in enumerate(times, 1)
    }


def report(**more: object) -> StoredReport:
    """The audit of the first of June, decided by the first revision."""
    found = fitting(stored(guard()))
    assert found.report.governed is not None
    required = replace(found.required, **{"revision": 1, **more})  # type: ignore[arg-type]
    governed = replace(found.report.governed, required=required)
    return replace(found, report=replace(found.report, governed=governed))


MAY = "2026-05-01T10:00:00.000000Z"


def test_a_report_that_fits_is_contradicted_by_nothing() -> None:
    """Its revision was there, and not replaced long before; groups and packs are those of it."""
    assert list(contradictions(report(), revisions(MAY))) == []
    assert list(contradictions(report(), revisions(MAY, "2026-06-01T09:00:00.000000Z"))) == []
    assert list(contradictions(report(revision=0), {})) == [], "there was none yet"


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ((MAY, "2026-05-20T10:00:00.000000Z"), "which revision 2 had replaced at 2026-05-20"),
        (("2026-06-02T10:00:00.000000Z",), "is older than revision 1 of governance that it names"),
        ((), "names revision 1 of governance, of which there are 0"),
    ],
)
def test_a_revision_of_another_time(times: tuple[str, ...], said: str) -> None:
    """It was replaced more than a day before, came later than the report, or is not there."""
    [found] = contradictions(report(), revisions(*times))
    assert said in found


def test_groups_and_packs_of_another_governance() -> None:
    """Groups that the entity was not in, a pack that was required and is not told of, one that nobody had."""
    [found] = contradictions(report(groups=("other",)), revisions(MAY))
    assert f"names the groups other; its revision says {DEFAULT_AUDIT}, watch" in found
    [found] = contradictions(replace(report(), packs=()), revisions(MAY))
    assert "does not name the pack guard, which the group watch required" in found
    more = RanPack("extra", "1.0.0", "", "watch", "")
    [found] = contradictions(replace(report(), packs=(*report().packs, more)), revisions(MAY))
    assert "has the pack extra from watch, which does not have it" in found


def test_a_release_that_cannot_be_what_ran(user: User) -> None:
    """Its digest is another, or it was published later; what is gone, or could never be had, says nothing."""
    user.must("init", "--quiet")
    user.publish("guard", "1.0.0")
    ada = workspace_for(user)
    record = ada.registry().resolve(Reference.parse("guard@1.0.0"), warn=False).record
    ran = RanPack("guard", "1.0.0", record.digest, "watch", "")
    assert release_contradiction(ada, ran, "2999-01-01T00:00:00.000000Z") == ""
    assert "was published at" in release_contradiction(ada, ran, MAY)
    other = replace(ran, digest=f"sha256:{'0' * 64}")
    assert "guard@1.0.0 has the digest" in release_contradiction(ada, other, "2999-01-01T00:00:00.000000Z")
    for unknown in (replace(ran, digest=""), replace(ran, name="gone")):
        assert release_contradiction(ada, unknown, MAY) == ""
