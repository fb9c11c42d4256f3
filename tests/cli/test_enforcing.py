"""`enforce`: the decision about a deployment, by what the stack's groups require."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from packreg.cli.context import CommandContext
from packreg.groups.model import Entity
from packreg.reports.stored import StoredReport
from packreg.services.reports import ReportStore
from tests.cli.conftest import User
from tests.cli.governed import GOOD, GUARD, OPEN, UNOWNED, founder, moved_in, write_state
from tests.cli.test_documented_json import ROWS
from tests.states.recordings import PROGRAM

pytestmark = pytest.mark.usefixtures("opa")

STACK = "shop/prod"


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry whose default group requires guard."""
    user = founder(tmp_path_factory.mktemp("enforcing"))
    for version in ("1.0.0", "1.1.0"):
        user.publish("guard", version, files={"policy.rego": GUARD})
    user.must("enable", "--yes", "guard@^1", "--quiet")
    return user.top


@pytest.fixture
def office(user: User, founded: Path) -> User:
    """Somebody with that registry."""
    return moved_in(user, founded)


def enforce(office: User, buckets: Mapping[str, Mapping[str, Any]], *words: str, stack: str = STACK) -> Any:
    """Decide about a state with these buckets."""
    write_state(office.directory / "state.json", *stack.split("/")[-2:], buckets)
    return office("enforce", stack, "--state", "state.json", *words)


def kept(office: User, stack: str = "organization/shop/prod") -> list[StoredReport]:
    """The stack's reports, the newest first."""
    return list(ReportStore(CommandContext(office.environ)).newest(Entity("stack", stack), "enforce", 10))


@pytest.mark.parametrize(
    ("buckets", "code", "said"),
    [(OPEN, 3, "denied by policy"), (GOOD, 0, "allowed"), (UNOWNED, 0, "allowed")],
)
def test_the_decision(office: User, buckets: Mapping[str, Mapping[str, Any]], code: int, said: str) -> None:
    """A mandatory violation denies, an advisory one does not; who asked stands first."""
    done = enforce(office, buckets)
    assert (done.code, done.err) == (code, "")
    assert done.out.startswith(
        "Required of organization/shop/prod by default-preventative-policy-group (preventative):"
    )
    assert "guard@1.1.0" in done.out
    assert any(line.startswith(said) for line in done.out.splitlines())


def test_a_denial_ends_with_what_to_do(office: User) -> None:
    """How many policies passed, then the way to a waiver and to the reason; each command works as printed."""
    lines = enforce(office, OPEN).out.splitlines()
    start = lines.index("What to do:")
    assert lines[start - 3] == "1 of 2 policies failed, 1 passed"
    assert lines[start + 1].startswith("  guard@1.1.0 deny_open: demo:index:Bucket: ")
    commands = [line.strip() for line in lines[start:] if line.strip().startswith("packreg ")]
    assert [command.split()[1:3] for command in commands] == [
        ["waiver", "request"],
        ["why", f"organization/{STACK}"],
    ]
    for command in commands:
        assert office(*shlex.split(command)[1:]).code == 0, command
    assert "What to do:" not in enforce(office, GOOD).out


def test_a_report_is_kept(office: User) -> None:
    """With the packs, their digests, the groups, the state, the findings and the verdict."""
    enforce(office, OPEN)
    enforce(office, GOOD)
    enforce(office, GOOD, "--no-report")
    newest, before = kept(office)
    assert (newest.verdict, before.verdict) == ("allowed", "denied")
    assert newest.state != before.state and newest.state.startswith("sha256:")
    [pack] = newest.packs
    assert (pack.name, pack.version, pack.group) == ("guard", "1.1.0", "default-preventative-policy-group")
    assert pack.digest.startswith("sha256:") and newest.required.revision == 2
    [violation] = before.report.evaluation.violations
    assert (violation.pack, violation.policy) == ("guard", "deny_open")


def test_nothing_required_is_said(office: User) -> None:
    """It is a verdict of its own, exit code 0, and kept."""
    office.must("disable", "--yes", "guard", "--quiet")
    done = enforce(office, OPEN)
    assert done.code == 0
    assert "nothing is required: no pack is enabled in default-preventative-policy-group" in done.out
    assert kept(office)[0].verdict == "nothing-required"


def test_a_waiver_lets_pass_and_is_shown(office: User) -> None:
    """Until it is forbidden."""
    office.must(
        *("waiver", "add", "guard:deny_open", "--stack", "shop/*", "--reason", "moves", "--owner", "ada"),
        *("--expires", "30d", "--quiet"),
    )
    done = enforce(office, OPEN)
    assert done.code == 0
    assert "[mandatory, waived]  deny_open" in done.out
    assert "by ada: moves" in done.out
    assert done.out.splitlines()[-1].startswith("allowed: 0 mandatory violations, 0 advisory violations")
    assert [waiver.reason for waiver in kept(office)[0].report.governed.waived.used] == ["moves"]
    office.must("group", "settings", "--unwaivable", "guard:*", "--quiet")
    denied = enforce(office, OPEN)
    assert denied.code == 3
    assert "[waiver-forbidden]" in denied.out


