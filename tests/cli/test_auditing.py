"""`audit`: many stacks and an account against their audit groups, whatever is wrong with some of them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from packreg.cli.app import run
from packreg.cli.context import CommandContext
from packreg.groups.model import Entity
from packreg.reports.stored import StoredReport
from packreg.services.reports import ReportStore
from tests.cli.conftest import Done, User
from tests.cli.governed import GOOD, GUARD, OPEN, UNOWNED, founder, moved_in, write_stack, write_tags

pytestmark = pytest.mark.usefixtures("opa")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry that has stacks and accounts audited with guard."""
    user = founder(tmp_path_factory.mktemp("auditing"))
    user.publish("guard", "1.0.0", files={"policy.rego": GUARD})
    user.must("enable", "--yes", "guard@latest", "--group", "default-audit-policy-group", "--quiet")
    return user.top


@pytest.fixture
def office(user: User, founded: Path) -> User:
    """Somebody with that registry, and a backend with three stacks."""
    backend = user.directory / "states"
    for project, stack, buckets in (("shop", "prod", OPEN), ("shop", "dev", GOOD), ("blog", "prod", UNOWNED)):
        write_stack(backend, project, stack, buckets)
    user.extra["PULUMI_BACKEND_URL"] = "file://states"
    return moved_in(user, founded)


def verdicts(done: Done) -> dict[str, str]:
    """The verdict on each entity."""
    return {each["entity"].removeprefix("organization/"): each["verdict"] for each in done.json()["entities"]}


def newest(office: User, stack: str, count: int = 1) -> tuple[StoredReport, ...]:
    """The newest audit reports of a stack."""
    kept = ReportStore(CommandContext(office.environ))
    return kept.newest(Entity("stack", f"organization/{stack}"), "audit", count)


def test_all_stacks_are_audited_and_none_is_blocked(office: User) -> None:
    """A line for each, in order; the exit code is 0 whatever they violate; the summary counts."""
    done = office.must("audit", "--all")
    assert done.out.splitlines() == [
        "organization/blog/prod\tcompliant\t0\t1\t0\t0\t0",
        "organization/shop/dev\tcompliant\t0\t0\t0\t0\t0",
        "organization/shop/prod\tnot-compliant\t1\t0\t0\t0\t0",
    ]
    assert done.err.splitlines()[-1] == "audited 3: 2 compliant, 1 not-compliant"
    [report] = newest(office, "shop/prod")
    assert (report.verdict, report.required.mode) == ("not-compliant", "audit")
    assert [violation.policy for violation in report.report.evaluation.violations] == ["deny_open"]
    assert (report.report.stack, report.report.project) == ("prod", "shop")


def test_some_stacks_are_audited(office: User) -> None:
    """Those that are named and no other; one that is not there is exit code 6 before anything runs."""
    assert verdicts(office.must("audit", "shop/dev", "organization/blog/prod", "--json")) == {
        "shop/dev": "compliant",
        "blog/prod": "compliant",
    }
    done = office("audit", "shop/dev", "shop/gone")
    assert (done.code, done.out) == (6, "")
    assert "has no stack shop/gone" in done.err


def test_a_place_without_a_backend_is_no_empty_audit(office: User) -> None:
    """A mistyped URL is exit code 6, and nobody is told that nothing was wrong."""
    done = office("audit", "--all", "--backend", "file://stats")
    assert (done.code, done.out) == (6, "")
    assert "is not a self-managed backend" in done.err


def test_a_broken_stack_stops_nothing(office: User) -> None:
    """It is named with what is wrong, the others are audited, and the exit code is 4."""
    path = write_stack(office.directory / "states", "shop", "broken", {})
    path.write_text("{")
    done = office("audit", "--all", "--json")
    assert done.code == 4
    assert verdicts(done) == {
        "blog/prod": "compliant",
        "shop/broken": "not-evaluated",
        "shop/dev": "compliant",
        "shop/prod": "not-compliant",
    }
    assert "organization/shop/broken: " in done.err and "broken.json" in done.err
    assert done.json()["summary"]["not_evaluated"] == 1


def test_a_pack_that_cannot_be_had_is_an_error_of_every_stack(office: User) -> None:
    """Nobody is called compliant by the packs that are left."""
    office.publish("limits", "1.0.0", files={"policy.rego": GUARD.replace("package guard", "package limits")})
    office.must("enable", "--yes", "limits@latest", "--group", "default-audit-policy-group", "--quiet")
    office.must("remove", "limits@1.0.0", "--yes", "--reason", "wrong", "--quiet")
    done = office("audit", "--all", "--json")
    assert done.code == 4
    assert set(verdicts(done).values()) == {"not-evaluated"}
    assert newest(office, "shop/prod")[0].verdict == "not-evaluated"


