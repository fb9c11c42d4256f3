"""`pulumi preview --policy-pack "$(packreg path REF)"` stops a violation and passes a mended program."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.e2e.user import FIXTURES, Shell, Stack, publish

OPEN = {"acl": "public-read", "owner": "ada", "retentionDays": 30}
MENDED = {**OPEN, "acl": "private"}


def assert_stopped(outcome: tuple[int, str], pack: str, policy: str) -> None:
    """The preview failed, and its report names the pack, its version and the mandatory policy."""
    code, output = outcome
    assert code != 0
    report = output.partition("Policies:")[2]
    assert f"❌ {pack}" in report
    assert f"[mandatory]  {policy}" in report


def assert_passed(outcome: tuple[int, str], *packs: str) -> None:
    """The preview succeeded, and its report says that every pack ran and found nothing mandatory."""
    code, output = outcome
    assert code == 0
    report = output.partition("Policies:")[2]
    assert all(f"✅ {pack}" in report for pack in packs)
    assert "❌" not in report


@pytest.fixture(scope="module")
def python_guard(registry: Shell, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The reference of the published fixture `python-guard`."""
    publish(registry, FIXTURES / "python-guard", tmp_path_factory.mktemp("python") / "python-guard")
    return "python-guard@1.0.0"


@pytest.fixture(scope="module")
def nodejs_guard(node: None, registry: Shell, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The reference of the published fixture `nodejs-guard`."""
    publish(registry, FIXTURES / "nodejs-guard", tmp_path_factory.mktemp("nodejs") / "nodejs-guard")
    return "nodejs-guard@1.0.0"


def test_a_python_pack_stops_a_violation_and_lets_the_mended_program_pass(
    stack: Stack, python_guard: str
) -> None:
    """An installed Python pack denies a public bucket, by its own name, and allows a private one."""
    stack.write(logs=OPEN)
    assert_stopped(stack.preview(python_guard), "python-guard@v1.0.0", "bucket-acl-private")
    stack.write(logs=MENDED)
    assert_passed(stack.preview(python_guard), "python-guard@v1.0.0")


def test_a_stack_policy_and_a_configured_policy_run(stack: Stack, python_guard: str, tmp_path: Path) -> None:
    """Policies over the whole stack see every bucket, and configuration reaches the installed pack."""
    stack.write(logs=MENDED, more={**MENDED, "bucketName": "logs"}, other={**MENDED, "bucketName": "logs"})
    assert_stopped(stack.preview(python_guard), "python-guard@v1.0.0", "bucket-names-unique")

    settings = tmp_path / "settings.json"
    settings.write_text('{"bucket-kept-long-enough": {"enforcementLevel": "mandatory", "minimumDays": 31}}')
    stack.write(logs=MENDED)
    outcome = stack.preview(python_guard, options=f" --policy-pack-config '{settings}'")
    assert_stopped(outcome, "python-guard@v1.0.0", "bucket-kept-long-enough")
    assert "30 days, fewer than 31" in outcome[1]


@pytest.mark.parametrize(
    ("virtualenv", "version"), [("venv", "1.1.0"), (".venv", "1.2.0"), ("envs/x", "1.3.0"), (None, "1.4.0")]
)
def test_the_environment_is_where_the_manifest_says(
    stack: Stack, registry: Shell, tmp_path: Path, virtualenv: str | None, version: str
) -> None:
    """Wherever a manifest puts its environment, or puts none, the CLI finds it in the installed pack."""
    pack = tmp_path / "python-guard"
    publish(registry, FIXTURES / "python-guard", pack, version=version, virtualenv=virtualenv)
    stack.write(logs=OPEN)
    assert_stopped(stack.preview(f"python-guard@{version}"), f"python-guard@v{version}", "bucket-acl-private")
    stack.write(logs=MENDED)
    assert_passed(stack.preview(f"python-guard@{version}"), f"python-guard@v{version}")
    installed = Path(registry.must(f"packreg path python-guard@{version}").strip())
    assert (installed / (virtualenv or "venv") / "pyvenv.cfg").is_file()


def test_a_pack_in_the_short_form_runs(stack: Stack, registry: Shell, tmp_path: Path) -> None:
    """A manifest that only says `runtime: python` gets an environment that the CLI uses."""
    publish(registry, FIXTURES / "python-plain", tmp_path / "python-plain")
    stack.write(logs={"acl": "private"})
    assert_stopped(stack.preview("python-plain@0.3.0"), "python-plain@v0.3.0", "bucket-has-owner")
    stack.write(logs={"acl": "private", "owner": "ada"})
    assert_passed(stack.preview("python-plain@0.3.0"), "python-plain@v0.3.0")


def test_a_javascript_pack_stops_a_violation_and_lets_the_mended_program_pass(
    stack: Stack, nodejs_guard: str
) -> None:
    """An installed JavaScript pack denies a public bucket, by its own name, and allows a private one."""
    stack.write(logs=OPEN)
    assert_stopped(stack.preview(nodejs_guard), "nodejs-guard@v1.0.0", "bucket-acl-private")
    stack.write(logs=MENDED)
    assert_passed(stack.preview(nodejs_guard), "nodejs-guard@v1.0.0")


def test_a_typescript_pack_stops_a_violation_and_lets_the_mended_program_pass(
    node: None, stack: Stack, registry: Shell, tmp_path: Path
) -> None:
    """An installed TypeScript pack, published without a lock file, does the same."""
    publish(registry, FIXTURES / "nodejs-typescript", tmp_path / "nodejs-typescript")
    stack.write(logs=OPEN)
    assert_stopped(stack.preview("nodejs-typescript@0.2.0"), "nodejs-typescript@v0.2.0", "bucket-acl-private")
    stack.write(logs=MENDED)
    assert_passed(stack.preview("nodejs-typescript@0.2.0"), "nodejs-typescript@v0.2.0")


@pytest.mark.parametrize("runtime", ["python", "nodejs"])
def test_a_new_pack_runs_as_it_is(
    stack: Stack, registry: Shell, tmp_path: Path, runtime: str, request: pytest.FixtureRequest
) -> None:
    """What `packreg new` writes can be published, installed and run without a touch."""
    if runtime == "nodejs":
        request.getfixturevalue("node")
    registry.must(f"packreg new {runtime} '{tmp_path / 'begun'}' --name begun-{runtime}")
    registry.must(f"packreg publish '{tmp_path / 'begun'}'")
    assert_passed(stack.preview(f"begun-{runtime}@0.1.0"), f"begun-{runtime}@v0.1.0")


def test_two_packs_run_side_by_side(stack: Stack, python_guard: str, nodejs_guard: str) -> None:
    """A preview with packs of two runtimes is judged by both, each in its own name."""
    stack.write(logs=OPEN)
    outcome = stack.preview(python_guard, nodejs_guard)
    assert_stopped(outcome, "python-guard@v1.0.0", "bucket-acl-private")
    assert_stopped(outcome, "nodejs-guard@v1.0.0", "bucket-acl-private")
    stack.write(logs=MENDED)
    assert_passed(stack.preview(python_guard, nodejs_guard), "python-guard@v1.0.0", "nodejs-guard@v1.0.0")


def test_installed_packs_run_from_a_read_only_home(
    stack: Stack, registry: Shell, python_guard: str, nodejs_guard: str
) -> None:
    """Neither packreg nor the CLI nor the packs need to write where packs are installed."""
    references = (python_guard, nodejs_guard)
    for reference in references:
        registry.must(f"packreg install {reference}")
    home = Path(registry.environment["PACKREG_HOME"])
    # Root writes in spite of permissions unless it gives that power up.
    before = (
        ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override") if os.geteuid() == 0 else ()
    )
    every = [home, *home.rglob("*")]
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in every if not path.is_symlink()}
    stack.write(logs=OPEN)
    try:
        for path, mode in modes.items():
            path.chmod(mode & ~0o222)
        assert stack.shell.run(f"touch '{home}/packs/new'", *before)[0] != 0
        outcome = stack.preview(*references, before=before)
        stack.write(logs=MENDED)
        mended = stack.preview(*references, before=before)
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    assert_stopped(outcome, "python-guard@v1.0.0", "bucket-acl-private")
    assert_stopped(outcome, "nodejs-guard@v1.0.0", "bucket-acl-private")
    assert_passed(mended, "python-guard@v1.0.0", "nodejs-guard@v1.0.0")
    assert {home, *home.rglob("*")} == set(every), "the previews left something behind"


def test_a_pack_that_cannot_be_had_stops_the_preview(stack: Stack) -> None:
    """When `packreg path` fails inside the option, the CLI stops too: it never runs without the pack."""
    stack.write(logs=MENDED)
    for reference in ("missing@1.0.0", "missing", "not/a/reference", "--bogus"):
        code, output = stack.preview(reference)
        assert code != 0
        assert "could-not-install" in output
        assert "Policies:" not in output
    (stack.shell.directory / "packreg.toml").write_text("[install]\nhomme = 1\n", "utf-8")
    code, output = stack.preview("missing@1.0.0")
    assert code != 0
    assert "could-not-install" in output
