"""What a registry says of itself at its root."""

from __future__ import annotations

import pytest

from packreg.errors import IntegrityError, StoreRefused
from packreg.pack.version import Version
from packreg.registry.layout import SETTINGS
from packreg.registry.settings import RegistrySettings
from packreg.store.memory import MemoryBucket

from .packs import NOW, publish, ref, registry


def test_settings_are_read_back_and_their_role_is_one_of_two() -> None:
    """What is neither a home nor a replica cannot be trusted."""
    settings = RegistrySettings("id", "replica", NOW, {"checksums": "ignored"})
    assert RegistrySettings.decode(settings.encode()) == settings
    with pytest.raises(IntegrityError, match="neither home nor replica"):
        RegistrySettings.decode(settings.encode().replace(b"replica", b"primary"))


V1 = Version("1.0.0")


def test_a_registry_of_a_newer_format_is_refused() -> None:
    """By everything that writes, and by readers instead of "no such pack"."""
    bucket = MemoryBucket()
    newer = RegistrySettings("id", "home", NOW, {}).encode().replace(b'"format": 1', b'"format": 2')
    bucket.put_new(SETTINGS, newer)
    target = registry(bucket)
    for ask in (
        target.init,
        lambda: publish(target),
        lambda: target.resolve(ref("guard")),
        lambda: target.yank("guard", V1, "why", "ann"),
    ):
        with pytest.raises(StoreRefused, match="was written in format 2"):
            ask()
