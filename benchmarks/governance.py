"""Governance at scale: 50 packs of 100 versions, 200 groups, 5,000 stacks of a self-managed backend.

Requests are counted at the store, for a client that remembers nothing. The packs are OPA packs of two rules;
a stack has six resources. What an audit takes is compared with what its packs take: the processor time of
their processes, which run beside packreg's own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from measure import shown
from programs import with_opa
from registries import s3_server

from packreg.cli.context import CommandContext
from packreg.groups.editing import with_group
from packreg.groups.members import Memberships
from packreg.groups.model import Entity, Governance, Group, PackEntry
from packreg.groups.required import Resolution, packs_of
from packreg.groups.times import NEVER
from packreg.pack.check import load_pack
from packreg.pack.metadata import PackInfo, PolicyInfo
from packreg.registry.record import Source
from packreg.services.decisions import Decisions
from packreg.services.governance import create_governance, edit_governance, read_governance

VERSIONS, GROUPS = 100, 200
STAGES = ("dev", "test", "staging", "prod")  # of each project
POLICIES = """package PACKAGE

import rego.v1

deny_open contains message if {
	input.type == "demo:index:Bucket"
	input.acl == "public"
	message := sprintf("%s is open", [input.__name])
}

warn_owner contains message if {
	input.type == "demo:index:Bucket"
	not input.owner
	message := sprintf("%s has no owner", [input.__name])
}
"""
#: Runs a command line of packreg, then says what it took: itself, and the packs' processes below it.
MEASURED = """
import resource, sys, time
from packreg.cli.start import main
began = time.perf_counter()
code = main(sys.argv[1:])
took = time.perf_counter() - began
own, packs = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
sys.stdout.flush()
print(code, took, own.ru_utime + own.ru_stime, packs.ru_utime + packs.ru_stime, file=sys.stderr)
"""


class Scale(NamedTuple):
    """How many packs and projects there are, and how often how many people edit at once."""

    packs: int = 50
    projects: int = 1_250
    edits: int = 40
    editors: tuple[int, ...] = (1, 4, 16)


def governance(on: Path, rounds: int, small: bool = False) -> str:
    """All tables of this module."""
    path = with_opa(os.environ["PATH"])
    scale = Scale(3, 4, 4, (1, 4)) if small else Scale()
    with tempfile.TemporaryDirectory(dir=on) as scratch:
        office = _Office(Path(scratch), path, scale)
        tables = [office.requests(), office.decisions(rounds), office.audits()]
        url = str(office.scratch / "edited")
        tables.append(contention("in a directory", scale, {**office.environ, "PACKREG_REGISTRY": url}))
        with s3_server() as endpoint:
            url = f"s3://bench/edited?endpoint_url={endpoint}&region=us-east-1"
            environ = {**os.environ, **office.environ, "PACKREG_REGISTRY": url}
            tables.append(contention("on S3 (ministack)", scale, environ))
    return "\n".join(tables)


class _Office:
    """A registry and a backend of that size. Nothing is run before `audits`."""

    def __init__(self, scratch: Path, path: str, scale: Scale) -> None:
        self.scratch, self.scale = scratch, scale
        self.backend = scratch / "states"
        self.environ = {
            "PATH": path,
            "HOME": str(scratch / "user"),
            "PACKREG_HOME": str(scratch / "home"),
            "PACKREG_REGISTRY": str(scratch / "registry"),
            "PULUMI_BACKEND_URL": self.backend.as_uri(),
        }
        session = CommandContext(self.environ)
        session.registry().init()
        create_governance(session)
        began = time.perf_counter()
        for number in range(scale.packs):
            self._publish(session, f"pack{number:02}")
        print(f"  {scale.packs * VERSIONS} versions published in {shown(_since(began))}", file=sys.stderr)
        edit_governance(session, partial(_with_groups, scale), "200 groups")
        for number in range(scale.projects):
            for stage in STAGES:
                self._write_stack(f"team-{number % 50:02}-app-{number:04}", stage)

    def requests(self) -> str:
        """What a decision asks the registry for."""
        rows = []
        entities = _entities(self.scale.projects)
        every = len(entities)
        for what, some in (("one stack", 1), ("100 stacks", 100), (f"all {every:,} stacks", every)):
            session = CommandContext({**self.environ, "PACKREG_HOME": str(self.scratch / f"cold-{some}")})
            began = time.perf_counter()
            decisions = Decisions.read(session)
            packs = 0
            for entity in entities[:some]:
                packs = max(packs, len(decisions.required(entity, "preventative").packs))
            took = _since(began)
            rows.append(f"| `required`, {what} | {session.store.requests} | {packs} | {shown(took)} |")
        head = "| of | requests | most packs of a stack | time, in a directory |"
        title = f"What a decision asks for: {self.scale.packs} packs x 100 versions, 200 groups"
        return _table(title, head, rows)

    def decisions(self, rounds: int) -> str:
        """How many stacks a second are decided about, by one core, when everything was read."""
        session = CommandContext(self.environ)
        found = read_governance(session)
        listings = {name: session.registry().versions(name) for name in packs_of(found.groups.values())}
        entities = _entities(self.scale.projects)

        def decide() -> None:
            memberships, resolution = Memberships(found), Resolution(found, listings)
            for entity in entities:
                for mode in ("preventative", "audit"):
                    resolution.required(entity, mode, memberships.groups_of(entity, mode))

        best = min(_processor_time(decide) for _ in range(rounds))
        one = min(_processor_time(lambda: _all_of_one(found, listings, entities[0])) for _ in range(rounds))
        rows = [
            f"| {len(entities):,} stacks, in both modes | {shown(best)} "
            f"| {len(entities) / best:,.0f} stacks a second |",
            f"| one stack, nothing worked out before | {shown(one)} | |",
        ]
        head = "| decided, with all that is read at hand | processor time | |"
        return _table("Deciding, without asking", head, rows)

    def audits(self) -> str:
        """An audit of everything, against the processor time of the packs in it."""
        rows = []
        for line in ("required --all --json", "audit --all", "audit --all --since last"):
            took, own, packs = self._measured(line.split())
            rows.append(f"| `{line}` | {shown(took)} | {shown(own)} | {shown(packs)} |")
        stacks = f"{self.scale.projects * len(STAGES):,} stacks"
        head = f"| {stacks} | time | packreg's processor time | the packs' processor time |"
        return _table("Whole commands over all stacks", head, rows)

    def _measured(self, words: list[str]) -> tuple[float, float, float]:
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, *words],
            env=self.environ,
            cwd=self.scratch,
            capture_output=True,
            text=True,
            check=False,
        )
        code, took, own, packs = done.stderr.splitlines()[-1].split()
        if code != "0":
            sys.exit(f"{words} ended with {code}:\n{done.stderr}")
        print(f"  {' '.join(words)}: {took} s", file=sys.stderr)
        return float(took), float(own), float(packs)

    def _publish(self, session: CommandContext, name: str) -> None:
        """100 versions of a pack, with what each says of itself."""
        place = self.scratch / "packs" / name
        place.mkdir(parents=True)
        (place / "policy.rego").write_text(POLICIES.replace("PACKAGE", name))
        policies = (PolicyInfo("deny_open", "mandatory", "resource"), PolicyInfo("warn_owner", "advisory"))
        for number in range(VERSIONS):
            version = f"{number // 25 + 1}.{number % 25}.0"
            (place / "PulumiPolicy.yaml").write_text(f"runtime: opa\nversion: {version}\n")
            session.registry().publish(
                load_pack(place),
                lock=None,
                source=Source(),
                publisher="bench",
                tool="bench",
                metadata=PackInfo(name, version, policies),
            )

    def _write_stack(self, project: str, stage: str) -> None:
        root = f"urn:pulumi:{stage}::{project}::pulumi:pulumi:Stack::{project}-{stage}"
        resources: list[dict[str, object]] = [{"urn": root, "type": "pulumi:pulumi:Stack", "custom": False}]
        for number in range(5):
            urn = f"urn:pulumi:{stage}::{project}::demo:index:Bucket::bucket-{number}"
            inputs = {"acl": "public" if number == 0 else "private", "owner": project}
            custom = {"custom": True, "id": urn, "inputs": inputs, "outputs": inputs, "parent": root}
            resources.append({"urn": urn, "type": "demo:index:Bucket", **custom})
        state = {
            "version": 3,
            "checkpoint": {"stack": "", "latest": {"manifest": {}, "resources": resources}},
        }
        path = self.backend / ".pulumi" / "stacks" / project / f"{stage}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(state))
        (self.backend / ".pulumi" / "meta.yaml").write_text("version: 1\n")


def contention(where: str, scale: Scale, environ: Mapping[str, str]) -> str:
    """Editors at once, each with groups of its own, in the one chain; no edit may be lost."""
    first = CommandContext(environ)
    first.registry().init()
    create_governance(first)
    rows = []
    for editors in scale.editors:
        before = len(read_governance(first).groups)

        def edit(number: int, editors: int = editors) -> None:
            session = CommandContext(environ)
            for turn in range(scale.edits // editors or 1):
                group = Group(f"g-{editors}-{number}-{turn}", "preventative", frozenset({"stack"}))
                edit_governance(session, _adding(group), f"add {group.name}")

        began = time.perf_counter()
        with ThreadPoolExecutor(editors) as threads:
            list(threads.map(edit, range(editors)))
        took = _since(began)
        made = len(read_governance(first).groups) - before
        expected = (scale.edits // editors or 1) * editors
        if made != expected:
            sys.exit(f"{expected - made} of {expected} edits were lost")
        rows.append(f"| {editors} | {made} | {shown(took)} | {made / took:.0f} edits a second |")
    head = "| editors at once | edits, none lost | time | |"
    return _table(f"Editing groups under contention, {where}", head, rows)


def _adding(group: Group) -> Callable[[Governance], Governance]:
    return lambda governance: with_group(governance, group)


def _with_groups(scale: Scale, before: Governance) -> Governance:
    """200 groups: by project and stage, by team, by stage; with exact versions, ranges and the latest."""
    groups = dict(before.groups)
    for number in range(GROUPS):
        team, mode = f"team-{number % 50:02}", ("preventative", "audit")[number % 4 == 3]
        stacks = {
            0: (f"{team}-*/prod",),
            1: (f"{team}-app-*/staging", f"{team}-app-*/test"),
            2: tuple(f"{team}-app-{app:04}/prod" for app in range(number % 50, scale.projects, 50)),
            3: (f"{team}-*/*",),
        }[number // 50]
        packs = {}
        for step in range(3):
            name = f"pack{(number * 7 + number // 50 % 2 + step * 11) % scale.packs:02}"
            version = ("latest", f"^{step + 1}", f"{step + 1}.{number % 25}.0")[(number + step) % 3]
            packs[name] = PackEntry(name, version, NEVER)
        name = f"group-{number:03}"
        groups[name] = Group(name, mode, frozenset({"stack"}), stacks=stacks, packs=packs)
    return replace(before, groups=groups)


def _entities(projects: int) -> list[Entity]:
    return [
        Entity("stack", f"organization/team-{number % 50:02}-app-{number:04}/{stage}")
        for number in range(projects)
        for stage in STAGES[::-1]
    ]


def _all_of_one(found: Governance, listings: Mapping[str, object], entity: Entity) -> None:
    names = Memberships(found).groups_of(entity, "preventative")
    Resolution(found, listings).required(entity, "preventative", names)


def _processor_time(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _since(began: float) -> float:
    return time.perf_counter() - began


def _table(title: str, head: str, rows: list[str]) -> str:
    return "\n".join([f"### {title}", "", head, "|---" * (head.count("|") - 1) + "|", *rows, ""])
