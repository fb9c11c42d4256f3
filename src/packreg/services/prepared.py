"""What an entity must run, ready to be started: what the guard and the report of a run know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packreg.analyzer.evaluation import PackToRun
from packreg.analyzer.findings import Evaluation, PackResult
from packreg.enforcement.waivers import Waived
from packreg.errors import Problem
from packreg.reports.stored import RanPack

if TYPE_CHECKING:
    from packreg.analyzer.findings import Violation
    from packreg.groups.decision import Required
    from packreg.groups.model import Waiver


def nobody_waives(evaluation: Evaluation) -> Waived:
    """For who knows of no waivers."""
    return Waived()


@dataclass(frozen=True)
class PreparedPacks:
    """What an entity must run this time, ready to be started, in the order of the packs' names.

    `required` has what could not be made ready among `unavailable`; `ran` says for the report which releases
    these are; `secrets` are texts that packs are given and nobody may read; `warnings` gets what should be
    said of configurations, as packs are started. `waived` finds the waivers that count now for what was
    found; `unseen` are groups that may have the entity by its tags, which nobody told; `id` is that of the
    run, which its report has, "" where nothing is known of it yet.
    """

    required: Required
    packs: tuple[PackToRun, ...] = ()
    ran: tuple[RanPack, ...] = ()
    secrets: frozenset[str] = frozenset()
    warnings: list[Problem] = field(default_factory=list)
    waived: Callable[[Evaluation], Waived] = nobody_waives
    unseen: tuple[str, ...] = ()
    id: str = ""

    def waiver_for(self, violation: Violation) -> Waiver | None:
        """The waiver that counts now for one violation."""
        alone = PackResult(violation.pack, violation.version, None, 1, violations=(violation,))
        return self.waived(Evaluation((alone,), 1)).waiver(violation)
