"""Programs that are taken for tools; whoever brings one in a checkout is in attacks/test_tools.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import UsageError
from packreg.install.programs import Programs, checkout_around


def test_the_checkout_is_the_outermost_directory_that_looks_like_one(tmp_path: Path) -> None:
    """A Pulumi.yaml in a subdirectory makes the rest of the repository no less a checkout."""
    deep = tmp_path / "user" / "repository" / "infra"
    deep.mkdir(parents=True)
    assert checkout_around(deep) is None
    (deep / "Pulumi.yaml").touch()
    assert checkout_around(deep) == deep
    (deep.parent / ".git").touch()
    assert checkout_around(deep) == deep.parent
    (tmp_path / "user" / ".git").mkdir()
    assert checkout_around(deep, tmp_path / "user") == deep.parent


def executable(path: Path) -> Path:
    """A program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_first_on_the_path_is_found_and_what_a_setting_names_comes_before(tmp_path: Path) -> None:
    """In the order of PATH, each entry once, behind those that are put first; a file without x is passed."""
    one, two = (executable(tmp_path / name / "tool") for name in ("one", "two"))
    path = f"{one.parent}:{two.parent}:{one.parent}"
    assert Programs(path).find("tool") == str(one)
    assert Programs(path).path == f"{one.parent}:{two.parent}"
    assert Programs(path, first=(str(two.parent),)).find("tool") == str(two)
    one.chmod(0o644)
    assert Programs(path).find("tool") == str(two)
    assert Programs(path).find("other") is None and Programs("").find("tool") is None


def test_a_named_program_is_looked_up_or_taken_by_its_path(tmp_path: Path) -> None:
    """By name it must be on the PATH, and the error says what it was wanted for; a path is taken as it is."""
    tool = executable(tmp_path / "tool")
    programs = Programs(str(tmp_path))
    assert programs.checked("tool", "tools.tool") == str(tool)
    assert programs.checked("/opt/tool", "tools.tool") == "/opt/tool"
    with pytest.raises(UsageError, match=r"^tools\.node: node is not on the PATH"):
        programs.checked("node", "tools.node")


def test_neither_the_root_nor_what_holds_the_users_home_is_a_checkout(tmp_path: Path) -> None:
    """What a user installed in the home is the user's, whatever lies beside it."""
    home = tmp_path / "home" / "ann"
    (home / "work").mkdir(parents=True)
    for place in (tmp_path, tmp_path / "home", home):
        (place / "packreg.toml").touch()
    assert checkout_around(home / "work", home) is None
    (home / "work" / "Pulumi.yml").symlink_to("nowhere")
    assert checkout_around(home / "work", home) == home / "work"
