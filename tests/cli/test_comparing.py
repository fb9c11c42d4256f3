"""Comparing releases, and what is used with what there is."""

from __future__ import annotations

from tests.cli.conftest import User
from tests.cli.test_catalog import published as published


def test_outdated_looks_at_the_lock_and_then_at_what_is_installed(published: User) -> None:
    """Packs below their latest version are listed, and yanked ones, with both versions."""
    assert "no packs to compare" in published.must("outdated").err
    published.must("install", "guard@1.0.0", "limits")
    assert published.must("outdated").out == "guard\t1.0.0\t1.1.0\tpublished\n"
    published.must("lock", "guard@1.1.0")
    assert "is at its latest version" in published.must("outdated").err
    published.must("yank", "guard@1.1.0", "--reason", "x")
    assert published.must("outdated", "--json").json() == [
        {"name": "guard", "version": "1.1.0", "latest": "1.0.0", "state": "yanked"}
    ]
    assert published.must("outdated", "--installed").out == ""


def test_diff_of_releases_and_directories(published: User) -> None:
    """Files and manifest fields that differ are told, with the lines on request."""
    found = published.must("diff", "guard@1.0.0", "guard@1.1.0", "--json").json()
    assert found["files"] == {"added": ["new.rego"], "removed": [], "changed": ["PulumiPolicy.yaml"]}
    assert found["manifest"]["version"] == {"old": "1.0.0", "new": "1.1.0"}
    text = published.must("diff", "guard@1.0.0", "guard@1.1.0", "--text").out
    assert "file         + new.rego\n" in text
    assert "manifest     ~ version: 1.0.0 -> 1.1.0\n" in text
    assert {"-version: 1.0.0", "+version: 1.1.0", "+++ new/new.rego"} <= set(text.splitlines())
    directory = f"{published.top}/packs/guard-1.1.0"
    same = published.must("diff", directory, "guard@1.1.0")
    assert (same.out, same.err) == ("", f"{directory} and guard@1.1.0 have the same content\n")
    assert published("diff", "./nowhere", "guard").code == 2
