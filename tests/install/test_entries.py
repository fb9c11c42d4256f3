"""Entries of the store: found as they were, put right where only times differ, made anew otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from packreg.install.entries import find_entry, is_as_made
from packreg.install.home import Home
from packreg.install.sealed import seal_entry
from packreg.install.tools import Tools


@pytest.fixture
def program(home: Home) -> Path:
    """An entry with a program in it."""
    entry = home.programs / "tool"
    (entry / "bin").mkdir(parents=True)
    (entry / "bin" / "tool").write_text("#!/bin/sh\n")
    seal_entry(home.key, "program", str(entry), str(entry), {})
    return entry


def test_an_entry_is_found_until_something_in_it_differs(home: Home, program: Path) -> None:
    """What was changed, added or compiled in an entry that is no environment has to be made again."""
    tools = Tools(home, {})
    found = find_entry("program", program, tools)
    assert found is not None and found.is_untouched and is_as_made("program", str(program), tools)
    (program / "bin" / "__pycache__").mkdir()
    (program / "bin" / "__pycache__" / "x.pyc").write_text("x")
    assert find_entry("program", program, tools) is None
    (program / "bin" / "__pycache__" / "x.pyc").unlink()
    assert find_entry("program", program, tools) is not None
    (program / "bin" / "tool").write_text("#!/bin/sh\nevil\n")
    assert find_entry("program", program, tools) is None and not is_as_made("program", str(program), tools)
    assert find_entry("program", program.parent / "none", tools) is None


def test_where_only_times_differ_the_list_is_renewed(home: Home, program: Path) -> None:
    """A restored cache is used as it is, and looked into once."""
    os.utime(program / "bin" / "tool", (1, 1))
    tools = Tools(home, {})
    first = find_entry("program", program, tools)
    assert first is not None and not first.is_untouched
    second = find_entry("program", program, tools)
    assert second is not None and second.is_untouched


def test_what_no_python_can_compile_again_is_not_believed(home: Home) -> None:
    """An environment whose interpreter is gone is made anew, though only compiled modules differ."""
    entry = home.envs / "key"
    (entry / "env" / "__pycache__").mkdir(parents=True)
    (entry / "env" / "module.py").write_text("1")
    seal_entry(home.key, "environment", str(entry), str(entry), {})
    (entry / "env" / "__pycache__" / "module.cpython-311.pyc").write_text("evil")
    assert find_entry("environment", entry, Tools(home, {})) is None
