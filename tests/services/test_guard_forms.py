"""Where the guard is, and in which form a Pulumi CLI is given it."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import InstallError
from packreg.services.guard_forms import (
    DIRECTORY,
    PROGRAM,
    Forms,
    forms,
    is_guard,
    provide_plugin,
    pulumi_home,
)


def test_the_form_fits_the_version() -> None:
    """A CLI before 3.255.0 takes directories only; one that does not say its version is new."""
    both = Forms("file", "directory", "config")
    assert [both.fitting(v) for v in ((3, 254, 9), (3, 255, 0), (4, 0, 0), None)] == [
        "directory",
        "file",
        "file",
        "file",
    ]


def test_the_guard_is_known_by_its_file_whatever_it_is_called(tmp_path: Path) -> None:
    """A link to it is the guard; a file of its name elsewhere is not, nor is what is not there."""
    link = tmp_path / "innocent"
    link.symlink_to(forms().file)
    (tmp_path / PROGRAM).write_text("#!/bin/sh\n")
    assert is_guard(link) and is_guard(DIRECTORY)
    assert not is_guard(tmp_path / PROGRAM) and not is_guard(tmp_path / "missing")
    assert not is_guard(Path("a\0b"))


def test_the_plugin_is_put_there_once(tmp_path: Path) -> None:
    """A second time it stays; an older link is replaced; a place that cannot be written is named."""
    place = provide_plugin(tmp_path, "1.2.3")
    made = place.lstat()
    assert provide_plugin(tmp_path, "1.2.3").lstat() == made
    place.unlink()
    place.symlink_to("/nowhere")
    assert provide_plugin(tmp_path, "1.2.3").resolve() == Path(forms().file).resolve()
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    with pytest.raises(InstallError, match="cannot be made"):
        provide_plugin(blocked, "1.2.3")


def test_pulumis_home_is_where_the_variable_says() -> None:
    """An empty variable says nothing."""
    assert pulumi_home({"PULUMI_HOME": "/p"}) == Path("/p")
    assert pulumi_home({"PULUMI_HOME": ""}) == pulumi_home({}) == Path.home() / ".pulumi"
