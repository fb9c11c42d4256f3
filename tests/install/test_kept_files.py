"""What a registry keeps for a release, asked for when it is needed."""

from __future__ import annotations

from packreg.install.kept_files import KeptFiles
from packreg.pack.reference import Reference
from packreg.registry.artifacts import Artifact
from packreg.registry.seals import Sealed
from tests.install.conftest import LEAF
from tests.install.shop import Shop, lock_of, python_pack


def test_nothing_is_asked_before_it_is_needed(shop: Shop) -> None:
    """Then each seal once; offline only the record counts, and nothing can be fetched."""
    record = shop.publish(python_pack(requirements="leafpkg\n"), lock=lock_of(LEAF))
    registry, artifact = shop.registry(), Artifact.of(LEAF.file_name, LEAF.data)
    sealed = Sealed((artifact,), ("linux-x86_64 python 3.11",))
    registry.seals.add(record, sealed, {artifact: lambda: LEAF.data}, 0, "ann")
    seals = registry.resolve(Reference.parse("guard@1.0.0")).seals
    asked = registry.store.requests
    kept = KeptFiles(record, registry, seals)
    assert registry.store.requests == asked
    assert kept.artifacts == kept.artifacts == (artifact,)
    assert registry.store.requests == asked + 1
    assert kept.fetch is not None and kept.fetch(artifact) == LEAF.data
    offline = KeptFiles(record, None)
    assert offline.artifacts == () and offline.fetch is None
