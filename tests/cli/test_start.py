"""The fast way in agrees with the whole program, and loads little."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from packreg.cli.start import exactly_wanted, location_id, main
from packreg.errors import UsageError
from packreg.pack.reference import Reference
from packreg.pack.version import Version
from packreg.store.url import parse_location
from tests.cli.conftest import User

_WORDS = st.text(st.sampled_from("abZ09._-~/ :%?&=@é\\\n"), max_size=20)
LOCATIONS = st.one_of(
    _WORDS,
    _WORDS.map(lambda text: f"s3://{text}"),
    _WORDS.map(lambda text: f"s3://bucket/{text}"),
    _WORDS.map(lambda text: f"file:///{text}"),
    st.lists(
        st.tuples(
            st.sampled_from(["endpoint_url", "profile", "region", "other"]),
            st.sampled_from(
                ["eu-1", "a b", "a+b", "", "https://x.org:9000", "https://X.org/", "http://x/Y/"]
            ),
        )
    ).map(lambda pairs: "s3://bucket/packs?" + "&".join(f"{name}={value}" for name, value in pairs)),
)


@settings(deadline=None)
@given(LOCATIONS, st.sampled_from(["/", "/work", "/a b", "/é"]))
@example("s3://bucket/", "/work")
@example("../x/./y//", "/work")
@example("s3://bucket?region=eu-1&endpoint_url=https://x.org:9000/a&profile=b", "/work")
def test_both_ways_compute_one_id(text: str, base: str) -> None:
    """Wherever the store's own parser reads a location, the short cut gives the same id."""
    try:
        expected = parse_location(text, cwd=base).id
    except UsageError:
        return
    assert location_id(text, base) == expected


@settings(deadline=None)
@given(
    st.lists(
        _WORDS | st.sampled_from(["guard@1.2.0", "a@1.0.0-rc.1", "-q", "--quiet", "--json", "a@1.2", "a"])
    )
)
def test_only_exact_references_take_the_fast_way(words: list[str]) -> None:
    """What the short cut takes for exact is the same release for the parser of references, or none."""
    for name, version in exactly_wanted(["install", *words]):
        try:
            reference = Reference.parse(f"{name}@{version}")
        except UsageError:
            continue  # no such directory can exist, so the whole program will say what is wrong
        assert reference.name == name
        assert isinstance(reference.wanted, Version)
        assert reference.wanted.text == version


@pytest.mark.parametrize(
    "argv",
    [
        ["install"],
        ["install", "--quiet"],
        ["install", "guard"],
        ["install", "guard@latest"],
        ["install", "guard@^1.2.0"],
        ["install", "guard@1.2"],
        ["install", "guard@1.2.0", "--json"],
        ["install", "guard@1.2.0", "--force"],
        ["install", "../x@1.2.0"],
        ["install", "..@1.2.0"],
        ["install", "Guard@1.2.0"],
        ["install", "guard@1.2.0/../../x"],
        ["install", "guard@1..2.0"],
        ["path", "guard@1.2.0", "limits@1.0.0"],
        ["list", "guard@1.2.0"],
    ],
)
def test_any_doubt_is_for_the_whole_program(argv: list[str]) -> None:
    """Anything but exact versions and --quiet is left to the whole program."""
    assert exactly_wanted(argv) == []


@pytest.fixture
def installed(user: User) -> Path:
    """The directory of guard 1.2.0, published and installed."""
    user.publish("guard", "1.2.0")
    return Path(user.must("path", "guard@1.2.0").out.rstrip("\n"))


def loaded_by(user: User, *words: str) -> set[str]:
    """The modules that a command loads, beyond those of a Python that does nothing here."""
    code = (
        "import sys; before = set(sys.modules); from packreg.cli.start import main; "
        "code = main(sys.argv[1:]); "
        "print('\\n'.join(set(sys.modules) - before), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=user.directory,
        env=user.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split("\n"))


