"""The oldest and the newest Python SDK that still install, and what they differ in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from packreg.analyzer.evaluation import evaluate
from packreg.analyzer.program import Stack
from packreg.errors import PackFailed
from tests.analyzer.packs import buckets, install_sdk, program, python_source, runnable

PACK = """
    import pulumi
    from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy, StackValidationPolicy

    # a pack may ask for its stack while it is loaded
    LOADED = f"{pulumi.get_project()}/{pulumi.get_stack()} {pulumi.Config('shop').require('limit')}"

    def resource(args, report):
        if args.props.get("raises"):
            raise ValueError("cannot")
        report(f"{args.name} {LOADED}")

    def stack(args, report):
        report(f"{len(args.resources)} resources")

    PolicyPack("any-sdk", [
        ResourceValidationPolicy("resource", "r", resource, EnforcementLevel.MANDATORY),
        ResourceValidationPolicy("healthy", "h", lambda args, report: None),
        StackValidationPolicy("stack", "s", stack),
    ], EnforcementLevel.ADVISORY)
"""


@pytest.mark.parametrize("version", ["1.3.0", "1.21.0"])
def test_a_pack_runs_with_the_sdk(version: str, tmp_path: Path) -> None:
    """Without ConfigureStack, policy types or Remediate the findings are the same; the stack is known."""
    python = install_sdk(tmp_path, f"pulumi-policy=={version}")
    config = Stack("dev", "shop", "acme", config={"shop:limit": "7"}, tags={"a": "b"})
    pack = runnable(python_source(tmp_path / "any-sdk", PACK), python=python, stack=config)
    [result] = evaluate(buckets("a", "b"), [pack]).packs
    assert result.errors == ()
    found = [(v.policy, v.level, v.message) for v in result.violations]
    assert found == [
        ("resource", "mandatory", "r\na shop/dev 7"),
        ("resource", "mandatory", "r\nb shop/dev 7"),
        ("stack", "advisory", "s\n2 resources"),
    ]
    types = {policy.type for policy in result.info.policies} if result.info else set()
    assert types == ({"unknown"} if version == "1.3.0" else {"resource", "stack"})

    [raised] = evaluate(buckets("a", raises=True), [pack]).packs
    [error] = raised.errors
    assert error.policy == "resource"
    assert re.fullmatch(r"__main__\.py:[0-9]+: \w+: .*cannot.*", error.why)
    assert [v.policy for v in raised.violations] == ["stack"]


BUILT = """
    from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

    def resource(args, report):
        report(f"{args.name} was seen")

    PolicyPack("any-sdk", [ResourceValidationPolicy("resource", "r", resource, EnforcementLevel.MANDATORY)])
"""
PYPROJECT = """
[project]
name = "Any-SDK"
version = "1.0.0"
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A pack without `__main__.py` of its own, which is a package by the name of its project."""
    directory = python_source(tmp_path / "any-sdk", BUILT)
    (directory / "Any_SDK").mkdir()
    (directory / "Any_SDK" / "__init__.py").touch()
    (directory / "__main__.py").rename(directory / "Any_SDK" / "__main__.py")
    (directory / "pyproject.toml").write_text(PYPROJECT)
    return directory


@pytest.mark.parametrize(
    "requirements", [("pulumi-policy==1.21.0",), ("pulumi-policy==1.14.0", "pulumi==3.165.0")]
)
def test_a_pack_that_is_a_package_runs(requirements: tuple[str, ...], built: Path, tmp_path: Path) -> None:
    """Without `__main__.py` the package of the project's name is run, with the oldest SDK that can, too."""
    pack = runnable(built, python=install_sdk(tmp_path, *requirements))
    [result] = evaluate(buckets("a"), [pack]).packs
    assert result.errors == ()
    assert [(v.policy, v.message) for v in result.violations] == [("resource", "r\na was seen")]


def test_an_sdk_that_runs_no_packages_is_named(built: Path, tmp_path: Path) -> None:
    """With an SDK before 3.165.0 the pack is not evaluated, and it is said which one it needs."""
    pack = runnable(built, python=install_sdk(tmp_path, "pulumi-policy", "pulumi==3.163.0"))
    [error] = evaluate(buckets("a"), [pack]).packs[0].errors
    assert error.code == "sdk-too-old"
    assert "no __main__.py, and its pulumi is before 3.165.0, which runs packages" in error.why


@pytest.mark.parametrize("pyproject", [None, "[project]\nname = 'x'\n", "[build-system", "x" * 300_000])
def test_a_pack_without_a_program_is_said_to_have_none(pyproject: str | None, built: Path) -> None:
    """Nothing is started where there is neither `__main__.py` nor a project that can be built."""
    (built / "pyproject.toml").unlink()
    if pyproject is not None:
        (built / "pyproject.toml").write_text(pyproject)
    with pytest.raises(PackFailed, match=r"neither __main__\.py nor a pyproject\.toml that builds"):
        program(built, python=Path("/nowhere/python"))
