"""Pinning a project's packs, called without a command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import Removed, UsageError
from packreg.install.lockfile import FILE_NAME, read_lock
from packreg.pack.reference import Reference
from packreg.services.lock import lock_packs, update_lock
from packreg.services.withdrawal import remove, yank
from packreg.services.workspace import Workspace
from tests.services.conftest import told


def references(*texts: str) -> list[Reference]:
    """References as they are written."""
    return [Reference.parse(text) for text in texts]


def test_a_pin_replaces_the_one_of_its_pack(governed: Workspace) -> None:
    """Others stay; what changed is told, and an unchanged lock is not written again."""
    path = Path(governed.cwd, FILE_NAME)
    assert lock_packs(governed, references("guard@1.0.0", "old")).changed == {"guard", "old"}
    again = lock_packs(governed, references("guard", "guard"))
    assert (again.path, again.changed, len(again.pins)) == (path, {"guard"}, 1)
    written = path.stat().st_ino
    [pack] = lock_packs(governed, references("guard")).as_json()["packs"]
    assert (pack["version"], pack["changed"], path.stat().st_ino) == ("1.1.0", False, written)
    assert {pin.name: str(pin.version) for pin in read_lock(path).pins.values()} == {
        "guard": "1.1.0",
        "old": "1.0.0",
    }


def test_a_yanked_release_is_pinned_with_a_warning_and_a_removed_one_is_not(governed: Workspace) -> None:
    """What was removed changes nothing in the lock."""
    [reference] = references("guard@1.1.0")
    yank(governed, reference, "too strict")
    assert lock_packs(governed, [reference], Path("a.lock")).path == Path(governed.cwd, "a.lock")
    assert told(governed).warned[-1].startswith("guard@1.1.0 is yanked: too strict")
    remove(governed, reference, "a secret", yes=True)
    with pytest.raises(Removed):
        lock_packs(governed, [reference])
    assert not Path(governed.cwd, FILE_NAME).exists()


def test_two_versions_of_one_pack_are_refused(governed: Workspace) -> None:
    """A lock pins one of each."""
    with pytest.raises(UsageError, match="two versions of one pack"):
        lock_packs(governed, references("guard@1.0.0", "guard@1.1.0"))


def test_an_update_takes_the_latest_of_what_is_pinned(governed: Workspace) -> None:
    """All pins of the lock move to the latest versions, or those that are named; nothing is added."""
    lock_packs(governed, references("guard@1.0.0", "old"))
    assert update_lock(governed, references("old")).changed == frozenset()
    assert update_lock(governed, references("guard@~1.0")).changed == frozenset()
    updated = update_lock(governed)
    assert (updated.changed, [str(pin.version) for pin in updated.pins]) == ({"guard"}, ["1.1.0", "1.0.0"])
    assert update_lock(governed).changed == frozenset()


def test_an_update_needs_a_lock_and_a_pin(governed: Workspace) -> None:
    """Without a lock, and for a pack that it does not pin, the way out is said."""
    with pytest.raises(UsageError, match="to update"):
        update_lock(governed)
    lock_packs(governed, references("old"))
    with pytest.raises(UsageError, match="does not pin guard") as raised:
        update_lock(governed, references("guard@^1"))
    assert raised.value.hint == "add it with `packreg lock guard@^1`"
    with pytest.raises(UsageError, match="nothing to pin"):
        lock_packs(governed, [])