def test_nothing_required_is_said(office: User) -> None:
    """It is neither compliance nor an error."""
    office.must("disable", "--yes", "guard", "--group", "default-audit-policy-group", "--quiet")
    done = office.must("audit", "--all")
    assert done.err.splitlines()[-1] == "audited 3: 3 nothing-required"


def test_members_by_tags_are_found(office: User) -> None:
    """A stack that a group has by its tags is judged as the guard would; other tags judge it again."""
    office.must("disable", "--yes", "guard", "--group", "default-audit-policy-group", "--quiet")
    office.must("group", "new", "tagged", "--mode", "audit", "--add-tag", "env=prod", "--quiet")
    office.must("enable", "guard@latest", "--group", "tagged", "--quiet")
    write_tags(office.directory / "states", "shop/prod", env="prod")
    write_tags(office.directory / "states", "blog/prod", env="dev")
    done = office.must("audit", "--all", "--json")
    assert done.err.splitlines() == [
        "backend file://states, from PULUMI_BACKEND_URL",
        "audited 3: 1 not-compliant, 2 nothing-required",
    ]
    assert verdicts(done)["shop/prod"] == "not-compliant"
    write_tags(office.directory / "states", "shop/prod", env="prod", team="x")
    again = verdicts(office.must("audit", "--all", "--since", "last", "--json"))
    assert (again["shop/prod"], again["blog/prod"]) == ("not-compliant", "unchanged")


def test_tags_that_cannot_be_read_are_no_missing_tags(office: User) -> None:
    """Whoever breaks the file of their tags is not compliant by it: the stack is named, with exit code 4."""
    write_tags(office.directory / "states", "shop/prod", env="prod").write_text('{"version": 1, "Tags": {}}')
    done = office("audit", "--all", "--json")
    assert done.code == 4
    assert verdicts(done)["shop/prod"] == "not-evaluated"
    assert "prod.pulumi-tags has no tags of a stack" in done.err


def test_stacks_that_did_not_change_are_passed_over(office: User) -> None:
    """With `--since last` nothing is judged again until the state, the packs or configuration change."""
    assert set(verdicts(office.must("audit", "--all", "--since", "last", "--json")).values()) == {
        *("compliant", "not-compliant")
    }
    again = office.must("audit", "--all", "--since", "last", "--json")
    assert set(verdicts(again).values()) == {"unchanged"}
    assert len(newest(office, "shop/prod", 10)) == 1
    write_stack(office.directory / "states", "shop", "prod", GOOD)
    changed = verdicts(office.must("audit", "--all", "--since", "last", "--json"))
    assert changed == {"shop/prod": "compliant", "shop/dev": "unchanged", "blog/prod": "unchanged"}
    config = office.directory / "config.json"
    config.write_text('{"warn_owner": "mandatory"}')
    office.must(
        "enable",
        "--yes",
        "guard@latest",
        "--config",
        "config.json",
        "--group",
        "default-audit-policy-group",
        "-q",
    )
    assert (
        verdicts(office.must("audit", "--all", "--since", "last", "--json"))["blog/prod"] == "not-compliant"
    )


