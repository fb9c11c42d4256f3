"""Whoever writes the project puts an analyzer of its own in the place of the guard's directory form."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from packreg.services.guard_forms import DIRECTORY, PROGRAM
from tests.cli.conftest import User
from tests.cli.conftest import user as user  # a fixture
from tests.cli.test_guarding import environ, run

REPLACED = "plugins: {analyzers: [{name: policy-packreg, path: ./x}]}\n"
NEEDS_DIRECTORY = ("v3.254.9", "v3.208.0", "v3.100.0")


@pytest.mark.parametrize("says", NEEDS_DIRECTORY)
@pytest.mark.parametrize(
    ("place", "words"), [("", "up --yes"), ("infra", "-C infra up"), ("infra", "up --cwd=infra")]
)
def test_a_project_that_names_the_guards_analyzer_is_not_deployed(
    user: User, says: str, place: str, words: str
) -> None:
    """The project's Pulumi.yaml names an analyzer `policy-packreg`: `packreg run` does not start the CLI."""
    directory = user.directory / place
    directory.mkdir(exist_ok=True)
    (directory / "Pulumi.yaml").write_text(f"name: shop\nruntime: yaml\n{REPLACED}")
    done = run(user, "run", "--", "pulumi", *words.split(), says=says)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Pulumi.yaml names the plugin policy-packreg" in done.stderr
    assert "3.255.0" in done.stderr
    assert run(user, "run", "--", "pulumi", *words.split(), says="v3.255.0").returncode == 7, "the file holds"


def test_a_variable_that_names_the_directory_is_not_kept_for_a_cli_that_takes_the_file(user: User) -> None:
    """The variable names the directory, which the project replaces: a newer CLI gets the file for it."""
    (user.directory / "Pulumi.yaml").write_text(REPLACED)
    done = run(user, "run", "--", "pulumi", "up", PULUMI_OPTION_POLICY_PACK=f"mine,{DIRECTORY}")
    packs = done.stdout.split("|")[0].split(",")
    assert packs[0] == "mine"
    assert packs[1].endswith(PROGRAM) and len(packs) == 2


def test_a_program_of_the_analyzers_name_on_the_search_path_is_not_taken(user: User) -> None:
    """The checkout is on PATH and has the analyzer's program: the CLI finds the guard's before it."""
    variables = environ(user, "v3.220.0")
    (user.top / "bin" / "pulumi").write_text(
        f'#!/bin/sh\nif [ "$1" = version ]; then echo v3.220.0; else command -v {PROGRAM}; fi\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "packreg", "run", "pulumi", "up"],
        env=variables,
        cwd=user.directory,
        capture_output=True,
        text=True,
    )
    assert shutil.which(PROGRAM, path=variables["PATH"]) == str(user.top / "bin" / PROGRAM)
    assert Path(done.stdout.strip()).parent.parent == user.top / "ph" / "plugins"


def test_a_language_host_of_the_guards_name_is_not_taken(user: User) -> None:
    """The checkout is on PATH and has `pulumi-language-packreg`, which the CLI would take: nothing runs."""
    checkout = user.directory / "bin"
    checkout.mkdir()
    host = checkout / "pulumi-language-packreg"
    host.write_text("#!/bin/sh\n")
    host.chmod(0o755)
    path = os.pathsep.join([str(user.top / "bin"), str(checkout), user.environ["PATH"]])
    done = run(user, "run", "--", "pulumi", "up", says="v3.220.0", PATH=path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pulumi-language-packreg" in done.stderr
