"""What git says about a pack."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from packreg.services.git import Git, GitFacts, without_credentials


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment whose git knows no other configuration than the test's."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\nname = Ada\nemail = ada@example.org\n[init]\ndefaultBranch = main\n"
    )
    return {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}


@pytest.fixture
def git(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Git:
    """Asks git in that environment."""
    monkeypatch.setenv("HOME", environ["HOME"])
    return Git(environ, shutil.which("git"))


@pytest.fixture
def repository(tmp_path: Path, environ: dict[str, str]) -> Path:
    """A repository with one committed file in the directory `guard`."""
    top = tmp_path / "repository"
    (top / "guard").mkdir(parents=True)
    (top / "guard" / "a.rego").write_text("package a\n")
    for words in (
        ["init", "--quiet"],
        ["remote", "add", "origin", "https://ada:secret@example.org/packs.git?token=1"],
        ["add", "."],
        ["commit", "--quiet", "--message", "first"],
    ):
        subprocess.run(["git", *words], cwd=top, env=environ, check=True)
    return top


def test_a_clean_pack_has_its_commit(git: Git, repository: Path) -> None:
    """Commit, branch and remote are told; the remote without user, password and query."""
    facts = git.facts(repository / "guard", {"a.rego"})
    assert len(facts.commit) == 40
    assert facts.branch == "main"
    assert facts.remote == "https://example.org/packs.git"
    assert facts.dirty == ()


def test_changed_new_and_deleted_files_of_the_pack_are_dirty(git: Git, repository: Path) -> None:
    """Files that would be published otherwise than committed are named, relative to the pack."""
    pack = repository / "guard"
    (pack / "deleted.rego").write_text("package a\n")
    (pack / "ü b.rego").write_text("package a\n")
    subprocess.run(["git", "add", "."], cwd=pack, check=True, env=git._environ)
    subprocess.run(["git", "commit", "-qm", "more"], cwd=pack, check=True, env=git._environ)
    (pack / "deleted.rego").unlink()
    (pack / "ü b.rego").write_text("package b\n")
    (pack / "new.rego").write_text("package a\n")
    facts = git.facts(pack, {"a.rego", "ü b.rego", "new.rego"})
    assert facts.dirty == ("deleted.rego", "new.rego", "ü b.rego")


def test_files_of_the_pack_that_git_ignores_are_told(git: Git, repository: Path) -> None:
    """A built directory, a single file, and a rule outside the pack; not what was committed all the same."""
    pack = repository / "guard"
    (repository / ".gitignore").write_text("dist/\n*.gen.js\n")
    for path in ("dist/index.js", "dist/deep/rules.js", "dist/kept.js", "a.gen.js", "node_modules/x.js"):
        (pack / path).parent.mkdir(parents=True, exist_ok=True)
        (pack / path).write_text("1\n")
    for words in (["add", "-f", "guard/dist/kept.js", ".gitignore"], ["commit", "-qm", "more"]):
        subprocess.run(["git", *words], cwd=repository, check=True, env=git._environ)
    packed = {"a.rego", "dist/index.js", "dist/deep/rules.js", "dist/kept.js", "a.gen.js"}
    facts = git.facts(pack, packed)
    assert facts.ignored == ("a.gen.js", "dist/deep/rules.js", "dist/index.js")
    assert facts.dirty == ()


def test_what_is_not_published_is_not_dirty(git: Git, repository: Path) -> None:
    """A scratch file that the pack leaves out, and changes beside the pack, do not matter."""
    (repository / "guard" / "notes.txt").write_text("x")
    (repository / "README").write_text("x")
    assert git.facts(repository / "guard", {"a.rego"}).dirty == ()


def test_outside_a_repository_nothing_is_known(git: Git, tmp_path: Path) -> None:
    """A directory that is in no repository is fine, and all facts are empty."""
    (tmp_path / "plain").mkdir()
    assert git.facts(tmp_path / "plain", {"a.rego"}) == GitFacts()


def test_without_git_the_repository_is_silent(repository: Path, tmp_path: Path) -> None:
    """Where there is a repository but no git to ask, that is told."""
    assert Git({}, None).facts(repository / "guard", set()) == GitFacts(silent=True)


def test_an_ignored_directory_is_no_part_of_its_repository(git: Git, repository: Path) -> None:
    """A pack that is generated into an ignored directory gets no commit that does not contain it."""
    (repository / ".gitignore").write_text("build/\n")
    (repository / "build").mkdir()
    (repository / "build" / "a.rego").write_text("package a\n")
    assert git.facts(repository / "build", {"a.rego"}) == GitFacts()


def test_variables_of_the_caller_do_not_lead_git_astray(
    environ: dict[str, str], repository: Path, tmp_path: Path
) -> None:
    """A GIT_DIR of a hook's environment does not make git speak of another repository."""
    other = tmp_path / "other"
    subprocess.run(["git", "init", "--quiet", str(other)], env=environ, check=True)
    git = Git({**environ, "GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other)}, shutil.which("git"))
    assert git.facts(repository / "guard", {"a.rego"}).remote == "https://example.org/packs.git"


def test_a_hostile_repository_starts_no_program(git: Git, repository: Path, tmp_path: Path) -> None:
    """A repository that names a program as its file system monitor does not get it run."""
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch '{tmp_path}/sprung'\n")
    trap.chmod(0o755)
    with (repository / ".git" / "config").open("a") as config:
        config.write(f"[core]\nfsmonitor = {trap}\n")
    git.facts(repository / "guard", {"a.rego"})
    assert not (tmp_path / "sprung").exists()


def test_the_author_is_who_git_says(git: Git, repository: Path, tmp_path: Path) -> None:
    """Name and address come from git's configuration: the repository's own, then the user's."""
    for place in (repository / "guard", tmp_path, tmp_path / "nowhere"):
        assert git.author(place) == "Ada <ada@example.org>"
    with (repository / ".git" / "config").open("a") as config:
        config.write("[user]\nname = The Guards\nemail = guards@example.org\n")
    assert git.author(repository / "guard") == "The Guards <guards@example.org>"
    assert git.author(tmp_path) == "Ada <ada@example.org>"


def test_the_repository_alone_may_name_the_author(repository: Path, tmp_path: Path) -> None:
    """On a machine whose user has no configuration, that of the repository counts, not the user and host."""
    (tmp_path / "empty").mkdir()
    git = Git(
        {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "empty"), "GIT_CONFIG_NOSYSTEM": "1"},
        shutil.which("git"),
    )
    with (repository / ".git" / "config").open("a") as config:
        config.write("[user]\nname = CI\n")
    assert git.author(repository / "guard") == "CI"


def test_without_git_the_author_is_the_user(tmp_path: Path) -> None:
    """Otherwise it is the user at this host, which is never empty."""
    user, at, host = Git({}, None).author(tmp_path).partition("@")
    assert user
    assert at
    assert host


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://token@example.org/x.git", "https://example.org/x.git"),
        ("https://a:b@example.org:8443/x?k=v#f", "https://example.org:8443/x"),
        ("https://a:b@c@example.org/x", "https://example.org/x"),
        ("ssh://git:secret@example.org/x", "ssh://git@example.org/x"),
        ("git@example.org:x.git", "git@example.org:x.git"),
        ("../elsewhere", "../elsewhere"),
        ("", ""),
    ],
)
def test_a_remote_is_shown_without_credentials(url: str, clean: str) -> None:
    """Tokens in a remote's URL never reach a record."""
    assert without_credentials(url) == clean