def test_a_waiver_that_comes_or_goes_is_a_change(office: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `--since last` a verdict that a waiver changes is reached again, also when the waiver expires."""
    audit = ("audit", "--all", "--since", "last", "--json")
    assert verdicts(office.must(*audit))["shop/prod"] == "not-compliant"
    words = ("--stack", "shop/prod", "--expires", "1h", "--owner", "ada", "--reason", "soon")
    office.must("waiver", "add", "guard:deny_open", *words, "--quiet")
    waived = {"shop/prod": "compliant", "shop/dev": "unchanged", "blog/prod": "unchanged"}
    assert verdicts(office.must(*audit)) == waived
    assert verdicts(office.must(*audit))["shop/prod"] == "unchanged"
    monkeypatch.setattr("packreg.services.workspace.now", lambda: "2126-01-01T00:00:00Z")
    assert verdicts(office.must(*audit))["shop/prod"] == "not-compliant"


def test_stacks_that_were_not_written_since_a_time_are_passed_over(office: User) -> None:
    """By when their checkpoints were written."""
    for number, name in enumerate(("shop/prod", "shop/dev", "blog/prod")):
        path = office.directory / "states" / ".pulumi" / "stacks" / f"{name}.json"
        os.utime(path, (1785542400 + 86400 * number,) * 2)  # 2026-08-01 and the days after
    done = office.must("audit", "--all", "--since", "2026-08-02", "--json")
    assert list(verdicts(done)) == ["blog/prod"]
    done = office.must("audit", "--all", "--since", "2026-08-01T00:00:00Z", "--json")
    assert list(verdicts(done)) == ["blog/prod", "shop/dev"]


def test_the_parts_of_all_stacks_are_disjoint_and_whole(office: User) -> None:
    """Each stack is in exactly one of N parts, always the same, whatever others there are."""
    found = [list(verdicts(office.must("audit", "--all", "--shard", f"{n}/3", "--json"))) for n in (1, 2, 3)]
    assert sorted(name for part in found for name in part) == ["blog/prod", "shop/dev", "shop/prod"]


def test_an_account_is_audited(office: User) -> None:
    """By what it holds, with or without a stack; a violation informs and never blocks."""
    lines = [{"type": "demo:index:Bucket", "name": "b", "properties": {"acl": "public", "owner": "me"}}]
    (office.directory / "account.jsonl").write_text("\n".join(map(json.dumps, lines)))
    done = office.must("audit", "--account", "aws/production", "--resources", "account.jsonl")
    assert done.out == "aws/production\tnot-compliant\t1\t0\t0\t0\t0\n"
    kept = ReportStore(CommandContext(office.environ)).newest(Entity("account", "aws/production"), "audit")
    assert [each.required.entity for each in kept] == [Entity("account", "aws/production")]


def test_a_legacy_backend_is_audited(office: User) -> None:
    """The project is the one that the resources are of; a stack of another one is not taken for it."""
    legacy = office.directory / "legacy" / ".pulumi" / "stacks"
    legacy.mkdir(parents=True)
    scoped = office.directory / "states" / ".pulumi" / "stacks" / "shop" / "prod.json"
    (legacy / "prod.json").write_text(scoped.read_text())
    (legacy / "empty.json").write_text(json.dumps({"version": 3, "checkpoint": {"stack": "empty"}}))
    office.extra["PULUMI_BACKEND_URL"] = "file://legacy"
    done = office("audit", "--all", "--json")
    assert done.code == 4
    assert verdicts(done) == {"?/empty": "not-evaluated", "shop/prod": "not-compliant"}
    other = office("audit", "blog/prod", "--json")
    assert other.code == 4
    assert "is of the project 'shop', not of 'blog'" in other.json()["entities"][0]["error"]


def test_reports_that_cannot_be_kept_are_said(office: User) -> None:
    """The audit is printed all the same, with exit code 0; without reports nothing is written."""
    office.must("audit", "--all", "--no-report")
    assert not (office.top / "registry" / "reports").exists()
    settings = office.top / "registry" / "registry.json"
    settings.write_text(settings.read_text().replace('"home"', '"replica"'))
    done = office.must("audit", "--all", "--json")
    assert "3 reports were not kept, the first because" in done.err
    assert done.json()["summary"]["unkept"] == 3


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--all", "shop/prod"],
        ["--account", "x"],
        ["--all", "--resources", "x"],
        ["--all", "--tag", "a=b"],
        ["--account", "x", "--resources", "y", "--all"],
        ["--all", "--shard", "4/3"],
        ["--all", "--shard", "0/3"],
        ["--all", "--shard", "x"],
        ["--all", "--since", "yesterday"],
        ["--all", "--since", "2026-13-01"],
        ["prod"],
    ],
)
def test_wrong_options_are_refused(office: User, words: list[str]) -> None:
    """With exit code 2."""
    assert office("audit", *words).code == 2


def test_many_stacks_share_a_process_of_an_opa_pack(office: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pack that never asks for the stack's name is started once for each job, not for each stack."""
    from packreg.analyzer.process import Process

    started: list[str] = []
    begin = Process.__init__

    def counted(self: Process, program: Any, **options: Any) -> None:
        started.append(program.name)
        begin(self, program, **options)

    monkeypatch.setattr(Process, "__init__", counted)
    backend = office.directory / "states"
    many: Mapping[str, Mapping[str, Any]] = {"b": {"acl": "private", "owner": "me"}}
    for number in range(20):
        write_stack(backend, f"p{number}", "dev", many)
    assert len(verdicts(office.must("audit", "--all", "--jobs", "2", "--json"))) == 23
    assert len(started) <= 2


def test_grpc_writes_no_lines_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless somebody asks for them; a pack that ends while it is asked is reported in our own words."""
    monkeypatch.delenv("GRPC_VERBOSITY", raising=False)
    run(["--help"])
    assert os.environ.pop("GRPC_VERBOSITY") == "NONE"
    monkeypatch.setenv("GRPC_VERBOSITY", "DEBUG")
    run(["--help"])
    assert os.environ["GRPC_VERBOSITY"] == "DEBUG"
