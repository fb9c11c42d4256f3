"""Which findings are waived, and what is said of waivers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.analyzer.findings import Evaluation
from packreg.enforcement.waivers import Waived, apply_waivers, covers
from packreg.groups.model import Entity, Rules, Waiver
from tests.reports.findings import BUCKET, ROOT, STACK, URN, guard, violation, waiver

NOW = "2026-06-01T00:00:00Z"
EVALUATION = Evaluation((guard(),), 2)
PRIVATE = EVALUATION.violations[0]


def applied(*waivers: Waiver, entity: Entity = STACK, unwaivable: Sequence[str] = ()) -> Waived:
    """What these waivers make of guard's findings."""
    return apply_waivers(EVALUATION, entity, waivers, Rules(unwaivable=tuple(unwaivable)), now=NOW)


def test_a_waiver_covers_its_policy_and_no_other() -> None:
    """The violation of the named policy is waived, the other one is not; a remediation can be."""
    found = applied(waiver("private"), waiver("tagged"))
    assert found.waiver(PRIVATE) == waiver("private")
    assert found.waiver(EVALUATION.violations[1]) is None
    assert found.waiver(EVALUATION.remediations[0]) == waiver("tagged")
    assert found.used == (waiver("private"), waiver("tagged"))
    assert found.notes == ()


@pytest.mark.parametrize(
    ("resource", "covered"),
    [
        ("", True),
        (URN, True),
        ("*::open", True),
        (f"{BUCKET}::open", True),
        (f"{BUCKET}::*", True),
        (f"{BUCKET}::closed", False),
        ("open", False),
        ("demo:index:Other::open", False),
    ],
)
def test_a_waiver_can_be_for_some_resources(resource: str, covered: bool) -> None:
    """A glob is compared with the URN and with `type::name`; without one every resource is meant."""
    assert covers(waiver(resource=resource), PRIVATE) == covered
    assert (applied(waiver(resource=resource)).waiver(PRIVATE) is not None) == covered


def test_a_name_with_brackets_is_its_own_glob() -> None:
    """A resource is waived by its exact URN, whatever characters of globs are in it."""
    urn = "urn:pulumi:dev::shop::demo:index:Bucket::rule[0]"
    assert covers(waiver(resource=urn), violation("private", "mandatory", "x", urn))


def test_a_violation_of_the_stack_can_be_waived() -> None:
    """It is about the root stack's URN."""
    assert covers(waiver("unique", resource=ROOT), violation("unique", "mandatory", "x", ROOT))


@pytest.mark.parametrize(
    ("entity", "here"),
    [("shop/dev", True), ("organization/shop/*", True), ("shop/prod", False), ("other/*", False)],
)
def test_a_waiver_is_for_its_entities(entity: str, here: bool) -> None:
    """Stacks are meant as groups mean their members."""
    assert (applied(waiver(entity=entity)).waiver(PRIVATE) is not None) == here


def test_a_waiver_can_be_for_an_account() -> None:
    """An account is meant by its name or a glob."""
    account = Entity("account", "aws/production")
    assert applied(waiver(entity="aws/*"), entity=account).waiver(PRIVATE) is not None
    assert applied(waiver(entity="gcp/*"), entity=account).waiver(PRIVATE) is None


@pytest.mark.parametrize(
    ("expires", "counts", "notes"),
    [
        ("2027-01-01T00:00:00Z", True, []),
        ("2026-06-15T00:00:01Z", True, []),
        ("2026-06-15T00:00:00Z", True, ["waiver-expires-soon"]),
        ("2026-06-01T00:00:00Z", True, ["waiver-expires-soon"]),
        ("2026-05-31T23:59:59Z", False, ["waiver-expired"]),
    ],
)
def test_a_waiver_ends(expires: str, counts: bool, notes: list[str]) -> None:
    """It is warned of two weeks before, counts to its last second, and is named where it counts no more."""
    found = applied(waiver(expires=expires))
    assert (found.waiver(PRIVATE) is not None) == counts
    assert [note.code for note in found.notes] == notes
    assert all("w-private of ada for guard:private" in note.message for note in found.notes)


