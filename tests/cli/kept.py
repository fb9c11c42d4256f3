"""Reports as runs leave them, put into a registry by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from packreg.groups.document import Change, default_groups, encode
from packreg.groups.model import DEFAULT_AUDIT, DEFAULT_PREVENTATIVE, Governance, Group, PackEntry
from packreg.registry import layout
from packreg.registry.run_entries import Entered, RunEntries, RunEntry
from packreg.reports.stored import StoredReport
from packreg.services.clock import new_id
from packreg.services.reports import object_digest
from packreg.store.chain import Chain
from packreg.store.open import open_store
from packreg.store.store import Store
from packreg.store.url import parse_location
from tests.cli.conftest import User


def keep(user: User, *reports: StoredReport, entered: bool = True) -> Path:
    """Put reports into the user's registry, made if need be; gives its directory.

    Each is entered in its chain at its own time; without `entered` they are as before there were chains.
    """
    registry = user.top / "registry"
    user.extra["PACKREG_REGISTRY"] = str(registry)
    if not registry.exists():
        user.must("init")
    store = open_store(parse_location(str(registry), cwd=user.top))
    for report in reports:
        assert store.create(report.key, report.encode()) is None
        if entered:
            enter(store, report)
    return registry


def govern(user: User, time: str = "") -> None:
    """Write seven revisions of governance: two groups that require `guard`.

    They are of the first days of May 2026, or all of `time`.
    """
    store = open_store(parse_location(user.extra["PACKREG_REGISTRY"], cwd=user.top))
    for entry in list(store.list_all(layout.GOVERNANCE)):
        store.delete(entry.key)
    chain = Chain(store, layout.GOVERNANCE)
    for day in range(1, 8):
        at = time or f"2026-05-{day:02d}T10:00:00.000000Z"
        packs = {"guard": PackEntry("guard", "1.0.0", at)}
        groups = default_groups() | {
            "prod": Group("prod", "preventative", frozenset({"stack"}), ("shop/*",), packs=packs),
            "watch": Group("watch", "audit", frozenset({"stack"}), ("shop/*",), packs=packs),
        }
        value = encode(Governance(day, groups), Change("ada", at, "for tests"))
        newest = chain.append(lambda _, value=value: value, attempt_id=f"day-{day}")  # type: ignore[misc]
    user.must("init", "--quiet", "--accept", newest.digest[:16])


def fitting(report: StoredReport) -> StoredReport:
    """The report with the groups that its stack is in by the governance of `govern`."""
    preventative = report.required.mode == "preventative"
    group = "prod" if preventative else "watch"
    default = DEFAULT_PREVENTATIVE if preventative else DEFAULT_AUDIT
    assert report.report.governed is not None
    required = replace(report.required, groups=(default, group))
    governed = replace(report.report.governed, required=required)
    packs = tuple(replace(pack, group=group) for pack in report.packs)
    return replace(report, packs=packs, report=replace(report.report, governed=governed))


def enter(store: Store, report: StoredReport, *, time: str = "", key: str = "", digest: str = "") -> Entered:
    """Enter a report in its chain at a time, by default its own, and under its key and digest or others."""
    entity = report.required.entity
    entries = RunEntries(store, now=lambda: time or report.time, new_id=new_id)
    entry = RunEntry("report", report.run, entity.kind, entity.name, report.id)
    digest = digest or object_digest(report.encode())
    return entries.append(replace(entry, report=key or report.key, digest=digest))
