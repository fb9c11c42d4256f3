"""`publish`."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import User, write_pack
from tests.install.shop import Sdist, serving

OWN = platform.python_version()
pytestmark = pytest.mark.usefixtures("opa")


@pytest.fixture
def guard(user: User) -> Path:
    """A pack that was never published."""
    return write_pack(user.directory / "guard", "guard", "1.0.0")


def git(directory: Path, *words: str) -> None:
    """Run git as somebody."""
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(
        ["git", *who, *words],
        cwd=directory,
        check=True,
        capture_output=True,
        env={"PATH": os.environ["PATH"], "HOME": str(directory)},
    )


@pytest.mark.usefixtures("guard")
def test_publish_says_what_was_published(user: User) -> None:
    """stdout has the release and its digest; stderr says where it went."""
    done = user.must("publish", "guard")
    name, digest = done.out.split()
    assert name == "guard@1.0.0"
    assert digest.startswith("sha256:")
    assert done.err.startswith("published guard@1.0.0 to ")
    assert user.must("info", "guard@1.0.0", "--json").json()["digest"] == digest


@pytest.mark.usefixtures("guard")
def test_the_same_again_is_success(user: User) -> None:
    """A retry of the same content exits 0 and says so; `push` is the same command."""
    first = user.must("publish", "guard", "--json").json()
    again = user.must("push", "guard", "--json").json()
    assert (first["already"], again["already"]) == (False, True)
    assert first["attempt"] == again["attempt"]
    assert "published already" in user.must("publish", "guard").err


def test_other_content_for_a_used_version_is_refused(user: User, guard: Path) -> None:
    """Exit code 5 names both digests and the next free version, and changes nothing."""
    digest = user.must("publish", "guard", "--json").json()["digest"]
    (guard / "README.md").write_text("new")
    done = user("publish", "guard", "--json")
    assert done.code == 5
    error = done.json()["error"]
    assert error["code"] == "version-used"
    assert digest in error["message"]
    assert "1.0.1" in error["hint"]
    assert user.must("info", "guard", "--json").json()["digest"] == digest


def test_an_invalid_pack_is_not_published(user: User) -> None:
    """All problems are told at once, with exit code 7, and the registry stays empty."""
    write_pack(user.directory / "bad", "bad", "1.0")
    done = user("publish", "bad", "--json")
    assert done.code == 7
    assert [problem["code"] for problem in done.json()["error"]["problems"]] == ["version"]
    assert user.must("list", "--json").json() == []


def test_a_dry_run_writes_nothing(user: User, guard: Path) -> None:
    """`--dry-run` lists files, what is left out and why, digests and objects, and no object is created."""
    (guard / ".gitignore").write_text("scratch.txt\n")
    (guard / "scratch.txt").write_text("x")
    found = user.must("publish", "guard", "--dry-run", "--json").json()
    assert found["dry_run"] is True
    assert {"path": "policy.rego", "size": (guard / "policy.rego").stat().st_size} in found["files"]
    assert [item["path"] for item in found["left_out"]] == ["scratch.txt"]
    assert found["left_out"][0]["reason"]
    assert found["objects"] == [found["bundle"]["key"], "packs/guard/v/1.0.0"]
    text = user.must("publish", "guard", "--dry-run").out
    assert "left out  scratch.txt" in text
    assert f"digest    {found['digest']}" in text
    assert not (user.top / "user" / ".local" / "share" / "packreg" / "registry").exists()
    published = user.must("publish", "guard", "--json").json()
    assert (published["digest"], published["bundle"]) == (found["digest"], found["bundle"])
    assert user.must("publish", "guard", "--dry-run", "--json").json()["objects"] == []


def test_the_record_says_who_and_what(user: User, guard: Path) -> None:
    """Commit, branch, remote without credentials, author and tool are recorded."""
    git(guard, "init", "--quiet", "--initial-branch", "main")
    git(guard, "remote", "add", "origin", "https://token@example.org/x.git")
    git(guard, "add", ".")
    git(guard, "commit", "--quiet", "--message", "first")
    (user.top / "user" / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.org\n")
    record = user.must("publish", "guard", "--json").json()
    assert len(record["source"]["commit"]) == 40
    assert record["source"]["branch"] == "main"
    assert record["source"]["remote"] == "https://example.org/x.git"
    assert record["source"]["dirty"] is False
    assert record["publisher"] == "Ada <ada@example.org>"
    assert record["tool"].startswith("packreg ")


def test_uncommitted_files_of_the_pack_stop_a_publish(user: User, guard: Path) -> None:
    """A dirty pack is refused with the files by name; --allow-dirty publishes it and the record says so."""
    git(guard, "init", "--quiet")
    git(guard, "add", ".")
    git(guard, "commit", "--quiet", "--message", "first")
    rule = 'package guard\n\nimport rego.v1\n\ndeny_all contains "never"\n'
    (guard / "policy.rego").write_text(rule)
    (guard / "new.rego").write_text(rule.replace("deny_all", "deny_more"))
    done = user("publish", "guard")
    assert done.code == 2
    assert done.err.startswith("error: files of the pack are not committed:\n  new.rego\n  policy.rego\n")
    assert "--allow-dirty" in done.err
    user.must("publish", "guard", "--dry-run")
    assert user.must("publish", "guard", "--allow-dirty", "--json").json()["source"]["dirty"] is True


def test_a_pack_without_a_lock_says_so(user: User) -> None:
    """`--no-lock` and `--no-run` leave a note each in the record, and a warning on the screen."""
    directory = user.directory / "guard"
    directory.mkdir()
    (directory / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 1.0.0\n")
    (directory / "__main__.py").write_text(
        'from pulumi_policy import PolicyPack\n\nPolicyPack("guard", [])\n'
    )
    (directory / "requirements.txt").write_text("pulumi-policy>=1,<2\n")
    done = user.must("publish", "guard", "--no-lock", "--no-run")
    assert "warning: published without a lock" in done.err
    assert "warning: published without running the pack" in done.err
    record = user.must("info", "guard", "--json").json()
    assert (record["lock"], record["metadata"]) == (None, None)
    assert len(record["notes"]) == 2


def test_the_repository_of_the_pack_says_who_publishes(user: User, guard: Path) -> None:
    """The name and address of the pack's own repository are recorded, wherever the command is run."""
    for words in (
        ["init", "-q"],
        ["config", "user.name", "Guards"],
        ["config", "user.email", "g@example.org"],
    ):
        git(guard, *words)
    found = user.must("publish", "guard", "--allow-dirty", "--json").json()
    assert found["publisher"] == "Guards <g@example.org>"


