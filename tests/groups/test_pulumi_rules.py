"""Pulumi's documented rules of policy groups, one test for each.

Those that only the CLI can show are tests of the guard in the real CLI (tests/e2e/test_guard.py): local and
enforced packs both run, `test_local_and_enforced_packs_both_run`; a stack with resources out of compliance
can be destroyed, and import runs nothing, `test_other_commands_start_no_analyzer`.
"""

from __future__ import annotations

import pytest

from packreg.enforcement.verdict import TABLE, Found, judged
from packreg.errors import UsageError
from packreg.groups.decision import Required
from packreg.groups.editing import enable, new_group, remove_group
from packreg.groups.members import groups_of
from packreg.groups.model import DEFAULT_AUDIT, DEFAULT_GROUPS, DEFAULT_PREVENTATIVE, Entity, Governance, Mode
from packreg.groups.required import Resolution
from packreg.pack.version import Version
from packreg.registry.layout import record_key
from packreg.registry.listing import PackListing
from tests.groups.governance import NOW, THEN, entry, governed, group

STACK = Entity("stack", "organization/shop/prod")
NEW = Entity("stack", "organization/made/today")
ACCOUNT = Entity("account", "aws/production")
EVERYONE = ("*/*",)


def required(governance: Governance, entity: Entity, mode: Mode = "preventative") -> Required:
    """What must run, where the pack `guard` has the versions 1 to 4."""
    keys = [record_key("guard", Version(f"{number}.0.0")) for number in (1, 2, 3, 4)]
    listings = {"guard": PackListing.from_keys("guard", keys)}
    return Resolution(governance, listings).required(entity, mode, groups_of(governance, entity, mode))


def test_version_2_in_one_group_and_4_in_another_runs_4() -> None:
    """The newest version runs, also where the group with the older one was modified later."""
    two = group("two", entry("guard", "2.0.0", NOW), stacks=EVERYONE)
    four = group("four", entry("guard", "4.0.0", THEN), stacks=EVERYONE)
    [guard] = required(governed(two, four), STACK).packs
    assert (str(guard.version), guard.winner.group) == ("4.0.0", "four")


def test_same_version_with_different_configuration_runs_the_most_recently_modified() -> None:
    """Which group was modified last decides, and not how it is called."""
    strict, lax = {"no-open": "mandatory"}, {"no-open": "advisory"}
    for times in ((THEN, NOW), (NOW, THEN)):
        a = group("a", entry("guard", "4.0.0", times[0], config=strict), stacks=EVERYONE)
        b = group("b", entry("guard", "4.0.0", times[1], config=lax), stacks=EVERYONE)
        [guard] = required(governed(a, b), STACK).packs
        assert guard.config == (strict if times[0] == NOW else lax)


def test_a_violation_of_an_account_informs_and_never_blocks() -> None:
    """Accounts are in audit groups only, and whatever is found there denies nothing."""
    takes_accounts = group("accounts", kinds=frozenset({"stack", "account"}))
    with pytest.raises(UsageError, match="a preventative group takes stacks only"):
        new_group(governed(), takes_accounts)
    packs = (entry("guard", "latest"),)
    governance = enable(enable(governed(), DEFAULT_AUDIT, *packs), DEFAULT_PREVENTATIVE, *packs)
    assert required(governance, ACCOUNT).nothing
    assert not required(governance, ACCOUNT, "audit").nothing
    everything: list[Found] = list(TABLE)
    assert "denied" not in {
        judged(found, "audit") for found in (everything, *([each] for each in everything))
    }
    assert judged(["mandatory violation"], "audit") == "not-compliant"


def test_new_stacks_fall_into_the_defaults() -> None:
    """A stack that nobody listed must run what is enabled there, in both modes; the defaults stay."""
    governance = governed(group("prod", entry("guard", "4.0.0"), stacks=("*/prod",)))
    governance = enable(governance, DEFAULT_PREVENTATIVE, entry("guard", "1.0.0"))
    governance = enable(governance, DEFAULT_AUDIT, entry("guard", "3.0.0"))
    modes: tuple[tuple[Mode, str, str], ...] = (
        ("preventative", DEFAULT_PREVENTATIVE, "1.0.0"),
        ("audit", DEFAULT_AUDIT, "3.0.0"),
    )
    for mode, name, version in modes:
        found = required(governance, NEW, mode)
        assert (found.groups, [str(pack.version) for pack in found.packs]) == ((name,), [version])
    for name in DEFAULT_GROUPS:
        with pytest.raises(UsageError, match="always there"):
            remove_group(governance, name)