def test_what_cannot_be_had_is_4(office: User) -> None:
    """A pack that was removed stops, beside packs that pass; an operator's word lets only that go on."""
    office.publish("limits", "1.0.0", files={"policy.rego": GUARD.replace("package guard", "package limits")})
    office.must("enable", "--yes", "limits@latest", "--quiet")
    office.must("remove", "limits@1.0.0", "--yes", "--reason", "wrong", "--quiet")
    done = enforce(office, GOOD)
    assert done.code == 4
    assert "❌ limits@latest  (did not run)" in done.out
    assert "✅ guard@1.1.0" in done.out
    office.extra["PACKREG_FAIL_OPEN"] = "1"
    opened = enforce(office, GOOD)
    assert opened.code == 0
    assert "could not be evaluated, and let pass because failing open was asked for" in opened.out
    governed = kept(office)[0].report.governed
    assert governed is not None and governed.failed_open
    assert enforce(office, OPEN).code == 4


def test_a_damaged_bundle_is_4(office: User) -> None:
    """It is not installed, and named."""
    office.publish("limits", "1.0.0", files={"policy.rego": GUARD.replace("package guard", "package limits")})
    office.must("enable", "--yes", "limits@latest", "--quiet")
    [bundle] = (office.top / "registry" / "bundles" / "limits").rglob("*.tgz")
    bundle.write_bytes(b"x" * bundle.stat().st_size)
    done = enforce(office, GOOD, "--json")
    assert done.code == 4
    failed = [pack for pack in done.json()["packs"] if not pack["ran"]]
    assert [(pack["name"], pack["errors"][0]["code"]) for pack in failed] == [("limits", "integrity-error")]
    assert [each.name for each in kept(office)[0].packs] == ["guard", "limits"]


def test_configuration_of_the_group_counts(office: User) -> None:
    """A level that the group sets is the one that is judged by; one that the pack refuses is an error."""
    config = office.directory / "config.json"
    config.write_text('{"deny_open": "advisory", "warn_owner": "mandatory"}')
    office.must("enable", "--yes", "guard@^1", "--config", "config.json", "--quiet")
    assert enforce(office, OPEN).code == 0
    assert enforce(office, UNOWNED).code == 3


def test_an_environment_that_cannot_be_opened_is_4(office: User) -> None:
    """Its pack is not run without it, and the message says what is missing."""
    office.extra["PACKREG_PASSPHRASE"] = "correct horse"
    (office.directory / "prod.yaml").write_text(
        "values:\n  environmentVariables:\n    TOKEN: {fn::secret: swordfish}\n"
    )
    office.must("env", "set", "prod", "prod.yaml", "--quiet")
    office.must("enable", "--yes", "guard@^1", "--environment", "prod", "--quiet")
    allowed = enforce(office, GOOD)
    assert allowed.code == 0
    assert kept(office)[0].packs[0].environments == ("prod@1",)
    del office.extra["PACKREG_PASSPHRASE"]
    done = enforce(office, GOOD)
    assert done.code == 4
    assert "❌ guard@1.1.0  (did not run)" in done.out
    assert "PACKREG_PASSPHRASE" in done.out
    assert "swordfish" not in done.out + allowed.out


def test_a_registry_that_cannot_be_written_changes_no_verdict(office: User) -> None:
    """A replica takes no reports; the decision stands, and it is said."""
    settings = office.top / "registry" / "registry.json"
    settings.write_text(settings.read_text().replace('"home"', '"replica"'))
    done = enforce(office, GOOD)
    assert done.code == 0
    assert "the report of this run was not kept" in done.err


def test_previews_are_judged(office: User) -> None:
    """By what `pulumi preview --json` wrote; the stack must be the one that is named."""
    shutil.copy(PROGRAM / "create-preview.json", office.directory / "preview.json")
    wrong = office("enforce", STACK, "--preview", "preview.json")
    assert wrong.code == 2
    assert "is of the stack 'rich/richdev', not of 'shop/prod'" in wrong.err
    words = ("enforce", "rich/richdev", "--preview", "preview.json", "--json")
    assert office(*words).code == 4, "it hides a secret"
    done = office.must(*words, "--allow-hidden-secrets")
    assert done.json()["required"]["entity"] == "organization/rich/richdev"


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": [], "diagnostics": [{"message": "the program raised", "severity": "error"}]},
        {"steps": [], "maybeCorrupt": True},
        {"steps": [], "changeSummary": {"same": 3}},
    ],
)
def test_a_preview_that_does_not_hold_everything_is_no_pass(office: User, wrong: dict[str, object]) -> None:
    """What it did not get to, or left out as unchanged, was not judged: exit code 4, and no report."""
    (office.directory / "preview.json").write_text(json.dumps(wrong))
    done = office("enforce", STACK, "--preview", "preview.json")
    assert done.code == 4
    assert "did not succeed" in done.err or "--show-sames" in done.err
    assert kept(office) == []


@pytest.mark.parametrize(
    "words", [[], ["--state", "s", "--preview", "p"], ["--state", "state.json", "-o", "sarif", "--json"]]
)
def test_wrong_options_are_refused(office: User, words: list[str]) -> None:
    """With exit code 2."""
    write_state(office.directory / "state.json", "shop", "prod", GOOD)
    assert office("enforce", STACK, *words).code == 2


def test_every_format(office: User) -> None:
    """All formats of `analyze` are there, and the JSON has what the page says."""
    for output in ("sarif", "junit", "github", "markdown"):
        assert enforce(office, OPEN, "-o", output, "--no-report").code == 3
    document = enforce(office, OPEN, "--json").json()
    assert document.keys() == {
        *("verdict", "analyzed", "totals", "hidden_secrets", "notes", "packs", "required")
    }
    assert json.loads(json.dumps(document["required"])).keys() == {
        *("entity", "kind", "mode", "revision", "groups", "memberships")
    }
    member = "{group, rule, owner, contact, description}"
    assert f"`required: {{entity, kind, mode, revision, groups, memberships: [{member}]}}`" in ROWS["enforce"]