def test_a_waiver_that_would_cover_nothing_is_not_talked_of() -> None:
    """An expired waiver without a finding is no news."""
    assert applied(waiver("other", expires="2026-01-01T00:00:00Z")).notes == ()


def test_of_several_the_one_that_expires_last_counts() -> None:
    """An expired one beside it is not mentioned, since nothing changed by its end."""
    early, late = waiver(id="a", expires="2026-05-01T00:00:00Z"), waiver(id="b")
    for waivers in ((early, late), (late, early)):
        found = applied(*waivers)
        assert found.waiver(PRIVATE) == late
        assert found.notes == ()


def test_a_policy_can_forbid_waivers() -> None:
    """Its violation counts, and the waiver that does not is named."""
    found = applied(waiver(), unwaivable=["guard:pri*"])
    assert found.waiver(PRIVATE) is None
    assert [note.code for note in found.notes] == ["waiver-forbidden"]
    assert applied(waiver(), unwaivable=["other:*", "guard:owned"]).waiver(PRIVATE) is not None


def test_a_pack_can_forbid_waivers_of_its_policy() -> None:
    """A policy with the tag `no-waivers` counts, whatever was waived before it had that tag."""
    pack = EVALUATION.packs[0]
    assert pack.info is not None
    policies = [
        replace(each, tags=("no-waivers",)) if each.name == "private" else each for each in pack.info.policies
    ]
    tagged = replace(pack, info=replace(pack.info, policies=tuple(policies)))
    evaluation = Evaluation((tagged,), EVALUATION.resources)
    found = apply_waivers(evaluation, STACK, [waiver()], Rules(), now=NOW)
    assert found.waiver(PRIVATE) is None
    assert [note.code for note in found.notes] == ["waiver-forbidden"]


_WAIVERS = st.lists(
    st.builds(
        waiver,
        st.sampled_from(["private", "owned", "tagged"]),
        id=st.sampled_from(["a", "b", "c"]),
        resource=st.sampled_from(["", "*::open", "nothing"]),
        expires=st.sampled_from(["2026-01-01T00:00:00Z", "2026-06-02T00:00:00Z", "2027-01-01T00:00:00Z"]),
    ),
    max_size=3,
    unique_by=lambda each: each.id,
)


@given(_WAIVERS)
def test_the_order_of_waivers_never_matters(waivers: list[Waiver]) -> None:
    """The same waivers waive the same."""
    assert applied(*reversed(waivers)) == applied(*waivers)


@given(_WAIVERS)
def test_waivers_never_add_or_remove_findings(waivers: list[Waiver]) -> None:
    """What is waived is still among the findings, and only an expired waiver waives nothing."""
    found = applied(*waivers)
    there = {(f.pack, f.policy, f.urn) for f in (*EVALUATION.violations, *EVALUATION.remediations)}
    assert {key[:3] for key in found.by_finding} <= there
    assert all(each.expires >= NOW for each in found.used)


def test_a_waiver_is_for_one_pack() -> None:
    """A policy of the same name in another pack is another policy."""
    assert covers(waiver("private"), PRIVATE)
    assert not covers(waiver("private", pack="other"), PRIVATE)
    assert applied(waiver("private", pack="other")).waiver(PRIVATE) is None


def test_of_several_waivers_the_one_that_lasts_longest_counts() -> None:
    """Whatever their ids and their order, and though others have expired."""
    ends = {"c": "2026-05-01T00:00:00Z", "b": "2026-12-01T00:00:00Z", "a": "2027-01-01T00:00:00Z"}
    several = [waiver(id=name, expires=end) for name, end in ends.items()]
    for waivers in (several, several[::-1]):
        assert applied(*waivers).waiver(PRIVATE) == several[2]


def test_of_stacks_of_one_name_only_those_of_a_named_backend_are_waived() -> None:
    """A waiver without a backend means a stack that only one backend has."""
    alone, east = STACK, replace(STACK, name=f"east:{STACK.name}")
    for entity, pattern, waived in (
        (alone, "shop/*", True),
        (east, "shop/*", False),
        (east, "east:shop/*", True),
        (east, "west:shop/*", False),
        (east, "*:shop/*", True),
    ):
        found = applied(waiver(entity=pattern), entity=entity).waiver(PRIVATE)
        assert (found is not None) == waived, (entity, pattern)
