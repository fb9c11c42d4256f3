"""`packreg guard` and `packreg run` put the guard into the Pulumi CLI, or nothing runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from packreg.cli.pulumi_command import CONFIGS, PACKS
from packreg.errors import InstallError
from packreg.pack.manifest import parse_manifest
from packreg.pack.problems import Problems
from packreg.services import guard_forms
from packreg.services.guard_forms import DIRECTORY, PROGRAM, provide_plugin
from tests.cli.conftest import User

PULUMI = """#!/bin/sh
if [ "$1" = version ]; then echo "$SAYS"; exit 0; fi
echo "$PULUMI_OPTION_POLICY_PACK|$PULUMI_OPTION_POLICY_PACK_CONFIG|$PACKREG_REGISTRY|$*"
if [ "$1" = wait ]; then trap 'exit 42' INT; echo ready; while true; do sleep 0.05; done; fi
exit 7
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The analyzer's program, as an installer puts it beside the interpreter."""
    bin = tmp_path / "venv" / "bin"
    bin.mkdir(parents=True)
    (bin / PROGRAM).write_text("#!/bin/sh\n")
    (bin / PROGRAM).chmod(0o755)
    monkeypatch.setattr(guard_forms.sys, "executable", str(bin / "python"))
    return bin / PROGRAM


def test_the_guard_is_the_program_beside_the_interpreter(user: User, installed: Path) -> None:
    """stdout is the path and nothing else, for a variable of the shell."""
    done = user("guard")
    assert (done.code, done.out, done.err) == (0, f"{installed}\n", "")


