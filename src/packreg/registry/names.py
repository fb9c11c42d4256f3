"""The names of a registry's packs, for `list`, shell completion and `verify`."""

from __future__ import annotations

from packreg.registry.layout import PACKS, read_name

TYPE_CHECKING = False  # `list` does not wait for `typing`
if TYPE_CHECKING:
    from packreg.store.store import Store


def pack_names(store: Store, top: str = PACKS) -> list[str]:
    """The names of the packs that have objects below `top`, sorted. One request per 1,000 packs.

    Raises:
        StoreError: the store failed.
    """
    names = (read_name(prefix, top) for prefix in store.prefixes(top))
    return sorted(name for name in names if name is not None)
