"""Enabling packs in groups."""

from __future__ import annotations

from tests.cli.conftest import User
from tests.cli.test_grouping import DEFAULT, entry_of
from tests.cli.test_grouping import governor as governor
from tests.cli.test_grouping import published as published


def test_enabling_goes_to_the_default_group_unless_told(governor: User) -> None:
    """As Pulumi does it; what is not given stays as it was."""
    governor.must("enable", "--yes", "guard@latest")
    assert entry_of(governor, DEFAULT, "guard")["version"] == "latest"
    (governor.directory / "c.json").write_text('{"all": "advisory", "environments": ["base"]}')
    for name in ("base", "extra"):
        (governor.directory / f"{name}.yaml").write_text("values: {policyConfig: {keep: advisory}}")
        governor.must("env", "set", name, f"{name}.yaml")
    governor.must("group", "new", "prod", "--add-stack", "*/prod")
    governor.must("enable", "guard@1.0.0", "--group", "prod", "--config", "c.json", "-e", "extra")
    first = entry_of(governor, "prod", "guard")
    assert (first["config"], first["environments"]) == ({"all": "advisory"}, ["extra"])
    governor.must("enable", "--yes", "guard@^1", "--policy-group", "prod")
    second = entry_of(governor, "prod", "guard")
    assert (second["version"], second["config"], second["environments"]) == ("^1", first["config"], ["extra"])
    assert str(second["modified"]) > str(first["modified"])
    governor.must("enable", "guard@latest", "--group", "prod", "--no-config", "--no-environment")
    third = entry_of(governor, "prod", "guard")
    assert (third["version"], third["config"], third["environments"]) == ("latest", {}, [])


def test_name_and_version_may_be_two_words(governor: User) -> None:
    """As `pulumi policy enable` has them; a version is not given twice."""
    governor.must("enable", "--yes", "guard", "latest")
    assert entry_of(governor, DEFAULT, "guard")["version"] == "latest"
    assert governor("enable", "--yes", "guard@1.0.0", "1.0.0").code == 2
    assert governor("enable", "--yes", "guard", "no version").code == 2


def test_the_words_of_the_pulumi_cli(governor: User) -> None:
    """Commands that name an organization, Pulumi's default group or a version to disable work or say how."""
    governor.must("enable", "acme/guard", "latest", "--policy-group", DEFAULT, "--yes")
    assert entry_of(governor, DEFAULT, "guard")["version"] == "latest"
    done = governor("enable", "acme/guard", "latest", "--policy-group", "default-policy-group")
    assert done.code == 6 and f"did you mean {DEFAULT}?" in done.err
    for path in ("./guard", "a/b/guard", "/guard", "acme/"):
        assert governor("enable", path, "latest", "--yes").code == 2
    done = governor("disable", "acme/guard", "--version", "1.0.0", "--yes")
    assert done.code == 6 and "asks for guard@latest" in done.err
    governor.must("disable", "acme/guard", "--version", "latest", "--yes")
    assert governor("rm", "acme/guard", "all", "--yes").code == 2
    assert governor.must("rm", "acme/guard", "1.0.0", "--reason", "old", "--yes").out.startswith(
        "guard@1.0.0 is now"
    )


def test_enabling_the_same_again_writes_nothing(governor: User) -> None:
    """The time of an entry is that of its last change, so the same again leaves it, and makes no revision."""
    governor.must("enable", "--yes", "guard@1.0.0")
    before = governor.must("group", "get", DEFAULT, "--json").json()
    assert governor.must("enable", "--yes", "guard@1.0.0", "--json").json() == {
        "revision": before["revision"],
        "written": False,
        "changes": [],
        "reach": {"touched": 0, "known": 0, "everyone": True, "by_tags": False},
        "warnings": [],
    }
    assert governor.must("group", "get", DEFAULT, "--json").json() == before
