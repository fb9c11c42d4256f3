"""The guard in real Pulumi CLIs: what must run stops a stack or passes it, with reports."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Make
from tests.e2e.governed import GOOD, OPEN, GovernedStack, policies, still_running
from tests.e2e.user import Pulumi, Shell
from tests.operators import with_operators_file
from tests.store.silent_server import silent_server

PACKS = {
    "nodejs-guard@v1.0.0",
    "opa_guard@v1.0.0",
    "python-guard@v1.0.0",
    "python-kinds@v2.1.0",
    "python-token@v1.0.0",
}


def test_a_stack_is_denied_mended_allowed_and_audited(make: Make) -> None:
    """All five packs judge under their own names, the preview stops; the mended stack goes up."""
    assert_governed(make())


def test_the_directory_form_is_the_guard_or_stops_the_cli(make: Make, each_pulumi: Pulumi) -> None:
    """The older CLI does the same with the directory; the newest cannot load it, and makes nothing."""
    stack = make("directory")
    if each_pulumi.version.startswith("3.259."):
        assert_governed(stack)
        return
    code, output = stack.up("--skip-preview")
    assert code != 0
    assert "pulumi-language-packreg" in output
    assert "demo:index:Bucket" not in stack.plain.must("pulumi stack export --stack dev")


def test_a_project_does_not_replace_the_guard(make: Make) -> None:
    """A project that names an analyzer and a language host of the guard's name is denied all the same."""
    stack = make()
    stack.write(logs=OPEN)
    (stack.shell.directory / "x").mkdir()
    with (stack.shell.directory / "Pulumi.yaml").open("a") as project:
        project.write("plugins:\n  analyzers: [{name: policy-packreg, path: ./x}]\n")
        project.write("  languages: [{name: packreg, path: ./x}]\n")
    code, output = stack.up("--skip-preview")
    assert code != 0
    assert policies(output)["python-guard@v1.0.0"].startswith("❌")
    assert stack.buckets() == {}


def assert_governed(stack: GovernedStack) -> None:
    """A violating stack is denied; mended it is allowed, goes up and is audited, and reports say all that."""
    stack.write(logs=OPEN, short={**GOOD, "retentionDays": 10})
    code, output = stack.preview()
    assert code != 0
    found = policies(output)
    assert found["nodejs-guard@v1.0.0"].startswith("❌\n- [mandatory]  bucket-acl-private")
    assert found["opa_guard@v1.0.0"].startswith("❌\n- [mandatory]  deny_public_acl")
    assert "10 days, fewer than 20" in found["python-guard@v1.0.0"], "configured by the group"
    assert "- [remediate]  encrypt  (2 resources)" in found["python-kinds@v2.1.0"]
    denied = output.rpartition(f"error: packreg: organization/{stack.project}/dev is denied")[2]
    assert "  [advisory]  python-kinds@2.1.0 few: " in denied, "of a call that fails the CLI shows this alone"
    assert "  nodejs-guard@1.0.0 bucket-acl-private: demo:index:Bucket: logs\n" in denied
    assert (
        f"packreg: organization/{stack.project}/dev must pass nodejs-guard@1.0.0, opa_guard@1.0.0" in output
    )
    assert [report.verdict for report in stack.reports("preview")] == ["denied"]

    stack.write(logs=GOOD)
    code, output = stack.up()
    assert code == 0
    assert "❌" not in output
    [preview, denied] = stack.reports("preview")
    [update], [audit] = stack.reports("update"), stack.reports("audit")
    assert (preview.verdict, denied.verdict, update.verdict) == ("allowed", "denied", "allowed")
    assert {f"{pack.name}@v{pack.version}" for pack in update.packs} == PACKS
    assert update.required.groups == ("default-preventative-policy-group", "more")
    assert {each.policy for each in update.report.evaluation.remediations} == {"tagged", "encrypt"}
    assert [pack.name for pack in audit.packs] == ["python-plain"]
    assert audit.report.evaluation.resources == update.report.evaluation.resources == 3
    outputs = json.loads(stack.plain.must("pulumi stack export --stack dev"))["deployment"]["resources"]
    assert [each["outputs"]["encrypted"] for each in outputs if each["type"] == "demo:index:Bucket"] == [True]


