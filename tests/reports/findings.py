"""Evaluations to report on, made by hand: every kind of finding, and texts that want to do harm."""

from __future__ import annotations

from collections.abc import Sequence

from packreg.analyzer.findings import (
    Evaluation,
    EvaluationError,
    PackResult,
    PolicyResult,
    PropertyChange,
    Remediation,
    Violation,
)
from packreg.enforcement.governed import Governed, unavailable_results
from packreg.enforcement.waivers import apply_waivers
from packreg.errors import Problem
from packreg.groups.decision import GroupMembership, GroupRequest, Required, Requirement, Unavailable
from packreg.groups.model import About, Entity, Mode, PackEntry, Rules, Waiver
from packreg.pack.metadata import PackInfo, PolicyInfo
from packreg.pack.version import Version
from packreg.reports.report import Report

URN = "urn:pulumi:dev::shop::demo:index:Bucket::open"
ROOT = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
BUCKET = "demo:index:Bucket"
#: What a terminal, XML, Markdown, a table and GitHub's runner would obey, if they got it as it is.
HOSTILE = (
    "first\x1b[2J\x07\x00\x9b\u202e\ufffe\ud800 </failure>]]>&amp;<b>x</b>\r\n"
    "::error title=HARM::HARM\n"
    "  ::add-mask::HARM\n"
    "##[error]HARM %0A::warning::HARM\n"
    "```\n# HARM\n````\n@HARM [HARM](javascript:HARM) ![HARM](http://HARM) | HARM | `HARM` ~~~ <script>HARM"
)


def violation(policy: str, level: str, message: str, urn: str = URN, pack: str = "guard") -> Violation:
    """A violation."""
    kind = "stack" if urn == ROOT else "resource"
    return Violation(pack, "1.0.0", policy, level, message, urn, BUCKET, "Text.", "high", kind)


def error(policy: str = "", urn: str = "", **more: object) -> EvaluationError:
    """An evaluation error."""
    return EvaluationError("guard", "1.0.0", "no-answer", "no answer in 60 s", policy, urn, **more)  # type: ignore[arg-type]


def guard(*, errors: tuple[EvaluationError, ...] = (), advisory_only: bool = False) -> PackResult:
    """A pack with a policy for each outcome."""
    info = PackInfo(
        "guard",
        "0.0.1",
        (
            PolicyInfo("private", "mandatory", "resource", "Private", "Is private.", severity="high"),
            PolicyInfo("owned", "advisory", "resource", url="https://example.org/owned?x=1"),
            PolicyInfo("unique", "mandatory", "stack", remediation_steps="Rename one."),
            PolicyInfo("tagged", "remediate", "resource", tags=("b", "a")),
            PolicyInfo("off", "mandatory", url="javascript:alert(1)"),
            PolicyInfo("none", "mandatory"),
        ),
    )
    violations = [violation("private", "mandatory", "Is private.\nopen is public.")]
    violations.append(violation("owned", "advisory", "open has no owner."))
    changes = (
        PropertyChange(("acl",), "update", "public", "private"),
        PropertyChange(("tags", "a.b"), "add", after="yes"),
        PropertyChange(("rules", 0, "port"), "delete", before=80.0),
    )
    return PackResult(
        "guard",
        "1.0.0",
        info,
        2,
        (
            PolicyResult("private", "mandatory", passed=1, failed=1),
            PolicyResult("owned", "advisory", passed=1, failed=1),
            PolicyResult("unique", "mandatory", passed=1),
            PolicyResult("tagged", "remediate", failed=1),
            PolicyResult("off", "disabled"),
            PolicyResult("none", "mandatory", not_applicable=2, errors=len(errors)),
        ),
        tuple(violations[1:] if advisory_only else violations),
        (Remediation("guard", "1.0.0", "tagged", URN, BUCKET, changes),),
        errors,
    )


def report(*packs: PackResult, **more: object) -> Report:
    """A report on these packs, on `guard` without any."""
    note = Problem("hidden-secrets", "2 secrets stay hidden", "state.json", "give the passphrase")
    options = {"notes": (note,), "stack": "dev", "project": "shop", "tool": "1.2.3", **more}
    return Report(Evaluation(packs or (guard(),), 2), "state.json", **options)  # type: ignore[arg-type]


def hostile() -> Report:
    """Everything that a pack or a file names is `HOSTILE`."""
    urn = f"urn:pulumi:dev::shop::demo:index:Bucket::{HOSTILE}"
    info = PackInfo(HOSTILE, HOSTILE, (PolicyInfo(HOSTILE, "mandatory", "resource", *([HOSTILE] * 3)),))
    change = PropertyChange((HOSTILE, 0), "update", {HOSTILE: HOSTILE}, [HOSTILE, float("nan")])
    pack = PackResult(
        HOSTILE,
        HOSTILE,
        info,
        1,
        (PolicyResult(HOSTILE, "mandatory", failed=1, errors=1),),
        (Violation(HOSTILE, HOSTILE, HOSTILE, "mandatory", HOSTILE, urn, HOSTILE, HOSTILE),),
        (Remediation(HOSTILE, HOSTILE, HOSTILE, urn, HOSTILE, (change,), HOSTILE),),
        (EvaluationError(HOSTILE, HOSTILE, "crashed", HOSTILE, HOSTILE, urn, log=HOSTILE),),
    )
    note = Problem("ignored-members", HOSTILE, HOSTILE, HOSTILE)
    return Report(Evaluation((pack,), 1), HOSTILE, notes=(note,), stack=HOSTILE, tool="1")


STACK = Entity("stack", "organization/shop/dev")
#: The group that requires `guard`, which somebody owns.
OWNED = GroupMembership("prod", "*/dev", About("platform team", "#platform"))


def waiver(policy: str = "private", **more: str) -> Waiver:
    """A waiver for a policy of `guard` in every stack of the shop, until the end of 2026."""
    fields = {
        "id": f"w-{policy}",
        "pack": "guard",
        "policy": policy,
        "entity": "shop/*",
        "owner": "ada",
        "reason": "moves in spring",
        "expires": "2026-12-31T23:59:59Z",
        "created": "2026-01-01T00:00:00Z",
    }
    return Waiver(**{**fields, **more})


def governed(
    *packs: PackResult,
    mode: Mode = "preventative",
    waivers: Sequence[Waiver] = (),
    unavailable: tuple[Unavailable, ...] = (),
    nothing: bool = False,
    memberships: tuple[GroupMembership, ...] = (),
    **more: bool,
) -> Report:
    """A report on packs that a group requires of `STACK`, `guard` without any."""
    version = Version("1.0.0")
    asked = GroupRequest(
        "prod",
        PackEntry("guard", "1.0.0", "2026-01-01T00:00:00.000000Z", {"private": {"threshold": 17}}),
        version,
    )
    wanted = () if nothing else (Requirement("guard", version, asked),)
    required = Required(STACK, mode, 7, ("prod",), wanted, unavailable, memberships)
    results = () if nothing else packs or (guard(),)
    evaluation = Evaluation((*results, *unavailable_results(required, 2)), 2)
    waived = apply_waivers(evaluation, STACK, waivers, Rules(), now="2026-06-01T00:00:00Z")
    return Report(evaluation, "state.json", notes=waived.notes, governed=Governed(required, waived, **more))
