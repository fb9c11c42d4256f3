"""A registry with releases in it."""

from __future__ import annotations

import pytest

from packreg.pack.version import Version
from packreg.store.memory import MemoryBucket

from .packs import founded, publish


@pytest.fixture
def home() -> MemoryBucket:
    """A registry with three versions of one pack, the last of them yanked, and another pack."""
    bucket = MemoryBucket()
    target = founded(bucket)
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        publish(target, "guard", version)
    publish(target, "other", "0.1.0")
    target.yank("guard", Version("1.2.0"), "too strict", "ann")
    return bucket
