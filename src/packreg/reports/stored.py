"""The report of one run as it is kept in the registry: written once, checked when read, never changed. Pure.

It is one JSON object, compressed with gzip. It names the entity that was judged, the groups and the revision
of governance, the packs (with digests, also of their configuration), the digest of the state that was judged,
the findings and the verdict. Findings have their secrets replaced. Of configuration it has only digests and
the names of environments' revisions: governance at that revision has the rest.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, get_args

from packreg.enforcement.governed import Governed
from packreg.enforcement.verdict import Verdict
from packreg.enforcement.waivers import Waived
from packreg.errors import IntegrityError, InvalidState, Problem, UsageError
from packreg.groups.decision import GroupMembership, GroupRequest, Required, Requirement, Unavailable
from packreg.groups.model import ABOUT, About, Entity, Mode, PackEntry
from packreg.groups.times import is_precise
from packreg.pack.strict_json import MAX_DEPTH
from packreg.pack.version import Version
from packreg.registry.formats import beginning
from packreg.registry.members import Members
from packreg.reports.document import document
from packreg.reports.report import History, Report
from packreg.reports.report_keys import RUNS, Run, report_key
from packreg.reports.stored_findings import read_evaluation, read_waiver
from packreg.states.sources import unpacked

#: The most bytes of a report, unpacked, and the most memory for reading it: some 100,000 findings.
MAX_REPORT = 56 * 2**20
MAX_REPORT_MEMORY = 256 * 2**20
_DIGEST = re.compile(r"(sha256:[0-9a-f]{64})?", re.ASCII)
_ID = re.compile(r"[0-9a-z-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RanPack:
    """A required pack: its release, the group whose entry decided the version, and its configuration.

    `digest` is the release's, "" if it was not available; `configuration` is from `configuration_digest`;
    `environments` are revisions (`name@3`), imported ones too. `dependencies` is the digest of the contents
    of its Python environment or node_modules, "" if it had none, and in reports of older versions.
    """

    name: str
    version: str
    digest: str
    group: str
    configuration: str
    environments: tuple[str, ...] = ()
    dependencies: str = ""


@dataclass(frozen=True)
class StoredReport:
    """The report of one run. `time` is RFC 3339 in UTC with microseconds, `id` random.

    `state` is the digest of the state that was judged (`Snapshot.digest`), "" if there was none; `verdict` is
    the one reached then, by the rules of the packreg that wrote the report (`report.tool`).
    """

    id: str
    run: Run
    time: str
    state: str
    packs: tuple[RanPack, ...]
    verdict: Verdict
    report: Report

    @property
    def required(self) -> Required:
        """What governance required: entity, groups, revision, packs; without the packs' configuration."""
        assert self.report.governed is not None
        return self.report.governed.required

    @property
    def key(self) -> str:
        """Its key in the registry."""
        return report_key(self.run, self.required.entity, self.time, self.id)

    def encode(self) -> bytes:
        """The bytes to keep in the registry; the same report gives the same bytes.

        Raises:
            UsageError: there would be more than `MAX_REPORT` bytes, which no reader accepts.
        """
        governed = self.report.governed
        assert governed is not None
        required = governed.required
        found = document(self.report)
        members = {
            **beginning(),
            "id": self.id,
            "run": self.run,
            "time": self.time,
            "tool": self.report.tool,
            "verdict": self.verdict,
            "failed_open": governed.failed_open,
            "remediations_applied": governed.applied,
            "entity": {
                "kind": required.entity.kind,
                "name": required.entity.name,
                "tags": dict(required.entity.tags),
                "backend": required.entity.backend,
            },
            "mode": required.mode,
            "governance": {
                "revision": required.revision,
                "groups": list(required.groups),
                "memberships": found["required"]["memberships"],
            },
            "state": {"digest": self.state, **found["analyzed"]},
            "packs": [asdict(pack) for pack in self.packs],
            "unavailable": [
                {"pack": each.pack, "version": each.version, **each.problem._asdict()}
                for each in required.unavailable
            ],
            "waivers": [asdict(waiver) for waiver in governed.waived.used],
            "hidden_secrets": found["hidden_secrets"],
            "history": None if self.report.history is None else self.report.history._asdict(),
            "notes": found["notes"],
            "results": [_with_waivers(pack) for pack in found["packs"]],
        }
        text = json.dumps(_storable(members), separators=(",", ":"), allow_nan=False)
        if len(text) > MAX_REPORT:
            raise UsageError(f"the report would have {len(text)} bytes, more than {MAX_REPORT}")
        return gzip.compress(text.encode("ascii"), 6, mtime=0)

    @classmethod
    def decode(cls, data: bytes, key: str) -> StoredReport:
        """Read the report that was found at a key.

        Raises:
            IntegrityError: the data is no valid report, or the report of another key.
            StoreRefused: it has a newer format.
        """
        try:
            plain = unpacked(data, key, MAX_REPORT)
        except InvalidState as damaged:
            raise IntegrityError(str(damaged), hint=damaged.hint) from None
        found = Members.read(plain, key, MAX_REPORT, MAX_REPORT_MEMORY)
        state = found.members("state")
        hidden = found.members("hidden_secrets") if "hidden_secrets" in found.values else None
        report = Report(
            read_evaluation(found.list_of("results"), state.number("resources")),
            state.text("where"),
            notes=tuple(_problem(note) for note in found.list_of("notes")),
            stack=state.text("stack"),
            project=state.text("project"),
            tool=found.text("tool"),
            governed=_read_governed(found),
            history=found.optional("history", _history),
            hidden=hidden.exact_texts("resources") if hidden is not None else (),
            hidden_allowed=hidden is not None and hidden.raw("allowed", bool),
        )
        stored = cls(
            id=found.matching("id", _ID.fullmatch),
            run=_one_of(found, "run", RUNS),
            time=found.matching("time", is_precise),
            state=state.matching("digest", _DIGEST.fullmatch),
            packs=tuple(_read_pack(pack) for pack in found.list_of("packs")),
            verdict=_one_of(found, "verdict", get_args(Verdict)),
            report=report,
        )
        if stored.key != key:
            raise found.wrong("entity", f"it is the report of {stored.key}")
        return stored


