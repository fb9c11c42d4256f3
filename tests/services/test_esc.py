"""Environments of Pulumi ESC, through a program that stands in for `esc`."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from packreg.environments.values import to_json
from packreg.errors import NotEvaluated, PackregError, UsageError
from packreg.registry.environment_reference import EnvironmentReference
from packreg.services.esc import MAX_OUTPUT, EscProgram
from tests.cli.conftest import User

REFERENCE = EnvironmentReference.parse("esc:acme/web/prod@3")
DETAILED = {
    "value": {
        "region": {"value": "eu-west-1", "trace": {"def": {}}},
        "token": {"value": "hunter2hunter2", "secret": True},
        "nested": {"value": {"n": {"value": 5}, "none": {}}, "secret": True},
        "list": {"value": [{"value": True}]},
    },
    "trace": {"def": {}},
}


def program(directory: Path, body: str) -> str:
    """A program of these lines of Python, as `esc`."""
    path = directory / "esc"
    path.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{body}\n", "utf-8")
    path.chmod(0o755)
    return str(path)


def test_an_environment_is_opened(tmp_path: Path) -> None:
    """The program is asked once, for the name and version, and what it calls secret is secret."""
    body = f"json.dump(sys.argv[1:], open({str(tmp_path / 'asked')!r}, 'w'))\nprint({json.dumps(DETAILED)!r})"
    found = EscProgram(program(tmp_path, body), os.environ).open(REFERENCE)
    assert str(found) == "esc:acme/web/prod@3"
    assert to_json(found.value, reveal=False) == {
        "list": [True],
        "nested": "[secret]",
        "region": "eu-west-1",
        "token": "[secret]",
    }
    plain = to_json(found.value, reveal=True)
    assert isinstance(plain, dict)
    assert plain["nested"] == {"n": 5, "none": None}
    assert json.loads((tmp_path / "asked").read_text()) == ["open", "acme/web/prod@3", "--format", "detailed"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("print('hunter2hunter2', file=sys.stderr); print('hunter2hunter2'); sys.exit(3)", "exit code 3"),
        ("print('hunter2hunter2')", "cannot be used"),
        ("print(json.dumps('hunter2hunter2'))", "not a JSON object"),
        ("print(json.dumps({'value': 'hunter2hunter2'}))", "its value is not an object"),
        ("print(json.dumps({'value': {'a': 'hunter2hunter2'}}))", "does not have the form"),
        ("print(json.dumps({'value': {'hunter2hunter2': {'unknown': True}}}))", "not known"),
        ("print('{\"value\":' * 5000)", "cannot be used"),
        ('print(\'{"value": {"a": {"value": 1e999}}}\')', "cannot be used"),
        ("print(json.dumps({'value': {'a': {'value': 'x' * 2**21}}}))", "cannot be used"),
        (
            f"sys.stdout.write('x' * {MAX_OUTPUT + 10}); sys.stdout.flush(); time.sleep(600)",
            "printed more than",
        ),
        ("os.kill(os.getpid(), 9)", "exit code -9"),
        ("sys.stdout.buffer.write(b'\\xff')", "cannot be used"),
        ("", "cannot be used"),
    ],
)
def test_what_the_program_prints_is_checked_and_never_shown(tmp_path: Path, body: str, said: str) -> None:
    """Failures, nonsense, too much: an evaluation error that names the environment and no content."""
    with pytest.raises(NotEvaluated, match=said) as raised:
        EscProgram(program(tmp_path, body), os.environ).open(REFERENCE)
    assert "acme/web/prod@3" in str(raised.value)
    assert "hunter2" not in str(raised.value) + raised.value.hint


def test_a_program_that_hangs_is_stopped(tmp_path: Path) -> None:
    """With what it started, which holds its output open."""
    left = tmp_path / "left"
    body = (
        f"pid = os.fork()\nif pid:\n    open({str(left)!r}, 'w').write(str(pid))\nelse:\n    time.sleep(600)"
    )
    with pytest.raises(NotEvaluated, match="did not answer within 1 s"):
        EscProgram(program(tmp_path, body), os.environ, deadline=1.0).open(REFERENCE)
    for _ in range(500):
        if not _runs(int(left.read_text())):
            return
        time.sleep(0.02)
    raise AssertionError("what the program started still runs")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_program_that_is_not_there_is_a_matter_of_configuration(tmp_path: Path) -> None:
    """The message names it."""
    with pytest.raises(UsageError, match="no-such-esc") as raised:
        EscProgram(str(tmp_path / "no-such-esc"), os.environ).open(REFERENCE)
    assert isinstance(raised.value, PackregError)


def test_an_import_can_name_an_environment_of_esc(user: User) -> None:
    """Configured by the user, with a path that counts from there; not by a path of the project's own."""
    user.must("init", "--quiet")
    user.must("env", "set", "prod", "region", "x")
    (user.directory / "e.yaml").write_text("imports: ['esc:acme/web/prod']\nvalues: {r: '${region}'}\n")
    refused = user("env", "set", "prod", "e.yaml")
    assert refused.code == 2
    assert "environments.esc" in refused.err
    users = user.top / "user" / ".config" / "packreg"
    users.mkdir(parents=True)
    for place in (user.directory, users):
        program(place, f"print({json.dumps(DETAILED)!r})")
        (place / "packreg.toml").write_text('[environments]\nesc = "./esc"\n')
    brought = user("env", "set", "prod", "e.yaml")
    assert brought.code == 2
    assert "environments.esc: " in brought.err and "can replace it" in brought.err
    (user.directory / "packreg.toml").unlink()
    user.must("env", "set", "prod", "e.yaml")
    done = user.must("env", "open", "prod", "--json").json()
    assert done["values"]["r"] == "eu-west-1"
    assert done["values"]["token"] == "[secret]"
    assert done["revisions"] == ["esc:acme/web/prod", "prod@2"]
    assert user.must("env", "open", "esc:acme/web/prod").out.count("[secret]") == 2
    assert user("env", "get", "esc:acme/web/prod").code == 2
