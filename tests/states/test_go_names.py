"""How Pulumi's Go library writes odd names of objects."""

from __future__ import annotations

import pytest

from packreg.states.go_names import escaped, unescaped


@pytest.mark.parametrize(
    ("name", "written"),
    [
        (".pulumi/stacks/shop/prod.json", ".pulumi/stacks/shop/prod.json"),
        (".pulumi/stacks/odd../prod.json", ".pulumi/stacks/odd..__0x2f__prod.json"),
        ("../../a", "..__0x2f__..__0x2f__a"),
    ],
)
def test_a_name_is_written_and_read(name: str, written: str) -> None:
    """What is escaped is what the library escapes, and reads back as the name."""
    assert escaped(name) == written
    assert unescaped(written) == name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("a__0x5c__b", "a\\b"),
        ("__0xe4__", "ä"),
        ("__0x1f600__", "\U0001f600"),
        ("__0x__ __0xG__", "__0x__ __0xG__"),
    ],
)
def test_whatever_is_escaped_is_read(written: str, name: str) -> None:
    """Also characters that only some stores escape; what is no escape stays."""
    assert unescaped(written) == name


def test_what_is_no_character_stays() -> None:
    """A number that is no character, or half of one, is no escape."""
    assert unescaped("__0xffffff__ __0xd800__") == "__0xffffff__ __0xd800__"
