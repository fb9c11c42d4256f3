"""The range of Pythons that a pack runs on."""

from __future__ import annotations

import pytest

from packreg.pack.problems import Problems
from packreg.pack.pyproject import parse_pyproject
from packreg.pack.requires_python import is_in, lowest_python, poetry_range


@pytest.mark.parametrize(
    ("wanted", "lowest"),
    [
        ("", "3.11"),
        (">=3.8", "3.11"),
        (">=3.12", "3.12"),
        (">3.11", "3.11.1"),
        (">=3.12.4,<3.14", "3.12.4"),
        ("==3.13.*", "3.13"),
        ("!=3.11.*,!=3.12.*", "3.13"),
        ("~=3.12", "3.12"),
        ("<3.11", None),
        (">=4", None),
        ("==2.7.*", None),
    ],
)
def test_the_lowest_python_of_a_range(wanted: str, lowest: str | None) -> None:
    """From 3.11 on; with its patch where that matters."""
    assert lowest_python(wanted) == lowest


def test_a_release_is_in_a_range_or_not() -> None:
    """A pre-release of Python counts as what it is."""
    assert is_in(">=3.12", "3.12.1") and not is_in(">=3.12", "3.11.9") and is_in("", "3.11.0")
    assert is_in(">=3.12", "3.13.0rc1")


@pytest.mark.parametrize(
    ("poetry", "wanted"),
    [
        ("^3.12", "<4,>=3.12"),
        ("^3", "<4,>=3"),
        ("~3.12", "<3.13,>=3.12"),
        ("~3.12.1", "<3.13,>=3.12.1"),
        ("~3", "<4,>=3"),
        ("~=3.12", "~=3.12"),
        (">=3.11,<3.14", "<3.14,>=3.11"),
        (">= 3.11, < 3.14", "<3.14,>=3.11"),
        (">=3.11 <3.14", "<3.14,>=3.11"),
        ("3.12.*", "==3.12.*"),
        ("3.12", "==3.12"),
        ("*", ""),
        ("^3.11 || ^4", None),
        ("nonsense", None),
    ],
)
def test_poetrys_constraints_are_ranges_too(poetry: str, wanted: str | None) -> None:
    """As far as PEP 440 can say them."""
    assert poetry_range(poetry) == wanted


def read(text: str) -> tuple[str | None, list[str]]:
    """The range in a pyproject.toml, and the codes of what is wrong."""
    problems = Problems()
    project = parse_pyproject(text.encode(), problems)
    return project and project.requires_python, [problem.code for problem in problems.errors]


def test_the_projects_own_word_comes_first() -> None:
    """Poetry's where it says nothing; no table says nothing."""
    poetry = '[tool.poetry.dependencies]\npython = "^3.12"\n'
    assert read(poetry) == ("<4,>=3.12", [])
    assert read(f'[project]\nname = "p"\nrequires-python = ">=3.13"\n{poetry}') == (">=3.13", [])
    assert read('[project]\nname = "p"\n') == (None, [])
    assert read('[tool.poetry.dependencies]\npython = "^3.11 || ^4"\n') == (None, [])


@pytest.mark.parametrize("value", ["<3.11", "==2.7.*", ">=4"])
def test_a_range_without_any_python_that_packs_run_with_is_an_error(value: str) -> None:
    """At `check`, before the version is used."""
    assert read(f'[project]\nname = "p"\nrequires-python = "{value}"\n')[1] == ["requires-python"]
