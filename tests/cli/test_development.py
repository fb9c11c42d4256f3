"""The environment of a pack directory, in place."""

from __future__ import annotations

import json

from tests.cli.conftest import User, write_pack


def test_dev_of_a_pack_that_needs_nothing(user: User) -> None:
    """An OPA pack has no environment, and `dev` says so."""
    write_pack(user.directory / "guard", "guard", "1.0.0")
    assert user.must("dev", "guard", "--json").json()["environment"] is None
    assert "needs no environment" in user.must("dev", "guard").err


def test_dev_makes_an_environment_in_place(user: User) -> None:
    """A Python pack gets a virtual environment where its manifest says, and the second run finds it."""
    directory = user.directory / "guard"
    directory.mkdir()
    (directory / "PulumiPolicy.yaml").write_text(
        "runtime:\n  name: python\n  options:\n    virtualenv: .venv\nversion: 1.0.0\n"
    )
    (directory / "__main__.py").write_text(
        'from pulumi_policy import PolicyPack\n\nPolicyPack("guard", [])\n'
    )
    found = user.must("dev", "guard", "--json").json()
    assert (found["environment"], found["changed"]) == (str(directory / ".venv"), True)
    assert (directory / ".venv" / "pyvenv.cfg").is_file()
    assert json.loads(user.must("dev", "guard", "--json").out)["changed"] is False
