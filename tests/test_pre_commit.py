"""The hooks for pre-commit: what they start exists, and does what their names say."""

from __future__ import annotations

import shlex

import pytest
import yaml

from tests.cli.conftest import User
from tests.cli.conftest import user as user  # a fixture
from tests.pages import ROOT

HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}


def test_each_hook_is_installed_from_its_own_checkout() -> None:
    """pre-commit installs what is in the repository, with Python, and nothing by its name."""
    assert HOOKS.keys() == {"packreg-check", "packreg-test"}
    for hook in HOOKS.values():
        assert hook.keys() == {"id", "name", "description", "entry", "language", "pass_filenames"}
        assert (hook["language"], hook["pass_filenames"]) == ("python", False)


@pytest.mark.usefixtures("opa")
@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_fails_for_a_pack_that_is_wrong_and_passes_otherwise(user: User, hook: str) -> None:
    """In the root of a repository without arguments, and with the directory of a pack as one."""
    _, *words = shlex.split(HOOKS[hook]["entry"])
    user.must("new", "opa", "guard", "-q")
    user.must(*words, "guard")
    rules = user.directory / "guard" / "policy.rego"
    rules.write_text(rules.read_text().replace("input[key] in", "input[key] ="))
    rules.write_text(
        rules.read_text().replace("deny_public_bucket contains", "deny_public_bucket if contains")
    )
    assert user(*words, "guard").code != 0
    user.directory /= "guard"
    assert user(*words).code != 0
