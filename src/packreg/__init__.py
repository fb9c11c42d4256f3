"""Publish, install and govern Pulumi policy packs on nothing but a bucket or a directory.

As a library:

    from packreg import Reference, open_registry

    registry = open_registry("s3://policies/packs?region=eu-central-1")
    release = registry.resolve(Reference.parse("aws-guard@^1.2"))
    files = registry.files(release.record)

Everything in `__all__` is the public interface and is typed; what is not may change in any release. Names are
loaded when they are first used, so `import packreg` costs nothing.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from packreg.cli.compose import open_registry
    from packreg.errors import (
        ChangedMeanwhile,
        InstallError,
        IntegrityError,
        InvalidPack,
        NotFound,
        OutcomeUnknown,
        PackregError,
        Problem,
        Removed,
        StoreError,
        StoreRefused,
        StoreUnavailable,
        StoreUnsafe,
        UsageError,
        VersionUsed,
    )
    from packreg.install.installer import Installer
    from packreg.pack.check import load_pack
    from packreg.pack.reference import Reference
    from packreg.pack.version import Version, VersionRange
    from packreg.registry.registry import Registry
    from packreg.store.url import open_store

__all__ = [
    "ChangedMeanwhile",
    "InstallError",
    "Installer",
    "IntegrityError",
    "InvalidPack",
    "NotFound",
    "OutcomeUnknown",
    "PackregError",
    "Problem",
    "Reference",
    "Registry",
    "Removed",
    "StoreError",
    "StoreRefused",
    "StoreUnavailable",
    "StoreUnsafe",
    "UsageError",
    "Version",
    "VersionRange",
    "VersionUsed",
    "load_pack",
    "open_registry",
    "open_store",
]

#: Public name -> the module that it is loaded from; errors come from `packreg.errors`.
_HOMES = {
    "Installer": "packreg.install.installer",
    "Reference": "packreg.pack.reference",
    "Registry": "packreg.registry.registry",
    "Version": "packreg.pack.version",
    "VersionRange": "packreg.pack.version",
    "load_pack": "packreg.pack.check",
    "open_registry": "packreg.cli.compose",
    "open_store": "packreg.store.url",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'packreg' has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(_HOMES.get(name, "packreg.errors")), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*globals(), *(name for name in __all__ if name not in globals())]
