"""A pack's entry in a group, and whether what it may mean can be configured so."""

from __future__ import annotations

import pytest

from packreg.configuration.file import read_layer
from packreg.errors import InvalidConfiguration, NotFound, Problem, UsageError
from packreg.groups.model import PackEntry
from packreg.groups.times import NEVER
from packreg.pack.reference import Reference
from packreg.services.enable import (
    check_entries,
    metadata_of,
    with_environments,
    with_layer,
    with_version,
    written_version,
)
from packreg.services.workspace import Workspace
from tests.groups.governance import group

GUARD = PackEntry("guard", "1.0.0", NEVER)


def test_a_name_alone_is_pinned_but_for_what_keeps_its_version(governed: Workspace) -> None:
    """A warning says how to follow new versions; with `keep` the version that is there stays."""
    target, warnings = group("a"), list[Problem]()
    assert written_version(governed, target, "guard", warnings).version == "1.1.0"
    [warning] = warnings
    assert "guard@latest --group a" in warning.hint
    there = group("a", GUARD)
    assert written_version(governed, there, "guard", warnings, keep=True) == GUARD
    assert written_version(governed, there, "guard@latest", warnings, keep=True).version == "latest"
    assert len(warnings) == 1


def test_a_digest_is_no_version() -> None:
    """Groups are read by people."""
    with pytest.raises(UsageError, match="not digests"):
        with_version(None, Reference.parse("guard@sha256:" + "0" * 64))


def test_a_file_brings_its_environments_or_leaves_those_there(governed: Workspace) -> None:
    """None takes the configuration away; environments are kept once each, in order."""
    entry = with_environments(GUARD, ["b", "a", "b"])
    assert entry.environments == ("b", "a")
    layer = read_layer(b'{"deny": "advisory"}', "c.json")
    assert with_layer(entry, layer).environments == ("b", "a")
    assert with_layer(with_layer(entry, layer), None).config == {}


def test_every_version_that_an_entry_could_mean_is_checked(governed: Workspace) -> None:
    """All problems at once, with where they are from; a version that is not there is named."""
    bad = with_layer(PackEntry("guard", "^1", NEVER), read_layer(b'{"deny": {"regions": 1}}', "c.json"))
    with pytest.raises(InvalidConfiguration):
        check_entries(governed, [(bad, "c.json")])
    with pytest.raises(NotFound, match=r"9\.0\.0"):
        check_entries(governed, [(PackEntry("guard", "9.0.0", NEVER), "x")])
    assert check_entries(governed, [(GUARD, "x")]) == []
    assert check_entries(governed, []) == []


def test_what_versions_say_of_themselves(governed: Workspace) -> None:
    """By name and version; None where a release was never run."""
    entries = [PackEntry("guard", "latest", NEVER), PackEntry("old", "1.0.0", NEVER)]
    found = metadata_of(governed, entries)
    assert found.keys() == {"guard@1.1.0", "old@1.0.0"}
    assert found["old@1.0.0"] is None
    assert (info := found["guard@1.1.0"]) is not None and info.name == "guard"
