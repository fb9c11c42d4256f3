"""What packs, resources and colleagues write into the registry to speak to a terminal or a build service."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from packreg.groups.model import Entity
from tests.cli.conftest import User, user
from tests.cli.kept import keep
from tests.reports.findings import BUCKET, guard, waiver
from tests.reports.kept import stored

__all__ = ["user"]

HOSTILE = "::error::HARM ##[error]HARM \x1b[2J\u202e"


def harmless(text: str) -> bool:
    """Whether nothing in it is a command of a build service or moves a cursor."""
    lines = text.splitlines()
    return "##[" not in text and not any(
        line.lstrip().startswith("::") or re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", line)
        for line in lines
    )


@pytest.fixture
def registry(user: User) -> User:
    """A registry in which everything that takes a text has a hostile one."""
    urn = f"urn:pulumi:dev::shop::{BUCKET}::{HOSTILE}"
    found = tuple(replace(each, message=HOSTILE, urn=urn, severity="") for each in guard().violations)
    report = stored(replace(guard(), violations=found), waivers=(waiver(owner=HOSTILE, reason=HOSTILE),))
    required = replace(report.required, entity=Entity("account", f"a/{HOSTILE}"))
    assert report.report.governed is not None
    governed = replace(report.report.governed, required=required)
    keep(user, report, replace(report, id="other", report=replace(report.report, governed=governed)))
    user.publish("guard", "1.0.0", description=HOSTILE.encode("ascii", "ignore").decode().replace("\x1b", ""))
    user.must("yank", "guard@1.0.0", "--reason", HOSTILE)
    user.must("transferred", "--yes", "--reason", HOSTILE)
    user.must("enable", "--yes", "guard@1.0.0")
    return user


@pytest.mark.parametrize(
    "words",
    [
        "findings ls",
        "findings ls --json",
        "compliance",
        "compliance --json",
        "report",
        "report --format markdown",
        "report --format csv",
        "report --format html",
        "report --format sarif",
        "report --format junit",
        "report --json",
        "prove shop/dev --at 2999-01-01",
        "prove shop/dev --at 2999-01-01 --json",
        "verify --json",
        "versions guard",
        "info guard@1.0.0",
        "search HARM",
        "list --json",
        "install guard@1.0.0",
        "download guard@2.0.0",
        "group ls",
        "group get default-preventative-policy-group",
        "compliance ##[error]HARM",
        "info ##[error]HARM",
        "required ##[error]HARM",
    ],
)
def test_no_list_lets_it_speak(registry: User, words: str) -> None:
    """Whatever is listed, shown or complained of, on stdout or stderr, it stays text."""
    done = registry(*words.split())
    assert harmless(done.out), done.out
    assert harmless(done.err), done.err
    if words.startswith(("findings", "report", "prove", "search", "info guard")):
        assert "HARM" in done.out + done.err, "it is shown, as what it is"


def test_commands_for_github_are_packregs_own(registry: User) -> None:
    """In the format that is made of commands each line is one of ours, or our sentence."""
    lines = registry.must("report", "--format", "github").out.splitlines()
    assert "HARM" in "".join(lines) and "##[" not in "".join(lines)
    for line in lines:
        if line.lstrip().startswith("::"):
            assert re.match(r"::(error|warning|notice) title=guard(@|%40)?1?[^:]*::", line), line
