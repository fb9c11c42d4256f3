"""Reports as runs leave them, put into a registry by hand."""

from __future__ import annotations

from pathlib import Path

from packreg.enforcement.stored import StoredReport
from packreg.store.opening import open_store
from packreg.store.url import parse_location
from tests.cli.conftest import User


def keep(user: User, *reports: StoredReport) -> Path:
    """Put reports into the user's registry, made if need be; gives its directory."""
    registry = user.top / "registry"
    user.extra["PACKREG_REGISTRY"] = str(registry)
    if not registry.exists():
        user.must("init")
    store = open_store(parse_location(str(registry), cwd=user.top))
    for report in reports:
        assert store.create(report.key, report.encode()) is None
    return registry
