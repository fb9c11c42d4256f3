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
