"""The shapes that docs/commands.md gives for `--json`, compared with what commands print."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from packreg.cli.commands import COMMANDS
from tests.cli.conftest import User

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text("utf-8").partition("## JSON")[2]
ROWS = {
    name: row[1]
    for row in re.findall(r"^\| (`[^|]+`) \| (.*) \|$", PAGE, re.MULTILINE)
    for name in re.findall(r"`([^`]+)`", row[0])
}
RECORD = re.search(r"The record is `([^`]+)`", PAGE)

#: A document: a dict of members, a list of one shape, or None for anything.
Shape = Any


def shape(text: str) -> Shape:
    """Read a shape: `{a, b: [{c}]}`."""
    words = re.findall(r"[\[\]{}:,]|\w+", text)

    def value() -> Shape:
        word = words.pop(0)
        if word == "[":
            inner = value()
            assert words.pop(0) == "]"
            return [inner]
        if word != "{":
            return None  # the name of something that is described elsewhere
        members: dict[str, Shape] = {}
        while words[0] != "}":
            name = words.pop(0)
            members[name] = None
            if words[0] == ":":
                words.pop(0)
                members[name] = value()
            if words[0] == ",":
                words.pop(0)
        words.pop(0)
        return members

    return value()


def first(row: str) -> Shape:
    """The first shape of a row."""
    found = re.search(r"`([\[{][^`]*)`", ROWS[row])
    assert found, row
    return shape(found[1])


def assert_has(document: object, wanted: Shape, where: str) -> None:
    """A document has exactly the members of a shape, at every level."""
    if isinstance(wanted, list):
        assert isinstance(document, list), where
        assert document, f"{where} is empty, so it shows nothing"
        for item in document:
            assert_has(item, wanted[0], f"{where}[]")
    elif isinstance(wanted, dict):
        assert isinstance(document, dict), where
        assert document.keys() == wanted.keys(), where
        for name, inner in wanted.items():
            assert_has(document[name], inner, f"{where}.{name}")


def test_the_table_has_every_command_that_prints_json() -> None:
    """Each command has a row, but those whose output is for another program as it is, and no other."""
    words = {name.split()[0] for name in ROWS}
    assert words == COMMANDS.keys() - {"completion", "guard", "run"}


@pytest.mark.usefixtures("opa")
def test_documents_have_the_shapes_that_are_documented(user: User) -> None:
    """Every command prints the members that the page names, no less and no more."""
    assert RECORD
    record = shape(RECORD[1])

    def check(row: str, *words: str, also: Shape = None, wanted: Shape = None, code: int = 0) -> None:
        done = user(*words, "--json")
        assert done.code == code, done.err
        expected = wanted if wanted is not None else first(row)
        assert_has(done.json(), {**expected, **also} if also else expected, " ".join(words))

    check("new", "new", "opa", "guard")
    check("check", "check", "guard", wanted=first("check") | {"errors": None, "warnings": None})
    check("bundle", "bundle", "guard")
    already = {"already": None}
    dry = shape("{dry_run, files: [{path, size}], left_out, objects}")
    assert all(
        word in ROWS["publish"] for word in ("dry_run", "files: [{path, size}]", "left_out", "objects")
    )
    check("publish", "publish", "guard", "--dry-run", wanted=record | already | dry)
    check("publish", "publish", "guard", wanted=record | already)
    check("init", "init")
    check("install", "install", "guard")
    check("path", "path", "guard", wanted=first("install")[0])
    check("dev", "dev", "guard")
    check("lock", "lock", "guard")
    check("download", "download", "guard")
    check("list", "list")
    check("list", "list", "--latest", wanted=shape("[{name, latest}]"))
    check("versions", "versions", "guard")
    check(
        "info",
        "info",
        "guard",
        wanted=record | dict.fromkeys(["yanked", "removed", "dependencies", "sealed"]),
    )
    said = ["name", "version", "changed", "sealed", "added", "missing"]
    check("seal", "seal", "guard", wanted=dict.fromkeys(said))
    check("search", "search", "guard")
    manifest = user.directory / "guard" / "PulumiPolicy.yaml"
    manifest.write_text(manifest.read_text("utf-8").replace("0.1.0", "0.2.0"), "utf-8")
    user.must("publish", "guard")
    check("outdated", "outdated")
    check("diff", "diff", "guard@0.1.0", "guard@0.2.0")
    check("diff", "diff", "guard@0.1.0", "./guard", "--text", also={"text": None})
    check("cache export", "cache", "export", "guard", "-o", "packs.tar")
    check("cache import", "cache", "import", "packs.tar")
    changed = first("yank") | {"groups": None}
    check("yank", "yank", "guard@0.2.0", "--reason", "too strict", wanted=changed)
    check("remove", "remove", "guard@0.2.0", "--yes", "--reason", "x", wanted=changed)
    check("verify", "verify")
    pruned = first("reports prune") | {"reports": None, "unreadable": None}
    check("reports prune", "reports", "prune", "--older-than", "1", wanted=pruned)
    check("transfer", "transfer", str(user.top / "user/.local/share/packreg/registry"), "elsewhere")
    check("gc", "gc", wanted=first("gc") | {"garbage": None})
    (user.directory / "prod.yaml").write_text("values: {a: 1}\n", "utf-8")
    check("env set", "env", "set", "prod", "prod.yaml")
    check("env set", "env", "set", "prod", "b", "2")
    check("env get", "env", "get", "prod")
    check("env open", "env", "open", "prod", wanted=first("env open") | {"warnings": None})
    check("env diff", "env", "diff", "prod")
    check("env ls", "env", "ls")
    check("env tag", "env", "tag", "prod@1", "stable")
    check("env history", "env", "history", "prod")
    check("env rm", "env", "rm", "prod", "--reason", "unused", "--yes")
    edited = first("group new") | {"warnings": None}
    reaching = first("enable") | {"warnings": None}
    no_changes = edited | {"changes": None}
    check("group new", "group", "new", "prod", "--add-stack", "*/prod", wanted=edited)
    check(
        "enable",
        "group",
        "edit",
        "prod",
        "--add-tag",
        "env=prod",
        wanted=reaching,
    )
    check("enable", "enable", "guard@0.1.0", "--group", "prod", wanted=reaching)
    check("group get", "group", "get", "prod", wanted=first("group get") | {"packs": None})
    check("group ls", "group", "ls", wanted=first("group ls") | {"groups": [None]})
    check("group history", "group", "history", "prod")
    (user.directory / "groups.yaml").write_text("groups: {prod: {}}\n", "utf-8")
    check("group new", "group", "apply", "groups.yaml", "--yes", wanted=no_changes)
    check("group export", "group", "export", "prod")
    check("group settings", "group", "settings")
    waived = ("--stack", "web/prod", "--expires", "30d", "--reason", "a website")
    check(
        "enable",
        "waiver",
        "add",
        "guard:deny_public_bucket",
        *waived,
        wanted=reaching,
    )
    check("waiver ls", "waiver", "ls")
    request = ("waiver", "request", "--stack", "web/prod", "--policy", "guard:deny_public_bucket")
    check("waiver request", *request, "--reason", "x", wanted=first("waiver request") | {"warnings": None})
    check("group new", "group", "rm", "prod", "--yes", wanted=edited)
    check("cache dir", "cache", "dir")
    check("cache list", "cache", "list")
    check("cache prune", "cache", "prune", "--dry-run")
    check("cache clean", "cache", "clean", "--yes")
    check("config", "config", wanted=first("config") | {"files": None})
    check("doctor", "doctor", "--no-probe")


def test_failures_have_the_documented_shape(user: User) -> None:
    """A failure is the document of the page, with the problems of an invalid pack."""

    def members(value: object) -> Shape:
        if isinstance(value, dict):
            return {name: members(inner) for name, inner in value.items()}
        return [members(value[0])] if isinstance(value, list) else None

    example = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert example
    (user.directory / "bad").mkdir()
    done = user("publish", "bad", "--json")
    assert done.code == 7
    assert_has(done.json(), members(json.loads(example[1])), "failure")
