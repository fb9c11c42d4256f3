"""Create a registry, and check that there is one before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from packreg.errors import StoreRefused, StoreUnsafe
from packreg.registry import layout
from packreg.registry.objects import Objects
from packreg.registry.settings import MAX_SETTINGS, RegistrySettings, Role
from packreg.store.probe import plant_canary, probe


@dataclass(frozen=True)
class Initialised:
    """The settings of a registry after `init`; `already` says that it existed before."""

    settings: RegistrySettings
    already: bool


def initialise(
    objects: Objects, role: Role, *, new_id: Callable[[], str], now: Callable[[], str]
) -> Initialised:
    """Create the registry. See `Registry.init`."""
    settings = objects.settings(fresh=True)
    if settings is not None:
        return _agreed(objects, settings, role)
    facts: Mapping[str, str] = {}
    if role == "home":
        plant_canary(objects.store)
        verdict = probe(objects.store.bucket)
        if not verdict.ok:
            raise StoreUnsafe(
                f"{objects.store.describe()} cannot hold a registry: {verdict.reason}",
                hint="use another store or bucket: a registry rests on creating an object exactly once",
            )
        facts = verdict.facts
    settings = RegistrySettings(new_id(), role, now(), facts)
    encoded = settings.encode()
    other = objects.store.create(layout.SETTINGS, encoded, limit=MAX_SETTINGS)
    if other is not None:
        return _agreed(objects, RegistrySettings.decode(other), role)
    objects.remembered.put(layout.SETTINGS, encoded)
    return Initialised(settings, already=False)


def _agreed(objects: Objects, settings: RegistrySettings, role: Role) -> Initialised:
    if settings.role != role:
        raise StoreRefused(
            f"{objects.store.describe()} is a {settings.role} already, not a {role}",
            hint="a registry keeps its role; to promote a replica, take the write rights from its home "
            "registry, delete the replica's registry.json with the store's own tools, and run init again",
        )
    return Initialised(settings, already=True)


def find_home(objects: Objects, *, local: bool, fresh: bool = False) -> RegistrySettings:
    """The settings of a registry that may be written to.

    Of the cache only "it is a home" is trusted: a replica may have become a home meanwhile. The settings of
    `local` directories are always read again, as people delete directories, and reading is cheap.

    Raises:
        StoreRefused: this is a replica, or no registry.
    """
    settings = objects.settings(fresh=local or fresh)
    if settings is None or settings.role != "home":
        settings = objects.settings(fresh=True)
    if settings is None:
        raise StoreRefused(
            f"there is no registry in {objects.store.describe()}",
            hint="if this is the right place, create it once with `packreg init`",
        )
    if settings.role != "home":
        raise StoreRefused(
            f"{objects.store.describe()} is a {settings.role}: it is read only",
            hint="use the URL of the home registry",
        )
    return settings
