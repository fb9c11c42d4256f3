"""`list`, `versions`, `info`, `search`, `outdated` and `diff`."""

from __future__ import annotations

import pytest

from tests.cli.conftest import User


@pytest.fixture
def published(user: User) -> User:
    """A user with three versions of guard, one of them yanked and one a pre-release, and limits."""
    user.publish("guard", "1.0.0", description="Keeps buckets private.")
    user.publish(
        "guard", "1.1.0", description="Keeps buckets encrypted.", files={"new.rego": "package guard\n"}
    )
    user.publish("guard", "2.0.0-rc.1")
    user.publish("limits", "0.1.0", description="Caps instances.")
    return user


def test_list_names_packs_and_their_latest_versions(published: User) -> None:
    """Names alone cost one listing; with --latest each has its version."""
    assert published.must("list").out == "guard\nlimits\n"
    assert published.must("ls", "--latest").out == "guard\t1.1.0\nlimits\t0.1.0\n"
    assert published.must("list", "--latest", "--json").json() == [
        {"name": "guard", "latest": "1.1.0"},
        {"name": "limits", "latest": "0.1.0"},
    ]


def test_an_empty_registry_is_told_on_stderr(user: User) -> None:
    """No packs is no data."""
    done = user.must("list")
    assert done.out == ""
    assert done.err.startswith("no packs in /")


def test_versions_have_states(published: User) -> None:
    """Every used version is listed in its order, also yanked and removed ones."""
    published.must("yank", "guard@1.1.0", "--reason", "x")
    published.must("remove", "guard@2.0.0-rc.1", "--yes", "--reason", "x")
    assert published.must("versions", "guard").out == "1.0.0\tlatest\n1.1.0\tyanked\n2.0.0-rc.1\tremoved\n"
    assert published.must("versions", "guard", "--json").json() == {
        "name": "guard",
        "latest": "1.0.0",
        "versions": [
            {"version": "1.0.0", "state": "published"},
            {"version": "1.1.0", "state": "yanked"},
            {"version": "2.0.0-rc.1", "state": "removed"},
        ],
    }
    assert published("versions", "nothing").code == 6


def test_info_shows_the_release(published: User) -> None:
    """Manifest, digests, publisher and yank are shown; JSON has the record."""
    published.must("yank", "guard@1.1.0", "--reason", "too strict")
    lines = published.must("info", "guard@1.1.0").out.splitlines()
    assert "version:      1.1.0" in lines
    assert "description:  Keeps buckets encrypted." in lines
    assert any(line.startswith("yanked:       too strict") for line in lines)
    found = published.must("info", "guard@1.1.0", "--json").json()
    assert (found["yanked"].pop("reason"), list(found["yanked"])) == ("too strict", ["by", "at"])
    assert found["removed"] is None
    assert (found["dependencies"], found["manifest"]["runtime"]) == ([], "opa")
    assert published.must("info", "guard", "--json").json()["yanked"] is None


def test_info_says_what_was_removed(published: User) -> None:
    """The record of a removed release can be read, and says first of all that it is gone, and why."""
    published.must("remove", "guard@1.1.0", "--yes", "--reason", "holds a secret")
    lines = published.must("info", "guard@1.1.0").out.splitlines()
    assert lines[2].startswith("removed:      holds a secret (")
    found = published.must("info", "guard@1.1.0", "--json").json()
    assert found["removed"]["reason"] == "holds a secret"
    assert found["removed"]["by"] in lines[2]
    assert found["removed"]["at"] in lines[2]
    assert found["yanked"] is None


def test_search_looks_at_names_and_descriptions(published: User) -> None:
    """Case does not matter; the latest version's description counts."""
    assert published.must("search", "ENCRYPTED").out == "guard\t1.1.0\tKeeps buckets encrypted.\n"
    assert [hit["name"] for hit in published.must("search", "s", "--json").json()] == ["guard", "limits"]
    done = published.must("search", "nowhere")
    assert (done.out, done.err) == ("", "no pack has 'nowhere' in its name or description\n")
