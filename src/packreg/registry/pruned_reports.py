"""Which reports of a chain were pruned, and whether that may be. Pure.

Reports are large and entries are small. So pruning deletes reports and keeps all entries: a chain has no gap,
and the number of a pruned report is never used again. Before anything is deleted, a `pruned` entry is added
that names the reports by number, digest and verdict. It needs the feature `pruned-reports`: a packreg that
does not know it stops there, instead of taking the deletion for tampering.

An entry that says "pruned" hides nothing: a report that is still there is read as any other. So whoever may
write entries, but not delete reports, gains nothing by writing one. And it counts only if it agrees with the
entries that it names, and left the newest reports of that time in place, as packreg always does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from packreg.registry.run_entries import Entered, PrunedReport

#: So many reports of each chain, the newest, are never pruned: what is new and fixed is told by these.
LEAST_KEPT = 2


class Pruning(NamedTuple):
    """That a report was pruned: what is known of it, and the entry that says so."""

    report: PrunedReport
    entered: Entered


class Prunings:
    """What the entries of one chain say of pruned reports; `meet` is given them from the newest on."""

    def __init__(self) -> None:
        self._said: dict[int, Pruning] = {}
        self._kept: dict[int, int] = {}  # number of a `pruned` entry -> reports before it that it keeps

    def meet(self, entered: Entered) -> str:
        """Take notice of the next older entry; gives what is wrong with it or with what was said of it."""
        entry, number = entered.entry, entered.number
        if entry.kind == "pruned":
            self._kept[number] = 0
            for each in entry.pruned:
                if each.number >= number:
                    return f"it says that it pruned entry {each.number}, which comes after it"
                before = self._said.setdefault(each.number, Pruning(each, entered))
                if before.report != each:
                    return f"it names entry {each.number} in other words than entry {before.entered.number}"
        said = self._said.get(number)
        by = said.entered.number if said is not None else 0
        if entry.kind == "report":
            for pruned in self._kept:
                self._kept[pruned] += pruned != by
        if said is None:
            return ""
        wrong = ""
        if entry.kind != "report" or entry.digest != said.report.digest:
            wrong = f"entry {by} says that it pruned it, but names another digest"
        elif self._kept[by] < LEAST_KEPT:
            wrong = f"entry {by} says that it pruned it, one of the newest then, which packreg never does"
        if wrong:
            del self._said[number]
        return wrong

    def of(self, entered: Entered) -> Pruning | None:
        """That the report of an entry was pruned, if that may be; None if not."""
        return self._said.get(entered.number)
