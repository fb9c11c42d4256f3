"""What is ready to be started, and which waivers count for what it finds."""

from __future__ import annotations

import subprocess
import sys

from packreg.analyzer.findings import Evaluation, Violation
from packreg.enforcement.waivers import Waived, apply_waivers
from packreg.groups.decision import Required
from packreg.groups.model import Entity, Rules, Waiver
from packreg.services.prepared import PreparedPacks, nobody_waives

PROD = Entity("stack", "organization/shop/prod")
REQUIRED = Required(PROD, "preventative", 1, (), ())
VIOLATION = Violation(
    "limits", "1.0.0", "deny", "mandatory", "no", urn="urn:pulumi:prod::shop::a:b:C::d", resource_type="a:b:C"
)


def test_without_anybody_who_waives_nothing_is_waived() -> None:
    """Packs that were prepared without governance have no waivers."""
    assert PreparedPacks(REQUIRED).waiver_for(VIOLATION) is None
    assert nobody_waives(Evaluation((), 0)).waiver(VIOLATION) is None


def test_one_violation_is_asked_about_by_itself() -> None:
    """Its waiver is found, and that of another policy is not."""
    waiver = Waiver(
        "w1", "limits", "deny", PROD.name, "Ann", "a reason", "2026-06-01T00:00:00Z", "2026-01-01T00:00:00Z"
    )

    def waived(evaluation: Evaluation) -> Waived:
        return apply_waivers(evaluation, PROD, [waiver], Rules(), now="2026-02-01T00:00:00Z")

    packs = PreparedPacks(REQUIRED, waived=waived)
    assert packs.waiver_for(VIOLATION) == waiver
    other = Violation("limits", "1.0.0", "other", "mandatory", "no", VIOLATION.urn, VIOLATION.resource_type)
    assert packs.waiver_for(other) is None


def test_the_guard_says_its_port_before_what_prepares_packs_is_loaded() -> None:
    """The CLI waits for the port; what installs packs is loaded while it connects."""
    program = (
        "import sys, packreg.guard.backend, packreg.guard.server, packreg.services.enforce; "
        "later = {'packreg.services.prepare', 'packreg.install.installer', 'yaml', 'packaging'}; "
        "print(later & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
