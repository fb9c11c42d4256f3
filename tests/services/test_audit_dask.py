"""`audit --dask` on a real cluster of several processes, one of which is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from packreg.cli.context import CommandContext
from packreg.errors import UsageError
from packreg.services import audit_dask as dask_audit
from packreg.services.audit import AuditOptions, AuditResult
from packreg.services.audit_dask import Assignment, assignment, audit_one, put_down
from packreg.services.governance import read_governance
from packreg.services.judge import ReportIdentity, new_identity
from packreg.services.stacks import StackTask
from packreg.services.workspace import Workspace
from packreg.states.backend import list_stacks
from packreg.states.places import open_place
from tests.cli.conftest import User
from tests.cli.governed import GOOD, GUARD, OPEN, founder, moved_in, write_stack

distributed = pytest.importorskip("distributed", reason="`audit --dask` needs the extra dask")
STACKS = {f"app-{number}/prod": OPEN if number % 2 else GOOD for number in range(8)}
PATIENCE = 60.0  # seconds until a test gives up waiting for something that has to happen


pytestmark = pytest.mark.usefixtures("opa")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry that has stacks audited with guard."""
    user = founder(tmp_path_factory.mktemp("cluster"))
    user.publish("guard", "1.0.0", files={"policy.rego": GUARD})
    user.must("enable", "--yes", "guard@latest", "--group", "default-audit-policy-group", "--quiet")
    return user.top


@pytest.fixture
def office(user: User, founded: Path) -> User:
    """Somebody with that registry and a backend of eight stacks."""
    backend = user.directory / "states"
    for stack, buckets in STACKS.items():
        write_stack(backend, *stack.split("/"), buckets)
    user.extra["PULUMI_BACKEND_URL"] = "file://states"
    return moved_in(user, founded)


@contextmanager
def cluster(office: User, workers: int) -> Iterator[str]:
    """A scheduler and workers as processes of their own; yields the scheduler's address."""
    file = office.top / "scheduler.json"
    where = ("--scheduler-file", str(file), "--no-dashboard")
    lines = [("dask_scheduler", "--host", "127.0.0.1", "--port", "0", *where)]
    worker = ("--nthreads", "1", "--no-nanny", "--local-directory", str(office.top))
    lines += [("dask_worker", *worker, *where)] * workers
    with ExitStack() as running:
        for module, *words in lines:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *words],
                cwd=office.top,
                env=office.environ,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            running.callback(process.wait)
            running.callback(process.kill)
        address = until(lambda: json.loads(file.read_text())["address"] if file.exists() else None)
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=PATIENCE)
        yield address


def until(look: Callable[[], Any]) -> Any:
    """What `look` gives, as soon as that is anything."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if found := look():
                return found
        except (ValueError, OSError):
            pass
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def reports(office: User) -> dict[str, int]:
    """How many audit reports each stack has."""
    places = (office.top / "registry" / "reports" / "audit").glob("*")
    return {place.name: len([*place.iterdir()]) for place in places}


def test_every_stack_is_reported_once_though_a_worker_is_killed(office: User) -> None:
    """It dies of SIGKILL in the middle of a stack, which another worker then audits; exit code 0."""
    held_up = office.directory / "states" / ".pulumi" / "stacks" / "app-3" / "prod.json"
    state = held_up.read_bytes()
    held_up.unlink()
    os.mkfifo(held_up)  # whoever reads this checkpoint waits for it

    def kill_one(address: str) -> str:
        with distributed.Client(address, set_as_default=False) as client:
            pids = client.run(os.getpid)
            victim = until(lambda: [a for a, s in client.call_stack().items() if "read_stack" in str(s)])[0]
            mended = held_up.with_suffix(".new")
            mended.write_bytes(state)
            mended.replace(held_up)
            os.kill(pids[victim], signal.SIGKILL)
            return str(victim)

    with cluster(office, 3) as address, ThreadPoolExecutor(1) as threads:
        killing = threads.submit(kill_one, address)
        done = office("audit", "--all", "--dask", address, "--json")
        assert killing.result()
    assert (done.code, done.err.splitlines()[1:]) == (0, ["audited 8: 4 compliant, 4 not-compliant"])
    document = done.json()
    assert document["summary"]["audited"] == 8
    assert {each["entity"]: each["verdict"] for each in document["entities"]} == {
        f"organization/{stack}": "compliant" if buckets is GOOD else "not-compliant"
        for stack, buckets in STACKS.items()
    }
    assert reports(office) == {f"stack.organization.{stack.replace('/', '.')}": 1 for stack in STACKS}


def assigned(office: User, options: AuditOptions | None = None) -> tuple[Assignment, StackTask]:
    """An audit of everything, and its first stack."""
    session = CommandContext(office.environ)
    backend = (office.directory / "states").as_uri()
    revision = read_governance(session).revision
    place = open_place(backend, cwd=office.directory)
    about = assignment(session, backend, revision, options or AuditOptions())
    return about, StackTask(list_stacks(place)[1])


def test_no_password_goes_through_the_cluster(office: User) -> None:
    """Not that of a database either: workers have their own."""
    for url in ("postgres://me:secret@db/states", "postgres://db/states?password=secret"):
        with pytest.raises(UsageError, match="through the cluster") as refused:
            assignment(CommandContext(office.environ), url, 1, AuditOptions())
        assert "secret" not in str(refused.value)


def on_a_worker(office: User, about: Assignment, task: StackTask, stamp: ReportIdentity) -> AuditResult:
    """What a worker with this person's environment answers; then that worker is gone."""
    with office.monkeypatch.context() as patch:
        for name, value in office.environ.items():
            patch.setenv(name, value)
        patch.chdir(office.directory)
        try:
            return audit_one(about, task, stamp)
        finally:
            put_down(about.id)


