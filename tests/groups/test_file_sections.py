"""Waivers, settings and environments in a file of governance."""

from __future__ import annotations

from dataclasses import replace

import pytest

from packreg.errors import UsageError
from packreg.groups.group_file import GroupFile, applied, environments_of_files, read_groups
from packreg.groups.model import Governance, Rules, Waiver
from tests.groups.governance import governed
from tests.groups.test_group_file import NOW

OLD = Waiver(
    "w-old", "guard", "private", "shop/dev", "ada", "why", "2026-07-01T00:00:00Z", "2026-06-01T00:00:00Z"
)
SITE = "{policy: 'guard:private', stack: web/prod, owner: ada, reason: why, expires: 2026-08-31}"


def there() -> Governance:
    """Governance with a waiver that has ended, and settings."""
    return replace(governed(), waivers={OLD.id: OLD}, rules=Rules(True, ("a:b",)))


def file(text: str, where: str = "f") -> GroupFile:
    """A file with this text."""
    return read_groups(text.encode(), where)


def test_a_waiver_of_a_file_is_made_once() -> None:
    """It is made now, ends with its last day, and stays as it is; one that changes is made again."""
    once = applied(there(), [file(f"waivers: {{w-site: {SITE}}}")], now=NOW)
    made = once.waivers["w-site"]
    assert (made.created, made.expires, made.entity) == (NOW, "2026-08-31T23:59:59Z", "web/prod")
    assert once.waivers[OLD.id] == OLD
    later = "2026-08-03T00:00:00Z"
    assert applied(once, [file(f"waivers: {{w-site: {SITE}}}")], now=later) == once
    changed = applied(once, [file(f"waivers: {{w-site: {SITE.replace('why', 'because')}}}")], now=later)
    assert changed.waivers["w-site"] == replace(made, reason="because", created=later)


def test_only_what_a_file_speaks_of_is_pruned() -> None:
    """Without prune all stays; with it waivers and settings go only where a file has some."""
    pruned = applied(there(), [file("groups: {}")], prune=True, now=NOW)
    assert (pruned.waivers, pruned.rules) == (there().waivers, there().rules)
    added = applied(there(), [file("settings: {unwaivable: ['c:d']}\nwaivers: {}")], now=NOW)
    assert (added.waivers, added.rules) == (there().waivers, Rules(True, ("a:b", "c:d")))
    both = [file("settings: {unwaivable: ['c:d']}"), file("settings: {unwaivable: ['e:f']}\nwaivers: {}")]
    emptied = applied(there(), both, prune=True, now=NOW)
    assert (dict(emptied.waivers), emptied.rules) == ({}, Rules(False, ("c:d", "e:f")))
    assert emptied.groups == there().groups


def test_what_is_never_waived_is_refused_with_its_place() -> None:
    """The settings of the same files count; the error names the waiver's line."""
    with pytest.raises(UsageError, match=r"^f:1:11: guard:private may not be waived"):
        applied(there(), [file(f"waivers: {{w-1: {SITE}}}\nsettings: {{unwaivable: ['guard:*']}}")], now=NOW)


def test_two_files_do_not_share_a_thing() -> None:
    """A waiver or an environment that is in two files is refused, with both places."""
    two = [file(f"waivers: {{w-1: {SITE}}}", name) for name in ("one", "two")]
    with pytest.raises(UsageError, match=r"the waiver w-1 is in one:1:11 and in two:1:11"):
        applied(there(), two, now=NOW)
    two = [file('environments: {prod: "values: {}"}', name) for name in ("one", "two")]
    with pytest.raises(UsageError, match="the environment prod is in one"):
        environments_of_files(two)