def test_an_update_is_stopped_where_its_preview_was_skipped(make: Make) -> None:
    """Without a preview the update itself stops before the resource is made, and says so in its report."""
    stack = make()
    stack.write(logs=OPEN)
    code, output = stack.up("--skip-preview")
    assert code != 0
    assert "❌" in policies(output)["python-guard@v1.0.0"]
    assert "demo:index:Bucket" not in stack.plain.must("pulumi stack export --stack dev")
    assert [report.verdict for report in stack.reports("update")] == ["denied"]


def test_local_and_enforced_packs_both_run(make: Make, office: Shell, tmp_path: Path) -> None:
    """A pack of the user's own runs beside the guard, and either of them stops the preview."""
    stack = make()
    local = office.must("packreg path python-plain").splitlines()[-1]
    stack.write(logs={**OPEN, "owner": '""'})
    code, output = stack.preview(f"--policy-pack '{local}'")
    assert code != 0
    assert policies(output)["python-plain@v0.3.0"].startswith("❌")
    assert policies(output)["python-guard@v1.0.0"].startswith("❌")
    stack.write(logs={**GOOD, "owner": '""'})
    code, output = stack.preview(f"--policy-pack '{local}'")
    assert code != 0
    assert policies(output)["python-plain@v0.3.0"].startswith("❌")
    assert "❌" not in policies(output)["python-guard@v1.0.0"]

    empty = tmp_path / "none.json"
    empty.write_text("{}")
    line = f"packreg run -- pulumi preview --stack dev --policy-pack {local} --policy-pack-config {empty}"
    code, output = stack.plain.run(line)
    assert code != 0
    assert policies(output)["python-plain@v0.3.0"].startswith("❌")
    assert "must pass nodejs-guard@1.0.0" in output, "the CLI took two configurations for two packs"


AUTOMATION = """
import sys
from pulumi import automation

stack = automation.select_stack(stack_name="dev", work_dir=".")
try:
    stack.preview(on_output=print)
except automation.CommandError:
    sys.exit(3)
"""


def test_the_automation_api_is_watched_too(make: Make) -> None:
    """A program that drives the CLI by its API needs only the variable: it is stopped and let pass."""
    stack = make()
    (stack.shell.directory / "deploy.py").write_text(AUTOMATION)
    code, output = stack.run(f"'{sys.executable}' deploy.py")
    assert code == 0, output
    assert "must pass nodejs-guard@1.0.0" in output
    stack.write(logs=OPEN)
    code, output = stack.run(f"'{sys.executable}' deploy.py")
    assert code == 3
    assert policies(output)["python-guard@v1.0.0"].startswith("❌")


def test_a_waived_violation_is_shown_and_lets_pass(make: Make, office: Shell) -> None:
    """The preview passes, and names who answers for each violation until when; the report has both."""
    stack = make()
    policies_ = ("nodejs-guard:bucket-acl-private", "opa_guard:deny_public_acl", "python-kinds:private")
    for policy in (*policies_, "python-guard:bucket-acl-private"):
        office.must(
            f"packreg waiver add {policy} --stack '{stack.project}/dev' --resource '*::logs' --expires 30d"
            " --owner ada --reason 'until the move'"
        )
    stack.write(logs=OPEN)
    code, output = stack.preview()
    assert code == 0
    assert "❌" not in output
    assert re.search(r"\(waived by ada until \S+: until the move\)", policies(output)["python-guard@v1.0.0"])
    [report] = stack.reports("preview")
    assert (report.verdict, len(report.report.governed.waived.used)) == ("allowed", 4)
    stack.write(logs=GOOD, other=OPEN)
    assert stack.preview()[0] != 0, "another resource is not waived"


def test_secrets_of_an_environment_reach_the_pack_and_nobody_else(make: Make) -> None:
    """The pack tells its token, its configuration and its stack; the user and the report see no secret."""
    stack = make()
    stack.write(logs={**GOOD, "bucketName": "tell"})
    code, output = stack.preview()
    assert code == 0
    told = f"[secret], [secret], organization/{stack.project}/dev"
    assert told in policies(output)["python-token@v1.0.0"]
    [report] = stack.reports("preview")
    assert any(told in each.message for each in report.report.evaluation.violations)
    assert "token-of-many-letters" not in output + repr(report)
    assert "a secret word" not in output + repr(report)


