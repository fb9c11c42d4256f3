"""Stored reports: what is kept of a run, and that nothing else is believed."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packreg.analyzer.findings import PropertyChange, Remediation
from packreg.errors import IntegrityError, Problem, StoreRefused, UsageError
from packreg.groups.decision import GroupMembership, Unavailable
from packreg.groups.model import About
from packreg.reports.document import document
from packreg.reports.report import Report
from packreg.reports.sarif import sarif_report
from packreg.reports.stored import (
    MAX_REPORT,
    RanPack,
    StoredReport,
    configuration_digest,
)
from packreg.reports.text import text_report
from tests.reports.findings import BUCKET, HOSTILE, OWNED, URN, error, governed, guard, hostile, waiver

DIGEST = "sha256:" + "a" * 64
GONE = Unavailable("limits", "^2", Problem("version-removed", "was removed", "group prod", "name another"))


def stored(report: Report, **more: Any) -> StoredReport:
    """A run with this report."""
    fields = {
        "id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "run": "update",
        "time": "2026-08-01T12:00:00.000000Z",
        "state": "sha256:" + "b" * 64,
        "packs": (RanPack("guard", "1.0.0", DIGEST, "prod", configuration_digest({}, ()), ("prod@3",)),),
        "verdict": report.verdict,
        "report": replace(report, tool="1.2.3"),
    }
    return StoredReport(**{**fields, **more})


def everything() -> StoredReport:
    """A run in which everything happened."""
    report = governed(
        guard(errors=(error("none", URN, log="last words"),)),
        waivers=[waiver("private", expires="2026-06-02T00:00:00Z", resource="*::open"), waiver("tagged")],
        unavailable=(GONE,),
        failed_open=True,
        applied=True,
        memberships=(OWNED, GroupMembership("everyone", "", About())),
    )
    return stored(replace(report, stack="dev", project="shop"))


def test_what_is_read_is_what_was_kept() -> None:
    """Every format prints the same of a report that was kept, and kept again it has the same bytes."""
    before = everything()
    data = before.encode()
    after = StoredReport.decode(data, before.key)
    assert document(after.report) == document(before.report)
    assert text_report(after.report) == text_report(before.report)
    assert len(sarif_report(after.report)["runs"]) == 2
    assert after.encode() == data == before.encode()
    assert (after.run, after.time, after.state, after.packs) == (
        "update",
        before.time,
        before.state,
        before.packs,
    )
    assert after.required.entity == before.required.entity
    assert after.required.unavailable == (GONE,)
    assert after.required.memberships == before.required.memberships
    assert (after.verdict, after.report.verdict) == ("not-evaluated", "not-evaluated")
    assert after.report.governed is not None and after.report.governed.failed_open


def test_that_nothing_was_required_is_kept() -> None:
    """It is still that, and no error, when it is read."""
    before = stored(governed(nothing=True), packs=())
    after = StoredReport.decode(before.encode(), before.key)
    assert (after.verdict, after.report.verdict) == ("nothing-required", "nothing-required")


def test_whatever_packs_say_can_be_kept() -> None:
    """Controls, halves of surrogates, numbers without a name and endless nesting come back as strict JSON."""
    deep: Any = "end"
    for _ in range(150):
        deep = [deep]
    change = PropertyChange((HOSTILE, 0), "update", deep, float("inf"))
    pack = replace(
        hostile().evaluation.packs[0],
        remediations=(Remediation("guard", "1", HOSTILE, URN, BUCKET, (change,)),),
    )
    before = stored(governed(pack))
    after = StoredReport.decode(before.encode(), before.key)
    [found] = after.report.evaluation.remediations
    assert found.changes[0].after == "inf"
    assert after.encode() == before.encode()


def test_the_configuration_itself_is_not_kept() -> None:
    """Of configuration there is a digest, which differs when it does, and the order of members is nothing."""
    one = configuration_digest({"a": "mandatory", "b": {"limit": 1}}, ("prod@3",))
    assert one == configuration_digest({"b": {"limit": 1}, "a": "mandatory"}, ("prod@3",))
    others = [
        configuration_digest({"a": "mandatory", "b": {"limit": True}}, ("prod@3",)),
        configuration_digest({"a": "mandatory", "b": {"limit": 1}}, ("prod@4",)),
        configuration_digest({"a": "advisory", "b": {"limit": 1}}, ("prod@3",)),
    ]
    assert one not in others and len(set(others)) == 3
    assert b"threshold" not in gzip.decompress(everything().encode())


def test_it_must_be_where_it_belongs() -> None:
    """A report that was copied to another entity's place is refused."""
    report = everything()
    with pytest.raises(
        IntegrityError, match=r"it is the report of reports/update/stack\.organization\.shop\.dev/"
    ):
        StoredReport.decode(report.encode(), report.key.replace("shop.dev", "shop.prod"))


def test_one_that_is_too_large_is_not_written() -> None:
    """Nobody could read it again."""
    pack = replace(guard(), violations=(replace(guard().violations[0], message="x" * MAX_REPORT),))
    with pytest.raises(UsageError, match="more than"):
        stored(governed(pack)).encode()


def test_a_bomb_is_not_unpacked() -> None:
    """A few bytes that unpack to more than a report may have are refused."""
    with pytest.raises(IntegrityError, match="has more than"):
        StoredReport.decode(gzip.compress(b" " * (MAX_REPORT + 1)), everything().key)


def test_a_newer_format_is_refused_by_number() -> None:
    """Not guessed at."""
    report = everything()
    members = json.loads(gzip.decompress(report.encode())) | {"format": 2}
    with pytest.raises(StoreRefused, match="format 2"):
        StoredReport.decode(json.dumps(members).encode(), report.key)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150)
@given(st.data())
def test_nothing_in_its_place_is_ever_a_crash(data: st.DataObject) -> None:
    """Any value anywhere in a report gives a report or an IntegrityError, nothing else."""
    report = everything()
    members = json.loads(gzip.decompress(report.encode()))
    place: Any = members
    while True:
        steps = list(place) if isinstance(place, dict) else list(range(len(place)))
        step = data.draw(st.sampled_from(steps))
        if isinstance(place[step], dict | list) and place[step] and data.draw(st.booleans()):
            place = place[step]
            continue
        place[step] = data.draw(_JSON)
        break
    with suppress(IntegrityError, StoreRefused):
        StoredReport.decode(json.dumps(members).encode(), report.key)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_report_are_refused(data: bytes) -> None:
    """Whatever stands there."""
    with pytest.raises((IntegrityError, StoreRefused)):
        StoredReport.decode(data, everything().key)
