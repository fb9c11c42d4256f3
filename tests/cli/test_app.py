"""The command as a whole: its help, its exit codes, its failures."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packreg import errors
from packreg.cli.app import packreg
from packreg.cli.commands import ALIASES, COMMANDS
from packreg.cli.context import CommandContext
from packreg.cli.exits import EXIT_CODES
from tests.cli.conftest import User, write_pack
from tests.laws import LONG_LAW

COMMANDS_PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def every_command() -> Iterator[tuple[str, click.Command]]:
    """All commands by what is typed, also those of groups."""
    context = click.Context(packreg)
    for name in COMMANDS:
        found = packreg.get_command(context, name)
        assert found is not None
        yield name, found
        if isinstance(found, click.Group):
            yield from ((f"{name} {inner}", command) for inner, command in found.commands.items())


ALL = dict(every_command())


def every_error(kind: type[errors.PackregError] = errors.PackregError) -> Iterator[type[errors.PackregError]]:
    """The error tree."""
    yield kind
    for below in kind.__subclasses__():
        yield from every_error(below)


def test_help_lists_every_command_alias_and_exit_code(user: User) -> None:
    """`packreg --help` has a line for each command and each exit code, none wider than a terminal."""
    text = user.must("--help").out
    for name, entry in COMMANDS.items():
        assert re.search(rf"^  {name}\b.*{re.escape(entry.help)}$", text, re.MULTILINE)
    for alias, name in ALIASES.items():
        assert re.search(rf"^  {name}, {alias} ", text, re.MULTILINE)
    for code, meaning in EXIT_CODES.items():
        assert re.search(rf"^  {code} +{re.escape(meaning)}$", text, re.MULTILINE)
    assert max(len(line) for line in text.splitlines()) <= 92


@pytest.mark.parametrize("name", ALL)
def test_every_command_explains_itself(user: User, name: str) -> None:
    """`--help` of each command says what the table says, has examples, and is on the page of commands."""
    done = user.must(*name.split(), "--help")
    command = ALL[name]
    if name in COMMANDS:
        assert (command.help or "").partition("\n")[0] == COMMANDS[name].help
    assert "Examples:" in done.out
    examples = re.findall(r"^  \$ (.*)$", done.out, re.MULTILINE)
    assert any(f"packreg {name}" in example or "packreg --registry" in example for example in examples)
    assert f"`{name}" in COMMANDS_PAGE.read_text("utf-8")


@pytest.mark.parametrize("name", ALL)
def test_every_option_is_documented(name: str) -> None:
    """No option is without words for it, in the help and on the page of commands."""
    page = COMMANDS_PAGE.read_text("utf-8")
    for param in ALL[name].params:
        if isinstance(param, click.Option):
            assert param.help or param.name == "output"
            assert f"`{max(param.opts, key=len)}" in page


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["lst"], "there is no command 'lst'", "did you mean `packreg list`?"),
        (["instal"], "there is no command 'instal'", "did you mean `packreg install`?"),
        (["zzzz"], "there is no command 'zzzz'", "`packreg --help` lists the commands"),
        (["list", "--bogus"], "no such option", "see `packreg list --help`"),
        (["info"], "missing argument 'REF'", "see `packreg info --help`"),
        (["new", "ruby", "x"], "there is no template for 'ruby'", "`packreg new --templates` lists them"),
        (["info", "guard@1.2.0.1"], "'1.2.0.1' is not a version range", "write one such as"),
        (["info", "../x"], "'../x' is not a pack name", ""),
        (
            ["--registry", "ftp://x", "versions", "guard"],
            "cannot keep a registry at ftp://",
            "write a directory",
        ),
        (["--registry", "", "list"], "the registry of --registry is empty", "give a directory"),
        (["install"], "nothing to install", "name a pack"),
        (["yank", "guard@1.0.0"], "a yank needs a reason", "say what is wrong"),
        (["yank", "guard", "--reason", "x"], "guard does not name one version", "write guard@1.2.0"),
        (["remove", "guard@1.0.0"], "a removal needs a reason", "say why"),
        (["cache", "clean"], "has to be confirmed", "add --yes"),
        (["analyze", "guard"], "say what to judge, once", "give one of --state FILE"),
        (["analyze"], "missing argument 'REF|DIR", "see `packreg analyze --help`"),
        (["install", "--locked"], "there is no packreg.lock", "write one with"),
    ],
)
def test_misuse_is_exit_code_2_with_a_hint(user: User, words: list[str], message: str, hint: str) -> None:
    """What cannot be understood says so in a sentence, says how to write it, and exits 2."""
    done = user(*words)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("error: ")
    assert message in done.err.lower() or message in done.err
    assert hint in done.err


def test_without_a_command_an_overview_goes_to_stderr(user: User) -> None:
    """A script that forgot the command fails; a person sees every command on one screen."""
    done = user()
    assert (done.code, done.out) == (2, "")
    lines = done.err.splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) <= 80
    assert set(COMMANDS) <= {word for line in lines for word in line.split()}


def test_a_list_has_both_words_everywhere(user: User) -> None:
    """`list` and `ls`, whichever the help names."""
    for group in ("group", "findings", "env", "waiver", "cache"):
        shown = [user(group, word, "--help").out.splitlines()[-1] for word in ("ls", "list")]
        assert shown[0] == shown[1] != ""


def test_a_failure_with_json_is_one_document(user: User) -> None:
    """With --json a failure is a document too, wherever the option stands; stderr has the sentence."""
    for words in (["--json", "versions", "nothing"], ["versions", "nothing", "--json"]):
        done = user(*words)
        assert done.code == 6
        error = done.json()["error"]
        assert (error["code"], error["exit"], error["problems"]) == ("not-found", 6, [])
        assert error["message"] in done.err
    assert user("list", "--json", "--bogus").json()["error"]["code"] == "usage-error"


def test_an_unexpected_error_is_called_a_defect(user: User) -> None:
    """What packreg did not expect exits 1 without a traceback; the traceback is in a file that is named."""

    def broken(session: CommandContext) -> None:
        raise ZeroDivisionError("a\x1b[31m surprise")

    user.monkeypatch.setattr(CommandContext, "registry", broken)
    done = user("versions", "guard")
    assert done.code == 1
    assert "this is a defect of packreg: ZeroDivisionError: a\\x1b[31m surprise" in done.err
    assert "Traceback" not in done.err
    log = re.search(r"traceback in (\S+\.log)", done.err)
    assert log
    assert "Traceback (most recent call last)" in Path(log[1]).read_text()
    assert "Traceback" in user("versions", "guard", "-v").err


def test_the_operating_systems_no_is_no_defect(user: User) -> None:
    """An OSError that nobody expected is told as such."""

    def full(session: CommandContext) -> None:
        raise OSError(28, "No space left on device")

    user.monkeypatch.setattr(CommandContext, "registry", full)
    done = user("versions", "guard")
    assert done.code == 1
    assert "the operating system refused: [Errno 28] No space left on device" in done.err


def test_an_interruption_is_exit_code_130(user: User) -> None:
    """Ctrl-C ends with 130 and a sentence, not with a traceback."""

    def interrupted(session: CommandContext) -> None:
        raise KeyboardInterrupt

    user.monkeypatch.setattr(CommandContext, "registry", interrupted)
    done = user("versions", "guard")
    assert done.code == 130
    assert "error: interrupted" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("words", [["--help"], ["publish", "--help"], ["config"], ["completion", "bash"]])
def test_a_reader_that_goes_away_is_no_failure_to_talk_about(user: User, words: list[str]) -> None:
    """`packreg … | head -c0` is silent and ends with 141, as programs that are killed by SIGPIPE do."""
    process = subprocess.Popen(
        [sys.executable, "-m", "packreg", *words],
        cwd=user.directory,
        env=user.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(60), said) == (141, b"")


def test_a_deleted_working_directory_is_a_usage_error(user: User) -> None:
    """A shell that sits in a deleted directory gets a sentence."""
    code = (
        "import os, sys, shutil; shutil.rmtree(os.getcwd()); "
        "from packreg.cli.start import main; sys.exit(main(['config']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=user.directory,
        env=user.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "there is no working directory" in done.stderr


def test_text_that_the_terminal_cannot_show_is_escaped(user: User) -> None:
    """A terminal in another encoding gets escapes, not a UnicodeEncodeError."""
    write_pack(user.directory / "guard", "guard", "1.0.0")
    user.extra |= {"PYTHONIOENCODING": "ascii"}
    done = user.process("check", "guard", "--version", "1.0.0…")
    assert done.returncode == 2
    assert b"\\u2026" in done.stderr


def test_version(user: User) -> None:
    """`--version` prints the version that is installed."""
    from importlib.metadata import version

    assert user.must("--version").out == f"packreg {version('packreg')}\n"


HOSTILE = st.text(st.characters(codec="utf-8"), max_size=60)


@pytest.mark.usefixtures("opa")
@settings(LONG_LAW, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_pack_puts_control_characters_on_the_terminal(
    user: User, manifest: str, description: str, path: str
) -> None:
    """Whatever a pack and its manifest hold, what `check` prints is printable lines and nothing else."""
    directory = write_pack(user.directory / "pack", "guard", "1.0.0", description=description)
    with (directory / "PulumiPolicy.yaml").open("a") as file:
        file.write(f"author: {json.dumps(manifest)}\n{manifest}\n")
    name = path.replace("/", "").replace("\0", "")
    extra = directory / f"x{name}"
    extra.write_text("x")
    try:
        for words in (["check", "pack"], ["check", "pack", "--json"], ["diff", "./pack", "./pack", "--text"]):
            done = user(*words)
            assert done.code in (0, 7)
            assert all(line.isprintable() for line in (done.out + done.err).split("\n")), (done.out, done.err)
    finally:
        extra.unlink()
