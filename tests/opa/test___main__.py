"""The command line of the analyzer process; what it serves is tested in test_server."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.opa.__main__ import main


def test_without_a_pack_it_says_how_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and nothing on stdout, where a port would be expected."""
    assert main(["127.0.0.1:1"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("usage: pulumi-analyzer-policy-opa")


def test_without_opa_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """In a first line that can be quoted of a pack that does not start."""
    (tmp_path / "a.rego").write_text("package p\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["127.0.0.1:1", str(tmp_path)]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "error: OPA packs need the program opa, which was not found"
    assert said[1].startswith("  hint: install OPA 1.6 or later")


def test_a_directory_that_is_not_there_is_said(
    opa: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With its path."""
    assert main(["127.0.0.1:1", str(tmp_path / "nowhere"), f"-opa={opa}"]) == 1
    assert "nowhere" in capsys.readouterr().err
