"""What changed among the policies of a pack."""

from __future__ import annotations

import pytest

from packreg.groups.policy_changes import policy_changes
from packreg.pack.metadata import InitialSetting, PackInfo, PolicyInfo, Schema


def pack(*policies: PolicyInfo, **initial: str) -> PackInfo:
    """A pack with these policies, and with these levels in its initialConfig."""
    settings = {name: InitialSetting(level) for name, level in initial.items()}
    return PackInfo("guard", "1.0.0", policies, supports_config=True, initial=settings)


@pytest.mark.parametrize(
    ("old", "new", "said", "breaking"),
    [
        (pack(), pack(PolicyInfo("p", "mandatory")), "p: added at the level mandatory", True),
        (pack(), pack(PolicyInfo("p", "remediate")), "p: added at the level remediate", True),
        (pack(), pack(PolicyInfo("p", "advisory")), "p: added at the level advisory", False),
        (pack(PolicyInfo("p", "advisory")), pack(), "p: removed, it was advisory", True),
        (
            pack(PolicyInfo("p", "advisory")),
            pack(PolicyInfo("p", "mandatory")),
            "p: raised from advisory to mandatory",
            True,
        ),
        (
            pack(PolicyInfo("p", "mandatory")),
            pack(PolicyInfo("p", "remediate")),
            "p: raised from mandatory to remediate",
            True,
        ),
        (
            pack(PolicyInfo("p", "advisory")),
            pack(PolicyInfo("p", "disabled")),
            "p: lowered from advisory to disabled",
            False,
        ),
        (
            pack(PolicyInfo("p", "advisory"), all="disabled"),
            pack(PolicyInfo("p", "advisory"), all="disabled", p="mandatory"),
            "p: raised from disabled to mandatory",
            True,
        ),
        (
            pack(PolicyInfo("p", "advisory")),
            pack(PolicyInfo("p", "advisory", schema=Schema({"n": {}}, ("n",)))),
            "p: its configuration is stricter: n: it is now required",
            True,
        ),
        (
            pack(PolicyInfo("p", "advisory", schema=Schema({"n": {"default": 1}}))),
            pack(PolicyInfo("p", "advisory", schema=Schema({"n": {"default": 2}}))),
            "p: its configuration is changed: n: default is 2 instead of 1",
            False,
        ),
    ],
)
def test_one_change(old: PackInfo, new: PackInfo, said: str, breaking: bool) -> None:
    """Each change is a sentence, and whether a patch may bring it is known."""
    [change] = policy_changes(old, new)
    assert (str(change), change.breaking) == (said, breaking)


def test_changes_are_in_the_order_of_policies_and_unchanged_ones_are_not_there() -> None:
    """Whoever reads a difference finds a policy in one place."""
    old = pack(PolicyInfo("b", "advisory"), PolicyInfo("c", "advisory", description="x"))
    new = pack(PolicyInfo("c", "advisory", description="y"), PolicyInfo("a", "advisory"))
    assert [(change.policy, change.kind) for change in policy_changes(old, new)] == [
        ("a", "added"),
        ("b", "removed"),
    ]
    assert policy_changes(new, new) == ()


def test_the_initial_configuration_of_a_pack_that_takes_none_does_not_count() -> None:
    """What a policy's level is when nobody configures it, is what would be enforced."""
    info = PackInfo("guard", "1", (PolicyInfo("p", "mandatory"),), initial={"p": InitialSetting("disabled")})
    assert info.level_of("p") == "mandatory"
