"""What a registry holds, asked without a command line."""

from __future__ import annotations

import json

import pytest

from packreg.errors import NotFound
from packreg.pack.reference import Reference
from packreg.registry.record import Lock
from packreg.services.catalog import (
    dependencies,
    latest_versions,
    pack_versions,
    release_info,
    search_packs,
)
from packreg.services.withdrawal import remove, yank
from packreg.services.workspace import Workspace

NEW = Reference.parse("guard@1.1.0")


def test_packs_have_their_latest_version(governed: Workspace) -> None:
    """None where no version is left that `latest` could mean."""
    yank(governed, NEW, "wrong")
    yank(governed, Reference.parse("old@1.0.0"), "wrong")
    assert latest_versions(governed) == {"guard": "1.0.0", "old": None}


def test_versions_are_listed_with_their_states(governed: Workspace) -> None:
    """The lowest first, also what was removed; a pack that is not there is no empty list."""
    remove(governed, NEW, "a secret", yes=True)
    assert json.loads(json.dumps(pack_versions(governed, "guard").as_json())) == {
        "name": "guard",
        "latest": "1.0.0",
        "versions": [{"version": "1.0.0", "state": "published"}, {"version": "1.1.0", "state": "removed"}],
    }
    with pytest.raises(NotFound, match="no pack 'none'"):
        pack_versions(governed, "none")


def test_a_release_says_how_it_stands(governed: Workspace) -> None:
    """Exactly one of the states has a notice; a published release has none."""
    assert release_info(governed, NEW).as_json().items() >= {"yanked": None, "removed": None}.items()
    yank(governed, NEW, "too strict")
    found = release_info(governed, NEW).as_json()
    assert (found["yanked"]["reason"], found["yanked"]["by"], found["removed"]) == ("too strict", "Ada", None)
    assert found["version"] == "1.1.0"


def test_names_and_descriptions_are_searched(governed: Workspace) -> None:
    """By the latest version of each, whatever the case."""
    assert [(hit.name, hit.version) for hit in search_packs(governed, "GUA")] == [("guard", "1.1.0")]
    assert search_packs(governed, "nothing of the kind") == []


def test_locked_dependencies_are_summarised(governed: Workspace) -> None:
    """Of a lock the names and versions are shown, not the hashes; one that is not understood shows none."""
    record = release_info(governed, NEW).record
    text = (
        "pulumi==3.1 \\\n    --hash=sha256:00\ngrpcio==1.0 ; python_version < '4' \\\n    --hash=sha256:11\n"
    )
    locked = record._replace(lock=Lock("requirements", text))
    assert dependencies(locked) == ["grpcio==1.0 ; python_version < '4'", "pulumi==3.1"]
    npm = '{"packages": {"": {}, "node_modules/@pulumi/policy": {"version": "1.2.0"}}}'
    assert dependencies(record._replace(lock=Lock("npm", npm))) == ["@pulumi/policy@1.2.0"]
    assert dependencies(record._replace(lock=Lock("npm", "[]"))) == []