@pytest.mark.parametrize("options", [AuditOptions(), AuditOptions(changed_only=True)])
def test_an_audit_that_is_made_again_gives_the_first_report(office: User, options: AuditOptions) -> None:
    """Its worker died when the report was kept: the answer is that report's, though the stack has changed."""
    about, task = assigned(office, options)
    stamp = new_identity(Workspace())
    first = on_a_worker(office, about, task, stamp)
    assert first.verdict == "not-compliant"
    write_stack(office.directory / "states", "app-1", "prod", GOOD)
    assert on_a_worker(office, about, task, stamp) == first
    assert reports(office) == {"stack.organization.app-1.prod": 1}
    later = on_a_worker(office, about, task, new_identity(Workspace()))
    assert (later.verdict, reports(office)) == ("compliant", {"stack.organization.app-1.prod": 2})


def test_workers_decide_by_the_revision_that_the_audit_began_with(office: User) -> None:
    """Groups that are changed meanwhile count for the next audit."""
    about, task = assigned(office)
    office.must("disable", "--yes", "guard", "--group", "default-audit-policy-group", "--quiet")
    assert on_a_worker(office, about, task, new_identity(Workspace())).verdict == "not-compliant"
    about, task = assigned(office)
    assert on_a_worker(office, about, task, new_identity(Workspace())).verdict == "nothing-required"


def test_a_worker_that_cannot_work_says_why(office: User) -> None:
    """Another version of packreg, or no registry where it is: an evaluation error of the stack."""
    about, task = assigned(office)
    other = on_a_worker(office, replace(about, tool="0.0.0"), task, new_identity(Workspace()))
    assert (other.verdict, other.entity) == ("not-evaluated", "organization/app-1/prod")
    assert "the audit runs packreg 0.0.0" in other.error
    gone = on_a_worker(
        office, replace(about, registry=str(office.top / "gone")), task, new_identity(Workspace())
    )
    assert gone.verdict == "not-evaluated" and gone.error
    assert reports(office) == {}


def test_no_cluster_is_said(office: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """With exit code 9; options that mean nothing there are refused."""
    monkeypatch.setattr(dask_audit, "_CONNECT", 0.3)
    done = office("audit", "--all", "--dask", "tcp://127.0.0.1:9")
    assert done.code == 9 and "there is no usable Dask cluster at tcp://127.0.0.1:9" in done.err
    assert office("audit", "--all", "--dask", "nonsense://x").code == 9
    assert office("audit", "--all", "--dask", "tcp://127.0.0.1:9", "--jobs", "2").code == 2


def test_without_dask_the_extra_is_named(office: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not a dependency of packreg."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    done = office("audit", "--all", "--dask", "tcp://127.0.0.1:9")
    assert done.code == 2 and "pip install 'distributed>=2025.1'" in done.err
