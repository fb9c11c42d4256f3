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

from packreg._version import __version__ as __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from packreg.errors import (
        ChangedMeanwhile,
        ClusterUnavailable,
        InstallError,
        IntegrityError,
        InvalidConfiguration,
        InvalidPack,
        InvalidState,
        NotEvaluated,
        NotFound,
        OutcomeUnknown,
        PackFailed,
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
    from packreg.install.home import Home
    from packreg.install.installer import Installed, Installer
    from packreg.install.lock_dependencies import lock_dependencies
    from packreg.install.several import NotInstalled
    from packreg.install.tools import Tools
    from packreg.install.trust import Key
    from packreg.pack.check import Pack, load_pack
    from packreg.pack.files import Limits
    from packreg.pack.reference import Reference
    from packreg.pack.version import Version, VersionRange
    from packreg.registry.publish import Published
    from packreg.registry.record import Lock, Record, Source
    from packreg.registry.registry import Registry, Resolved
    from packreg.services.clock import open_registry
    from packreg.store.opening import open_store
    from packreg.store.store import Store

__all__ = [
    "ChangedMeanwhile",
    "ClusterUnavailable",
    "Home",
    "InstallError",
    "Installed",
    "Installer",
    "IntegrityError",
    "InvalidConfiguration",
    "InvalidPack",
    "InvalidState",
    "Key",
    "Limits",
    "Lock",
    "NotEvaluated",
    "NotFound",
    "NotInstalled",
    "OutcomeUnknown",
    "Pack",
    "PackFailed",
    "PackregError",
    "Problem",
    "Published",
    "Record",
    "Reference",
    "Registry",
    "Removed",
    "Resolved",
    "Source",
    "Store",
    "StoreError",
    "StoreRefused",
    "StoreUnavailable",
    "StoreUnsafe",
    "Tools",
    "UsageError",
    "Version",
    "VersionRange",
    "VersionUsed",
    "load_pack",
    "lock_dependencies",
    "open_registry",
    "open_store",
]

#: Public name -> the module that it is loaded from; errors come from `packreg.errors`.
_HOMES = {
    "Home": "packreg.install.home",
    "Installed": "packreg.install.installer",
    "Installer": "packreg.install.installer",
    "Key": "packreg.install.trust",
    "Limits": "packreg.pack.files",
    "NotInstalled": "packreg.install.several",
    "Lock": "packreg.registry.record",
    "Pack": "packreg.pack.check",
    "Published": "packreg.registry.publish",
    "Record": "packreg.registry.record",
    "Reference": "packreg.pack.reference",
    "Registry": "packreg.registry.registry",
    "Resolved": "packreg.registry.registry",
    "Source": "packreg.registry.record",
    "Store": "packreg.store.store",
    "Tools": "packreg.install.tools",
    "Version": "packreg.pack.version",
    "VersionRange": "packreg.pack.version",
    "load_pack": "packreg.pack.check",
    "lock_dependencies": "packreg.install.lock_dependencies",
    "open_registry": "packreg.services.clock",
    "open_store": "packreg.store.opening",
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
