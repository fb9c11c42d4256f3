"""`audit`: what stacks and accounts are is held against their audit groups; nothing is ever blocked."""

from __future__ import annotations

import hashlib
import os
import re
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from packreg.cli.audit_output import write_audited
from packreg.cli.base import command
from packreg.cli.enforcing import no_report_option
from packreg.cli.entities import tag_option
from packreg.cli.explaining import strict_option
from packreg.cli.installing import offline_option
from packreg.errors import NotFound, UsageError
from packreg.groups.entities import account_entity, read_tags, stack_entity
from packreg.services.audit import MOST_WARM, Auditor, StackTask, Wishes
from packreg.services.decisions import Decisions
from packreg.services.passphrases import state_passphrase
from packreg.services.prepare import RequiredPacks
from packreg.services.resources import backend_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from packreg.analyzer.pool import Pool
    from packreg.cli.context import CommandContext
    from packreg.groups.model import Entity
    from packreg.states.backend import StackEntry
    from packreg.states.places import Place
    from packreg.states.snapshot import Snapshot

A = TypeVar("A")
B = TypeVar("B")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z)?", re.ASCII)

jobs_option = click.option(
    "--jobs", type=click.IntRange(1, 256), help="Stacks at the same time.  [default: processors]"
)
share_option = click.option(
    "--share-processes",
    is_flag=True,
    help="Let a pack's process judge many stacks; for packs that do not ask for the stack's name.",
)
stacks_backend_option = click.option(
    "--backend", metavar="URL", help="The stacks' self-managed backend. Default: PULUMI_BACKEND_URL."
)


@command(
    "audit",
    examples=(
        "packreg audit --all --backend s3://states",
        "packreg audit shop/prod shop/dev --backend file:///srv/states",
        "packreg audit --all --since last --shard 2/8 --json",
        "packreg audit --account aws/production --resources account.jsonl",
    ),
)
@click.argument("stacks", metavar="[STACK]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every stack of the backend.")
@stacks_backend_option
@click.option("--account", metavar="NAME", help="A cloud account, instead of stacks.")
@click.option("--resources", metavar="FILE|URL", help="What the account holds, in JSON Lines.")
@tag_option
@click.option(
    "--since",
    metavar="TIME|last",
    help="Pass over stacks that did not change since then, or since their last audit.",
)
@click.option("--shard", metavar="I/N", help="Only the I-th of N parts of the stacks.")
@jobs_option
@click.option("--dask", metavar="ADDRESS", help="Let the workers of the Dask cluster there audit the stacks.")
@share_option
@click.option(
    "--fail-on",
    type=click.Choice(["past-the-guard", "never"]),
    default="never",
    show_default=True,
    help="What exit code 3 means: an update that went past the guard, and that nobody waived.",
)
@strict_option
@no_report_option
@offline_option
@click.pass_obj
def audit_command(
    context: CommandContext,
    stacks: tuple[str, ...],
    everything: bool,
    backend: str | None,
    account: str | None,
    resources: str | None,
    tags: tuple[str, ...],
    since: str | None,
    shard: str | None,
    jobs: int | None,
    dask: str | None,
    share_processes: bool,
    fail_on: str,
    strict_conflicts: bool,
    no_report: bool,
    offline: bool,
) -> int:
    """Hold stacks and accounts against their audit groups.

    Never blocks: violations are reported and kept, and the exit code is 0. Exit code 4: some could not be
    evaluated. Updates that went past the guard are violations of packreg:past-the-guard, and a history that
    is gone one of packreg:history-lost. Exit code 3: there are some, and --fail-on past-the-guard.
    """
    from packreg.analyzer.pool import Pool

    wishes = Wishes(changed_only=since == "last", shared=share_processes, keep=not no_report)
    _check_options(stacks, everything, backend, account, resources, tags, since, shard)
    if dask is not None and (account is not None or jobs is not None):
        raise UsageError("--dask goes with neither --account nor --jobs", hint="leave one of them out")
    tasks: list[StackTask] = []
    where = ""
    if account is not None and resources is not None:
        held = _held(context, account, resources, tags)
        entities = [held[0]]
    else:
        where = _where(context, stacks, backend)
        place, tasks = _tasks(context, stacks, where, since, shard)
        entities = _known(tasks)
    decisions = Decisions.read(context, strict=strict_conflicts)
    if dask is not None:
        from packreg.services.audit_dask import assignment, audit_on_cluster

        revision = decisions.governance.revision
        about = assignment(context, where, revision, wishes, strict=strict_conflicts, offline=offline)
        audited = audit_on_cluster(context, dask, tasks, about)
    else:
        phrase = state_passphrase(context.environ, Path(context.cwd))
        packs = RequiredPacks(context, decisions, offline=offline)
        with Pool(keep=MOST_WARM) as pool:
            packs.install(each for e in entities for each in decisions.required(e, "audit").packs)
            auditor = Auditor(context, decisions, packs, pool, wishes, passphrase=phrase, backend=where)
            if account is not None:
                audited = [auditor.account(*held)]
            else:
                work = partial(auditor.stack, place=place)
                audited = work_off(context, "auditing", work, tasks, jobs, pool)
    audited.sort(key=lambda each: (each.kind, each.entity))
    return write_audited(context, audited, fail_on=fail_on)


