"""Differences between property bags: as small as they can be, and no secret in them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.analyzer.differences import changes
from packreg.analyzer.findings import PropertyChange
from packreg.analyzer.redaction import HIDDEN, Redactor
from packreg.states.values import ARCHIVE, ASSET, SIGNATURE
from tests.laws import LONG_LAW


def test_changes_are_as_small_as_they_can_be() -> None:
    """Only what differs is named, by its path, inside objects and lists."""
    before = {"a": 1.0, "b": {"c": [1.0, 2.0, 3.0], "d": "x"}, "gone": True, "__id": "1", "t": True}
    after = {"a": 1.0, "b": {"c": [1.0, 5.0], "d": "x", "e": None}, "new": [], "__id": "2", "t": 1.0}
    assert list(changes(before, after)) == [
        PropertyChange(("b", "c", 1), "update", 2.0, 5.0),
        PropertyChange(("b", "c", 2), "delete", 3.0),
        PropertyChange(("b", "e"), "add"),
        PropertyChange(("gone",), "delete", True),
        PropertyChange(("new",), "add", after=[]),
        PropertyChange(("t",), "update", True, 1.0),
    ]


def test_an_asset_that_came_back_without_its_hash_has_not_changed() -> None:
    """SDKs leave the hash of assets and archives out; one with another text has changed."""
    asset = {SIGNATURE: ASSET, "hash": "2cf2", "text": "hello"}
    archive = {SIGNATURE: ARCHIVE, "hash": "8846", "assets": {"a.txt": asset}}
    bare = {SIGNATURE: ASSET, "text": "hello"}
    returned = {SIGNATURE: ARCHIVE, "assets": {"a.txt": bare}}
    assert list(changes({"v": archive, "w": asset}, {"v": returned, "w": bare})) == []
    assert list(changes({"w": asset}, {"w": {**bare, "text": "bye"}})) == [
        PropertyChange(("w", "text"), "update", "hello", "bye")
    ]


bags = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=2), lambda v: st.lists(v)),
)


@LONG_LAW
@given(bags)
def test_nothing_changes_between_equal_bags(bag: dict[str, Any]) -> None:
    """A bag does not differ from itself, whatever is in it."""
    assert list(changes(bag, dict(bag))) == []


SHORT = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": {"pin": "abc"}}


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (SHORT, {"pin": "abc"}, []),
        ([SHORT, 1.0], [{"pin": "abc"}, 1.0], []),
        ({"pin": "abc"}, SHORT, []),
        (SHORT, {"pin": "xyz"}, [PropertyChange(("v",), "update", HIDDEN, HIDDEN)]),
        (SHORT, None, [PropertyChange(("v",), "update", HIDDEN, HIDDEN)]),
        ([SHORT], [], [PropertyChange(("v", 0), "delete", HIDDEN)]),
    ],
)
def test_changes_of_secrets_do_not_show_them(
    before: object, after: object, found: list[PropertyChange]
) -> None:
    """A value that comes back without its mark has not changed; one that has is hidden, however short."""
    value = Redactor([]).value
    redacted = [
        PropertyChange(c.path, c.kind, value(c.before), value(c.after))
        for c in changes({"v": before}, {"v": after})
    ]
    assert redacted == found
