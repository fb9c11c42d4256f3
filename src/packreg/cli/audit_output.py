"""What `audit` prints: a line or a JSON object for each entity, and warnings about some."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from packreg.cli.report_output import DENIED
from packreg.errors import NotEvaluated
from packreg.reports.report import counted
from packreg.services.audit import audit_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.cli.context import CommandContext
    from packreg.services.audit import AuditResult

_COLUMNS = ("entity", "verdict", "mandatory", "advisory", "remediations", "waived", "errors")


def write_results(context: CommandContext, results: Sequence[AuditResult], *, fail_on: str = "never") -> int:
    """Print all results; returns the exit code. Entities whose secrets could not be read are counted apart.

    With `fail_on` "past-the-guard", updates that went past the guard are exit code 3, unless they are waived.
    """
    out = context.out
    counts = Counter(each.outcome for each in results)
    past = [each for each in results if each.past_the_guard]
    unkept = [each for each in results if each.unkept]
    if out.json:
        out.document(audit_json(results))
    else:
        rows = (
            (e.entity, _verdict(e), e.mandatory, e.advisory, e.remediations, e.waived, e.errors)
            for e in results
        )
        out.table(_COLUMNS, rows)
    for each in results:
        if each.error:
            out.error(f"{each.entity}: {each.error}")
    for each in past:
        last = f", the last update at {each.unguarded}" if each.unguarded else ""
        out.warn(
            f"{each.entity}: {counted(each.past_the_guard, 'finding')} about what went past the guard{last}",
            f"`packreg findings ls '{each.entity}' --pack packreg` says how; `packreg waiver add "
            "packreg:past-the-guard` acknowledges it with a reason",
        )
    if hidden := [each for each in results if each.hidden]:
        out.warn(
            f"{counted(len(hidden), 'entity', 'entities')} with secrets that could not be read: it is not "
            "known what the policies would say about them",
            "give the key: PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
        )
    if unkept:
        out.warn(f"{len(unkept)} reports were not kept, the first because {unkept[0].unkept}")
    said = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
    out.say(f"audited {len(results)}: {said or 'nothing'}")
    if past and fail_on == "past-the-guard":
        return DENIED
    return NotEvaluated.exit_code if counts["not-evaluated"] else 0


def _verdict(each: AuditResult) -> str:
    if not each.hidden:
        return each.outcome
    return f"{each.verdict}, {counted(each.hidden, 'resource')} with hidden secrets"
