"""The documentation says what is so: its commands run, its tables are whole, its links lead somewhere."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from packreg.cli.app import packreg
from packreg.cli.commands import ALIASES, COMMANDS
from packreg.cli.exits import EXIT_CODES
from packreg.errors import PackregError
from tests.pages import DOCS, PAGES, ROOT, Needs, Terminal, blocks, needs, packreg_calls, steps
from tests.readme_install import first_command, readme_install

COMMANDS_PAGE = next(page for page in DOCS if page.name == "commands.md")
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


def named(page: Path) -> str:
    """What a test for a page is called."""
    return page.name


def reader(page: Path, directory: Path, request: pytest.FixtureRequest) -> Terminal:
    """Somebody who has followed the README and has what the page's first lines name.

    Skips where this machine lacks a program.
    """
    wanted = needs(page)
    for program in wanted.programs:
        if program == "opa":
            request.getfixturevalue("opa")
        elif shutil.which(program) is None:
            pytest.skip(f"{page.name} needs {program}, which this machine does not have")
    return Terminal(directory / "ada", readme_install(wanted.extras), wanted.programs)


def found_command(words: list[str]) -> tuple[click.Command, list[str]] | None:
    """The command that a command line of packreg names, and the words behind it; None if there is none."""
    context = click.Context(packreg)
    rest = list(words)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option == "--registry":
            rest.pop(0)
    command = packreg.get_command(context, rest[0]) if rest else None
    if isinstance(command, click.Group) and len(rest) > 1:
        return (command.commands[rest[1]], rest[2:]) if rest[1] in command.commands else None
    return (command, rest[1:]) if command is not None else None


def error_kinds(kind: type[PackregError] = PackregError) -> set[type[PackregError]]:
    """The error tree."""
    return {kind}.union(*(error_kinds(below) for below in kind.__subclasses__()))


def test_tutorials_name_nothing_that_a_reader_has_to_install() -> None:
    """The README and the first tutorial are followed with nothing but what the README installs."""
    for name in ("README.md", "getting-started.md"):
        page = next(page for page in PAGES if page.name == name)
        assert needs(page) == Needs() and any(block.run for block in blocks(page)), name


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_names_extras_that_there_are(page: Path) -> None:
    """Each extra in the first lines is one of pyproject.toml, so that the README's command can install it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {*needs(page).extras} <= project["optional-dependencies"].keys()


def test_what_a_page_needs_is_read_from_its_first_lines(tmp_path: Path) -> None:
    """Programs and extras are told apart, and a line further down counts for nothing."""
    page = tmp_path / "page.md"
    page.write_text("# A page\n\nNeeds: `git`, `opa`, the extra `dask`.\n")
    assert needs(page) == Needs(programs=("git", "opa"), extras=("dask",))
    page.write_text("# A page\n" + "\n" * 8 + "Needs: `opa`.\n")
    assert needs(page) == Needs()


def test_an_extra_is_installed_in_the_words_of_the_readme() -> None:
    """The command for a page that needs an extra is the README's own, with the extra behind the place."""
    assert first_command() == "python3 -m venv .venv && .venv/bin/pip install -q ."
    assert first_command(("dask",)) == "python3 -m venv .venv && .venv/bin/pip install -q '.[dask]'"


def test_every_command_is_documented_and_every_documented_command_exists() -> None:
    """The tables of docs/commands.md name each command and alias, and nothing else."""
    page = COMMANDS_PAGE.read_text("utf-8").partition("## Settings")[0].partition("## Write")[2]
    rows = [row.split("|")[1] for row in re.findall(r"^\| `.*$", page.replace("\\|", "/"), re.MULTILINE)]
    words = [word.split() for row in rows for word in re.findall(r"`([^`]+)`", row)]
    documented = {" ".join(w for w in word if re.fullmatch(r"[a-z][a-z-]*", w)) for word in words}
    groups = {name: packreg.get_command(click.Context(packreg), name) for name in COMMANDS}
    there = set(ALIASES)
    for name, command in groups.items():
        inner = command.commands if isinstance(command, click.Group) else {}
        there |= {f"{name} {below}" for below in inner} or {name}
    assert documented == there


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_line_can_be_typed(page: Path) -> None:
    """Each `packreg …` in the code of a page names a command that exists, with options that it has."""
    for line, words in packreg_calls(page):
        if words[0] in ("--version", "--help", "COMMAND") or words[0].isupper():
            continue
        found = found_command(words)
        assert found, f"{page.name}:{line}: packreg {' '.join(words)}"
        known = {option for param in found[0].params for option in param.opts} | {"--help", "-h"}
        for word in found[1]:
            if word == "-":  # stdin
                continue
            if word == "--":  # what follows is another program's
                break
            assert not word.startswith("-") or word.partition("=")[0] in known, f"{page.name}:{line}: {word}"


def test_every_exit_code_is_documented() -> None:
    """docs/commands.md has a row for each exit code, each error's among them, and no row for another."""
    rows = re.findall(r"^\| ([0-9]+) \| (.*) \|$", COMMANDS_PAGE.read_text("utf-8"), re.MULTILINE)
    assert {int(code): meaning for code, meaning in rows} == EXIT_CODES
    assert {kind.exit_code for kind in error_kinds()} <= EXIT_CODES.keys()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link names a file of the project, and each anchor a heading in it."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, target


@pytest.mark.parametrize("page", DOCS, ids=named)
def test_blocks_in_a_language_are_of_that_language(page: Path) -> None:
    """What is called json, yaml, toml or python on a page can be read as such."""
    import json

    import yaml

    read = {"json": json.loads, "yaml": yaml.safe_load, "toml": tomllib.loads, "python": ast.parse}
    for block in blocks(page):
        if block.kind in read:
            read[block.kind](block.text)


@pytest.mark.skipif(sys.platform != "linux", reason="the pages show the paths of Linux")
@pytest.mark.parametrize(
    "page", [p for p in PAGES if any(b.run and b.kind == "console" for b in blocks(p))], ids=named
)
def test_commands_show_what_the_page_says(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Each command that is marked for it ends as shown, and prints what is shown."""
    terminal = reader(page, tmp_path, request)
    ran = 0
    same: dict[str, str] = {}  # a digest on the page -> what it was here: equal ones have to be equal
    for block in blocks(page):
        if block.kind != "console" or not block.run:
            continue
        for step in steps(block):
            code, output = terminal.run(step.command)
            place = f"{page.name}, block at line {block.line}\n$ {step.command}\n{output}exit {code}"
            assert (code != 0) == step.fails, place
            shown = "\n".join(step.shown)
            assert not block.shown or step.matches(output), f"{place}\nbut the page says\n{shown}"
            said, seen = ([*_DIGEST.findall(text)] for text in (shown, output))
            for one, other in zip(said, seen, strict=False) if len(said) == len(seen) else ():
                assert same.setdefault(one, other) == other, place
            ran += 1
    assert ran


@pytest.mark.parametrize(
    "page", [p for p in PAGES if any(b.run and b.kind == "python" for b in blocks(p))], ids=named
)
def test_python_examples_run(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The Python blocks of a page, one behind the other, are a program that ends well."""
    terminal = reader(page, tmp_path, request)
    program = tmp_path / "program.py"
    program.write_text(
        "\n".join(block.text for block in blocks(page) if block.kind == "python" and block.run)
    )
    done = subprocess.run(
        [terminal.python, str(program)],
        cwd=terminal.work,
        env=terminal.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
