"""Policy groups as code: what a file may say, what it changes, and that it comes back."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given

from packreg.configuration.file import as_config, as_layer
from packreg.errors import UsageError
from packreg.groups.document import default_groups
from packreg.groups.group_file import applied, read_groups
from packreg.groups.group_text import write_groups
from packreg.groups.model import DEFAULT_PREVENTATIVE, About, Governance
from tests.groups.governance import entry, governances, governed, group

#: When files are applied.
NOW = "2026-08-02T12:00:00Z"
CASES = sorted((Path(__file__).parent / "cases" / "group-files").glob("*.yaml"))
SCHEMA = json.loads(files("packreg.groups").joinpath("policy-groups.schema.json").read_text("utf-8"))
#: What the schema cannot say of a file, or says of a file that a reader of YAML makes something else of.
BEYOND_THE_SCHEMA = {
    "anchor",
    "bad-environment",
    "bad-version",
    "config-with-environments",
    "control-character",
    "environment-broken",
    "environment-name",
    "environment-plain-secret",
    "escape",
    "infinity",
    "second-document",
    "tag",
    "twice",
    "waiver-for-a-while",
    "waiver-in-the-past",
    "waiver-too-long",
}


def canonical(governance: Governance) -> Governance:
    """The same with every configuration in the one form that commands keep, and times of nothing."""
    groups = {
        name: replace(
            each,
            stacks=tuple(sorted(set(each.stacks))),
            accounts=tuple(sorted(set(each.accounts))),
            tags=tuple(sorted(set(each.tags))),
            packs={
                pack: replace(
                    e,
                    config=as_config(as_layer(e.config, "x")),
                    environments=(),
                    modified="0001-01-01T00:00:00.000000Z",
                )
                for pack, e in each.packs.items()
            },
        )
        for name, each in governance.groups.items()
    }
    return replace(governance, groups=groups)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_files_are_read_or_refused_with_the_place(path: Path) -> None:
    """Each case says what is wrong with it and where; what is right gives groups."""
    data = path.read_bytes()
    expected = data.decode().splitlines()[0].removeprefix("# expect: ")
    if expected == "ok":
        applied(governed(), [read_groups(data, path.name)], now=NOW)
        return
    with pytest.raises(UsageError) as refused:
        applied(governed(), [read_groups(data, path.name)], now=NOW)
    assert expected in f"{refused.value} {refused.value.hint}"
    assert f"{path.name}:" in str(refused.value)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_schema_agrees_with_the_reader(path: Path) -> None:
    """What editors mark by the published schema is what `group apply` refuses, as far as a schema can."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    if path.stem in BEYOND_THE_SCHEMA:
        return
    value = yaml.safe_load(path.read_bytes())
    fine = path.read_text("utf-8").startswith("# expect: ok")
    assert jsonschema.Draft202012Validator(SCHEMA).is_valid(value) is fine


def test_a_file_says_all_that_a_group_can_have() -> None:
    """Texts, numbers and versions arrive as they stand there, a version without quotes too."""
    read = read_groups((Path(__file__).parent / "cases" / "group-files" / "whole.yaml").read_bytes(), "f")
    prod = applied(governed(), [read]).groups["prod"]
    assert prod.about == About("platform: team 7", "", "What everything in production must pass.")
    assert prod.stacks == ("*/prod", "acme/web/dev")
    assert prod.packs["guard"].version == "^1.2"
    tags = prod.packs["tags"]
    assert (tags.version, tags.environments) == ("1.10", ("prod", "shared@3"))
    assert tags.config == {
        "all": "mandatory",
        "require-owner": {
            "enforcementLevel": "advisory",
            "names": ["owner", "team"],
            "most": 5,
            "ratio": 0.5,
            "strict": True,
            "nothing": None,
        },
    }


@given(governances(), governances())
def test_applying_twice_is_applying_once(one: Governance, other: Governance) -> None:
    """Whatever is there, the second time changes nothing, and without --prune nothing that was there goes."""
    one, other = canonical(one), canonical(other)
    file = read_groups(write_groups(one.groups.values()).encode(), "f")
    for prune in (False, True):
        try:
            once = applied(other, [file], prune=prune)
        except UsageError:  # members of both kinds in a group that takes one
            continue
        assert applied(once, [file], prune=prune) == once
        for name, old in other.groups.items():
            if not prune:
                assert set(old.packs) <= set(once.groups[name].packs)
                assert set(old.stacks) <= set(once.groups[name].stacks)


def test_only_pruning_takes_away() -> None:
    """A group, pack or member that no file names stays; with prune it goes, but the default groups stay."""
    about = About("platform", "#platform", "what production must pass")
    there = governed(
        group("prod", entry("guard"), entry("tags"), stacks=("a/b", "c/d"), about=about),
        group("old", entry("guard")),
    )
    there = applied(
        there, [read_groups(b"groups: {default-preventative-policy-group: {packs: {x: latest}}}", "f")]
    )
    file = read_groups(
        b"groups: {prod: {stacks: [a/b], packs: {guard: 2.0.0}, owner: web, description: ''}}", "f"
    )
    kept = applied(there, [file])
    assert set(kept.groups["prod"].packs) == {"guard", "tags"}
    assert kept.groups["prod"].packs["guard"].version == "2.0.0"
    assert kept.groups["prod"].stacks == ("a/b", "c/d")
    assert kept.groups["prod"].about == About("web", "#platform")
    assert "old" in kept.groups
    pruned = applied(there, [file], prune=True)
    assert pruned.groups["prod"].about == About("web")
    assert set(pruned.groups) == {"prod", *default_groups()}
    assert set(pruned.groups["prod"].packs) == {"guard"}
    assert pruned.groups["prod"].stacks == ("a/b",)
    assert not pruned.groups[DEFAULT_PREVENTATIVE].packs


def test_a_new_group_says_its_mode() -> None:
    """Whether a group blocks deployments is never guessed."""
    with pytest.raises(UsageError, match="so it needs a mode"):
        applied(governed(), [read_groups(b"groups: {prod: {stacks: [a/b]}}", "f")])


def test_two_files_do_not_share_a_group() -> None:
    """The same group in two files is refused, as nobody could tell which counts."""
    file = read_groups(b"groups: {prod: {mode: audit}}", "one.yaml")
    with pytest.raises(UsageError, match=r"one\.yaml:1:10"):
        applied(governed(), [file, file])


def test_huge_and_deep_files_are_refused() -> None:
    """No file takes the program down: size, nodes and depth are bounded."""
    for data in (
        b"#" * (5 * 2**20),
        b"groups: {a: {mode: audit, packs: {g: {version: latest, config: {p: {x: "
        + b"[" * 100
        + b"]" * 100
        + b"}}}}}}",
        b"groups: {" + b"a: {}, " * 200_000 + b"}",
    ):
        with pytest.raises(UsageError):
            read_groups(data, "f")


def test_an_organization_fits_in_a_file() -> None:
    """Two hundred groups of fifty packs are exported and read back."""
    packs = [entry(f"p{number}", "^1.2") for number in range(50)]
    there = [group(f"g{number}", *packs, stacks=("*/prod",)) for number in range(200)]
    read = read_groups(write_groups(there).encode(), "f")
    assert len(read.groups) == 200
