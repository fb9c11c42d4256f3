"""Steps for build services."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from packreg.cli.ci_steps import ci_step
from packreg.errors import UsageError
from tests.cli.conftest import User

WHEEL = "https://files.example.org/packreg-0.1.0-py3-none-any.whl#sha256=00"
REGISTRY = "s3://policies/packs?region=eu-central-1"


def said(user: User, text: str) -> None:
    """Write the user's own settings."""
    file = Path(user.environ["HOME"]) / ".config" / "packreg" / "packreg.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize(("option", "variable"), [("--github", "GITHUB_ENV"), ("--gitlab", "before_script")])
def test_ci_steps_are_yaml_that_fails_without_the_guard(user: User, option: str, variable: str) -> None:
    """The step installs what the operator says, names the registry, and stops where `packreg guard` fails."""
    said(user, f'[ci]\ninstall = "{WHEEL}"\n')
    done = user("--registry", REGISTRY, "guard", option)
    assert done.code == 0
    assert yaml.safe_load(done.out)
    assert variable in done.out
    assert REGISTRY in done.out and f"pip install --quiet '{WHEEL}'" in done.out
    assert 'guard="$(packreg guard)"' in done.out, "an assignment of its own: its failure stops the script"
    assert "s3://BUCKET/PREFIX" in user("guard", option).out, "a directory is of no use to a build service"
    assert user("guard", option, "--directory").code == 2


def test_no_step_is_printed_until_it_is_said_where_packreg_comes_from(user: User) -> None:
    """A name is what anybody may register in an index; a project does not choose what is installed."""
    done = user("--registry", REGISTRY, "guard", "--github")
    assert done.code == 2 and not done.out and "[ci]" in done.err
    said(user, '[ci]\ninstall = "packreg==0.1.0"\n')
    assert user("--registry", REGISTRY, "guard", "--github").code == 2
    (user.directory / "packreg.toml").write_text(f'[ci]\ninstall = "{WHEEL}"\n')
    assert user("--registry", REGISTRY, "guard", "--github").code == 2


@pytest.mark.parametrize(
    "install",
    [
        *("packreg", "packreg[dask]>=0.1", "--index-url https://x/simple packreg", "docker://", ""),
        *("https://x/p.whl; curl evil", "./p.whl\n- run: x", "https://x/$(id).whl", "a.whl'b"),
    ],
)
def test_what_an_index_or_a_shell_would_read_is_refused(install: str) -> None:
    """Only places are taken: no names, no options, nothing that a shell expands."""
    with pytest.raises(UsageError):
        ci_step("github", install=install, registry=REGISTRY)


@pytest.mark.parametrize("install", ["tools/packreg.whl", "packreg.whl", "git+https://git.example.org/p@v1"])
def test_paths_and_git_urls_are_installed(install: str) -> None:
    """As pip takes them."""
    assert f"install --quiet {install}" in ci_step("gitlab", install=install, registry=REGISTRY)


def test_an_image_is_the_image_of_the_job() -> None:
    """Nothing is installed then; both texts are YAML of their service."""
    image = "registry.example.org/packreg:1"
    github = yaml.safe_load(ci_step("github", install=f"docker://{image}", registry=REGISTRY))
    assert github["container"] == image and "pip" not in github["steps"][0]["run"]
    gitlab = yaml.safe_load(ci_step("gitlab", install=f"docker://{image}", registry=REGISTRY))
    job = gitlab[".enforce-policy-packs"]
    assert job["image"] == image and job["before_script"][0] == 'guard="$(packreg guard)"'
