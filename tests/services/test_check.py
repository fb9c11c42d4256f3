"""A pack in a directory or a bundle, checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import InstallError, InvalidPack, UsageError
from packreg.pack.bundle import encode
from packreg.services.check import check_path, checked_pack, name_alone_is_unknown, with_wheel
from packreg.services.workspace import Workspace
from tests.cli.conftest import write_pack
from tests.services.conftest import open_workspace, told


def test_a_directory_and_its_bundle_are_the_same_pack(workspace: Workspace, tmp_path: Path) -> None:
    """Relative paths start at the workspace; with nothing to build the pack stays as it is."""
    write_pack(tmp_path / "p", "limits", "1.0.0")
    found = checked_pack(workspace, Path("p"), None, None)
    (tmp_path / "p.tgz").write_bytes(encode(found.files).data)
    report, again = check_path(workspace, Path("p.tgz"), None, None)
    assert report.ok and again is not None
    assert (again.name, again.version, again.files) == (found.name, found.version, found.files)
    assert with_wheel(workspace, found) is found


def test_what_is_wrong_is_an_error_with_every_problem(workspace: Workspace, tmp_path: Path) -> None:
    """The number is in the sentence; a path to nothing is a usage error."""
    write_pack(tmp_path / "p", "limits", "1.0")
    with pytest.raises(InvalidPack, match="1 problem") as raised:
        checked_pack(workspace, Path("p"), None, None)
    assert len(raised.value.problems) == 1
    for check in (checked_pack, check_path):
        with pytest.raises(UsageError, match="there is no directory"):
            check(workspace, Path("missing"), None, None)


def test_only_an_unknown_name_can_be_learned_later(workspace: Workspace, tmp_path: Path) -> None:
    """A pack without a name in its source has that one problem; with another problem it has more."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 1.0.0\ndescription: d\n")
    (tmp_path / "p" / "__main__.py").write_text("from pulumi_policy import PolicyPack\nPolicyPack(name())\n")
    (tmp_path / "p" / "requirements.txt").write_text("pulumi-policy==1.20.0\n")
    report, pack = check_path(workspace, Path("p"), None, None)
    assert name_alone_is_unknown(report) and pack is None
    (tmp_path / "p" / "PulumiPolicy.yaml").write_text("runtime: python\ndescription: d\n")
    assert not name_alone_is_unknown(check_path(workspace, Path("p"), None, None)[0])


def test_rego_is_not_passed_over_without_opa(tmp_path: Path) -> None:
    """Its absence is an error, or a warning where that was asked for; never silence."""
    (tmp_path / "bin").mkdir()
    workspace = open_workspace(tmp_path, PATH=str(tmp_path / "bin"))
    write_pack(tmp_path / "p", "limits", "1.0.0")
    with pytest.raises(InstallError, match="opa"):
        check_path(workspace, Path("p"), None, None, loadable=True)
    report, _ = check_path(workspace, Path("p"), None, None, loadable=True, without_opa=True)
    assert report.ok and [problem.code for problem in report.warnings] == ["rego-unchecked"]
    checked_pack(workspace, Path("p"), None, None, loadable=True, without_opa=True)
    assert "opa" in told(workspace).warned[0]
