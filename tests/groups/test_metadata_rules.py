"""What metadata must keep to be published."""

from __future__ import annotations

import pytest

from packreg.groups.metadata_rules import metadata_problems
from packreg.pack.metadata import InitialSetting, PackInfo, PolicyInfo, Schema


def wrong(info: PackInfo, runtime: str = "nodejs") -> list[tuple[str, str]]:
    """Code and message of each problem of publishing it as guard@1.2.0."""
    return [(problem.code, problem.message) for problem in metadata_problems(info, "guard", "1.2.0", runtime)]


def policies(*found: PolicyInfo) -> PackInfo:
    """A pack with these policies, whose name and version agree."""
    return PackInfo("guard", "1.2.0", found)


def test_a_sound_pack_has_no_problems() -> None:
    """Also if its author writes its name with capitals, or its SDK knows no version."""
    schema = Schema({"days": {"type": "integer", "default": 1.0}}, ("days",))
    assert wrong(policies(PolicyInfo("Häuser (alle)", "advisory", schema=schema))) == []
    assert wrong(PackInfo("Guard", "", ())) == []
    assert wrong(PackInfo("guard", "0.0.1", ()), "python") == []


@pytest.mark.parametrize(
    ("info", "code", "said"),
    [
        (PackInfo("other", "1.2.0", ()), "name-differs", "the running pack calls itself 'other', not guard"),
        (PackInfo("guard", "1.1.0", ()), "version-differs", "its version is 1.1.0, not 1.2.0"),
        (policies(PolicyInfo("a\x1b[2J", "advisory")), "policy-name", r"the policy 'a\x1b[2J'"),
        (policies(PolicyInfo(" a", "advisory")), "policy-name", "the policy ' a'"),
        (
            policies(PolicyInfo("a", "advisory", schema=Schema({"n": {"type": "strnig"}}))),
            "policy-schema",
            '"strnig" is not a type',
        ),
        (
            policies(PolicyInfo("a", "advisory", schema=Schema({"n": {"pattern": "("}}))),
            "policy-schema",
            "is not a regular expression",
        ),
        (
            PackInfo("guard", "", (), initial={"\n": InitialSetting("advisory")}),
            "policy-name",
            "initialConfig",
        ),
    ],
)
def test_each_rule(info: PackInfo, code: str, said: str) -> None:
    """What disagrees or cannot be used is named, printable."""
    [(found, message)] = wrong(info)
    assert found == code
    assert said in message
    assert message.isprintable()


def test_all_problems_are_told_at_once() -> None:
    """An author mends them in one go."""
    bad = Schema({"n": {"type": "strnig"}})
    info = PackInfo(
        "x", "1", (PolicyInfo("a ", "advisory", schema=bad), PolicyInfo("b", "advisory", schema=bad))
    )
    assert [code for code, _ in wrong(info)] == [
        "name-differs",
        "version-differs",
        "policy-name",
        "policy-schema",
        "policy-schema",
    ]
