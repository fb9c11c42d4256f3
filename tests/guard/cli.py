"""What the Pulumi CLI does with an analyzer, without the CLI: the calls of a preview or update, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from packreg.analyzer.evaluation import PackToRun
from packreg.analyzer.findings import Evaluation
from packreg.analyzer.program import Stack
from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.encode import encode_resource, encode_stack
from packreg.analyzer.protocol.struct import decode_struct
from packreg.enforcement.waivers import Waived, apply_waivers
from packreg.errors import PackregError
from packreg.groups.decision import GroupRequest, Required, Requirement, Unavailable
from packreg.groups.model import Mode, PackEntry, Rules, Waiver
from packreg.guard.exceptions import NO_EXCEPTIONS, Exceptions
from packreg.guard.guard import Guard, entity_of
from packreg.guard.run import Run
from packreg.pack.version import Version
from packreg.services.prepared import PreparedPacks
from tests.analyzer.packs import BUCKET, program, python_source

ROOT = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
Packs = Callable[[Stack], Sequence[PackToRun]]


def urn(name: str) -> str:
    """The URN of a bucket."""
    return f"urn:pulumi:dev::shop::{BUCKET}::{name}"


def bucket(name: str, **properties: object) -> dict[str, Any]:
    """A bucket as `encode_resource` takes it."""
    return {"type": BUCKET, "urn": urn(name), "name": name, "properties": properties, "options": {}}


def no_waiver(violation: object) -> None:
    """Nobody waives anything."""


def requirement(pack: PackToRun) -> Requirement:
    """What asks for a pack."""
    version = Version(pack.version)
    entry = PackEntry(pack.name, pack.version, "2026-01-01T00:00:00Z")
    return Requirement(pack.name, version, GroupRequest("everyone", entry, version))


class Office:
    """What the guard asks for packs and gives reports to."""

    def __init__(
        self,
        packs: Packs = lambda stack: (),
        *,
        audits: Packs = lambda stack: (),
        waivers: Sequence[Waiver] = (),
        unavailable: Sequence[Unavailable] = (),
        error: PackregError | None = None,
        secrets: frozenset[str] = frozenset(),
        unseen: tuple[str, ...] = (),
    ) -> None:
        self.kept: list[Run] = []
        self.begun: list[PreparedPacks] = []
        self.said: list[str] = []
        self._packs: Mapping[Mode, Packs] = {"preventative": packs, "audit": audits}
        self._waivers, self._unavailable, self._error = waivers, tuple(unavailable), error
        self._secrets, self._unseen = secrets, unseen

    def prepare(self, stack: Stack, mode: Mode) -> PreparedPacks:
        """The packs of a mode."""
        if self._error is not None:
            raise self._error
        packs = tuple(self._packs[mode](stack))
        required = Required(
            entity_of(stack), mode, 3, ("everyone",), tuple(map(requirement, packs)), self._unavailable
        )

        def waived(found: Evaluation) -> Waived:
            return apply_waivers(found, required.entity, self._waivers, Rules(), now="2026-01-01T00:00:00Z")

        return PreparedPacks(
            required, packs, secrets=self._secrets, waived=waived, unseen=self._unseen, id=f"{mode}-run"
        )

    def keep(self, run: Run) -> None:
        """Keep a run."""
        self.kept.append(run)

    def begin(self, prepared: PreparedPacks) -> None:
        """Note that an update began."""
        self.begun.append(prepared)

    def guard(self, **options: Any) -> Guard:
        """A guard of this office, which runs in this process."""
        keep, begin = options.pop("keep", self.keep), options.pop("begin", self.begin)
        return Guard(self.prepare, keep, begin, version="0.5.0", say=self.said.append, **options)


class Cli:
    """Asks a guard as the CLI does."""

    def __init__(
        self, guard: Guard, *, dry_run: bool = True, exceptions: Exceptions = NO_EXCEPTIONS, **stack: Any
    ) -> None:
        self.guard = guard
        guard.configure_stack(
            Stack("dev", "shop", "organization", dry_run=dry_run, **stack),  # type: ignore[misc]
            exceptions,
        )

    def judge(self, resource: Mapping[str, Any]) -> tuple[dict[str, Any], list[pb.Diagnostic]]:
        """Remediate a resource, then analyze what that makes of it: its last properties, the diagnostics."""
        remediated = pb.RemediateResponse.FromString(self.guard.remediate(encode_resource(resource)))
        properties = dict(resource["properties"])
        for each in remediated.remediations:
            if each.HasField("properties") and not each.diagnostic:
                properties = decode_struct(each.properties)
        request = encode_resource({**resource, "properties": properties})
        return properties, list(pb.AnalyzeResponse.FromString(self.guard.analyze(request)).diagnostics)

    def judge_stack(self, *resources: Mapping[str, Any]) -> list[pb.Diagnostic]:
        """Analyze the stack."""
        answer = self.guard.analyze_stack(encode_stack(resources))
        return list(pb.AnalyzeResponse.FromString(answer).diagnostics)


def shown(diagnostics: Sequence[pb.Diagnostic]) -> list[tuple[str, str, str, str]]:
    """Pack with version, policy, level and the last line of the message of each diagnostic."""
    return [
        (
            f"{each.pack_name}@{each.pack_version}",
            each.policy_name,
            pb.EnforcementLevel.Name(each.enforcement_level).lower(),
            each.message.splitlines()[-1],
        )
        for each in diagnostics
    ]


def pack(directory: Path, source: str, python: Path, stack: Stack, **more: Any) -> PackToRun:
    """A Python pack with this source, made where it is not there yet."""
    from packreg.services.pack_programs import configured

    made = directory if directory.exists() else python_source(directory, source)
    return PackToRun(program(made, python=python, stack=stack, **more), configured(), "1.0.0", directory.name)
