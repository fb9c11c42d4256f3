"""Publishing a directory, called without a command line."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from packreg.errors import InvalidPack, StoreRefused, UsageError, VersionUsed
from packreg.pack.reference import Reference
from packreg.services.publish import SHOWN, publish_directory
from packreg.services.workspace import Workspace
from tests.cli.conftest import write_pack
from tests.services.conftest import open_workspace, told

pytestmark = pytest.mark.usefixtures("opa")

RULE = 'package guard\n\nimport rego.v1\n\n{name} contains "no" if input.x\n'


@pytest.fixture
def guard(workspace: Workspace) -> Path:
    """A pack that was never published."""
    return write_pack(Path(workspace.cwd) / "guard", "guard", "1.0.0")


def version(workspace: Workspace, number: str, *names: str) -> Path:
    """A pack with these rules."""
    files = {f"{name}.rego": RULE.format(name=name) for name in names}
    directory = write_pack(Path(workspace.cwd) / number, "guard", number, files=files)
    (directory / "policy.rego").unlink()
    return directory


def versions(workspace: Workspace) -> list[str]:
    """The versions of the pack."""
    return [str(each) for each in workspace.registry().versions("guard").versions("published")]


def test_who_publishes_is_told_and_not_asked_for(workspace: Workspace, guard: Path) -> None:
    """The record bears the name that the caller gives, whoever the workspace and git say acts."""
    record = publish_directory(workspace, guard, publisher="a service").published.record
    assert (record.publisher, record.reference) == ("a service", "guard@1.0.0")
    assert record.metadata is not None
    assert workspace.registry().resolve(Reference.parse("guard")).record.digest == record.digest


def test_the_same_again_is_success_and_other_content_is_refused(workspace: Workspace, guard: Path) -> None:
    """A retry makes nothing, and a version is used once."""
    first = publish_directory(workspace, guard, publisher="Ada", run=False)
    again = publish_directory(workspace, guard, publisher="Bob", run=False)
    assert (first.published.already, again.published.already) == (False, True)
    assert again.published.record.publisher == "Ada"
    (guard / "README.md").write_text("new")
    with pytest.raises(VersionUsed):
        publish_directory(workspace, guard, publisher="Ada", run=False)


def test_a_dry_run_says_all_and_writes_nothing(workspace: Workspace, guard: Path) -> None:
    """Files, what is left out and the keys are there, as JSON too, and the registry has no such pack."""
    (guard / ".gitignore").write_text("scratch.txt\n")
    (guard / "scratch.txt").write_text("x")
    plan = publish_directory(workspace, guard, publisher="Ada", run=False, dry_run=True)
    record = plan.published.record
    assert plan.objects == [record.bundle_key, "packs/guard/v/1.0.0"]
    assert [item.path for item in plan.left_out] == ["scratch.txt"]
    found = json.loads(json.dumps(plan.as_json()))
    assert (found["dry_run"], found["already"], found["digest"]) == (True, False, record.digest)
    assert {"path": "policy.rego", "size": (guard / "policy.rego").stat().st_size} in found["files"]
    assert workspace.registry().packs() == []
    assert "dry_run" not in publish_directory(workspace, guard, publisher="Ada", run=False).as_json()
    assert publish_directory(workspace, guard, publisher="Ada", run=False, dry_run=True).objects == []


def test_a_dry_run_does_not_make_the_users_own_registry(tmp_path: Path) -> None:
    """Where nobody named a registry, the default one is made by what writes, with the default groups."""
    workspace = open_workspace(tmp_path, PACKREG_REGISTRY="")
    pack = write_pack(tmp_path / "guard", "guard", "1.0.0")
    publish_directory(workspace, pack, publisher="Ada", run=False, dry_run=True)
    assert workspace.registry().settings() is None
    publish_directory(workspace, pack, publisher="Ada", run=False)
    assert workspace.registry().settings() is not None
    assert workspace.registry().governance.head() is not None


def test_a_named_registry_is_never_made(tmp_path: Path) -> None:
    """It may be a mount that is gone."""
    workspace = open_workspace(tmp_path)
    with pytest.raises(StoreRefused, match="there is no registry"):
        publish_directory(
            workspace, write_pack(tmp_path / "guard", "guard", "1.0.0"), publisher="Ada", run=False
        )
    assert not (tmp_path / "registry").exists()


def test_uncommitted_files_stop_a_publish(workspace: Workspace, guard: Path) -> None:
    """Some are named and the rest counted; `allow_dirty` and `dry_run` go on, and the record says so."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(workspace.cwd)}
    subprocess.run(["git", "init", "--quiet"], cwd=guard, check=True, env=environ)
    for number in range(SHOWN):
        (guard / f"note-{number}.md").write_text("x")
    with pytest.raises(UsageError, match=r"(?s)not committed.*note-0\.md.*and 2 more") as refused:
        publish_directory(workspace, guard, publisher="Ada", run=False)
    assert "--allow-dirty" in refused.value.hint
    publish_directory(workspace, guard, publisher="Ada", run=False, dry_run=True)
    assert versions(workspace) == []
    made = publish_directory(workspace, guard, publisher="Ada", run=False, allow_dirty=True)
    assert made.published.record.source.dirty
    assert "note-0.md" in made.published.record.source.dirty_files


