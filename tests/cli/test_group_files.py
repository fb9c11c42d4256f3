"""Groups as code."""

from __future__ import annotations

import json

from tests.cli.conftest import User, write_pack
from tests.cli.test_grouping import governor as governor
from tests.cli.test_grouping import published as published


def test_groups_as_code(governor: User) -> None:
    """A file is planned, applied, applied again without a revision, exported, and taken back unchanged."""
    file = governor.directory / "groups.yaml"
    file.write_text("groups: {prod: {mode: preventative, stacks: ['*/prod'], packs: {guard: ^1}}}\n")
    dry = governor("group", "apply", file, "--dry-run", "--json").json()
    assert (dry["written"], dry["revision"], bool(dry["changes"])) == (False, 1, True)
    asked = governor("group", "apply", file)
    assert (asked.code, "+ group prod: packs.guard" in asked.out) == (2, True)
    assert governor.must("group", "ls", "--json").json()["revision"] == 1
    assert governor.must("group", "apply", file, "--yes", "--json").json()["revision"] == 2
    assert governor.must("group", "apply", file, "--json").json()["written"] is False
    governor.must("group", "new", "other")
    governor.must("group", "export", "--output", "out.yaml")
    assert governor.must("group", "export").out == (governor.directory / "out.yaml").read_text()
    assert governor.must("group", "apply", "out.yaml", "--prune", "--json").json()["written"] is False
    governor.must("group", "apply", file, "--yes")
    assert "other" in governor.must("group", "ls").out
    governor.must("group", "apply", file, "--prune", "--yes")
    assert "other" not in governor.must("group", "ls").out


def test_a_file_that_asks_for_what_there_is_not_changes_nothing(governor: User) -> None:
    """One pack that does not exist, and none of the file is applied."""
    file = governor.directory / "groups.yaml"
    file.write_text(
        "groups: {a: {mode: audit, packs: {guard: ^1}}, b: {mode: audit, packs: {gone: 1.0.0}}}\n"
    )
    assert governor("group", "apply", file, "--yes").code == 6
    assert governor.must("group", "ls", "--json").json()["revision"] == 1


def test_the_schema_is_printed(user: User) -> None:
    """The published schema comes with the command, as text and as JSON."""
    text = user.must("group", "apply", "--schema").out
    assert json.loads(text) == user.must("group", "apply", "--schema", "--json").json()


def test_everything_that_governs_as_code(governor: User) -> None:
    """An export changes nothing where it is from, makes the same elsewhere, and shows what has drifted."""
    governor.extra["PACKREG_PASSPHRASE"] = "correct-horse"
    governor.must("env", "set", "base", "token", "hunter2-and-more", "--secret")
    governor.must("env", "set", "base", "policyConfig.keep", "advisory")
    governor.must("group", "new", "prod", "--add-stack", "*/prod", "--owner", "platform")
    governor.must("enable", "guard@^1", "--group", "prod", "-e", "base")
    waived = ("--stack", "shop/prod", "--expires", "30d", "--reason", "it is known")
    governor.must("waiver", "add", "guard:deny", *waived)
    governor.must("group", "settings", "--strict-conflicts", "--unwaivable", "guard:no-*")
    governor.must("group", "export", "-o", "all.yaml")
    file = governor.directory / "all.yaml"
    assert "hunter2" not in file.read_text() and "ciphertext" in file.read_text()
    document = governor.must("group", "export", "--json").json()
    assert document["settings"] == {"strict_conflicts": True, "unwaivable": ["guard:no-*"]}
    assert len(document["waivers"]) == 1 and set(document["environments"]) == {"base"}
    for words in (("--dry-run",), ("--prune", "--dry-run"), ("--prune", "--yes")):
        done = governor.must("group", "apply", file, *words, "--json").json()
        assert (done["written"], done["changes"]) == (False, [])
    other = governor.top / "other"
    governor.must("--registry", str(other), "init")
    pack = write_pack(governor.top / "guard", "guard", "1.0.0")
    governor.must("--registry", str(other), "publish", pack, "--no-run", "-q")
    folder = governor.directory / "governance"
    folder.mkdir()
    file.rename(folder / "all.yaml")
    applied = governor.must("--registry", str(other), "group", "apply", folder, "--yes")
    assert "+ environment base" in applied.out and "+ group prod: packs.guard" in applied.out
    assert governor.must("--registry", str(other), "group", "export").out == (folder / "all.yaml").read_text()
    opened = governor.must("--registry", str(other), "env", "open", "base", "--show-secrets").json()
    assert opened["token"] == "hunter2-and-more"
    governor.must("env", "set", "base", "policyConfig.keep", "mandatory")
    governor.must("waiver", "rm", *document["waivers"])
    drifted = governor("group", "apply", folder, "--dry-run")
    assert drifted.code == 14
    assert "~ environment base" in drifted.out and "+ waiver " in drifted.out


def test_a_directory_without_files_is_a_mistake(governor: User) -> None:
    """Nothing is taken for everything: pruning with no file would delete all."""
    (governor.directory / "empty").mkdir()
    done = governor("group", "apply", "empty", "--prune", "--yes")
    assert done.code == 2 and "empty has no file *.yaml" in done.err