def _history(found: Members) -> History:
    return History(found.number("changes"), found.number("newest", 10**19))


def configuration_digest(config: Mapping[str, object], environments: Sequence[str]) -> str:
    """The digest of a pack's configuration: that of its entry in the group, and environments' revisions."""
    text = json.dumps([config, list(environments)], sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _with_waivers(pack: dict[str, Any]) -> dict[str, Any]:
    """A pack's results, changed in place: each finding names its waiver by id."""
    for finding in (*pack["violations"], *pack["remediations"]):
        if "waiver" in finding:
            finding["waiver"] = finding["waiver"]["id"]
    return pack


def _storable(value: Any, depth: int = 1) -> Any:
    """The value as strict JSON: lone surrogates are replaced, and what is nested too deep becomes "…"."""
    if isinstance(value, str):
        shown = value.isprintable()
        return value if shown else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict | list | tuple) and depth > MAX_DEPTH:
        return "…"
    if isinstance(value, list | tuple):
        return [_storable(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item, depth + 1) for key, item in value.items()}
    return value


def _read_governed(found: Members) -> Governed:
    entity, governance = found.members("entity"), found.members("governance")
    name = entity.raw("name", str)
    tags = {key: entity.members("tags").text(key) for key in entity.members("tags").values}
    backend = entity.raw("backend", str) if "backend" in entity.values else ""
    required = Required(
        Entity(_one_of(entity, "kind", ("stack", "account")), name, tags, backend),
        _one_of(found, "mode", get_args(Mode)),
        governance.number("revision"),
        governance.texts("groups"),
        tuple(_requirement(pack) for pack in found.list_of("packs")),
        tuple(
            Unavailable(each.text("pack"), each.text("version"), _problem(each))
            for each in found.list_of("unavailable")
        ),
        tuple(
            map(_membership, governance.list_of("memberships") if "memberships" in governance.values else ())
        ),
    )
    waivers = {waiver.id: waiver for waiver in map(read_waiver, found.list_of("waivers"))}
    by_finding = {}
    for pack in found.list_of("results"):
        for finding in (*pack.list_of("violations"), *pack.list_of("remediations")):
            if "waiver" not in finding.values:
                continue
            waiver = waivers.get(finding.raw("waiver", str))
            if waiver is None:
                raise finding.wrong("waiver", "it is not among the waivers")
            texts = (finding.raw(member, str) for member in ("policy", "urn", "resource_type"))
            policy, urn, kind = texts
            by_finding[pack.raw("name", str), policy, urn, kind] = waiver
    return Governed(
        required,
        Waived(by_finding),
        applied=found.raw("remediations_applied", bool),
        failed_open=found.raw("failed_open", bool),
    )


def _requirement(found: Members) -> Requirement:
    pack = _read_pack(found)
    version = found.parsed("version", Version)
    entry = PackEntry(pack.name, pack.version, "", {}, pack.environments)
    return Requirement(pack.name, version, GroupRequest(pack.group, entry, version))


def _membership(found: Members) -> GroupMembership:
    about = About(**{name: found.raw(name, str) for name in ABOUT if name in found.values})
    return GroupMembership(found.text("group"), found.raw("rule", str), about)


def _read_pack(found: Members) -> RanPack:
    return RanPack(
        found.text("name"),
        found.text("version"),
        found.matching("digest", _DIGEST.fullmatch),
        found.text("group"),
        found.matching("configuration", _DIGEST.fullmatch),
        found.texts("environments"),
        found.matching("dependencies", _DIGEST.fullmatch) if "dependencies" in found.values else "",
    )


def _problem(found: Members) -> Problem:
    return Problem(found.text("code"), found.lines("message"), found.text("where"), found.lines("hint"))


def _one_of(found: Members, member: str, words: Sequence[Any]) -> Any:
    """A text that is one of these words."""
    return found.matching(member, words.__contains__)
