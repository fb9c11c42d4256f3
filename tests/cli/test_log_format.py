"""Messages as lines of JSON, and what `-v` tells."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from packreg.cli.commands import COMMANDS
from tests.cli.conftest import Done, User

TIME = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}Z")


def lines(done: Done) -> list[dict[str, Any]]:
    """The messages of a command; each has a time, a level and a text."""
    found = [json.loads(line) for line in done.err.splitlines()]
    for each in found:
        assert TIME.fullmatch(each["time"])
        assert each["level"] in ("debug", "info", "warning", "error")
        assert isinstance(each["message"], str)
    return found


def test_every_message_is_a_line_of_json(user: User) -> None:
    """By the option or the variable; data on stdout stays as it is."""
    user.must("new", "-q", "python", "guard")
    done = user.must("--log-format", "json", "publish", "guard", "--no-lock", "--no-run")
    assert done.out.startswith("guard@0.1.0 sha256:")
    assert [each["level"] for each in lines(done)].count("warning") >= 2
    assert {each["command"] for each in lines(done)} == {"publish"}
    user.extra["PACKREG_LOG_FORMAT"] = "json"
    assert lines(user.must("yank", "guard@0.1.0", "--reason", "x", "--yes"))
    assert user.must("list", "--log-format", "text").err == ""


@pytest.mark.parametrize(
    "words", [("nothing",), ("install", "guard@9.9.9"), ("check", "--nothing"), ("info",)]
)
def test_failures_are_lines_of_json_with_code_and_hint(user: User, words: tuple[str, ...]) -> None:
    """Also those that are found before a command runs."""
    done = user(*words, "--log-format=json")
    *_, last = lines(done)
    assert (last["level"], last["exit"]) == ("error", done.code)
    assert last["code"]
    assert last["hint"]


def test_a_format_that_does_not_exist_is_a_matter_of_usage(user: User) -> None:
    """As an option and as a variable."""
    assert user("list", "--log-format", "xml").code == 2
    user.extra["PACKREG_LOG_FORMAT"] = "xml"
    done = user("list")
    assert done.code == 2
    assert "PACKREG_LOG_FORMAT is 'xml'" in done.err


def test_verbose_tells_what_was_read_asked_and_decided(user: User) -> None:
    """Files, requests by kind, the revision of governance, and which group asked for a pack."""
    settings = user.top / "user" / ".config" / "packreg" / "packreg.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(f'[registry]\nurl = "{user.top / "shared"}"\n')
    user.must("init")
    user.must("new", "-q", "python", "guard")
    user.must("publish", "-q", "guard", "--no-lock", "--no-run")
    user.must("enable", "guard", "--yes")
    done = user.must("required", "shop/prod", "-v", "--log-format", "json")
    found = {each["event"]: each for each in lines(done) if "event" in each}
    assert found["settings"]["file"] == str(settings)
    assert found["registry"]["registry"] == str(user.top / "shared")
    assert found["requests"]["requests"].keys() == {"read", "list"}
    assert found["governance"]["revision"] == 2
    assert found["required"].items() >= {"pack": "guard", "version": "0.1.0", "revision": 2}.items()
    assert found["required"]["group"] in found["required"]["message"]
    said = user.must("required", "shop/prod", "-v").err
    assert re.search(r"^requests to .*/shared: [0-9]+ list, [0-9]+ read$", said, re.MULTILINE)
    assert "guard@0.1.0 is required of organization/shop/prod: " in said
    assert "requests to" not in user.must("required", "shop/prod").err


def test_no_secret_is_in_a_log(user: User) -> None:
    """Not of an environment, a URL or the text of a failure, however much is said."""
    user.extra |= {"PACKREG_LOG_FORMAT": "json", "PACKREG_PASSPHRASE": "a long passphrase of ours"}
    user.must("init")
    Path(user.directory, "prod.yaml").write_text("values: {token: {fn::secret: hunter2-hunter2}}\n")
    said = ""
    for words in (
        ("env", "set", "prod", "prod.yaml"),
        ("env", "open", "prod"),
        ("env", "open", "prod", "--show-secrets"),
        ("env", "get", "prod"),
        ("env", "get", "nothing"),
        ("analyze", "guard", "--state", "https://user:hunter2-hunter2@example.org/state.json"),
    ):
        said += user(*words, "-v").err
    failed = user(*words, "--json")
    assert failed.json()["error"]["message"]
    said += failed.out
    assert "hunter2" not in said
    assert "passphrase of ours" not in said


def test_every_command_has_the_option(user: User) -> None:
    """Whatever it does."""
    for name in COMMANDS:
        assert "--log-format" in user.must(name, "--help").out, name
