"""Policies as commands show and compare them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import User, write_pack

pytestmark = pytest.mark.usefixtures("opa")

RULE = """\
package guard

import rego.v1

# METADATA
# description: |
#   {text}
#   More.
{name} contains "no" if input.x
"""


def version(user: User, number: str, *names: str, minimum: int | None = None) -> Path:
    """A pack with these rules; with `minimum` the first takes a property."""
    files = {f"{name}.rego": RULE.format(name=name, text=f"About {name}.") for name in names}
    if minimum is not None:
        properties = {"days": {"type": "integer", "minimum": minimum, "default": 7}}
        files["config-schema.json"] = json.dumps({names[0]: {"properties": properties}})
    directory = write_pack(user.directory / number, "guard", number, files=files)
    (directory / "policy.rego").unlink()
    return directory


def test_info_shows_each_policy_in_a_line(user: User) -> None:
    """Name, level, type and the first line of the description, in columns."""
    user.must("publish", version(user, "1.0.0", "deny_all", "warn_more"))
    lines = user.must("info", "guard").out.splitlines()
    at = lines.index("policies:     2")
    assert lines[at + 1 : at + 3] == [
        "  deny_all   mandatory  resource    About deny_all.",
        "  warn_more  advisory   resource    About warn_more.",
    ]


def test_a_description_cannot_move_the_cursor(user: User) -> None:
    """What a pack says of itself is data on a screen."""
    directory = version(user, "1.0.0", "deny_all")
    text = (directory / "deny_all.rego").read_text().replace("About", "\\u202eAbout")
    (directory / "deny_all.rego").write_text(text.replace("|\n#   ", '"').replace(".\n#   More.", '."'))
    user.must("publish", directory)
    assert r"\u202eAbout deny_all." in user.must("info", "guard").out


def test_diff_shows_what_changed_among_policies(user: User) -> None:
    """In words, and as JSON for programs."""
    user.must("publish", version(user, "1.0.0", "deny_all", "warn_more", minimum=1))
    user.must("publish", version(user, "2.0.0", "deny_all", "deny_more", minimum=3))
    lines = user.must("diff", "guard@1.0.0", "guard@2.0.0").out.splitlines()
    assert [line for line in lines if line.startswith("policy")] == [
        "policy       ~ deny_all: its configuration is stricter: days: minimum is 3 instead of 1",
        "policy       + deny_more: added at the level mandatory",
        "policy       - warn_more: removed, it was advisory",
    ]
    changes = user.must("diff", "guard@1.0.0", "guard@2.0.0", "--json").json()["policies"]
    assert [(change["policy"], change["kind"], change["where"]) for change in changes] == [
        ("deny_all", "stricter", "days"),
        ("deny_more", "added", ""),
        ("warn_more", "removed", ""),
    ]


def test_diff_says_why_policies_are_not_compared(user: User) -> None:
    """A directory is not run for it, and some releases were never run."""
    user.must("publish", version(user, "1.0.0", "deny_all"))
    done = user.must("diff", "guard@1.0.0", f"./{version(user, '1.1.0', 'deny_more').name}")
    assert "policies are not compared: ./1.1.0 is not run for this" in done.err
    user.must("publish", "1.1.0", "--no-run")
    done = user.must("diff", "guard@1.0.0", "guard@1.1.0")
    assert "policies are not compared: guard@1.1.0 was published without them" in done.err
    assert user.must("diff", "guard@1.0.0", "guard@1.1.0", "--json").json()["policies"] is None


def test_a_patch_that_judges_more_strictly_is_warned_of_or_refused(user: User) -> None:
    """All changes are named with the version to take instead; --strict is exit code 7, and writes nothing."""
    user.must("publish", version(user, "1.2.0", "deny_all", "warn_more"))
    user.must("publish", version(user, "1.3.0-rc.1", "deny_all", "deny_new"))
    patch = version(user, "1.2.1", "deny_all", "deny_new")
    done = user("publish", patch, "--strict", "--json")
    assert done.code == 7
    error = done.json()["error"]
    assert [(problem["code"], problem["message"]) for problem in error["problems"]] == [
        ("patch-changes-policies", "deny_new: added at the level mandatory"),
        ("patch-changes-policies", "warn_more: removed, it was advisory"),
    ]
    assert error["hint"] == "publish it as 1.3.0"
    assert "1.2.1" not in user.must("versions", "guard").out
    done = user.must("publish", patch)
    assert "warning: 1.2.1 is a patch of guard@1.2.0 and changes what its policies let pass" in done.err
    assert "deny_new: added at the level mandatory" in done.err


@pytest.mark.parametrize(
    ("number", "names"),
    [
        ("1.3.0", ("deny_new",)),
        ("2.0.0", ("deny_new",)),
        ("1.2.1", ("deny_all", "warn_new")),
        ("1.2.0-rc.1", ("deny_new",)),
    ],
)
def test_other_versions_may_change_what_they_like(user: User, number: str, names: tuple[str, ...]) -> None:
    """A minor or major version, and a pre-release of one; a patch may add what only advises."""
    user.must("publish", version(user, "1.2.0", "deny_all"))
    assert "warning" not in user.must("publish", version(user, number, *names), "--strict").err


def test_a_patch_of_a_release_without_policies_says_that_nothing_was_compared(user: User) -> None:
    """Nobody takes silence for a comparison."""
    user.must("publish", version(user, "1.0.0", "deny_all"), "--no-run")
    done = user.must("publish", version(user, "1.0.1", "deny_new"))
    assert "guard@1.0.0 has no policies in its record" in done.err


def test_strict_needs_a_pack_that_runs(user: User) -> None:
    """Two options that exclude each other are misuse."""
    assert user("publish", version(user, "1.0.0", "deny_all"), "--strict", "--no-run").code == 2
