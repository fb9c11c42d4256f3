"""The documentation says what is so: its commands run, its tables are whole, its links lead somewhere."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from packreg.cli.app import packreg
from packreg.cli.commands import ALIASES, COMMANDS
from packreg.cli.exits import EXIT_CODES
from packreg.errors import PackregError
from tests.pages import DOCS, PAGES, Terminal, blocks, packreg_calls, steps

COMMANDS_PAGE = next(page for page in DOCS if page.name == "commands.md")
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


def named(page: Path) -> str:
    """What a test for a page is called."""
    return page.name


def needs_opa(page: Path, request: pytest.FixtureRequest) -> None:
    """Have `opa` on PATH for a page whose commands run packs of Rego; its first lines have to say that."""
    text = page.read_text("utf-8")
    if re.search(r"^\$ packreg new (-q )?opa", text, re.MULTILINE):
        assert "`opa`" in "\n".join(text.splitlines()[:8]), f"{page.name} does not begin with what it needs"
        request.getfixturevalue("opa")


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
    import tomllib

    import yaml

    read = {"json": json.loads, "yaml": yaml.safe_load, "toml": tomllib.loads, "python": ast.parse}
    for block in blocks(page):
        if block.kind in read:
            read[block.kind](block.text)


@pytest.mark.skipif(sys.platform != "linux", reason="the pages show the paths of Linux")
@pytest.mark.parametrize(
    "page", [p for p in DOCS if any(b.run and b.kind == "console" for b in blocks(p))], ids=named
)
def test_commands_show_what_the_page_says(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Each command that is marked for it ends as shown, and prints what is shown."""
    needs_opa(page, request)
    terminal = Terminal(tmp_path / "ada")
    ran = 0
    same: dict[str, str] = {}  # a digest on the page -> what it was here: equal ones have to be equal
    for block in blocks(page):
        if block.kind != "console" or not block.run:
            continue
        for step in steps(block):
            code, output = terminal.run(step.command)
            place = f"{page.name}, block at line {block.line}\n$ {step.command}\n{output}exit {code}"
            assert (code != 0) == step.fails, place
            assert step.matches(output), f"{place}\nbut the page says\n" + "\n".join(step.shown)
            said, seen = ([*_DIGEST.findall(text)] for text in ("\n".join(step.shown), output))
            for one, other in zip(said, seen, strict=False) if len(said) == len(seen) else ():
                assert same.setdefault(one, other) == other, place
            ran += 1
    assert ran


@pytest.mark.parametrize(
    "page", [p for p in DOCS if any(b.run and b.kind == "python" for b in blocks(p))], ids=named
)
def test_python_examples_run(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The Python blocks of a page, one behind the other, are a program that ends well."""
    needs_opa(page, request)
    program = tmp_path / "program.py"
    program.write_text(
        "\n".join(block.text for block in blocks(page) if block.kind == "python" and block.run)
    )
    terminal = Terminal(tmp_path / "ada")
    done = subprocess.run(
        [sys.executable, str(program)],
        cwd=terminal.work,
        env=terminal.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
