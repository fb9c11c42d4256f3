"""`audit --dask`: stacks are audited by the workers of a Dask cluster, each as `audit` would on one machine.

A worker is told where the registry and the backend are, which revision of governance counts, and which stack
is next; everything else is its own: credentials, passphrases, settings, the place for packs. No secret goes
through the cluster, and of a state nothing but the numbers of its findings.

Every stack is reported once, whatever becomes of workers. The id and the time of its report, which make the
key that the report is kept at, are made here when the stack is handed out. When a worker dies, Dask gives the
same task, with the same id and time, to another one: if the first had kept its report already, the second
finds the key taken and gives that report's result. Stacks are handed out just ahead of the workers, so that
this time is the audit's; a worker that was only cut off and goes on changes nothing.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from packreg._version import __version__
from packreg.errors import ClusterUnavailable, PackregError, UsageError
from packreg.services.audit import MOST_WARM, AuditOptions, Auditor, AuditResult
from packreg.services.decisions import Decisions
from packreg.services.governance import stored_governance
from packreg.services.judge import ReportIdentity, new_identity
from packreg.services.workspace import Workspace
from packreg.states.places import file_path
from packreg.store.location import DirectoryLocation

if TYPE_CHECKING:
    from packreg.services.stacks import StackSelection, StackTask

#: Seconds for the scheduler to answer, and for the first worker to be there.
_CONNECT, _FIRST_WORKER = 10, 60
#: Stacks handed out for each thread of the cluster.
_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Assignment:
    """What every worker is told of an audit. `id` tells it from others on the same cluster."""

    id: str
    tool: str
    registry: str
    backend: str
    revision: int
    options: AuditOptions


def assignment(workspace: Workspace, backend: str, revision: int, options: AuditOptions) -> Assignment:
    """The assignment of an audit; places on this machine are named by absolute paths.

    Raises UsageError: the backend's URL has a password, which would go through the cluster.
    """
    parts = urlsplit(backend)
    if parts.password or "password" in parse_qs(parts.query):
        raise UsageError(
            "the backend's URL has a password, which would go through the cluster",
            hint="leave it out, and give each worker PGPASSWORD or a password file",
        )
    if backend.startswith("file://"):
        backend = file_path(backend, cwd=Path(workspace.cwd)).absolute().as_uri()
    location = workspace.location
    registry = location.path if isinstance(location, DirectoryLocation) else location.url
    return Assignment(workspace.new_id(), __version__, registry, backend, revision, options)


def audit_on_cluster(
    workspace: Workspace, address: str, backend: str, selection: StackSelection, options: AuditOptions
) -> list[AuditResult]:
    """Have the workers audit stacks of the backend at a URL; results by name.

    A stack that Dask gives up, because workers died of it again and again, could not be evaluated.

    Raises:
        UsageError: the extra `dask` is not installed.
        ClusterUnavailable: there is no cluster at the address, or it has no workers.
        PackregError: as `audit.audit_stacks`.
    """
    tasks = selection.tasks(workspace.place_at(backend))
    decisions = Decisions.read(workspace, strict=options.strict)
    about = assignment(workspace, backend, decisions.governance.revision, options)
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise UsageError("--dask needs Dask", hint="pip install 'distributed>=2025.1'") from None
    try:
        client = Client(address, timeout=_CONNECT)
    except (OSError, ValueError, TimeoutError) as error:
        raise _no_cluster(address, str(error)) from None
    with client, workspace.notify.working(len(tasks), "auditing") as work:
        try:
            client.wait_for_workers(1, timeout=_FIRST_WORKER)
        except TimeoutError:
            raise _no_cluster(address, "it has no workers") from None
        under_way: dict[Any, StackTask] = {}

        def hand_out(some: Iterable[StackTask]) -> list[Any]:
            futures = []
            for task in some:
                stamp = new_identity(workspace)
                key = f"packreg-audit-{stamp.id}"
                future = client.submit(audit_one, about, task, stamp, key=key, pure=False)
                under_way[future] = task
                futures.append(future)
            return futures

        left = iter(tasks)
        audited = []
        try:
            running = as_completed(hand_out(islice(left, _AHEAD * sum(client.nthreads().values()))))
            for future in running:
                audited.append(_result(future, under_way.pop(future)))
                work.done()
                running.update(hand_out(islice(left, 1)))
        finally:
            client.cancel([*under_way])
            client.run(put_down, about.id, on_error="ignore")
    return sorted(audited, key=lambda each: each.entity)


def _no_cluster(address: str, why: str) -> ClusterUnavailable:
    return ClusterUnavailable(
        f"there is no usable Dask cluster at {address[:200]}: {why[:500]}",
        hint="give the address of its scheduler: --dask tcp://scheduler:8786",
    )


def _result(future: Any, task: StackTask) -> AuditResult:
    """What became of a stack, also where Dask gave it up."""
    try:
        found = future.result()
    except Exception as error:  # noqa: BLE001
        why = f"the cluster gave up on it: {type(error).__name__}: {error}"
        return AuditResult(task.name, "stack", "not-evaluated", error=why[:2000])
    assert isinstance(found, AuditResult)
    return found


class _Worker:
    """What one process of a worker keeps between the stacks of an audit: packs, processes, decisions."""

    def __init__(self, about: Assignment) -> None:
        from packreg.analyzer.pool import Pool

        if about.tool != __version__:
            raise UsageError(
                f"this worker has packreg {__version__}, but the audit runs packreg {about.tool}",
                hint="install the same version on every worker",
            )
        self._open = ExitStack()
        workspace = Workspace(os.environ, registry=about.registry, project=True)
        self._open.callback(workspace.close)
        governance = stored_governance(workspace).at(about.revision).governance
        decisions = Decisions(workspace, governance, strict=about.options.strict)
        pool = self._open.enter_context(Pool(keep=MOST_WARM))
        self.auditor = Auditor(workspace, decisions, pool, about.options, backend=about.backend)

    def close(self) -> None:
        """Stop the packs."""
        self._open.close()


_workers: dict[str, _Worker] = {}
_lock = threading.Lock()


def audit_one(about: Assignment, task: StackTask, stamp: ReportIdentity) -> AuditResult:
    """On a worker: audit one stack. What goes wrong is in the result, with the worker's own reasons."""
    try:
        with _lock:
            if about.id not in _workers:
                _workers[about.id] = _Worker(about)
            worker = _workers[about.id]
    except PackregError as error:
        return AuditResult(task.name, "stack", "not-evaluated", error=str(error))
    return worker.auditor.stack(task, stamp)


def put_down(id: str) -> None:
    """On a worker: give up what it kept for an audit that has ended."""
    with _lock:
        worker = _workers.pop(id, None)
    if worker is not None:
        worker.close()
