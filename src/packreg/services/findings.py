"""What the last runs found, and what became of it since: one place that all such questions go through.

It is answered from the reports in the registry. An index of findings would answer here, too.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any

from packreg._version import __version__
from packreg.errors import IntegrityError, NotFound, StoreRefused, UsageError
from packreg.findings.compliance import compliance
from packreg.findings.html import PageContent, html_report
from packreg.findings.tracking import track, worst_first
from packreg.findings.trend import trend
from packreg.groups.members import matches
from packreg.pack.version import Version
from packreg.reports.document import document
from packreg.reports.report import counted
from packreg.services.reports import CURRENT, ReportStore, newest_of_each_mode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.findings.compliance import Compliance
    from packreg.findings.tracking import Status, Tracked
    from packreg.pack.metadata import PolicyInfo
    from packreg.reports.report_keys import Run
    from packreg.reports.stored import StoredReport
    from packreg.services.reports import RunHistory
    from packreg.services.workspace import Workspace

#: Runs of each entity that the trend of a page goes back over.
TREND_RUNS = 30


@dataclass(frozen=True)
class FindingFilter:
    """Which findings are meant; what is empty leaves none out. Projects, packs and policies are globs.

    A policy may be written PACK:POLICY. A level may also be "remediate", "error" or "hidden".
    """

    projects: Sequence[str] = ()
    packs: Sequence[str] = ()
    policies: Sequence[str] = ()
    levels: Sequence[str] = ()
    severities: Sequence[str] = ()
    statuses: Sequence[Status] = ("new", "open", "unknown")

    def has(self, each: Tracked) -> bool:
        """Whether a finding is meant."""
        return (
            (not self.statuses or each.status in self.statuses)
            and (not self.projects or _fits(each.entity.project, self.projects))
            and _fits(each.pack, self.packs)
            and (_fits(each.policy, self.policies) or _fits(f"{each.pack}:{each.policy}", self.policies))
            and (not self.levels or (each.level or "error") in self.levels)
            and (not self.severities or each.severity in self.severities)
        )


def _fits(name: str, globs: Sequence[str]) -> bool:
    return not globs or any(fnmatchcase(name, glob) for glob in globs)


@dataclass(frozen=True)
class PolicyFinding:
    """One finding, with what the record of its pack says of the policy; None where there is nothing."""

    finding: Tracked
    policy: PolicyInfo | None


class LatestRuns:
    """The last runs of each mode of the entities that are meant, and what they found.

    Entities are named by patterns as in groups; without any all are meant that there are reports of. `runs`
    are the kinds of run, by default all but previews. `count` reports of each are read: with one nothing is
    compared with the run before. `doubted`, `unreadable` and `pruned` are as those of the reports.
    """

    def __init__(
        self, workspace: Workspace, entities: Sequence[str] = (), runs: Sequence[Run] = (), *, count: int = 2
    ) -> None:
        """Read them.

        Raises:
            UsageError: an entity was named of which there are no reports.
            StoreError: the store failed.
        """
        kept = ReportStore(workspace)
        chosen = runs or CURRENT
        known = kept.entities(chosen)
        for pattern in entities:
            if not any(matches(pattern, entity) for entity in known):
                raise UsageError(
                    f"no reports are kept of {pattern!r}",
                    hint="`packreg compliance` lists the stacks and accounts that have reports",
                )
        meant = [
            each for each in known if not entities or any(matches(pattern, each) for pattern in entities)
        ]
        self._histories: list[RunHistory] = newest_of_each_mode(kept.histories(meant, chosen, count))
        kept.look_beside(self._histories)
        self._workspace = workspace
        self.doubted, self.unreadable, self.pruned = kept.doubted, kept.unreadable, kept.pruned

    @property
    def gaps(self) -> str:
        """What to say of runs whose reports were pruned, "" where none was met."""
        if not self.pruned:
            return ""
        runs, last = counted(len(self.pruned), "run"), max(self.pruned, key=lambda each: each.at)
        said = f"the reports of {runs} were pruned, the last at {last.at} by {last.by}"
        return f"{said}: what these runs found is not shown"

    @property
    def newest(self) -> list[StoredReport]:
        """The report of the last run of each."""
        return [history.reports[0] for history in self._histories]

    @cached_property
    def _tracked(self) -> list[Tracked]:
        return worst_first(
            each
            for history in self._histories
            for each in track(history.reports[0], history.reports[1] if len(history.reports) > 1 else None)
        )

    def findings(self, wanted: FindingFilter | None = None) -> list[Tracked]:
        """What the last run of each found against the run before, the worst first; all without a filter."""
        return [each for each in self._tracked if wanted is None or wanted.has(each)]

    def unknown_words(self, wanted: FindingFilter) -> list[tuple[str, str, list[str]]]:
        """What a filter names that none of these runs has: what it is, the word, and what there is."""
        ran = [pack for stored in self.newest for pack in stored.report.evaluation.packs]
        gone = [each for each in self.findings() if not each.is_there]
        packs = {pack.pack for pack in ran} | {each.pack for each in gone}
        policies = {(pack.pack, policy.policy) for pack in ran for policy in pack.policies}
        policies |= {(each.pack, each.policy) for each in gone}
        full = {f"{pack}:{policy}" for pack, policy in policies}
        projects = {stored.required.entity.project for stored in self.newest}
        asked = (
            ("project", wanted.projects, projects, projects),
            ("pack", wanted.packs, packs, packs),
            ("policy", wanted.policies, full, full | {policy for _, policy in policies}),
        )
        return [
            (what, glob, sorted(shown - {"", ":"}))
            for what, globs, shown, known in asked
            for glob in globs
            if not any(fnmatchcase(name, glob) for name in known)
        ]

    def find(self, beginning: str) -> list[PolicyFinding]:
        """The findings whose id begins so: those of one policy about one resource.

        Raises:
            NotFound: there is none.
            UsageError: it is the beginning of several ids.
        """
        found = [each for each in self.findings() if each.id.startswith(beginning.lower())]
        if not found:
            raise NotFound(
                f"no finding of the last runs has the id {beginning!r}",
                hint="`packreg findings ls` lists them",
            )
        if len(ids := sorted({each.id for each in found})) > 1:
            raise UsageError(f"{beginning} is the beginning of {', '.join(ids)}", hint="write one of them")
        return [PolicyFinding(each, self._policy(each)) for each in found]

    def _policy(self, found: Tracked) -> PolicyInfo | None:
        """What the record of the release says of the policy."""
        policies = self._metadata(found.pack, found.version)
        return next((policy for policy in policies if policy.name == found.policy), None)

    def _metadata(self, pack: str, version: str) -> Sequence[PolicyInfo]:
        """The policies of a release; none where its record cannot be read any more: `verify` says why."""
        try:
            metadata = self._workspace.registry().record(pack, Version(version)).metadata
        except (NotFound, UsageError, IntegrityError, StoreRefused):
            return ()
        return metadata.policies if metadata is not None else ()

    def compliance(self) -> Compliance:
        """How many policies each passed, pack by pack."""
        return compliance(self.newest)

    def page(self) -> str:
        """All of it as an HTML page; the trend goes back over as many reports as were read."""
        content = PageContent(
            self.newest,
            self.findings(),
            trend(report for history in self._histories for report in history.reports),
            title="Policy compliance",
            registry=self._workspace.place,
            made=self._workspace.now(),
            tool=__version__,
            policies=self._policies(),
            gaps=self.gaps,
        )
        return html_report(content)

    def _policies(self) -> dict[tuple[str, str, str], PolicyInfo]:
        """What the releases that ran say of their policies: a request for each release."""
        ran = {(pack.name, pack.version) for each in self.newest for pack in each.packs if pack.digest}
        releases = sorted(ran)
        found = self._workspace.at_once(lambda release: self._metadata(*release), releases)
        return {
            (*release, policy.name): policy
            for release, policies in zip(releases, found, strict=True)
            for policy in policies
        }


def finding_json(each: Tracked) -> dict[str, Any]:
    """A finding, for `findings ls --json`."""
    waiver = asdict(each.waiver) if each.waiver else None
    entity = {"entity": each.entity.name, "entity_kind": each.entity.kind}
    return {"id": each.id, **each._asdict(), **entity, "waiver": waiver}


def policy_finding_json(each: PolicyFinding) -> dict[str, Any]:
    """A finding with what its pack says of the policy, for `findings show --json`."""
    policy = each.policy
    says = {
        "description": policy.description if policy else "",
        "remediation_steps": policy.remediation_steps if policy else "",
        "url": policy.url if policy else "",
    }
    return finding_json(each.finding) | says


def compliance_json(table: Compliance) -> list[dict[str, Any]]:
    """How many policies each entity passed, for `compliance --json`."""
    return [
        {"entity": entity.name, "kind": entity.kind, "pack": pack, **score._asdict()}
        | {"hidden": table.hidden.get(entity.name, 0)}
        for entity in table.entities
        for pack in table.packs
        if (score := table.score(entity, pack)) is not None
    ]


def report_json(stored: StoredReport) -> dict[str, Any]:
    """A kept report, for `report --json`."""
    return (
        {"run": stored.run, "time": stored.time, "id": stored.id, "state": stored.state}
        | {"ran": [asdict(pack) for pack in stored.packs]}
        | document(stored.report)
    )