def test_packs_that_break_stop_the_preview_and_can_be_let_pass(make: Make) -> None:
    """A pack that does not start and a policy that raises stop it; PACKREG_FAIL_OPEN lets it pass, shown."""
    stack = make(project="broken")
    stack.write(logs={**GOOD, "bucketName": "break"})
    code, output = stack.preview()
    assert code != 0
    assert "torn@1.0.0 does not run" in output
    assert "FAIL_OPEN" not in output, "it is not offered to whoever is stopped"
    assert "Traceback" not in output
    code, output = stack.preview(PACKREG_FAIL_OPEN="1")
    assert code == 0
    shown = policies(output)[next(name for name in policies(output) if name.startswith("packreg@"))]
    assert "torn@1.0.0 does not run" in shown
    assert "its policy breaks: " in shown
    assert "this bucket breaks it" in shown
    [report] = [each for each in stack.reports("preview") if each.report.governed.failed_open]
    assert report.verdict == "not-evaluated"


def test_without_the_registry_nothing_goes_on(make: Make, tmp_path: Path) -> None:
    """A registry that is not there stops the preview and says what to do; failing open, it passes."""
    stack = make(registry=(tmp_path / "nowhere").as_uri())
    code, output = stack.preview()
    assert code != 0
    assert "there is no registry at" in output
    assert "PACKREG_REGISTRY" in output
    code, output = stack.preview(PACKREG_FAIL_OPEN="1")
    assert code == 0
    assert "passed, as PACKREG_FAIL_OPEN says" in output


def test_who_is_stopped_cannot_open_what_the_operator_keeps_closed(make: Make, tmp_path: Path) -> None:
    """With an operator's file, a variable that fails open and one that names no registry let nothing pass."""
    stack = make()
    stack.write(logs=OPEN)
    registry = stack.shell.environment["PACKREG_REGISTRY"]
    within = shlex.join(with_operators_file(tmp_path, f'registry = "{registry}"\n'))
    update = f"{within} pulumi up --yes --non-interactive --stack dev"
    for variables in (
        {"PACKREG_FAIL_OPEN": "1"},
        {"PACKREG_FAIL_OPEN": "1", "PACKREG_REGISTRY": (tmp_path / "nowhere").as_uri()},
    ):
        code, output = stack.run(update, **variables)
        assert code != 0, output
        assert "demo:index:Bucket logs created" not in output
        assert "passed, as" not in output
    assert f"is fixed as {registry} by /etc/packreg/packreg.toml" in output


def test_a_registry_that_says_nothing_does_not_hold_the_preview(make: Make, tmp_path: Path) -> None:
    """What is waited for is shown, and after the time that is set nothing goes on, with the reason."""
    (tmp_path / "packreg").mkdir()
    (tmp_path / "packreg" / "packreg.toml").write_text("[registry]\nanswer_seconds = 4\n")
    keys = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing"}
    with silent_server() as url:
        stack = make(registry=f"s3://policies/packs?endpoint_url={url}&region=us-east-1")
        code, output = stack.preview(**keys, XDG_CONFIG_HOME=str(tmp_path))
    assert code != 0
    assert "waiting for s3://policies/packs" in output
    assert f"what organization/{stack.project}/dev must run is not known" in output
    assert "gave no answer for 4 s" in output


def test_a_bucket_that_does_not_answer_stops_the_preview(make: Make) -> None:
    """A bucket behind an endpoint where nobody listens is named, and nothing goes on."""
    stack = make(registry="s3://policies/packs?endpoint_url=http://127.0.0.1:9&region=us-east-1")
    code, output = stack.preview(AWS_ACCESS_KEY_ID="nobody", AWS_SECRET_ACCESS_KEY="nothing")
    assert code != 0
    assert f"what organization/{stack.project}/dev must run is not known" in output
    assert "http://127.0.0.1:9" in output
    assert "nothing" not in output.partition("must run is not known")[2]


def test_a_report_that_cannot_be_kept_stops_nothing(make: Make, office: Shell) -> None:
    """A registry that can be read and not be written lets an allowed preview pass, and that is said."""
    stack = make()
    reports = Path(office.environment["PACKREG_REGISTRY"].removeprefix("file://")) / "reports"
    aside = reports.with_name("aside")
    reports.rename(aside) if reports.exists() else None
    reports.write_text("a file is in the way")
    try:
        code, output = stack.preview()
    finally:
        reports.unlink()
        aside.rename(reports) if aside.exists() else None
    assert code == 0
    assert "report of this run was not kept" in output