def _check_options(
    stacks: Sequence[str],
    everything: bool,
    backend: str | None,
    account: str | None,
    resources: str | None,
    tags: Sequence[str],
    since: str | None,
    shard: str | None,
) -> None:
    """Refuse options of stacks for an account, and the other way round."""
    if account is not None:
        if stacks or everything or backend is not None or shard is not None or since is not None:
            raise UsageError("an account has no stacks", hint="leave --account out, or all that is of stacks")
        if resources is None:
            raise UsageError("--account needs --resources", hint="`packreg inventory` lists what there is")
    elif resources is not None or tags:
        raise UsageError("--resources and --tag are of use with --account only", hint="add --account NAME")
    elif everything == bool(stacks):
        raise UsageError("say which stacks", hint="name some, or give --all; or --account NAME")


def _held(
    context: CommandContext, account: str, resources: str, tags: Sequence[str]
) -> tuple[Entity, Snapshot]:
    """An account, and what it holds."""
    from packreg.states.resources import read_resources
    from packreg.states.sources import read_source

    source = read_source(resources, cwd=Path(context.cwd))
    return account_entity(account, read_tags(tags)), read_resources(*source)


def _known(tasks: Iterable[StackTask]) -> list[Entity]:
    """The stacks whose names are known before they are read, and are names."""
    found = []
    for task in tasks:
        with suppress(UsageError):
            found.append(stack_entity(f"{task.stack.project}/{task.stack.name}"))
    return found


def _where(context: CommandContext, stacks: Sequence[str], backend: str | None) -> str:
    """The backend's URL. Raises UsageError: nothing names it, or stacks are named of another one."""
    named = {stack_entity(text).backend for text in stacks} - {""}
    if len(named) > 1 or (named and backend not in (None, *named)):
        raise UsageError("stacks of one backend are audited at a time", hint="leave the others out")
    return backend_url(context, min(named) if named else backend)


def _tasks(
    context: CommandContext, stacks: Sequence[str], backend: str, since: str | None, shard: str | None
) -> tuple[Place, list[StackTask]]:
    """The stacks that are named, or without any all of the backend, and where they are.

    Raises:
        NotFound: one that was named is not there.
    """
    from packreg.states.backend import list_stacks
    from packreg.states.places import open_place

    place = open_place(backend, cwd=Path(context.cwd))
    there = list_stacks(place)
    found = _named(stacks, there, place) if stacks else [StackTask(each) for each in there]
    if shard is not None:
        part, of = _shard(shard)
        found = [each for each in found if part_of(each.stack, of) == part]
    if since is not None and since != "last":
        moment = _since(since)
        found = [each for each in found if each.stack.modified > moment]
    return place, found


def _named(stacks: Sequence[str], found: Sequence[StackEntry], place: Place) -> list[StackTask]:
    chosen: set[StackTask] = set()
    for text in stacks:
        _, project, name = stack_entity(text).in_its_backend.split("/")
        fitting = [each for each in found if each.name == name and each.project in ("", project)]
        if not fitting:
            raise NotFound(f"{place.describe()} has no stack {project}/{name}")
        chosen |= {StackTask(each, project) for each in fitting}
    return sorted(chosen, key=lambda task: task.stack)


def part_of(stack: StackEntry, of: int) -> int:
    """Which of so many parts, counted from 1, a stack is in: always the same, whatever others there are."""
    name = f"{stack.project}/{stack.name}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % of + 1


def _shard(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})", text, re.ASCII)
    if match is None or int(match[1]) > int(match[2]):
        raise UsageError(
            f"{text[:40]!r} is no part of the stacks", hint="write --shard 2/8 for the second of 8"
        )
    return int(match[1]), int(match[2])


def _since(text: str) -> float:
    """The moment in seconds since the epoch."""
    from datetime import UTC, datetime

    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text[:40]!r} is no time", hint="write 2026-08-01, 2026-08-01T12:00:00Z or last"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def work_off(
    context: CommandContext,
    doing: str,
    work: Callable[[A], B],
    things: Sequence[A],
    jobs: int | None,
    pool: Pool,
) -> list[B]:
    """Work on each, so many at the same time (default: as many as processors), as they get done.

    Whatever breaks it off stops the pool's processes, so that nobody waits for a verdict.
    """
    workers = min(jobs or os.cpu_count() or 1, max(1, len(things)))
    threads = ThreadPoolExecutor(workers, thread_name_prefix="packreg-stack")
    try:
        with context.out.working(len(things), doing) as progress:
            results = []
            for each in as_completed([threads.submit(work, thing) for thing in things]):
                results.append(each.result())
                progress.done()
    except BaseException:
        threads.shutdown(wait=False, cancel_futures=True)
        pool.close()
        raise
    finally:
        threads.shutdown()
    return results
