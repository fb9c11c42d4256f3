"""The resources that are judged: read from a file or a backend, with what protects them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from packreg.analyzer.program import Stack
from packreg.errors import UsageError
from packreg.services.backends import Backends, credentials_file, current_backend, shown
from packreg.services.passphrases import state_passphrase, unwrapping
from packreg.states.backend import read_stack
from packreg.states.preview import read_preview
from packreg.states.resources import read_resources
from packreg.states.state import read_state

if TYPE_CHECKING:
    from packreg.services.workspace import Workspace
    from packreg.states.snapshot import Snapshot


class ResourcesToJudge(NamedTuple):
    """A snapshot, what messages call it, and what packs are told of the stack it is of, if that is known."""

    snapshot: Snapshot
    where: str
    stack: Stack | None


def read_judged(
    workspace: Workspace,
    *,
    state: str | None,
    preview: str | None,
    resources: str | None,
    stack: str | None,
    backend: str | None,
) -> ResourcesToJudge:
    """Read and check the resources. Files may be paths, `file://` URLs or objects in buckets, and gzipped.

    Raises:
        UsageError: not exactly one thing to judge was named, or one is a directory.
        NotFound, InvalidState, StoreError: it cannot be read.
    """
    given = [name for name in (state, preview, resources, stack) if name is not None]
    if len(given) != 1:
        raise UsageError(
            "say what to judge, once" if not given else "there is more than one thing to judge",
            hint="give one of --state FILE, --preview FILE, --resources FILE, or --stack with --backend",
        )
    if backend is not None and stack is None:
        raise UsageError("--backend needs --stack", hint="add --stack PROJECT/NAME")
    cwd = Path(workspace.cwd)
    if stack is not None:
        snapshot = _from_backend(workspace, stack, backend, cwd)
    else:
        source = workspace.read_source(given[0])
        if preview is not None:
            snapshot = read_preview(*source)
        elif resources is not None:
            snapshot = read_resources(*source)
        else:
            phrase = state_passphrase(workspace.environ, cwd)
            snapshot = read_state(*source, passphrase=phrase, unwrap=unwrapping(workspace))
    told = None
    if resources is None and snapshot.stack:
        organization = "organization" if stack is not None else ""
        told = Stack(snapshot.stack, snapshot.project, organization, dry_run=preview is not None)
    return ResourcesToJudge(snapshot, _shown(snapshot.where, cwd), told)


def _from_backend(workspace: Workspace, stack: str, backend: str | None, cwd: Path) -> Snapshot:
    url = backend_url(workspace, backend, program=True)
    parts = stack.split("/")
    name = f"organization/{stack}" if len(parts) == 2 and parts[0] != "organization" else stack
    phrase = state_passphrase(workspace.environ, cwd)
    return read_stack(name, workspace.place_at(url), passphrase=phrase, unwrap=unwrapping(workspace))


def backend_url(workspace: Workspace, backend: str | None, *, program: bool = False) -> str:
    """The backend that an option names by its URL or its name; else that of the Pulumi CLI, which is said.

    With `program` a project that the working directory is in may name it, as for the CLI.

    Raises:
        UsageError: nothing names it, or there is none of that name.
    """
    if backend:
        return backend if "://" in backend else Backends(workspace).url(backend)
    environ = workspace.environ
    found = current_backend(environ, Path(workspace.cwd) if program else None)
    if not found.url:
        raise UsageError(
            "a stack needs its backend: PULUMI_BACKEND_URL is not set, and "
            f"{credentials_file(environ)} names none",
            hint="give --backend URL, such as file:///path or s3://bucket/prefix; a credentials file that "
            "Pulumi encrypted cannot be read",
        )
    workspace.notify.say(f"backend {shown(found.url)}, from {found.source}")
    return found.url


def _shown(where: str, cwd: Path) -> str:
    path = Path(where)
    return path.relative_to(cwd).as_posix() if path.is_relative_to(cwd) else where
