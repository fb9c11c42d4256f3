"""The names of a registry's packs, for `list` and for shells: `Registry.packs` without loading the rest."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from packreg.store.store import Store


def pack_names(store: Store) -> list[str]:
    """The names of all packs, in order. One request per 1,000 packs. Raises: StoreError."""
    from packreg.registry.layout import PACKS, read_name

    names = (read_name(prefix, PACKS) for prefix in store.prefixes(PACKS))
    return sorted(name for name in names if name is not None)
