"""Where packreg comes from: a checkout, a wheel, a git URL, an image; never an index, by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pages import ROOT

#: Not CHANGELOG.md, which tells what was.
_PLACES = ("[!C]*.md", "CONTRIBUTING.md", "*.yml", ".*.yaml", "*.toml", "*.ini", "Dockerfile", ".ci/*")
_FOLDERS = ("docs", "deploy", "examples", "src", "benchmarks", "fixtures")
_INSTALLER = re.compile(
    r"\b(?:pip3?|pipx|uv|poetry|pdm|conda|brew|npm|apt-get)(?:\s+-\S+)*\s+"
    r"(?:(?:pip|tool)\s+)?(?:install|add|run|download|wheel|i)\b([^`;&|#\n]*)"
    r"|\buvx\b([^`;&|#\n]*)"
)
_BY_NAME = re.compile(r"packreg(?:\[[^\]]*\])?(?:[=<>~!@;].*)?")


def by_name(line: str) -> str | None:
    """The word by which the installer, or the list of requirements, of a line looks packreg up."""
    for installed in _INSTALLER.findall(re.sub(r"(packreg\S*)\s+@\s+", r"\1@", line)):
        for word in " ".join(installed).split():
            bare = word.strip("'\"(),.")
            if _BY_NAME.fullmatch(bare) and "@" not in bare:
                return word
    listed = re.search(r"\bpackreg(?:\[[a-z0-9,_-]+\]|\s*(?:==|>=|~=|===)\s*[0-9])", line)
    return listed[0] if listed else None


def texts() -> Iterator[tuple[Path, str]]:
    """The files of the project that tell somebody, or a machine, what to install."""
    files = [file for place in _PLACES for file in ROOT.glob(place)]
    files += [file for folder in _FOLDERS for file in (ROOT / folder).rglob("*")]
    for file in files:
        if file.is_file() and not {"__pycache__", "venv", "node_modules"} & {*file.relative_to(ROOT).parts}:
            yield file, file.read_text("utf-8", errors="ignore")


def test_nothing_installs_packreg_by_its_name() -> None:
    """No page, template, action, message or script asks an index for packreg."""
    read = 0
    for file, text in texts():
        read += 1
        for number, line in enumerate(text.splitlines(), 1):
            assert by_name(line) is None, f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
    assert read > 300


@pytest.mark.parametrize(
    "line",
    [
        "$ pip install packreg",
        "hint: pip install 'packreg[google]'",
        "python -m pip install -q --upgrade packreg==0.1.0",
        "uv pip install packreg>=0.1",
        "uv tool install packreg",
        "pipx install packreg && packreg init",
        "uvx packreg audit --all",
        "RUN pip3 --quiet install build packreg",
        "packreg[dask]>=0.1",
        '    "packreg == 0.1.0",',
    ],
)
def test_an_install_by_name_is_seen(line: str) -> None:
    """The forms in which somebody would write one."""
    assert by_name(line)


@pytest.mark.parametrize(
    "line",
    [
        "$ pip install . && packreg init",
        "`pip install uv`, then packreg finds it",
        "pip install '.[dask]'",
        "pip install https://files.example.org/packreg-0.1.0-py3-none-any.whl",
        "pip install 'packreg @ git+https://git.example.org/packreg@0123456'",
        "packreg install guard@1.0.0",
    ],
)
def test_an_install_from_a_place_is_none_by_name(line: str) -> None:
    """What names a place is left alone, and so is packreg's own command."""
    assert by_name(line) is None
