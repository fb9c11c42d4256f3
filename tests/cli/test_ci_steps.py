"""Steps for build services."""

from __future__ import annotations

import pytest
import yaml

from tests.cli.conftest import User


@pytest.mark.parametrize(("option", "variable"), [("--github", "GITHUB_ENV"), ("--gitlab", "before_script")])
def test_ci_steps_are_yaml_that_fails_without_the_guard(user: User, option: str, variable: str) -> None:
    """The step names this version and the registry, and stops where `packreg guard` fails."""
    done = user("--registry", "s3://policies/packs?region=eu-central-1", "guard", option)
    assert done.code == 0
    assert yaml.safe_load(done.out)
    assert variable in done.out
    assert "s3://policies/packs?region=eu-central-1" in done.out
    assert 'guard="$(packreg guard)"' in done.out, "an assignment of its own: its failure stops the script"
    assert "s3://BUCKET/PREFIX" in user("guard", option).out, "a directory is of no use to a build service"
    assert user("guard", option, "--directory").code == 2