def raw_pack(user: User) -> None:
    """A pack that needs what has no wheel."""
    directory = user.directory / "guard"
    directory.mkdir()
    (directory / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 1.0.0\n")
    (directory / "__main__.py").write_text(
        "from pulumi_policy import PolicyPack\n\nPolicyPack('guard', [])\n"
    )
    (directory / "requirements.txt").write_text("rawpkg\n")


def test_what_has_no_wheel_is_built_where_it_is_named_and_kept(user: User, tmp_path: Path) -> None:
    """Refused with an option that works; then built once, said, recorded, verified and installed anywhere."""
    raw_pack(user)
    with serving(Sdist("rawpkg", "1.2")) as index:
        user.extra.update(index.environ(tmp_path / "cache"))
        refused = user("publish", "guard", "--no-run")
        assert refused.code == 10 and "`packreg publish --build rawpkg guard`" in refused.err
        for wrong in ("--build=all", "--build=-x", "--build=x @ https://example.org/x.whl"):
            assert user("publish", "guard", wrong).code == 2
        words = ("publish", "guard", "--no-run", "--build", "rawpkg", "--build", "leafpkg")
        plan = user.must(*words, "--dry-run", "--json").json()
        done = user.must(*words)
        (artifact,) = user.must("info", "guard", "--json").json()["artifacts"]
        assert f"artifacts/{artifact['sha256']}" in plan["objects"]
        assert "the registry keeps rawpkg-1.2-py3-none-any.whl, built from rawpkg-1.2.tar.gz" in done.err
        assert "--build leafpkg: it was not built" in done.err
        assert "  rawpkg-1.2-py3-none-any.whl was built from rawpkg" in user.must("info", "guard").out
        index.broken = True
        user.extra.update(PACKREG_HOME=str(tmp_path / "other"), UV_CACHE_DIR=str(tmp_path / "other-cache"))
        user.must("install", "guard")
    assert user.must("verify", "--json").json()["ok"]


def test_the_operator_allows_building_in_the_settings(user: User, tmp_path: Path) -> None:
    """For everything that has no wheel; the file of a project cannot."""
    raw_pack(user)
    own = tmp_path / "config" / "packreg"
    own.mkdir(parents=True)
    (own / "packreg.toml").write_text('[publish]\nbuild = "all"\n')
    with serving(Sdist("rawpkg", "1.2")) as index:
        user.extra.update(index.environ(tmp_path / "cache"), XDG_CONFIG_HOME=str(own.parent))
        user.must("publish", "guard", "--no-run")
    (user.directory / "packreg.toml").write_text('[publish]\nbuild = "all"\n')
    refused = user("publish", "guard", "--no-run")
    assert refused.code == 2 and "publish.build has no effect in the file of a project" in refused.err


def test_the_range_of_pythons_is_recorded_and_refused_where_none_fits(user: User) -> None:
    """`publish` names both versions; `info` says the range; `check` refuses one without any."""
    raw_pack(user)
    (user.directory / "guard" / "requirements.txt").unlink()
    project = user.directory / "guard" / "pyproject.toml"
    start = '[project]\nname = "guard"\nversion = "1"\ndependencies = ["pulumi-policy>=1,<2"]\n'
    project.write_text(f'{start}requires-python = ">=3.40"\n')
    refused = user("publish", "guard", "--python", sys.executable)
    assert refused.code == 10
    assert f"guard requires Python >=3.40, and what there is to run it with is {OWN}\n" in refused.err
    user.must("publish", "guard", "--no-run", "--no-lock")
    assert user.must("info", "guard", "--json").json()["requires_python"] == ">=3.40"
    project.write_text(f'{start}requires-python = "<3.11"\n')
    refused = user("check", "guard")
    assert refused.code == 7 and "pyproject.toml:5:1" in refused.out + refused.err
