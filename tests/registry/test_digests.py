"""A release is found by its identity."""

from __future__ import annotations

import pytest

from packreg.errors import NotFound, Removed
from packreg.pack.version import Version
from packreg.store.memory import MemoryBucket

from .packs import NOW, bundle, ref, registry

V1 = Version("1.0.0")


def test_a_digest_means_the_release_with_this_identity(home: MemoryBucket) -> None:
    """Yanked or not, and with the reason if it is."""
    for version, yanked in (("1.0.0", ""), ("1.2.0", f"too strict (ann, {NOW})")):
        found = registry(home).resolve(ref(f"guard@{bundle(version=version).digest}"))
        assert (found.record.version.text, found.yanked) == (version, yanked)
    with pytest.raises(NotFound, match="no version of guard has the identity"):
        registry(home).resolve(ref("guard@sha256:" + "0" * 64))


def test_the_digest_of_a_removed_release_says_so(home: MemoryBucket) -> None:
    """It was there, which is not the same as never having been there."""
    registry(home).remove("guard", V1, "leaked a key", "ann")
    with pytest.raises(Removed):
        registry(home).resolve(ref(f"guard@{bundle().digest}"))
