"""The resources that a command judges: which of its options says where they are, and what protects them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from packreg.errors import UsageError

if TYPE_CHECKING:
    from packreg.analysis.program import Stack
    from packreg.analysis.snapshot import Snapshot
    from packreg.cli.session import Session

_F = TypeVar("_F", bound=Callable[..., Any])
_MAX_PASSPHRASE = 64 * 1024


class Judged(NamedTuple):
    """A snapshot, what messages call it, and what packs are told of the stack it is of, if that is known."""

    snapshot: Snapshot
    where: str
    stack: Stack | None


def resource_options(function: _F) -> _F:
    """The options that say what is judged; exactly one of the first four is wanted."""
    for option in reversed(
        (
            click.option("--state", metavar="FILE", help="Judge what `pulumi stack export` wrote."),
            click.option("--preview", metavar="FILE", help="Judge what `pulumi preview --json` wrote."),
            click.option("--resources", metavar="FILE", help="Judge resources in JSON Lines."),
            click.option(
                "--stack",
                metavar="STACK",
                help="Judge a stack of a self-managed backend: [ORG/]PROJECT/NAME.",
            ),
            click.option("--backend", metavar="URL", help="That backend. Default: PULUMI_BACKEND_URL."),
        )
    ):
        function = option(function)
    return function


def read_judged(
    session: Session,
    *,
    state: str | None,
    preview: str | None,
    resources: str | None,
    stack: str | None,
    backend: str | None,
) -> Judged:
    """Read and check the resources. Files may be paths, `file://` or `s3://` URLs, and gzipped.

    Raises:
        UsageError: not exactly one thing to judge was named, or one is a directory.
        NotFound, InvalidState, StoreError: it cannot be read.
    """
    from packreg.analysis.preview import read_preview
    from packreg.analysis.program import Stack
    from packreg.analysis.resources import read_resources
    from packreg.analysis.sources import read_source
    from packreg.analysis.state import read_state

    given = [name for name in (state, preview, resources, stack) if name is not None]
    if len(given) != 1:
        raise UsageError(
            "say what to judge, once" if not given else "there is more than one thing to judge",
            hint="give one of --state FILE, --preview FILE, --resources FILE, or --stack with --backend",
        )
    if backend is not None and stack is None:
        raise UsageError("--backend is of use with --stack only", hint="add --stack PROJECT/NAME")
    cwd = Path(session.cwd)
    if stack is not None:
        snapshot = _from_backend(session, stack, backend, cwd)
    else:
        source = read_source(given[0], cwd=cwd)
        if preview is not None:
            snapshot = read_preview(*source)
        elif resources is not None:
            snapshot = read_resources(*source)
        else:
            snapshot = read_state(*source, passphrase=passphrase(session.environ, cwd))
    told = None
    if resources is None and snapshot.stack:
        organization = "organization" if stack is not None else ""
        told = Stack(snapshot.stack, snapshot.project, organization, dry_run=preview is not None)
    return Judged(snapshot, _shown(snapshot.where, cwd), told)


def passphrase(environ: Mapping[str, str], cwd: Path) -> str | None:
    """The passphrase of a state's secrets, as the Pulumi CLI finds it; None without one.

    Raises:
        UsageError: PULUMI_CONFIG_PASSPHRASE_FILE cannot be read.
    """
    if "PULUMI_CONFIG_PASSPHRASE" in environ:
        return environ["PULUMI_CONFIG_PASSPHRASE"]
    path = environ.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    if not path:
        return None
    try:
        with (cwd / path).open("rb") as file:
            data = file.read(_MAX_PASSPHRASE)
    except OSError as error:
        message = f"the file of PULUMI_CONFIG_PASSPHRASE_FILE cannot be read: {error.strerror}: {path}"
        raise UsageError(message) from None
    return data.decode("utf-8", "surrogateescape").strip()


def _from_backend(session: Session, stack: str, backend: str | None, cwd: Path) -> Snapshot:
    from packreg.analysis.backend import read_stack

    url = backend_url(session, backend)
    parts = stack.split("/")
    name = f"organization/{stack}" if len(parts) == 2 and parts[0] != "organization" else stack
    return read_stack(name, url, cwd=cwd, passphrase=passphrase(session.environ, cwd))


def backend_url(session: Session, backend: str | None) -> str:
    """The backend that an option, by its URL or its name, or the Pulumi CLI's own variable names.

    Raises:
        UsageError: neither does, or there is none of that name.
    """
    if backend and "://" not in backend:
        from packreg.cli.backends import Backends

        return Backends(session).url(backend)
    url = backend or session.environ.get("PULUMI_BACKEND_URL")
    if not url:
        raise UsageError(
            "a stack needs its backend", hint="give --backend file:///path or s3://bucket/prefix"
        )
    return url


def _shown(where: str, cwd: Path) -> str:
    path = Path(where)
    return path.relative_to(cwd).as_posix() if path.is_relative_to(cwd) else where