@pytest.mark.parametrize("command", ["path", "install", "pull"])
def test_an_installed_pack_is_found_without_loading_anything(
    user: User, installed: Path, command: str
) -> None:
    """A no-op install loads neither click nor pathlib nor the parsers, and prints the directory."""
    done = user.must(command, "guard@1.2.0")
    assert done.out == f"{installed}\n"
    assert done.err == ("" if command == "path" else "guard@1.2.0 is already installed\n")
    assert user.must(command, "guard@1.2.0", "-q").err == ""
    loaded = loaded_by(user, command, "guard@1.2.0")
    heavy = {
        "click",
        "pathlib",
        "dataclasses",
        "typing",
        "urllib.parse",
        "packreg.errors",
        "packreg.pack.version",
    }
    assert not loaded & heavy


def test_an_install_loads_only_what_it_needs(user: User, installed: Path) -> None:
    """Installing one release from a directory loads nothing that publishes, lists or parses packs."""
    shutil.rmtree(installed)
    loaded = loaded_by(user, "install", "guard@1.2.0")
    assert "packreg.install.installer" in loaded
    libraries = {
        "semver",
        "yaml",
        "pathspec",
        "packaging",
        "rich",
        "filelock",
        "virtualenv",
        "boto3",
        "build",
    }
    standard = {"importlib.metadata", "concurrent.futures", "logging", "email", "zipfile", "subprocess"}
    registry = {
        f"packreg.registry.{part}" for part in ("verification", "maintenance", "publish", "setup", "listing")
    }
    assert loaded & (libraries | standard | registry) == set()


def test_the_whole_program_says_the_same_of_an_installed_pack(user: User, installed: Path) -> None:
    """With an option that the fast way leaves alone, the answer is the same directory."""
    assert user.must("path", "guard@1.2.0", "--no-env").out == f"{installed}\n"
    found = user.must("install", "guard@1.2.0", "--json").json()
    assert [(entry["path"], entry["changed"]) for entry in found] == [(str(installed), False)]


@pytest.mark.usefixtures("installed")
def test_another_registry_has_other_installed_packs(user: User) -> None:
    """What is installed from one registry is not taken for a release of another."""
    user.extra["PACKREG_REGISTRY"] = str(user.top / "other")
    assert user("path", "guard@1.2.0").code == 6


@pytest.mark.usefixtures("installed")
def test_a_configured_interpreter_is_for_the_whole_program(user: User) -> None:
    """Whether an environment has the configured interpreter is not for the fast way to say."""
    (user.directory / "packreg.toml").write_text('[install]\npython = "no-such-python"\n', "utf-8")
    assert "click" in loaded_by(user, "path", "guard@1.2.0")  # an OPA pack needs no interpreter at all


def test_list_is_the_same_both_ways(user: User) -> None:
    """The short cut and the whole program list the same packs."""
    assert user.must("list").out == ""
    user.publish("limits", "0.1.0")
    user.publish("guard", "1.2.0")
    assert user.must("list").out == user.must("list", "-v").out == "guard\nlimits\n"
    assert user.must("list", "--json").out == user.must("--json", "list").out
    assert [entry["name"] for entry in user.must("list", "--json").json()] == ["guard", "limits"]


def test_the_list_loads_neither_click_nor_what_terminals_need(user: User) -> None:
    """A list that a program reads costs no more than settings, a store and its output."""
    user.publish("guard", "1.2.0")
    heavy = {"click", "dataclasses", "json", "pathlib", "shutil", "subprocess", "packreg.services.workspace"}
    assert not loaded_by(user, "list") & heavy


def test_import_packreg_loads_nothing() -> None:
    """`import packreg` in a program costs nothing until a name is used."""
    code = "import sys; before = set(sys.modules); import packreg; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() in (
        ["packreg", "packreg._version"],
        ["__future__", "packreg", "packreg._version"],
    )


def test_an_interrupt_inside_generated_code_keeps_the_exit_code(tmp_path: Path) -> None:
    """130, also where Python takes the interrupt for an uncaught one, as while a dataclass is made."""
    (tmp_path / "sitecustomize.py").write_text(
        "from packreg.cli import app\napp.run = lambda arguments: exec('raise KeyboardInterrupt')\n"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    command = [sys.executable, "-m", "packreg", "groups"]
    assert subprocess.run(command, cwd=tmp_path, env=environ, check=False).returncode == 130


def test_an_interrupted_command_leaves_signals_to_its_caller(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that calls the command line can still be interrupted afterwards."""

    def interrupted(arguments: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("packreg.cli.app.run", interrupted)
    assert main(["groups"]) == 130
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())
