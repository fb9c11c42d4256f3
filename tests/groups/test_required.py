"""Which packs an entity must run: Pulumi's rules, and the laws that hold whatever groups there are."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import NotFound, PackregError, StoreUnavailable
from packreg.groups.decision import Required
from packreg.groups.members import groups_of
from packreg.groups.model import (
    DEFAULT_AUDIT,
    DEFAULT_PREVENTATIVE,
    Entity,
    EntityKind,
    Governance,
    Group,
    Mode,
    PackEntry,
)
from packreg.groups.required import Listings, Resolution, packs_of
from packreg.pack.version import Version
from packreg.registry.layout import record_key, revision_key, tombstone_key
from packreg.registry.listing import PackListing, precedence

STACK = Entity("stack", "organization/shop/prod")


def listing(
    name: str, published: Sequence[str], yanked: Sequence[str] = (), removed: Sequence[str] = ()
) -> PackListing:
    """The listing of a pack with versions in these states."""
    keys = [record_key(name, Version(text)) for text in (*published, *yanked, *removed)]
    keys += [revision_key(name, Version(text), 1) for text in yanked]
    keys += [tombstone_key(name, Version(text)) for text in removed]
    return PackListing.from_keys(name, keys)


def entry(pack: str, version: str, modified: int = 0, **config: object) -> PackEntry:
    """An entry that was modified in this second of a minute."""
    return PackEntry(pack, version, f"2026-01-01T00:00:{modified:02}Z", config)


def group(name: str, *entries: PackEntry) -> Group:
    """A preventative group with these packs."""
    return Group(name, "preventative", frozenset({"stack"}), packs={each.pack: each for each in entries})


def required(groups: Sequence[Group], listings: Listings) -> Required:
    """What a member of all these groups must run."""
    governance = Governance(7, {each.name: each for each in groups})
    return Resolution(governance, listings).required(STACK, "preventative", governance.groups)


GUARD: Listings = {
    "guard": listing("guard", ["1.0.0", "2.0.0", "2.1.0", "4.0.0", "5.0.0-rc.1"], ["3.0.0"], ["0.9.0"])
}


def test_the_newest_version_that_is_asked_for_runs() -> None:
    """Version 2 in one group and 4 in another runs 4, and says which entry lost by which rule."""
    found = required([group("a", entry("guard", "2.0.0", 9)), group("b", entry("guard", "4.0.0", 1))], GUARD)
    [guard] = found.packs
    assert (str(guard.version), guard.winner.group, found.groups, found.revision) == (
        "4.0.0",
        "b",
        ("a", "b"),
        7,
    )
    assert [(each.asked.group, each.rule) for each in guard.lost] == [("a", "newer-version")]
    assert not found.problems
    assert not found.nothing


def test_semver_decides_and_not_the_alphabet() -> None:
    """Version 10 is newer than 9, and a release newer than its candidate."""
    listings = {"p": listing("p", ["9.0.0", "10.0.0-rc.2", "10.0.0-rc.10", "10.0.0"])}
    entries = [entry("p", text) for text in ("9.0.0", "10.0.0-rc.2", "10.0.0-rc.10", "10.0.0")]
    for count, newest in ((2, "10.0.0-rc.2"), (3, "10.0.0-rc.10"), (4, "10.0.0")):
        groups = [group(f"g{i}", each) for i, each in enumerate(entries[:count])]
        assert str(required(groups, listings).packs[0].version) == newest


def test_of_one_version_the_entry_modified_last_counts_whole() -> None:
    """Configuration and environments come from it together, also when the version was written differently."""
    older = PackEntry("guard", "4.0.0", "2026-01-01T00:00:01Z", {"a": "mandatory"}, ("prod",))
    newer = PackEntry("guard", "latest", "2026-01-01T00:00:02Z", {"b": "advisory"})
    [guard] = required([group("b", newer), group("a", older)], GUARD).packs
    assert (guard.config, guard.environments) == ({"b": "advisory"}, ())
    assert [each.rule for each in guard.lost] == ["modified-later"]


def test_a_fraction_of_a_second_counts() -> None:
    """Half a second after noon is later than noon, though its text sorts before."""
    noon = PackEntry("guard", "4.0.0", "2026-01-01T12:00:00Z", {"a": "mandatory"})
    later = PackEntry("guard", "4.0.0", "2026-01-01T12:00:00.5Z", {"a": "advisory"})
    assert required([group("a", noon), group("b", later)], GUARD).packs[0].winner.group == "b"


@pytest.mark.parametrize(("one", "other", "rule"), [(1, True, "first-by-name"), (1, 1, "same")])
def test_a_tie_goes_to_the_first_group_by_name(one: object, other: object, rule: str) -> None:
    """Entries modified in the same second are decided by a fixed rule; equal ones are called so."""
    groups = [
        group("b", entry("guard", "4.0.0", 5, p={"x": other})),
        group("a", entry("guard", "4.0.0", 5, p={"x": one})),
    ]
    [guard] = required(groups, GUARD).packs
    assert guard.winner.group == "a"
    assert [each.rule for each in guard.lost] == [rule]


def test_entries_that_differ_only_in_their_environments_are_not_the_same() -> None:
    """The values of an environment are configuration too: who lost to other ones, lost."""
    one, other = (PackEntry("guard", "4.0.0", "2026-01-01T00:00:01Z", {}, (name,)) for name in ("a", "b"))
    later = replace(other, modified="2026-01-01T00:00:02Z")
    for entries, winner, rule in (
        ((one, other), "g0", "first-by-name"),
        ((one, later), "g1", "modified-later"),
    ):
        [guard] = required([group(f"g{i}", each) for i, each in enumerate(entries)], GUARD).packs
        assert guard.winner.group == winner
        assert [each.rule for each in guard.lost] == [rule]


@pytest.mark.parametrize(("version", "chosen"), [("latest", "4.0.0"), ("^2", "2.1.0"), (">=2 <4", "2.1.0")])
def test_a_yanked_version_is_chosen_by_nobody_who_does_not_name_it(version: str, chosen: str) -> None:
    """`latest` and ranges pass it over, without a warning."""
    [guard] = required([group("a", entry("guard", version))], GUARD).packs
    assert (str(guard.version), guard.warnings) == (chosen, ())


def test_a_yanked_version_that_is_named_runs_with_a_warning() -> None:
    """The warning names the version and the group that pins it."""
    [guard] = required([group("a", entry("guard", "3.0.0"))], GUARD).packs
    [warning] = guard.warnings
    assert (warning.code, warning.where) == ("yanked", "a")
    assert "guard 3.0.0 was yanked" in warning.message


def test_only_prereleases_are_warned_of() -> None:
    """`latest` of a pack that was never released runs its newest candidate, and says so."""
    listings = {"p": listing("p", ["1.0.0-rc.1"])}
    [pack] = required([group("a", entry("p", "latest"))], listings).packs
    assert [warning.code for warning in pack.warnings] == ["only-prereleases"]


@pytest.mark.parametrize(
    ("version", "code"),
    [
        ("0.9.0", "version-removed"),
        ("1.2.3", "version-missing"),
        ("^7", "version-missing"),
        ("~3", "version-missing"),
        ("sha256:" + "0" * 64, "version-missing"),
        ("not a version", "pack-unreadable"),
    ],
)
def test_what_cannot_be_had_is_a_problem(version: str, code: str) -> None:
    """It names the pack, the version and the group, and what other groups ask for still runs."""
    groups = [group("a", entry("guard", version)), group("b", entry("guard", "1.0.0"))]
    found = required(groups, GUARD)
    assert [str(each.version) for each in found.packs] == ["1.0.0"]
    [problem] = found.problems
    assert (problem.code, problem.where) == (code, "group a")
    assert problem.message.startswith(f"guard@{version}")
    assert problem.hint


@pytest.mark.parametrize(
    ("listings", "code"),
    [
        ({}, "version-missing"),
        ({"guard": listing("guard", [])}, "version-missing"),
        ({"guard": StoreUnavailable("no answer")}, "pack-unreadable"),
        ({"guard": NotFound("gone")}, "version-missing"),
    ],
)
def test_a_pack_without_a_listing_is_a_problem(listings: Listings, code: str) -> None:
    """No such pack, and one whose versions cannot be read, are never passed over."""
    found = required([group("a", entry("guard", "latest"))], listings)
    assert [problem.code for problem in found.problems] == [code]
    assert not found.nothing


def test_a_new_stack_falls_into_the_defaults() -> None:
    """Nobody lists it; it must run what its default group and the groups that mean it ask for, by mode."""
    guard = {"guard": entry("guard", "latest")}
    both: frozenset[EntityKind] = frozenset({"stack", "account"})
    governance = Governance(
        3,
        {
            DEFAULT_PREVENTATIVE: Group(
                DEFAULT_PREVENTATIVE, "preventative", frozenset({"stack"}), packs=guard
            ),
            DEFAULT_AUDIT: Group(DEFAULT_AUDIT, "audit", both, packs=guard),
            "prod": Group("prod", "preventative", frozenset({"stack"}), ("*/prod",), packs=guard),
        },
    )
    new, account = Entity("stack", "organization/new/dev"), Entity("account", "aws/new")

    def decided(entity: Entity, mode: Mode) -> Required:
        return Resolution(governance, GUARD).required(entity, mode, groups_of(governance, entity, mode))

    def groups(entity: Entity, mode: Mode) -> tuple[str, ...]:
        return decided(entity, mode).groups

    assert groups(new, "preventative") == (DEFAULT_PREVENTATIVE,)
    assert groups(new, "audit") == groups(account, "audit") == (DEFAULT_AUDIT,)
    assert groups(STACK, "preventative") == (DEFAULT_PREVENTATIVE, "prod")
    assert decided(account, "preventative").nothing
    assert [str(each.version) for each in decided(new, "audit").packs] == ["4.0.0"]


def test_nothing_required_is_said() -> None:
    """A member of empty groups must run nothing, and that is a statement of its own."""
    assert required([group("a")], {}).nothing
    assert required([], {}).nothing


# -- laws ----------------------------------------------------------------------------------------------------

_VERSIONS = ("1.0.0", "1.1.0", "2.0.0-rc.1", "2.0.0", "3.0.0", "latest", "^1", ">=2", "9.9.9", "0.1.0")
_LISTINGS: Listings = {
    "one": listing("one", ["1.0.0", "1.1.0", "2.0.0-rc.1", "2.0.0"], ["3.0.0"], ["0.1.0"]),
    "two": listing("two", ["1.0.0", "3.0.0"], ["1.1.0", "2.0.0"]),
    "three": StoreUnavailable("no answer"),
}
_ENTRIES = st.builds(
    entry,
    st.sampled_from(["one", "two", "three"]),
    st.sampled_from(_VERSIONS),
    st.integers(0, 3),
    all=st.sampled_from(["mandatory", "advisory"]),
)
_GROUPS = st.lists(
    st.lists(_ENTRIES, max_size=3, unique_by=lambda each: each.pack), min_size=1, max_size=6
).map(lambda all_entries: [group(f"g{i}", *entries) for i, entries in enumerate(all_entries)])


@given(_GROUPS, st.randoms(use_true_random=False))
def test_the_order_of_groups_and_packs_never_matters(groups: list[Group], chance: random.Random) -> None:
    """The same groups in another order, with their packs in another order, decide the same."""
    shuffled = [
        group(each.name, *chance.sample(list(each.packs.values()), len(each.packs))) for each in groups
    ]
    chance.shuffle(shuffled)
    assert required(shuffled, _LISTINGS) == required(groups, _LISTINGS)


@given(_GROUPS)
def test_one_more_group_never_takes_a_pack_away(groups: list[Group]) -> None:
    """Each pack still runs, in the same or a newer version, and no problem disappears."""
    before, after = required(groups[:-1], _LISTINGS), required(groups, _LISTINGS)
    versions = {each.pack: precedence(each.version) for each in after.packs}
    assert all(versions[each.pack] >= precedence(each.version) for each in before.packs)
    assert set(before.problems) <= set(after.problems)


@given(_GROUPS)
def test_every_entry_is_accounted_for(groups: list[Group]) -> None:
    """What a group asks for wins, loses by a rule, or is a problem: nothing is passed over."""
    found = required(groups, _LISTINGS)
    told = [(each.winner.group, each.pack) for each in found.packs]
    told += [(lost.asked.group, each.pack) for each in found.packs for lost in each.lost]
    told += [(each.problem.where.removeprefix("group "), each.pack) for each in found.unavailable]
    assert sorted(told) == sorted((each.name, pack) for each in groups for pack in each.packs)
    assert {pack for _, pack in told} == set(packs_of(groups))


@given(_GROUPS)
def test_a_decision_is_the_same_whoever_was_decided_about_before(groups: list[Group]) -> None:
    """What a resolution keeps for the next entity changes no answer."""
    governance = Governance(1, {each.name: each for each in groups})
    shared = Resolution(governance, _LISTINGS)
    for names in (list(governance.groups), list(governance.groups)[:1], list(governance.groups)):
        alone = Resolution(governance, _LISTINGS).required(STACK, "preventative", names)
        assert shared.required(STACK, "preventative", names) == alone


def test_a_listing_error_is_kept_as_it_was_said() -> None:
    """The hint of whoever failed reaches the person who reads the problem."""
    failed: PackregError = StoreUnavailable("no answer", hint="wait")
    [problem] = required([group("a", entry("guard", "1.0.0"))], {"guard": failed}).problems
    assert problem.hint == "wait"