def test_what_git_ignores_is_published_and_not_called_clean(workspace: Workspace, guard: Path) -> None:
    """A built file is no reason to refuse; it is said, and the record names it."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(workspace.cwd)}
    (guard / ".gitignore").write_text("*.md\n!*.md\n")
    (guard / "built.txt").write_text("x")
    subprocess.run(["git", "init", "--quiet"], cwd=guard, check=True, env=environ)
    (guard / ".git" / "info").mkdir(exist_ok=True)
    (guard / ".git" / "info" / "exclude").write_text("built.txt\n")
    subprocess.run(["git", "add", "."], cwd=guard, check=True, env=environ)
    author = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run([*author, "commit", "-qm", "first"], cwd=guard, check=True, env=environ)
    made = publish_directory(workspace, guard, publisher="Ada", run=False)
    source = made.published.record.source
    assert (source.dirty, source.dirty_files) == (True, ("built.txt",))
    assert any("built.txt" in line for line in told(workspace).said)


def test_what_was_left_out_is_in_the_record(workspace: Workspace) -> None:
    """Without a lock and without a run, the record says both."""
    directory = Path(workspace.cwd) / "guard"
    directory.mkdir()
    (directory / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 1.0.0\n")
    (directory / "__main__.py").write_text(
        'from pulumi_policy import PolicyPack\n\nPolicyPack("guard", [])\n'
    )
    (directory / "requirements.txt").write_text("pulumi-policy>=1,<2\n")
    made = publish_directory(workspace, directory, publisher="Ada", lock=False, run=False)
    unlocked, not_run = made.published.record.notes
    assert unlocked.startswith("published without a lock")
    assert not_run.startswith("published without running the pack")


def test_a_patch_that_judges_more_strictly_is_warned_of_or_refused(workspace: Workspace) -> None:
    """All changes are named with the version to take instead; `strict` refuses and writes nothing.

    A pre-release of a later version is none to compare with.
    """
    publish_directory(workspace, version(workspace, "1.2.0", "deny_all", "warn_more"), publisher="Ada")
    publish_directory(workspace, version(workspace, "1.3.0-rc.1", "deny_all", "deny_new"), publisher="Ada")
    patch = version(workspace, "1.2.1", "deny_all", "deny_new")
    with pytest.raises(InvalidPack) as refused:
        publish_directory(workspace, patch, publisher="Ada", strict=True)
    assert [(problem.code, problem.message) for problem in refused.value.problems] == [
        ("patch-changes-policies", "deny_new: added at the level mandatory"),
        ("patch-changes-policies", "warn_more: removed, it was advisory"),
    ]
    assert refused.value.hint == "publish it as 1.3.0"
    assert "1.2.1" not in versions(workspace)
    publish_directory(workspace, patch, publisher="Ada")
    [warning] = told(workspace).warned
    assert warning.startswith("1.2.1 is a patch of guard@1.2.0 and changes what its policies let pass")
    assert "deny_new: added at the level mandatory" in warning


@pytest.mark.parametrize(
    ("number", "names"),
    [
        ("1.3.0", ("deny_new",)),
        ("2.0.0", ("deny_new",)),
        ("1.2.1", ("deny_all", "warn_new")),
        ("1.2.0-rc.1", ("deny_new",)),
    ],
)
def test_other_versions_may_change_what_they_like(
    workspace: Workspace, number: str, names: tuple[str, ...]
) -> None:
    """A minor or major version, and a pre-release of one; a patch may add what only advises."""
    publish_directory(workspace, version(workspace, "1.2.0", "deny_all"), publisher="Ada")
    publish_directory(workspace, version(workspace, number, *names), publisher="Ada", strict=True)
    assert told(workspace).warned == []


def test_a_patch_of_a_release_without_policies_says_that_nothing_was_compared(workspace: Workspace) -> None:
    """Nobody takes silence for a comparison."""
    publish_directory(workspace, version(workspace, "1.0.0", "deny_all"), publisher="Ada", run=False)
    publish_directory(workspace, version(workspace, "1.0.1", "deny_new"), publisher="Ada")
    assert any("guard@1.0.0 has no policies in its record" in line for line in told(workspace).said)


def test_strict_needs_a_pack_that_runs(workspace: Workspace, guard: Path) -> None:
    """Two wishes that exclude each other are misuse, found before anything is done."""
    with pytest.raises(UsageError, match="--strict"):
        publish_directory(workspace, guard, publisher="Ada", strict=True, run=False)
