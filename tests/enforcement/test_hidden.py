"""Secrets that nobody could read are not a pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from packreg.analyzer.findings import Evaluation, PackResult, PolicyResult
from packreg.enforcement.hidden import HIDDEN_SECRETS, not_evaluated, still_found, unread, with_names
from packreg.errors import Problem
from packreg.states.snapshot import HiddenSecrets
from tests.reports.findings import ROOT, URN, guard, violation

OTHER = f"{URN}2"
HIDDEN = HiddenSecrets((URN,), (OTHER,))


def of(*packs: PackResult) -> Evaluation:
    """What these packs found."""
    return Evaluation(packs, 2)


def without(kind: str) -> PackResult:
    """`guard`, of which no policy of a kind is enabled."""
    pack = guard()
    assert pack.info is not None
    off = {each.name for each in pack.info.policies if each.type in (kind, "unknown")}
    policies = tuple(
        replace(each, level="disabled") if each.policy in off else each for each in pack.policies
    )
    return replace(pack, policies=policies)


def test_only_what_a_policy_was_shown_counts() -> None:
    """Resources for policies of resources, the stack's for those of stacks, each URN once."""
    assert unread(of(guard(), guard()), HIDDEN) == (URN, OTHER)
    assert unread(of(without("stack")), HIDDEN) == (URN,)
    assert unread(of(without("resource")), HIDDEN) == (OTHER,)
    assert unread(of(guard()), HiddenSecrets()) == ()
    assert unread(of(replace(guard(), info=None)), HIDDEN) == ()


def test_a_resource_that_could_not_be_read_was_not_judged() -> None:
    """Each pack has an error for each, beside what it found."""
    [found] = not_evaluated(of(guard()), HIDDEN).packs
    assert [(error.code, error.urn) for error in found.errors] == [
        (HIDDEN_SECRETS, URN),
        (HIDDEN_SECRETS, OTHER),
    ]
    assert found.violations == guard().violations
    assert not_evaluated(of(guard()), HiddenSecrets()) == of(guard())


def clean(**more: object) -> PackResult:
    """A later run of guard that finds nothing."""
    policies = tuple(replace(each, passed=each.passed + each.failed, failed=0) for each in guard().policies)
    return replace(guard(), version="2.0.0", violations=(), remediations=(), policies=policies, **more)  # type: ignore[arg-type]


def test_what_was_found_stays_found_where_nobody_could_look() -> None:
    """With the version and level of now, said to be of before, and counted as failed instead of passed."""
    [found] = still_found(of(clean()), of(guard()), HIDDEN).packs
    assert [(each.policy, each.version) for each in found.violations] == [
        ("private", "2.0.0"),
        ("owned", "2.0.0"),
    ]
    assert found.violations[0].message.startswith("found by an earlier audit; since then secrets")
    assert [each.policy for each in found.remediations] == ["tagged"]
    counts = {each.policy: (each.passed, each.failed) for each in found.policies}
    assert counts["private"] == (1, 1) and counts["tagged"] == (0, 1)
    [again] = still_found(of(clean()), of(found), HIDDEN).packs
    assert again.violations == found.violations, "it is said once, however many audits follow"


@pytest.mark.parametrize(
    ("now", "hidden"),
    [
        (clean(), HiddenSecrets((OTHER,), ())),
        (replace(clean(), pack="other"), HIDDEN),
        (replace(clean(), policies=(PolicyResult("private", "disabled"),)), HIDDEN),
    ],
)
def test_what_was_looked_at_or_is_asked_no_more_is_not_kept(now: PackResult, hidden: HiddenSecrets) -> None:
    """Another resource was hidden, the pack is another one, or its policies are disabled."""
    [found] = still_found(of(now), of(guard()), hidden).packs
    assert found == now


def test_what_a_stack_policy_found_stays_where_any_of_the_stack_is_hidden() -> None:
    """It did not see everything, whatever resource it blamed."""
    before = replace(guard(), violations=(violation("unique", "mandatory", "x", ROOT),), remediations=())
    [found] = still_found(of(clean()), of(before), HiddenSecrets((), (OTHER,))).packs
    assert [each.policy for each in found.violations] == ["unique"]


def test_the_note_names_whose_secrets_they_are() -> None:
    """The first twenty, and how many more; other notes and a note about none stay."""
    notes = (Problem(HIDDEN_SECRETS, "2 stay hidden"), Problem("x", "other"))
    first, second = with_names(notes, tuple(f"urn::r{n}" for n in range(22)))
    assert first.message.startswith("2 stay hidden; they are of r0, r1, ") and first.hint
    assert first.message.endswith("r19 and 2 more") and second == notes[1]
    assert with_names(notes, ()) == notes
