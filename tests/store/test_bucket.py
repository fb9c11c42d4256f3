"""The rule for keys and prefixes."""

from __future__ import annotations

import pytest

from packreg.errors import UsageError
from packreg.store.bucket import MAX_KEY, MAX_SEGMENT, behind, check_key, check_prefix, key_problem

GOOD = [
    "registry.json",
    "packs/aws-guard/v/1.0.0-rc.1",
    "packs/a_b/y/1.0.0/000001-yanked",
    f"packs/{'n' * 100}/v/{'1' * 100}",
    f"bundles/{'n' * 100}/{'1' * 100}/{'0' * 64}.tgz",
    ".packreg/canary",
    "console/x",
    "a" * MAX_SEGMENT,
]
BAD = [
    ("", "empty"),
    ("a//b", "empty"),
    ("/a", "empty"),
    ("a/", "empty"),
    ("A", "a-z"),
    ("a b", "a-z"),
    ("a\\b", "a-z"),
    ("ä", "a-z"),
    ("a~b", "a-z"),
    ("a\n", "a-z"),
    (".", "dot"),
    ("..", "dot"),
    ("a/../b", "dot"),
    (".hidden", "dot"),
    (".packreg-tmp/x", "dot"),
    ("a.", "ends with a dot"),
    (".packreg", "not an object"),
    ("a/.packreg/b", "beginning"),
    ("a/.packreg", "beginning"),
    ("nul", "device"),
    ("packs/con.x/v", "device"),
    ("lpt9/x", "device"),
    ("a" * (MAX_SEGMENT + 1), "at most"),
    ("/".join(["a" * 100] * 6), f"at most {MAX_KEY}"),
]


@pytest.mark.parametrize("key", GOOD)
def test_good_keys(key: str) -> None:
    """Every key that the registry uses, at its greatest length, is one."""
    assert key_problem(key) == ""


@pytest.mark.parametrize(("key", "reason"), BAD)
def test_bad_keys(key: str, reason: str) -> None:
    """A key that some file system spells otherwise, or that leaves the root, is refused with the reason."""
    with pytest.raises(UsageError, match=reason):
        check_key(key)


@pytest.mark.parametrize("prefix", ["", "packs/", "packs/a", "packs/a.", ".packreg/", "a-"])
def test_good_prefixes(prefix: str) -> None:
    """A prefix is the beginning of a key and may end anywhere."""
    check_prefix(prefix)


@pytest.mark.parametrize("prefix", ["/", "/a", "a//", "../", "a/../b", "a/..", "A", "a b", "\0"])
def test_bad_prefixes(prefix: str) -> None:
    """What no key can begin with is refused, so that no listing leaves the root."""
    with pytest.raises(UsageError):
        check_prefix(prefix)


def test_behind_is_between() -> None:
    """What `behind` gives lies after all keys with that beginning and before the next others."""
    assert "packs/a/z" < "packs/a/zzz" < behind("packs/a/") < "packs/a0/"
