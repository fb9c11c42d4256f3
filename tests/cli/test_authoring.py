"""`new`, `check` and `bundle`."""

from __future__ import annotations

import hashlib

import pytest

from packreg.pack.bundle import bundle_digest
from tests.cli.conftest import User, write_pack


@pytest.mark.parametrize("runtime", ["python", "nodejs", "opa"])
@pytest.mark.usefixtures("opa")
def test_a_new_pack_passes_check(user: User, runtime: str) -> None:
    """What `new` writes is a pack that `check` accepts, called like its directory."""
    done = user.must("new", runtime, "guard", "--json").json()
    assert (done["name"], done["runtime"], done["path"]) == ("guard", runtime, "guard")
    assert "PulumiPolicy.yaml" in done["files"]
    report = user.must("check", "guard", "--json").json()
    assert (report["ok"], report["name"], report["runtime"], report["errors"]) == (True, "guard", runtime, [])


def test_new_prints_the_files_and_what_to_do_next(user: User) -> None:
    """The files are data, the next step is talk."""
    done = user.must("new", "opa", "guard")
    assert "guard/PulumiPolicy.yaml\n" in done.out
    assert done.err == "next: packreg test ./guard\n"
    assert user.must("new", "python", "p/my pack", "--name", "mine").err == (
        "next: packreg dev 'p/my pack' && packreg test 'p/my pack'\n"
    )


def test_templates_are_listed_and_named(user: User) -> None:
    """`--templates` lists what `--template` takes; a word too many and a wrong name are said."""
    listed = user.must("new", "--templates", "--json").json()
    assert {"template": "aws-required-tags", "language": "python"}.items() <= listed[4].items()
    assert "kubernetes-public-access" in user.must("new", "--templates").out
    done = user.must("new", "--template", "azure-encryption", "guard", "--json").json()
    assert (done["template"], done["runtime"]) == ("azure-encryption", "nodejs")
    assert "guard/index.ts" in {f"{done['path']}/{file}" for file in done["files"]}
    for words, said in (
        (["python"], "name a language and a directory"),
        (["--template", "gcp-encryption", "nodejs", "x"], "a template says its language"),
        (["--template", "gcp-encrypt", "x"], "did you mean gcp-encryption?"),
        (["cobol", "x"], "`packreg new --templates` lists them"),
    ):
        refused = user("new", *words)
        assert refused.code == 2 and said in refused.err


def test_new_touches_nothing_that_is_there(user: User) -> None:
    """A directory that holds something is refused and left as it is."""
    (user.directory / "mine").write_text("x")
    done = user("new", "opa", ".")
    assert (done.code, [path.name for path in user.directory.iterdir()]) == (2, ["mine"])


def test_check_reports_every_problem_with_its_place(user: User) -> None:
    """All problems come at once, as editors read them: place, kind, sentence, code, and the fix."""
    directory = write_pack(user.directory / "guard", "guard", "v1.0.0")
    (directory / "PulumiPolicy.yaml").write_text("runtime: opa\nversion: v1.0.0\nfoo: 1\nmain: ../x\n")
    done = user("check", "guard")
    assert done.code == 7
    lines = done.out.splitlines()
    assert any(
        line.startswith("PulumiPolicy.yaml:2:10: error: ") and line.endswith("[version]") for line in lines
    )
    assert "  hint: write 1.0.0" in lines
    assert any(line.startswith("PulumiPolicy.yaml:3:1: warning: ") for line in lines)
    assert any(line.startswith("PulumiPolicy.yaml:4:7: error: ") for line in lines)
    assert lines[-1] == "refused: 2 errors, 1 warning"


def test_check_as_json_has_its_documented_shape(user: User) -> None:
    """The report's members are those of the documentation, also when the pack is refused."""
    write_pack(user.directory / "guard", "guard", "1.0")
    done = user("check", "guard", "--json")
    assert done.code == 7
    report = done.json()
    assert list(report) == ["ok", "name", "version", "runtime", "files", "errors", "warnings"]
    assert report["ok"] is False
    assert [set(problem) for problem in report["errors"]] == [{"code", "message", "where", "hint"}]


@pytest.mark.usefixtures("opa")
def test_check_looks_where_it_is_told_and_here_otherwise(user: User) -> None:
    """Without DIR the working directory is meant; what is not there is a usage error."""
    write_pack(user.directory, "guard", "1.0.0")
    assert user.must("check").out == "ok: guard 1.0.0 (opa), 2 files\n"
    assert user("check", "nothing").code == 2


@pytest.mark.usefixtures("opa")
def test_a_name_and_a_version_can_be_given(user: User) -> None:
    """--name and --version fill gaps; a version that contradicts the manifest is refused."""
    directory = write_pack(user.directory / "guard", "guard", "1.0.0")
    (directory / "PulumiPolicy.yaml").write_text("runtime: opa\n")
    found = user.must("check", "guard", "--name", "limits", "--version", "2.0.0", "--json").json()
    assert (found["name"], found["version"]) == ("limits", "2.0.0")
    write_pack(directory, "guard", "1.0.0")
    assert user("check", "guard", "--version", "2.0.0").code == 7


@pytest.mark.usefixtures("opa")
def test_a_bundle_is_written_and_checked(user: User) -> None:
    """`bundle` writes the same bytes every time, prints their digests, and `check` reads what it wrote."""
    write_pack(user.directory / "guard", "guard", "1.0.0")
    done = user.must("bundle", "guard", "--json").json()
    data = (user.directory / "guard-1.0.0.tgz").read_bytes()
    assert done["path"] == str(user.directory / "guard-1.0.0.tgz")
    assert done["digest"] == bundle_digest(data)
    assert (done["sha256"], done["size"]) == (hashlib.sha256(data).hexdigest(), len(data))
    shown = user.must("bundle", "guard", "-o", "again.tgz").out
    assert shown == f"digest {done['digest']}\nsha256 {done['sha256']}\n"
    assert (user.directory / "again.tgz").read_bytes() == data
    assert user.must("check", "again.tgz", "--json").json()["name"] == "guard"


def test_a_broken_bundle_is_refused(user: User) -> None:
    """A file that is no bundle is exit code 7 with the reason."""
    (user.directory / "x.tgz").write_bytes(b"\x1f\x8b not a bundle")
    done = user("check", "x.tgz")
    assert done.code == 7
    assert "error: " in done.out


def test_a_bundle_of_an_invalid_pack_is_not_written(user: User) -> None:
    """A pack that breaks the rules leaves no bundle behind; its problems are told."""
    write_pack(user.directory / "guard", "guard", "1.0")
    done = user("bundle", "guard")
    assert done.code == 7
    assert "[version]" in done.err
    assert not list(user.directory.glob("*.tgz"))


@pytest.mark.usefixtures("opa")
def test_limits_of_the_configuration_hold(user: User) -> None:
    """What the operator's configuration allows is what `check` allows."""
    write_pack(user.directory / "guard", "guard", "1.0.0", files={"big.txt": "x" * 5000})
    user.must("check", "guard")
    (user.directory / "packreg.toml").write_text("[limits]\nunpacked = 4000\n")
    assert user("check", "guard").code == 7
