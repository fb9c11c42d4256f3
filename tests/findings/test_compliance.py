"""Policies passed of all."""

from __future__ import annotations

from dataclasses import replace

from packreg.findings.compliance import compliance
from tests.reports.findings import STACK, error, guard
from tests.reports.kept import stored


def test_a_policy_counts_once_and_a_disabled_one_does_not() -> None:
    """Of six policies one is disabled, three failed, and one had nothing to say, which is no failure."""
    score = compliance([stored(guard())]).score(STACK, "guard")
    assert score is not None
    assert (score.passed, score.failed, score.errors, score.total) == (2, 3, 0, 5)
    assert score.version == "1.0.0"


def test_what_could_not_be_evaluated_has_not_passed() -> None:
    """A policy with an error counts and has not passed; a pack that did not start is no empty success."""
    [one] = compliance([stored(guard(errors=(error("none"),)))]).scores.values()
    assert (one.passed, one.errors) == (1, 1)
    dead = replace(guard(errors=(error(),)), policies=(), violations=(), remediations=())
    [none] = compliance([stored(dead)]).scores.values()
    assert (none.passed, none.total, none.share) == (0, 1, 0.0)


def test_the_newest_run_counts_whatever_the_order() -> None:
    """Of several reports about an entity the latest is the state; the order they come in does not matter."""
    old, new = stored(guard()), stored(replace(guard(), policies=()), day=2)
    assert compliance([new, old]) == compliance([old, new])
    assert compliance([new, old]).overall().total == 0


def test_sums_are_of_rows_of_columns_and_of_all() -> None:
    """The sum over one entity and over one pack are those of their scores."""
    other = replace(guard(), pack="limits")
    table = compliance([stored(guard(), other)])
    assert table.packs == ("guard", "limits")
    assert table.overall(entity=STACK).total == table.overall().total == 10
    assert table.overall(pack="limits").total == 5
