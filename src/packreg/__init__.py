"""Publish, install and govern Pulumi policy packs on nothing but a bucket or a directory.

As a library:

    from packreg import Reference, open_registry

    registry = open_registry("s3://policies/packs?region=eu-central-1")
    release = registry.resolve(Reference.parse("s3-rules@^1.2"))
    files = registry.files(release.record)

and for a service that decides about deployments (docs/library.md has a whole one):

    from packreg import Pool, Workspace, enforce, read_state

    with Workspace(registry="s3://policies/packs", settings={}) as workspace, Pool() as pool:
        decision = enforce(workspace, "shop/prod", read_state(data, "the request"), pool=pool)

Everything in `__all__` is the public interface and is typed; what is not may change in any release. Names are
loaded when they are first used, so `import packreg` costs nothing.
"""

from __future__ import annotations

from packreg._version import __version__ as __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from packreg.analyzer.findings import Evaluation
    from packreg.analyzer.pool import Pool
    from packreg.enforcement.verdict import Verdict
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
    from packreg.groups.entities import stack_entity
    from packreg.groups.model import Entity
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
    from packreg.reports.report import Report
    from packreg.reports.stored import StoredReport
    from packreg.services.clock import open_registry
    from packreg.services.enforce import Enforced, enforce
    from packreg.services.notify import Notify
    from packreg.services.reports import ReportStore
    from packreg.services.workspace import Workspace
    from packreg.states.preview import read_preview
    from packreg.states.snapshot import Snapshot
    from packreg.states.state import read_state
    from packreg.store.open import open_store
    from packreg.store.store import Store

__all__ = [
    "ChangedMeanwhile",
    "ClusterUnavailable",
    "Enforced",
    "Entity",
    "Evaluation",
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
    "Notify",
    "OutcomeUnknown",
    "Pack",
    "PackFailed",
    "PackregError",
    "Pool",
    "Problem",
    "Published",
    "Record",
    "Reference",
    "Registry",
    "Removed",
    "Report",
    "ReportStore",
    "Resolved",
    "Snapshot",
    "Source",
    "Store",
    "StoreError",
    "StoreRefused",
    "StoreUnavailable",
    "StoreUnsafe",
    "StoredReport",
    "Tools",
    "UsageError",
    "Verdict",
    "Version",
    "VersionRange",
    "VersionUsed",
    "Workspace",
    "enforce",
    "load_pack",
    "lock_dependencies",
    "open_registry",
    "open_store",
    "read_preview",
    "read_state",
    "stack_entity",
]

#: Public name -> the module that it is loaded from; errors come from `packreg.errors`.
_HOMES = {
    "Enforced": "packreg.services.enforce",
    "Entity": "packreg.groups.model",
    "Evaluation": "packreg.analyzer.findings",
    "Home": "packreg.install.home",
    "Installed": "packreg.install.installer",
    "Installer": "packreg.install.installer",
    "Key": "packreg.install.trust",
    "Limits": "packreg.pack.files",
    "NotInstalled": "packreg.install.several",
    "Lock": "packreg.registry.record",
    "Notify": "packreg.services.notify",
    "Pack": "packreg.pack.check",
    "Pool": "packreg.analyzer.pool",
    "Published": "packreg.registry.publish",
    "Record": "packreg.registry.record",
    "Reference": "packreg.pack.reference",
    "Registry": "packreg.registry.registry",
    "Report": "packreg.reports.report",
    "ReportStore": "packreg.services.reports",
    "Resolved": "packreg.registry.registry",
    "Snapshot": "packreg.states.snapshot",
    "Source": "packreg.registry.record",
    "Store": "packreg.store.store",
    "StoredReport": "packreg.reports.stored",
    "Tools": "packreg.install.tools",
    "Verdict": "packreg.enforcement.verdict",
    "Version": "packreg.pack.version",
    "VersionRange": "packreg.pack.version",
    "Workspace": "packreg.services.workspace",
    "enforce": "packreg.services.enforce",
    "load_pack": "packreg.pack.check",
    "lock_dependencies": "packreg.install.lock_dependencies",
    "open_registry": "packreg.services.clock",
    "open_store": "packreg.store.open",
    "read_preview": "packreg.states.preview",
    "read_state": "packreg.states.state",
    "stack_entity": "packreg.groups.entities",
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
