"""The program `opa` of this machine, and whether it is new enough to judge packs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from packreg.errors import InstallError
from packreg.opa.program import WHERE, Opa, OpaFailure, version_of

if TYPE_CHECKING:
    from packreg.services.workspace import Workspace


def fit_opa(workspace: Workspace) -> tuple[Path, str]:
    """Its real file, and its version.

    Raises:
        InstallError: there is none, it does not say its version, or is too old.
        UsageError: the one that a setting names is not there, or lies in the checkout.
    """
    opa = Path(workspace.tools.need("opa", WHERE)).resolve()
    try:
        version = version_of(Opa(str(opa)), cwd=Path(opa.anchor))
    except OpaFailure as failure:
        raise InstallError(str(failure), hint=WHERE) from None
    return opa, ".".join(map(str, version))
