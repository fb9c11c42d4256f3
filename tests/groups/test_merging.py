"""Edits that meet: what is kept beside what, what is refused, and the times of entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import ChangedMeanwhile
from packreg.groups.document import Document
from packreg.groups.editing import disable, enable, remove_group, set_rules, unwaive, waive
from packreg.groups.merging import next_revision
from packreg.groups.model import Governance, Rules, Waiver
from tests.groups.governance import NOW, THEN, document, entry, governances, governed, group

WAIVER = Waiver("w1", "guard", "p", "web/prod", "Ada", "why", "2026-12-31T23:59:59Z", "2026-08-01T12:00:00Z")
BASE = governed(group("a", entry("guard")), group("b", entry("guard"), entry("tags")))


def revised(newest: Document, base: Governance, edited: Governance, now: str = NOW) -> Document:
    """The next revision, which there has to be."""
    found = next_revision(newest, base, edited, now=now, by="Bob", what="an edit")
    assert found is not None
    return found


def test_an_edit_makes_the_next_revision() -> None:
    """The revision says who, when and what, and only the entry that changed is modified now."""
    made = revised(document(BASE), BASE, enable(BASE, "b", entry("tags", "2.0.0")))
    assert made.governance.revision == BASE.revision + 1
    assert made.change is not None
    assert (made.change.by, made.change.at, made.change.what) == ("Bob", NOW, "an edit")
    packs = made.governance.groups["b"].packs
    assert {name: each.modified for name, each in packs.items()} == {"guard": THEN, "tags": NOW}


def test_an_edit_that_changes_nothing_makes_none() -> None:
    """The same entry again is no change, whatever time stands in it."""
    edited = enable(BASE, "a", entry("guard", modified=NOW))
    assert next_revision(document(BASE), BASE, edited, now=NOW, by="Bob", what="x") is None


def test_what_somebody_else_did_already_makes_none() -> None:
    """Two who make the same edit make one revision."""
    edited = disable(BASE, "a", "guard")
    newest = revised(document(BASE), BASE, edited)
    assert next_revision(newest, BASE, edited, now=NOW, by="Bob", what="x") is None


EDITS: dict[str, Callable[[Governance], Governance]] = {
    "group a": lambda base: enable(base, "a", entry("guard", "2.0.0")),
    "group b": lambda base: disable(base, "b", "tags"),
    "a new group": lambda base: replace(base, groups={**base.groups, "c": group("c", entry("x"))}),
    "a waiver": lambda base: waive(base, WAIVER),
    "another waiver": lambda base: waive(base, replace(WAIVER, id="w2")),
    "one setting": lambda base: set_rules(base, replace(base.rules, strict_conflicts=True)),
    "another setting": lambda base: set_rules(base, replace(base.rules, unwaivable=("tags:*",))),
}


@pytest.mark.parametrize("one", EDITS)
@pytest.mark.parametrize("other", EDITS)
def test_edits_of_different_things_commute(one: str, other: str) -> None:
    """Whoever is first, both edits are there, each as its author made it; nobody is asked to do it again."""
    if one == other:
        return
    ends = []
    for first, second in ((one, other), (other, one)):
        newest = revised(document(BASE), BASE, EDITS[first](BASE))
        ends.append(revised(newest, BASE, EDITS[second](BASE)).governance)
    assert [timeless(end) for end in ends] == [timeless(EDITS[other](EDITS[one](BASE)))] * 2


def timeless(governance: Governance) -> object:
    """Everything but the number and the times."""
    groups = {
        name: replace(each, packs={pack: replace(e, modified="") for pack, e in each.packs.items()})
        for name, each in governance.groups.items()
    }
    return groups, dict(governance.waivers), governance.rules


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        (
            lambda b: enable(b, "a", entry("guard", "2.0.0")),
            lambda b: enable(b, "a", entry("guard", "3.0.0")),
        ),
        (lambda b: disable(b, "b", "tags"), lambda b: disable(b, "b", "guard")),
        (lambda b: remove_group(b, "a"), lambda b: enable(b, "a", entry("guard", "3.0.0"))),
        (lambda b: enable(b, "a", entry("guard", "3.0.0")), lambda b: remove_group(b, "a")),
    ],
    ids=["one pack", "two packs of a group", "removed before", "removed behind"],
)
def test_edits_of_the_same_group_meet(
    theirs: Callable[[Governance], Governance], mine: Callable[[Governance], Governance]
) -> None:
    """Of two edits of one group the second is refused, with both changes in its words and nothing lost."""
    newest = revised(document(BASE), BASE, theirs(BASE))
    with pytest.raises(ChangedMeanwhile) as refused:
        next_revision(newest, BASE, mine(BASE), now=NOW, by="Carol", what="x")
    text = str(refused.value)
    assert "by Bob" in text
    their_part, _, my_part = text.partition("your change:")
    assert their_part.count("\n  ") >= 1
    assert my_part.count("\n  ") >= 1


def test_a_waiver_that_two_take_back_is_gone_once() -> None:
    """Taking the same waiver back twice is one change."""
    base = waive(BASE, WAIVER)
    newest = revised(document(base), base, unwaive(base, "w1"))
    assert next_revision(newest, base, unwaive(base, "w1"), now=NOW, by="x", what="x") is None


def test_settings_meet_one_by_one() -> None:
    """Two values for one setting are a conflict."""
    newest = revised(document(BASE), BASE, set_rules(BASE, Rules(unwaivable=("a:b",))))
    with pytest.raises(ChangedMeanwhile, match="settings"):
        next_revision(newest, BASE, set_rules(BASE, Rules(unwaivable=("c:d",))), now=NOW, by="x", what="x")


def test_time_never_goes_back() -> None:
    """With a clock that is slow, a revision is a microsecond behind the latest time there is."""
    late = governed(group("a", entry("guard", modified="2030-01-01T00:00:00.999999Z")))
    made = revised(document(late, NOW), late, enable(late, "a", entry("guard", "2.0.0")), THEN)
    assert made.change is not None
    assert made.change.at == "2030-01-01T00:00:01.000000Z"
    assert made.governance.groups["a"].packs["guard"].modified == made.change.at
    again = revised(made, made.governance, enable(made.governance, "a", entry("guard", "3.0.0")), THEN)
    assert again.governance.groups["a"].packs["guard"].modified == "2030-01-01T00:00:01.000001Z"
    end = governed(group("a", entry("guard", modified="9999-12-31T23:59:59.999999Z")))
    last = revised(document(end), end, enable(end, "a", entry("guard", "2.0.0")))
    assert last.governance.groups["a"].packs["guard"].modified == "9999-12-31T23:59:59.999999Z"


@given(
    governances(modified=st.just(THEN)),
    governances(modified=st.just(THEN)),
    governances(modified=st.just(THEN)),
)
def test_an_edit_is_whole_or_refused(base: Governance, theirs: Governance, mine: Governance) -> None:
    """After any two edits every group, waiver and setting is as one of the editors left it, or it is refused.

    What only one of them changed is as that one left it.
    """
    newest = next_revision(document(base), base, theirs, now=NOW, by="x", what="x") or document(base)
    try:
        made = next_revision(newest, base, mine, now=NOW, by="y", what="y") or newest
    except ChangedMeanwhile:
        return
    ends = [timeless(each)[0] for each in (base, theirs, mine, made.governance)]  # type: ignore[index]
    for name in {name for end in ends for name in end}:
        old, other, own, end = (each.get(name) for each in ends)
        assert end == (other if own == old else own)
