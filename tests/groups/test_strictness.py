"""What is said of a losing entry that was stricter than the one that counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.configuration.file import LEVELS, read_layer
from packreg.configuration.reconcile import ConfigurablePack, Policy
from packreg.groups.decision import Required
from packreg.groups.model import Group
from packreg.groups.strictness import Levels, contested, levels_of, with_strictness
from tests.groups.test_required import GUARD, entry, group, required

OLD = ConfigurablePack("guard", (Policy("private", "mandatory"), Policy("gone", "mandatory")))
NEW = ConfigurablePack("guard", (Policy("private", "mandatory"),))


def compared(groups: Sequence[Group], *, refuse: bool = False, unknown: Sequence[str] = ()) -> Required:
    """The decision with its warnings; version 4 is `NEW`, every other `OLD`."""
    found = required(groups, GUARD)
    levels: dict[tuple[str, str], Levels] = {}
    for asked in contested(found):
        if asked.group not in unknown:
            pack = NEW if asked.version.text == "4.0.0" else OLD
            layer = read_layer(json.dumps(asked.entry.config).encode(), asked.group)
            levels[asked.group, asked.entry.pack] = levels_of(pack, [layer])
    return with_strictness(found, levels, refuse=refuse)


def warned(found: Required) -> list[tuple[str, str]]:
    """Code and place of every warning."""
    return [(warning.code, warning.where) for pack in found.packs for warning in pack.warnings]


@pytest.mark.parametrize(
    ("loser", "winner", "stricter"),
    [
        ("mandatory", "advisory", True),
        ("mandatory", "disabled", True),
        ("advisory", "disabled", True),
        ("remediate", "advisory", True),
        ("remediate", "mandatory", False),
        ("mandatory", "remediate", False),
        ("advisory", "mandatory", False),
        ("disabled", "advisory", False),
    ],
)
def test_a_higher_level_that_lost_is_warned_of(loser: str, winner: str, stricter: bool) -> None:
    """A policy whose level was higher in the losing entry is named; the pack still runs."""
    groups = [
        group("a", entry("guard", "4.0.0", 1, private=loser)),
        group("b", entry("guard", "4.0.0", 2, private=winner)),
    ]
    found = compared(groups)
    assert warned(found) == ([("stricter-lost", "group a")] if stricter else [])
    assert found.packs[0].winner.group == "b"
    if stricter:
        assert f"private is {loser}, not {winner}" in found.packs[0].warnings[0].message


def test_a_policy_that_the_newer_version_lost_was_stricter() -> None:
    """A mandatory policy that only the older version has is no longer judged, and that is said."""
    groups = [group("a", entry("guard", "1.0.0")), group("b", entry("guard", "4.0.0"))]
    [warning] = compared(groups).packs[0].warnings
    assert "gone is mandatory, not there at all" in warning.message
    assert "private" not in warning.message


def test_a_conflict_can_be_refused() -> None:
    """Then the pack is unavailable, which is an evaluation error, and not run with the weaker entry."""
    groups = [group("a", entry("guard", "4.0.0", 1)), group("b", entry("guard", "4.0.0", 2, all="disabled"))]
    found = compared(groups, refuse=True)
    assert found.packs == ()
    assert [(each.pack, each.version, each.problem.code) for each in found.unavailable] == [
        ("guard", "4.0.0", "stricter-lost")
    ]
    assert not found.nothing


def test_what_is_not_known_is_said_where_it_matters() -> None:
    """Without a pack's levels, entries that are configured differently are warned of, or refused."""
    same = [group("a", entry("guard", "1.0.0")), group("b", entry("guard", "4.0.0"))]
    assert warned(compared(same, unknown=["a"])) == []
    assert [p.code for p in compared(same, unknown=["a"], refuse=True).problems] == ["strictness-unknown"]
    other = [group("a", entry("guard", "1.0.0", all="mandatory")), same[1]]
    assert warned(compared(other, unknown=["b"])) == [("strictness-unknown", "group a")]


@pytest.mark.parametrize(("loser", "winner"), [(("prod",), ()), ((), ("prod",)), (("prod",), ("dev",))])
def test_levels_may_come_from_environments(loser: tuple[str, ...], winner: tuple[str, ...]) -> None:
    """Entries that are configured alike, but with values from environments, are not known to be alike."""
    groups = [
        group("a", replace(entry("guard", "4.0.0", 1), environments=loser)),
        group("b", replace(entry("guard", "4.0.0", 2), environments=winner)),
    ]
    assert [each.group for each in contested(required(groups, GUARD))] == ["b", "a"]
    for unknown in ("a", "b"):
        assert warned(compared(groups, unknown=[unknown])) == [("strictness-unknown", "group a")]


def test_entries_that_agree_are_not_compared() -> None:
    """Nothing is asked for a pack that every group wants alike, or that one group alone wants."""
    alike = [group("a", entry("guard", "4.0.0", 1)), group("b", entry("guard", "latest", 2))]
    assert contested(required(alike, GUARD)) == ()
    assert contested(required(alike[:1], GUARD)) == ()
    assert warned(compared(alike, refuse=True)) == []


_LEVELS = st.sampled_from([*LEVELS, None])


@given(st.lists(_LEVELS, min_size=1, max_size=4))
def test_refusing_never_lets_more_pass(levels: list[str | None]) -> None:
    """With refusal no pack runs that would have had a warning, and nothing turns into nothing."""
    groups = [
        group(f"g{i}", entry("guard", "4.0.0", i, **({} if level is None else {"private": level})))
        for i, level in enumerate(levels)
    ]
    lenient, strict = compared(groups), compared(groups, refuse=True)
    assert bool(warned(lenient)) == bool(strict.unavailable)
    assert len(strict.packs) + bool(strict.unavailable) == 1
