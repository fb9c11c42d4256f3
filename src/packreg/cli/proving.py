"""`prove`: what was enforced on a stack at a time, by what the registry kept and nobody changed since."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from packreg.cli.base import command
from packreg.cli.entities import entity_options, read_entity
from packreg.errors import IntegrityError, NotFound, UsageError
from packreg.registry.clocks import doubts
from packreg.services.backends import Backends
from packreg.services.clock import precisely_now
from packreg.services.fitting import misfits, unlike_release
from packreg.services.governance import dated, read_revision
from packreg.services.reports import ReportStore
from packreg.services.verify import verify_chain

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.groups.document import Document
    from packreg.groups.model import Entity, Mode
    from packreg.registry.clocks import Dated
    from packreg.reports.report_keys import Run
    from packreg.reports.stored import RanPack
    from packreg.services.reports import Kept

#: The kinds of run that show what was enforced or audited; a preview decides about a plan.
_RUNS: dict[Mode, tuple[Run, ...]] = {"preventative": ("update", "enforce"), "audit": ("audit",)}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@command(
    "prove",
    examples=(
        "packreg prove shop/prod --at 2026-08-31",
        "packreg prove shop/prod --at 2026-08-31T12:00:00Z --json",
    ),
)
@entity_options
@click.option(
    "--at", metavar="DATE", required=True, help="A day in UTC, of which the end counts, or a moment."
)
@click.pass_obj
def prove_command(
    context: CommandContext, stack: str | None, account: str | None, tags: tuple[str, ...], at: str
) -> int:
    """Show what was enforced on a stack at a time.

    Or on an account. The groups by the revision of governance that held then, and the last runs until then:
    their packs, whose digests are compared with the registry's records, their waivers and verdicts. Every
    revision is proved to be the one that its successor was made from, and so is every entry of a report. What
    does not fit is said: times that contradict each other, a report older than what it names, one that
    nobody entered. Exit code 6: nothing is known to have run by then. Exit code 8: something is not what it
    was, or does not fit.
    """
    entity = Backends(context).placed(read_entity(stack, account, tags))
    until = read_moment(at)
    history = Governed.read(context)
    revision = history.at(until)
    kept = ReportStore(context)
    runs = {mode: _last(kept, entity, kinds, until) for mode, kinds in _RUNS.items()}
    found = [_proved(context, history, each) for each in runs.values() if each is not None]
    kinds = [kind for mode in _RUNS for kind in _RUNS[mode]]
    chains = [each for kind in kinds for each in verify_chain(context, kept, entity, kind, contents=False)]
    wrong = list(
        dict.fromkeys(
            [
                *(history.doubts(revision) if revision is not None else ()),
                *kept.unreadable,
                *kept.doubted,
                *(each.message for each in chains if each.level == "error" and each.code != "wrong-time"),
                *(problem for run in found for problem in run["problems"]),
                *(pack["problem"] for run in found for pack in run["packs"] if pack["problem"]),
            ]
        )
    )
    document = {
        "entity": entity.name,
        "kind": entity.kind,
        "at": until,
        "governance": _governed(revision, entity),
        "runs": found,
        "unreadable": kept.unreadable,
        "problems": wrong,
        "store_times": context.store.own_times,
    }
    if context.out.json:
        context.out.document(document)
    else:
        _show(context, document)
    for text in wrong:
        context.out.warn(text)
    if wrong:
        return IntegrityError.exit_code
    if not found:
        context.out.say(f"no run on {entity.name} is known until {until}")
        return NotFound.exit_code
    return 0


def read_moment(text: str) -> str:
    """A day, at its end, or a moment, in UTC and microseconds.

    Raises:
        UsageError: it is neither, or says no time zone.
    """
    from packreg.groups.times import precise

    try:
        if _DAY.fullmatch(text):
            return precise(datetime.fromisoformat(text).replace(tzinfo=UTC, hour=23, minute=59, second=59))
        value = datetime.fromisoformat(text)
        if value.tzinfo is not None:
            return precise(value)
    except (ValueError, OverflowError):
        pass
    raise UsageError(f"{text[:100]!r} is no date", hint="write 2026-08-31 or 2026-08-31T12:00:00Z")


class Governed:
    """Every revision of governance, each proved to be the one that the next was made from."""

    def __init__(self, context: CommandContext, revisions: dict[int, tuple[Document, Dated | None]]) -> None:
        self._session, self._revisions = context, revisions
        self.documents = {number: document for number, (document, _) in revisions.items()}

    @classmethod
    def read(cls, context: CommandContext) -> Governed:
        """Read the chain. Raises: IntegrityError, StoreRefused, as `read_revision`."""
        chain = context.registry().governance
        found = {}
        for revision in chain.history():
            document = read_revision(chain, revision)
            found[revision.number] = document, dated(document, revision)
        return cls(context, found)

    def at(self, until: str) -> Document | None:
        """The newest revision until then; None before the first."""
        known = (self.documents[number] for number in sorted(self.documents, reverse=True))
        return next((each for each in known if each.change is not None and each.change.at <= until), None)

    def doubts(self, document: Document) -> tuple[str, ...]:
        """Why the time of a revision cannot be right."""
        number = document.governance.revision
        here, before = (self._revisions.get(each, (None, None))[1] for each in (number, number - 1))
        if here is None:
            return ()
        times = self._session.registry().times
        here = here._replace(stored=times.of(here.stored))
        return doubts(here, before and before._replace(stored=times.of(before.stored)), now=precisely_now())


def _governed(document: Document | None, entity: Entity) -> dict[str, Any] | None:
    from packreg.groups.members import groups_of

    if document is None or document.change is None:
        return None
    governance, change = document.governance, document.change
    names = [name for mode in _RUNS for name in groups_of(governance, entity, mode)]
    return {
        "revision": governance.revision,
        "by": change.by,
        "at": change.at,
        "what": change.what,
        "groups": [
            {
                "name": name,
                "mode": governance.groups[name].mode,
                "packs": [f"{pack.pack}@{pack.version}" for pack in governance.groups[name].packs.values()],
            }
            for name in names
        ],
    }


def _last(kept: ReportStore, entity: Entity, runs: tuple[Run, ...], until: str) -> Kept | None:
    newest = [each for run in runs for each in islice(kept.walk(entity, run, until), 1)]
    return max(newest, key=lambda each: each.when, default=None)


def _proved(context: CommandContext, history: Governed, kept: Kept) -> dict[str, Any]:
    from packreg.reports.report import summary, totals

    stored = kept.report
    required = stored.required
    governed = stored.report.governed
    assert governed is not None
    return {
        "run": stored.run,
        "mode": required.mode,
        "time": stored.time,
        "id": stored.id,
        "entry": kept.entered.number if kept.entered is not None else None,
        "verdict": stored.verdict,
        "summary": summary(stored.report),
        "state": stored.state,
        "revision": required.revision,
        "groups": list(required.groups),
        "packs": [_pack(context, pack, stored.time) for pack in stored.packs],
        "waivers": [
            {
                "id": each.id,
                "policy": f"{each.pack}:{each.policy}",
                "owner": each.owner,
                "expires": each.expires,
            }
            for each in governed.waived.used
        ],
        "failed_open": governed.failed_open,
        "totals": totals(stored.report)._asdict(),
        "problems": [*kept.doubts, *misfits(stored, history.documents)],
    }


def _pack(context: CommandContext, pack: RanPack, time: str) -> dict[str, Any]:
    return {
        "name": pack.name,
        "version": pack.version,
        "digest": pack.digest,
        "dependencies": pack.dependencies,
        "group": pack.group,
        "configuration": pack.configuration,
        "environments": list(pack.environments),
        "problem": unlike_release(context, pack, time),
    }


def _show(context: CommandContext, document: dict[str, Any]) -> None:
    out, governance = context.out, document["governance"]
    out.line(f"{document['entity']} at {document['at']}")
    if governance is None:
        out.line("governance  nobody had written any")
    else:
        out.line(
            f"governance  revision {governance['revision']} of {governance['at']} by {governance['by']}: "
            f"{governance['what']}"
        )
        for group in governance["groups"]:
            out.line(
                f"group       {group['name']} ({group['mode']}): {', '.join(group['packs']) or 'no packs'}"
            )
    for run in document["runs"]:
        out.line(f"{run['run']:<11} {run['time']}  {run['summary']}")
        if run["entry"] is None:
            out.line("            from before there were chains: nothing shows that it is as it was written")
        else:
            out.line(f"            entry {run['entry']} of its chain")
        for pack in run["packs"]:
            digest = pack["digest"] or "could not be had"
            out.line(
                f"  pack      {pack['name']}@{pack['version']}  {digest}  by {pack['group'] or 'no group'}"
            )
            out.line(f"            configured {pack['configuration']}")
            if pack["dependencies"]:
                out.line(f"            with dependencies {pack['dependencies']}")
            if pack["environments"]:
                out.line(f"            environments {', '.join(pack['environments'])}")
        for waiver in run["waivers"]:
            who = f"{waiver['owner']} until {waiver['expires']}"
            out.line(f"  waiver    {waiver['policy']} by {who} ({waiver['id']})")
