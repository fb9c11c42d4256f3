"""Sums by anything that findings have in common."""

from __future__ import annotations

from dataclasses import replace

from packreg.findings.rollups import Rollup, groups_of_packs, rollups
from packreg.findings.tracking import track
from tests.reports.findings import error, guard, waiver
from tests.reports.kept import stored


def test_sums_count_policies_and_what_is_open() -> None:
    """A disabled policy does not count, and what is waived is not open; the worst comes first."""
    report = stored(guard())
    [whole] = rollups([report], track(report), lambda entity, _, __: [entity.project])
    assert whole == Rollup("shop", passed=2, total=5, mandatory=2, advisory=1)
    by_policy = rollups([report], track(report), lambda _, __, policy: [policy])
    assert [each.name for each in by_policy][:2] == ["private", "tagged"]
    assert next(each for each in by_policy if each.name == "owned") == Rollup("owned", 0, 1, 0, 0, 1)
    waived = stored(guard(), waivers=(waiver(),))
    [whole] = rollups([waived], track(waived), lambda entity, _, __: [entity.project])
    assert whole.mandatory == 1


def test_a_pack_that_did_not_run_has_not_passed() -> None:
    """It counts as one policy that could not be evaluated; a name that is under nothing counts nowhere."""
    broken = replace(guard(errors=(error(),)), policies=(), violations=(), remediations=())
    report = stored(broken)
    assert rollups([report], track(report), lambda _, pack, __: [pack]) == [Rollup("guard", 0, 1, 1)]
    assert rollups([report], track(report), lambda *_: []) == []
    assert groups_of_packs([report]) == {("organization/shop/dev", "guard"): "prod"}
