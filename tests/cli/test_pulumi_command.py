"""The guard gets into every command line of the Pulumi CLI, whatever its version and its other packs."""

from __future__ import annotations

import pytest

from packreg.cli.pulumi_command import Forms, guarded, read_version, variable_value
from packreg.errors import UsageError
from packreg.services.pulumi_options import CONFIGS, PACKS, given

FORMS = Forms("/bin/guard", "/lib/guard", "/lib/none.json")
NEW, MIDDLE, OLD = (3, 259, 0), (3, 220, 1), (3, 150, 0)


def test_the_variable_is_set_and_the_command_stays_as_it_is() -> None:
    """A CLI that reads the variable gets it, in the form that its version knows."""
    command = ["pulumi", "up", "--yes"]
    assert guarded(command, {}, NEW, FORMS) == (command, {PACKS: "/bin/guard"})
    assert guarded(command, {}, MIDDLE, FORMS) == (command, {PACKS: "/lib/guard"})
    assert guarded(["make", "deploy"], {}, None, FORMS) == (["make", "deploy"], {PACKS: "/bin/guard"})


def test_packs_that_are_in_the_variable_are_kept() -> None:
    """The guard is added to what the variable names, and only once."""
    assert guarded(["pulumi", "up"], {PACKS: "a,b"}, NEW, FORMS).variables == {PACKS: "/bin/guard,a,b"}
    assert guarded(["pulumi", "up"], {PACKS: "/bin/guard"}, NEW, FORMS).variables == {PACKS: "/bin/guard"}


@pytest.mark.parametrize("flag", [["--policy-pack-config", "c.json"], ["--policy-pack-config=c.json"]])
def test_each_pack_has_a_configuration_when_one_has(flag: list[str]) -> None:
    """The CLI counts configurations over flags and variables, so the guard gets one of nothing."""
    command = ["pulumi", "preview", "--policy-pack", "mine", *flag]
    assert guarded(command, {}, NEW, FORMS).variables == {PACKS: "/bin/guard", CONFIGS: "/lib/none.json"}
    environ = {PACKS: "a", CONFIGS: "a.json"}
    assert guarded(["pulumi", "up"], environ, NEW, FORMS).variables == {
        PACKS: "/bin/guard,a",
        CONFIGS: "/lib/none.json,a.json",
    }
    environ = {PACKS: "a,/bin/guard", CONFIGS: "a.json"}
    assert guarded(["pulumi", "up"], environ, NEW, FORMS).variables == {
        PACKS: "a,/bin/guard",
        CONFIGS: "a.json,/lib/none.json",
    }


def test_a_pack_keeps_the_configuration_it_has_without_the_guard() -> None:
    """Packs in the variable and configurations in flags are one list each: the guard's pair comes first."""
    flags = ["--policy-pack", "b", "--policy-pack-config", "a.json", "--policy-pack-config", "b.json"]
    command = ["pulumi", "up", *flags]
    assert given(command, {PACKS: "a"}).pairs == (("a", "a.json"), ("b", "b.json"))
    made = guarded(command, {PACKS: "a"}, NEW, FORMS)
    guard = ("/bin/guard", "/lib/none.json")
    assert given(made.command, made.variables).pairs == (guard, ("a", "a.json"), ("b", "b.json"))


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pulumi up --yes", "pulumi up --policy-pack /lib/guard --yes"),
        ("pulumi -C infra --color never pre", "pulumi -C infra --color never pre --policy-pack /lib/guard"),
        ("pulumi --cwd=up preview", "pulumi --cwd=up preview --policy-pack /lib/guard"),
        ("/opt/pulumi watch", "/opt/pulumi watch --policy-pack /lib/guard"),
        (
            "pulumi up --policy-pack p --policy-pack-config c",
            "pulumi up --policy-pack /lib/guard --policy-pack-config /lib/none.json"
            " --policy-pack p --policy-pack-config c",
        ),
        ("pulumi destroy --yes", "pulumi destroy --yes"),
        ("pulumi stack rm up", "pulumi stack rm up"),
        ("pulumi", "pulumi"),
    ],
)
def test_an_old_cli_gets_flags(command: str, expected: str) -> None:
    """A CLI that would ignore the variable gets flags, where the command runs policy packs."""
    assert guarded(command.split(), {}, OLD, FORMS) == (expected.split(), {})


def test_an_old_cli_behind_another_program_is_refused() -> None:
    """What calls an old CLI by itself would run without the guard, so it does not run."""
    with pytest.raises(UsageError, match=r"3\.150\.0 and ignores"):
        guarded(["make", "deploy"], {}, OLD, FORMS)


def test_a_path_with_a_comma_is_one_word() -> None:
    """The variable is a line of a CSV file, and the CLI reads each of its words as such a line once more."""
    assert variable_value(["/a,b/guard"]) == '"""/a,b/guard"""'
    assert given(["pulumi"], {PACKS: variable_value(["/a,b/guard"])}).pairs == (("/a,b/guard", ""),)
    forms = FORMS._replace(file='/a,"b"/guard')
    first = guarded(["pulumi", "up"], {}, NEW, forms).variables
    assert guarded(["pulumi", "up"], first, NEW, forms).variables == first


def test_versions_are_read_as_the_cli_writes_them() -> None:
    """Released and development versions are understood; anything else is not a version."""
    assert read_version("v3.259.0\n") == (3, 259, 0)
    assert read_version("3.260.0-dev.0") == (3, 260, 0)
    assert read_version("unknown command") is None
