"""What decrypts secrets: passphrases from a variable or the file that `<variable>_FILE` names; AWS KMS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from packreg.errors import UsageError
from packreg.files import read_file
from packreg.store.pulumi_kms import unwrapped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packreg.services.workspace import Workspace
    from packreg.states.secrets import Unwrap

#: The variable of the passphrase for secrets of environments, and that of the Pulumi CLI for those of states.
ENVIRONMENTS, STATES = "PACKREG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE"
_MAX = 64 * 1024  # bytes


def environments_passphrase(environ: Mapping[str, str], cwd: str | Path) -> str:
    """The passphrase of environments' secrets, or "": an empty variable is none, a line end no part of it.

    Raises:
        UsageError: the file cannot be read, or is empty.
    """
    given = environ.get(ENVIRONMENTS, "")
    kept = None if given else _in_file(environ, cwd, ENVIRONMENTS)
    if kept is None:
        return given
    if not kept.rstrip("\r\n"):
        raise UsageError(f"the file in {ENVIRONMENTS}_FILE is empty")
    return kept.rstrip("\r\n")


def state_passphrase(environ: Mapping[str, str], cwd: str | Path) -> str | None:
    """The passphrase of a state's secrets, as the Pulumi CLI finds it; None without one.

    An empty variable is an empty passphrase, and white space around that in a file is not part of it.

    Raises:
        UsageError: the file cannot be read.
    """
    if STATES in environ:
        return environ[STATES]
    kept = _in_file(environ, cwd, STATES)
    return None if kept is None else kept.strip()


def unwrapping(workspace: Workspace) -> Unwrap:
    """Asks AWS KMS for the keys of stacks that it wrapped, as the settings for AWS say."""
    allow_http, role = workspace.settings.allow_http, workspace.settings.instance_role

    def unwrap(url: str, wrapped: bytes) -> bytes:
        return unwrapped(url, wrapped, allow_http=allow_http, instance_role=role)

    return unwrap


def _in_file(environ: Mapping[str, str], cwd: str | Path, variable: str) -> str | None:
    path = environ.get(f"{variable}_FILE")
    if not path:
        return None
    try:
        return read_file(Path(cwd, path), _MAX).decode("utf-8", "surrogateescape")
    except OSError as error:
        message = f"the file in {variable}_FILE cannot be read: {error.strerror}: {path}"
        raise UsageError(message) from None