def test_a_guard_below_a_name_with_a_comma_is_still_one_word(
    user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Pulumi CLI reads its variable as a line of CSV, twice: a bare comma would make two packs of one."""
    bin = tmp_path / "a,b"
    bin.mkdir()
    (bin / PROGRAM).write_text("#!/bin/sh\n")
    monkeypatch.setattr(guard_forms.sys, "executable", str(bin / "python"))
    assert user("guard").out == f'"""{bin / PROGRAM}"""\n'


def test_without_the_program_the_path_leads_nowhere(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that ignores the exit code must not get an empty variable, which the CLI would ignore."""

    def missing() -> Path:
        raise InstallError("it is not installed")

    monkeypatch.setattr(guard_forms, "program", missing)
    done = user("guard")
    assert done.code == 10
    assert done.out.endswith("/could-not-install/guard\n")
    assert not Path(done.out.strip()).exists()
    assert user("guard", "--bogus").out.endswith("/could-not-install/guard\n")


def test_the_directory_names_no_version_and_the_plugin_is_provided(user: User, installed: Path) -> None:
    """A version in its manifest would go before every pack's; the CLI finds the analyzer in its own home."""
    user.extra["PULUMI_HOME"] = str(user.top / "pulumi")
    done = user("guard", "--directory")
    assert (done.code, done.out) == (0, f"{DIRECTORY}\n")
    assert "a project's Pulumi.yaml can replace it" in done.err
    manifest = parse_manifest((DIRECTORY / "PulumiPolicy.yaml").read_bytes(), Problems())
    text = (DIRECTORY / "PulumiPolicy.yaml").read_text()
    assert manifest is None or manifest.version is None
    assert yaml.safe_load(text)["runtime"] == "packreg"
    [plugin] = (user.top / "pulumi" / "plugins").glob(f"analyzer-policy-packreg-v*/{PROGRAM}")
    assert plugin.resolve() == installed.resolve()
    assert user("guard", "--directory").code == 0, "twice is as good as once"


def test_a_plugin_of_an_older_packreg_is_replaced(installed: Path, tmp_path: Path) -> None:
    """A link that leads elsewhere is made anew; a home that cannot be written is an error with a way out."""
    place = provide_plugin(tmp_path / "pulumi", "1.0.0")
    place.unlink()
    place.symlink_to(tmp_path / "gone")
    assert provide_plugin(tmp_path / "pulumi", "1.0.0").readlink() == installed
    (tmp_path / "file").write_text("")
    with pytest.raises(InstallError, match="cannot be made"):
        provide_plugin(tmp_path / "file", "1.0.0")


def run(
    user: User, *words: str, says: str = "v3.259.0", **variables: str
) -> subprocess.CompletedProcess[str]:
    """`packreg run` in a process of its own, with a Pulumi CLI that tells what it was given."""
    return subprocess.run(
        [sys.executable, "-m", "packreg", *words],
        env=environ(user, says, **variables),
        cwd=user.directory,
        capture_output=True,
        text=True,
        timeout=60,
    )


def environ(user: User, says: str, **variables: str) -> dict[str, str]:
    """The user's environment with that CLI, and the guard where `which` finds it."""
    bin = user.top / "bin"
    bin.mkdir(exist_ok=True)
    for name, text in (("pulumi", PULUMI), (PROGRAM, "#!/bin/sh\n")):
        (bin / name).write_text(text)
        (bin / name).chmod(0o755)
    path = f"{bin}{os.pathsep}{user.environ['PATH']}"
    return {**user.environ, "PATH": path, "SAYS": says, "PULUMI_HOME": str(user.top / "ph"), **variables}


def test_run_sets_the_variable_and_is_the_command(user: User) -> None:
    """The command gets the guard, its words as they are and our registry; its exit code is ours."""
    registry = (user.top / "shared").as_uri()
    done = run(user, "--registry", registry, "run", "--", "pulumi", "up", "--json", "-v=3")
    guard, configs, told, words = done.stdout.strip().split("|")
    assert (done.returncode, configs, told, words) == (7, "", registry, "up --json -v=3")
    assert guard.endswith(PROGRAM)


def test_run_keeps_other_packs_and_pairs_configurations(user: User) -> None:
    """What the variable names already stays, and a configuration on the command line gets its company."""
    words = ("run", "pulumi", "preview", "--policy-pack-config", "c.json")
    guard, configs, _, _ = run(user, *words, **{PACKS: "mine", CONFIGS: "mine.json"}).stdout.split("|")
    assert guard.endswith(f"{PROGRAM},mine")
    first, second = configs.split(",")
    assert second == "mine.json"
    assert Path(first).read_text() == "{}\n"


def test_run_gives_an_old_cli_flags_and_a_directory(user: User) -> None:
    """A CLI without the variables gets flags; one that takes no file gets the directory and its plugin."""
    old = run(user, "run", "--", "pulumi", "up", "--yes", says="v3.100.0").stdout.strip().split("|")
    assert (old[0], old[3]) == ("", f"up --policy-pack {DIRECTORY} --yes")
    middle = run(user, "run", "--", "pulumi", "up", says="v3.220.0").stdout.split("|")
    assert middle[0] == str(DIRECTORY)
    assert list((user.top / "ph" / "plugins").glob(f"*/{PROGRAM}"))


def test_run_refuses_what_would_go_without_the_guard(user: User) -> None:
    """No such program, and an old CLI behind another one, are errors before anything runs."""
    missing = run(user, "run", "nothing-like-it", "up")
    assert (missing.returncode, missing.stdout) == (2, "")
    behind = run(user, "run", "sh", "-c", "pulumi up", says="v3.100.0")
    assert (behind.returncode, behind.stdout) == (2, "")
    assert "3.208.0" in behind.stderr


def test_signals_reach_the_command(user: User) -> None:
    """The command stands in our place: an interrupt is its own to handle."""
    process = subprocess.Popen(
        [sys.executable, "-m", "packreg", "run", "pulumi", "wait"],
        env=environ(user, "v3.259.0"),
        cwd=user.directory,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line == "ready\n":
            break
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 42
    process.stdout.close()


@pytest.mark.parametrize(
    ("says", "packs", "level", "fix"),
    [
        ("v3.259.0", "", "ok", ""),
        ("v3.276.0", "mine,/venv/bin/guard", "ok", ""),
        ("v3.276.0", f"mine,{DIRECTORY}", "warn", "set it to `packreg guard`"),
        ("v3.255.0", str(DIRECTORY), "warn", "set it to `packreg guard`"),
        ("v3.254.0", str(DIRECTORY), "warn", "packreg guard --directory"),
        ("v3.208.0", "", "warn", "packreg guard --directory"),
        ("v3.207.0", "", "warn", "packreg run"),
    ],
)
def test_doctor_says_which_form_of_the_guard_a_cli_takes(
    user: User, says: str, packs: str, level: str, fix: str
) -> None:
    """A CLI that is too old for the file or the variable is told so, and one too new for the directory."""
    user.extra.update(environ(user, says, **{PACKS: packs}))
    [check] = [c for c in user("doctor", "--no-probe", "--json").json()["checks"] if c["topic"] == "pulumi"]
    assert check["level"] == level
    assert fix in check["fix"]
