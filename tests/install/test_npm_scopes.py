"""The operator's own npm is asked, and no .npmrc of a pack."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from packreg.install.npm_scopes import configured_scopes
from packreg.install.tools import Tools
from tests.install.shop import kept_home, tools_in


@pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm here")
def test_the_operators_scopes_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in the operator's npmrc counts; what is in the working directory does not."""
    (tmp_path / "npmrc").write_text(
        "@acme:registry=https://npm.corp.example/\n//npm.corp.example/:_authToken=x\n"
    )
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / ".npmrc").write_text("@other:registry=https://npm.corp.example/\n")
    monkeypatch.chdir(tmp_path / "pack")
    tools = tools_in(kept_home(tmp_path / "home"), NPM_CONFIG_USERCONFIG=str(tmp_path / "npmrc"))
    assert configured_scopes({"@acme", "@other"}, tools) == {"@acme"}


def test_without_npm_nothing_is_known(tmp_path: Path) -> None:
    """The caller says that it could not ask."""
    assert configured_scopes({"@acme"}, Tools(kept_home(tmp_path / "home"), {"PATH": "/nowhere"})) is None