def test_a_stack_without_required_packs_is_told_so(make: Make, office: Shell, tmp_path: Path) -> None:
    """Nothing required is one line of the CLI's output, and a pass."""
    registry = (tmp_path / "empty").as_uri()
    office.must(f"packreg --registry '{registry}' init")
    stack = make(registry=registry)
    stack.write(logs=OPEN)
    code, output = stack.preview()
    assert code == 0
    assert "no pack is enabled in default-preventative-policy-group; no policy pack is enforced" in output


@pytest.mark.parametrize("with_program", ["", "--run-program"])
def test_other_commands_start_no_analyzer(make: Make, tmp_path: Path, with_program: str) -> None:
    """refresh, import, destroy and the rest do their work and run no policies, with the program run beside
    them too, so a stack out of compliance can be mended and destroyed."""
    stack = make()
    stack.write(logs=OPEN)
    stack.plain.must("pulumi up --yes --non-interactive --stack dev")
    log = tmp_path / "starts"
    spy = tmp_path / "spy"
    guard = stack.shell.environment["PULUMI_OPTION_POLICY_PACK"]
    spy.write_text(f'#!/bin/sh\necho started >> "{log}"\nexec "{guard}" "$@"\n')
    spy.chmod(0o755)

    def done(line: str, **cloud: object) -> dict[str, dict[str, Any]]:
        variables = {"PULUMI_OPTION_POLICY_PACK": str(spy), "DEMO_CLOUD": json.dumps(cloud)}
        assert stack.run(f"pulumi {line} --non-interactive --stack dev", **variables)[0] == 0
        assert not log.exists()
        return stack.buckets()

    assert stack.buckets()["logs"]["outputs"] == OPEN
    assert done(f"refresh --yes {with_program}", retentionDays=3)["logs"]["outputs"]["retentionDays"] == 3
    assert done("stack").keys() == {"logs"}
    made = done("import demo:index:Bucket old its-id --protect=false --yes", acl="public-read")
    assert (made["old"]["id"], made["old"]["outputs"]) == ("its-id", {"acl": "public-read"})
    assert done(f"destroy --yes {with_program}") == {}
    assert stack.preview(PULUMI_OPTION_POLICY_PACK=str(spy))[0] != 0
    assert log.exists(), "the spy would have seen it"


def test_analyzing_a_state_names_no_stack_and_is_refused(make: Make) -> None:
    """`pulumi policy analyze` does not say which stack it is about, so the guard sends the user elsewhere."""
    stack = make()
    stack.plain.must("pulumi up --yes --non-interactive --stack dev")
    code, output = stack.run("pulumi policy analyze --stack dev --non-interactive")
    assert code != 0
    assert "packreg enforce STACK" in output


@pytest.fixture
def waiting(make: Make, tmp_path: Path) -> Iterator[tuple[GovernedStack, object]]:
    """A preview in the middle of a policy that takes for ever."""
    stack = make()
    mark = tmp_path / "mark"
    stack.write(logs={**GOOD, "bucketName": f"wait:{mark}"})
    process = stack.start("pulumi preview --non-interactive --stack dev")
    until = time.monotonic() + 60
    while not mark.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    assert mark.exists()
    yield stack, process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_an_interrupt_ends_everything_without_a_traceback(waiting: tuple[GovernedStack, object]) -> None:
    """Ctrl-C in the middle of a question: the CLI ends, nothing is left running, the report says why."""
    stack, process = waiting
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=60)[0]
    print(output)
    assert process.returncode != 0
    assert "Traceback" not in output
    assert still_running(stack.shell.environment["XDG_STATE_HOME"]) == []
    [report] = stack.reports("preview")
    assert report.verdict == "not-evaluated"


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_cli_that_is_killed_leaves_nothing(waiting: tuple[GovernedStack, object]) -> None:
    """When the CLI is gone without a word, the guard and its packs are, too."""
    stack, process = waiting
    process.kill()
    assert still_running(stack.shell.environment["XDG_STATE_HOME"]) == []
