"""What groups lose when a version is yanked or removed."""

from __future__ import annotations

import pytest

from packreg.groups.losses import losses
from packreg.pack.version import Version
from tests.groups.governance import entry, governed, group
from tests.groups.test_required import listing


@pytest.mark.parametrize(
    ("asks", "version", "said"),
    [
        ("2.0.0", "2.0.0", "prod pins it"),
        ("latest", "2.0.0", "prod asks for latest, and moves to 1.1.0"),
        ("^1.0", "1.1.0", "prod asks for ^1.0, and moves to 1.0.0"),
        ("^2.0", "2.0.0", "prod asks for ^2.0, and has no version left"),
    ],
)
def test_what_becomes_of_an_entry_is_said(asks: str, version: str, said: str) -> None:
    """It names the version, means another one then, or none."""
    governance = governed(group("prod", entry("guard", asks)))
    found = losses(governance, listing("guard", ["1.0.0", "1.1.0", "2.0.0"]), Version(version))
    assert [str(each) for each in found] == [said]


@pytest.mark.parametrize(
    ("asks", "version"), [("latest", "1.0.0"), ("^1.0", "2.0.0"), ("1.0.0", "1.1.0"), ("latest", "9.9.9")]
)
def test_who_does_not_mean_it_loses_nothing(asks: str, version: str) -> None:
    """Neither older versions that nobody means, nor one that is not there."""
    governance = governed(group("prod", entry("guard", asks), entry("other", "latest")))
    assert not list(losses(governance, listing("guard", ["1.0.0", "1.1.0", "2.0.0"]), Version(version)))


def test_groups_are_told_by_name() -> None:
    """All of them, in order; a group without the pack is none."""
    three = [
        group("b", entry("guard", "1.0.0")),
        group("a", entry("guard", "latest")),
        group("c", entry("x")),
    ]
    found = losses(governed(*three), listing("guard", ["1.0.0"]), Version("1.0.0"))
    assert [(each.group, each.effect) for each in found] == [("a", "nothing-left"), ("b", "pinned")]
