"""Governance in a registry: created, read by number and as a history, edited."""

from __future__ import annotations

import itertools

import pytest

from packreg.errors import IntegrityError, NotFound
from packreg.groups.editing import new_group
from packreg.groups.model import DEFAULT_GROUPS
from packreg.groups.stored import StoredGovernance
from packreg.registry.layout import GOVERNANCE
from packreg.store.chain import Chain
from packreg.store.memory import MemoryBucket
from tests.groups.governance import group
from tests.registry.packs import S3, registry

_numbers = itertools.count()


@pytest.fixture
def kept() -> StoredGovernance:
    """The governance of a new registry, which nobody wrote yet."""
    place = registry(MemoryBucket(), location=S3)
    place.init()
    return StoredGovernance(
        place,
        now=lambda: f"2026-05-01T10:00:00.{next(_numbers):06d}Z",
        new_id=lambda: f"attempt-{next(_numbers)}",
    )


def test_it_is_created_once(kept: StoredGovernance) -> None:
    """Before, the default groups count as revision 0; a second time nothing is written."""
    assert (kept.newest().governance.revision, kept.newest().dated) == (0, None)
    made = kept.create("ann\n")
    assert made is not None and made.change is not None
    assert (made.governance.revision, made.change.by) == (1, "ann ")
    assert kept.create("bob") is None
    assert set(kept.newest().governance.groups) == set(DEFAULT_GROUPS)


def test_revisions_are_read_by_number_and_all_together(kept: StoredGovernance) -> None:
    """Every edit is one revision, and each says who made it; an edit that changes nothing makes none."""
    kept.create("ann")
    base = kept.newest().governance
    edited = kept.edit(base, new_group(base, group("a")), "add a", "bob")
    assert (edited.written, edited.revision) == (True, 2)
    assert {change.thing for change in edited.changes} == {"group a"}
    again = kept.edit(kept.newest().governance, kept.newest().governance, "nothing", "bob")
    assert (again.written, again.revision, again.changes) == (False, 2, [])
    said = [(each.governance.revision, each.change and each.change.by) for each in kept.history()]
    assert said == [(2, "bob"), (1, "ann")]
    assert [kept.at(number).governance.revision for number in (0, 1, 2)] == [0, 1, 2]
    assert all(each.dated and each.dated.time for each in kept.history())
    with pytest.raises(NotFound):
        kept.at(3)


def test_what_cannot_be_trusted_says_how_to_go_on() -> None:
    """A revision that is no governance names itself, and the command that takes it away."""
    place = registry(MemoryBucket(), location=S3)
    Chain(place.store, GOVERNANCE).append(lambda _: b"{}", attempt_id="x")
    with pytest.raises(IntegrityError, match=GOVERNANCE) as caught:
        StoredGovernance(place, now=str, new_id=str).newest()
    assert "find out who can write there" in caught.value.hint
