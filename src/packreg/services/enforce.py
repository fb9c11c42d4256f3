"""The decision about a deployment, without the Pulumi CLI; and what fails closed in it, for whoever asks.

The rules, of which no face has its own:

* What is of another stack than the one that is decided about is refused, so is a preview that did not succeed
  or leaves unchanged resources out: what is not in it would pass unseen.
* Secrets that packs cannot be shown are not evaluated, unless somebody allows that by name.
* What could not be evaluated does not pass. Only the operator opens (`failing_open`), never for a deployment
  that is denied as well, and never for hidden secrets.
* Beside these, what was found decides by one table (`enforcement.verdict`), where no pack is no pass.
* The report may not be kept: the decision stands, and `unkept` says why.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from packreg.analyzer.program import Stack
from packreg.enforcement.hidden import HIDDEN_SECRETS
from packreg.errors import InvalidState, PackregError, UsageError
from packreg.groups.entities import stack_entity
from packreg.reports.document import document
from packreg.services.judge import judged_report, stored_report
from packreg.settings.load import says_yes
from packreg.states.preview import FAILED_PREVIEW, MISSING_RESOURCES

if TYPE_CHECKING:
    from packreg.analyzer.pool import Pool
    from packreg.enforcement.verdict import Verdict
    from packreg.enforcement.waivers import Finding
    from packreg.groups.model import Entity
    from packreg.reports.report import Report
    from packreg.services.workspace import Workspace
    from packreg.states.snapshot import Snapshot

FAIL_OPEN = "PACKREG_FAIL_OPEN"


@dataclass(frozen=True)
class Enforced:
    """A decision. `key` is where the registry keeps the report, "" if it does not, and `unkept` why not."""

    report: Report
    key: str = ""
    unkept: PackregError | None = None

    @property
    def verdict(self) -> Verdict:
        """What follows from what the packs found."""
        return self.report.verdict

    @property
    def passes(self) -> bool:
        """Whether the deployment may go on: nothing denies it, or the operator lets pass what failed."""
        governed = self.report.governed
        opened = governed is not None and governed.failed_open
        return self.verdict in ("allowed", "nothing-required") or (self.verdict == "not-evaluated" and opened)

    def as_json(self) -> dict[str, Any]:
        """The report as `packreg enforce --json` prints it."""
        return document(self.report)


def enforce(
    workspace: Workspace,
    stack: Entity | str,
    snapshot: Snapshot,
    *,
    where: str = "",
    backend: str | None = None,
    strict: bool = False,
    offline: bool = False,
    allow_hidden_secrets: bool = False,
    keep: bool = True,
    shared: bool = False,
    pool: Pool | None = None,
) -> Enforced:
    """Decide about a deployment by what the stack's preventative groups require now; from any thread.

    `stack` is `[backend:][organization/]project/stack`, or that with its tags; the tags that its `backend` (a
    URL or a name) keeps join those. `where` is what the report calls the snapshot (default: as it is called
    there). `strict` refuses where a losing entry was stricter; `offline` installs from what is cached.
    Without `keep` no report is kept. A `pool` keeps the packs' processes for the next decision about the same
    stack; with `shared` also for other stacks, and then packs are not told the stack's name.

    Raises:
        UsageError: that is no stack, or the snapshot is of another one.
        InvalidState: the preview does not hold everything.
        NotFound: there is no registry, or no governance, so it is not known what must run.
        NotEvaluated: several backends have a stack of this name, and which one is meant is not known.
        StoreError, IntegrityError: what must run cannot be read. Never for a pack, which is in the report.
    """
    from packreg.services.decisions import Decisions
    from packreg.services.prepare import RequiredPacks
    from packreg.services.reports import ReportStore
    from packreg.services.stack_tags import with_tags

    entity = _checked(stack)
    _check_stack(entity, snapshot)
    _check_preview(snapshot)
    workspace.store.silence.restart()
    decisions = Decisions.read(workspace, strict=strict)
    entity = with_tags(workspace, entity, decisions.governance, ("preventative",), backend, told=True)
    organization, project, name = entity.in_its_backend.split("/")
    told = Stack(name, project, organization, dry_run=snapshot.is_preview, tags=entity.tags)
    required = decisions.required(entity, "preventative")
    packs = RequiredPacks(workspace, decisions, offline=offline)
    packs.install(required.packs)
    prepared = packs.ready(required, told, shared=shared)
    report = judged_report(
        snapshot,
        prepared,
        where=where or snapshot.where,
        pool=pool,
        hidden_secrets="allowed" if allow_hidden_secrets else "refused",
    )
    report = _opened(report, failing_open(workspace))
    if not keep:
        return Enforced(report)
    try:
        kept = ReportStore(workspace).save(
            stored_report(workspace, "enforce", report, prepared, snapshot.digest())
        )
    except PackregError as error:
        return Enforced(report, unkept=error)
    return Enforced(report, kept.key)


def failing_open(workspace: Workspace) -> str:
    """Whose setting lets pass what could not be evaluated; empty where it must not pass.

    Where there is an operator's file, that decides, and no variable does.

    Raises:
        UsageError: a setting cannot be read.
    """
    settings = workspace.settings
    if settings.operators:
        until = str(settings.values.get("guard.fail_open_until", ""))
        return f"{settings.operators}, until {until}" if workspace.now() <= until else ""
    return FAIL_OPEN if says_yes(workspace.environ.get(FAIL_OPEN, "")) else ""


def _opened(report: Report, who: str) -> Report:
    """The report, which says so where `who` lets pass what could not be evaluated."""
    evaluation, governed = report.evaluation, report.governed
    findings: tuple[Finding, ...] = (*evaluation.violations, *evaluation.remediations)
    denied = any(map(report.counts, findings))
    hidden = any(error.code == HIDDEN_SECRETS for error in evaluation.errors)
    if not who or report.verdict != "not-evaluated" or denied or hidden or governed is None:
        return report
    return replace(report, governed=replace(governed, failed_open=True))


def _checked(stack: Entity | str) -> Entity:
    """The stack, whoever made it."""
    if isinstance(stack, str):
        return stack_entity(stack)
    if stack.kind != "stack":
        raise UsageError(f"{stack} is not a stack: only deployments of stacks can be decided")
    checked = stack_entity(stack.name, dict(stack.tags))
    return replace(checked, backend=stack.backend or checked.backend)


def _check_stack(entity: Entity, snapshot: Snapshot) -> None:
    """Refuse what is of another stack than the one that is decided about, or of none; it may be empty."""
    name = entity.in_its_backend.partition("/")[2]
    there = f"{snapshot.project}/{snapshot.stack}"
    if snapshot.root and there != name:
        raise UsageError(f"{snapshot.where} is of the stack {there[:200]!r}, not of {name!r}")


def _check_preview(snapshot: Snapshot) -> None:
    """Refuse to decide by a preview that does not hold everything: what is not in it would pass unseen."""
    for note in snapshot.notes:
        if note.code == FAILED_PREVIEW:
            raise InvalidState(
                f"the preview {snapshot.where} did not succeed, so it is not known what would be deployed",
                hint="make the preview succeed; `packreg analyze --preview` judges what is in it",
            )
        if note.code == MISSING_RESOURCES:
            raise InvalidState(
                f"the preview {snapshot.where} is not complete: {note.message}",
                hint="use the output of `pulumi preview --json --show-sames`",
            )
