"""Edits of governance, one rule each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from packreg.errors import NotFound, UsageError
from packreg.groups import editing
from packreg.groups.editing import Listed
from packreg.groups.model import DEFAULT_AUDIT, DEFAULT_PREVENTATIVE, About, Governance, Rules, Waiver
from tests.groups.governance import entry, governed, group

WAIVER = Waiver("w1", "guard", "p", "web/prod", "Ada", "why", "2026-12-31T23:59:59Z", "2026-08-01T12:00:00Z")
TRIAL = group(
    "trial", entry("guard", "2.0.0", config={"all": "mandatory"}), entry("new"), mode="audit", stacks=("*/*",)
)
BASE = governed(group("prod", entry("guard"), entry("tags"), stacks=("*/prod",)), TRIAL)


def test_promotion_moves_what_was_tested() -> None:
    """Entries of the audit group replace those of the same pack; other packs, members and the source stay."""
    after = editing.promote(BASE, "trial", "prod")
    prod = after.groups["prod"]
    assert {name: each.version for name, each in prod.packs.items()} == {
        "guard": "2.0.0",
        "tags": "1.0.0",
        "new": "1.0.0",
    }
    assert prod.packs["guard"].config == {"all": "mandatory"}
    assert prod.stacks == ("*/prod",)
    assert after.groups["trial"] == TRIAL


def test_members_are_listed_once_and_in_order() -> None:
    """Adding what is listed changes nothing; removing takes exactly what is listed."""
    once = editing.edit_members(BASE, "prod", Listed(stacks=("b/c", "*/prod", "a/b")), Listed())
    assert once.groups["prod"].stacks == ("*/prod", "a/b", "b/c")
    assert editing.edit_members(once, "prod", Listed(stacks=("a/b",)), Listed()) == once
    back = editing.edit_members(once, "prod", Listed(tags=("env=x",)), Listed(stacks=("a/b", "b/c")))
    assert (back.groups["prod"].stacks, back.groups["prod"].tags) == (("*/prod",), ("env=x",))


def test_renaming_keeps_everything_else() -> None:
    """A renamed group has its members, its packs, times too, and its owner as they were."""
    owned = editing.describe_group(BASE, "prod", {"owner": "platform"})
    after = editing.rename_group(owned, "prod", "production")
    assert "prod" not in after.groups
    assert replace(after.groups["production"], name="prod") == owned.groups["prod"]


def test_what_a_group_says_of_itself_changes_one_by_one() -> None:
    """Only what is given changes, an empty text takes it away, and what cannot be shown is refused."""
    owned = editing.describe_group(BASE, "prod", {"owner": "platform", "contact": "#platform"})
    assert owned.groups["prod"] == replace(BASE.groups["prod"], about=About("platform", "#platform"))
    again = editing.describe_group(owned, "prod", {"owner": "", "description": "production"})
    assert again.groups["prod"].about == About("", "#platform", "production")
    with pytest.raises(UsageError, match="the owner"):
        editing.describe_group(BASE, "prod", {"owner": "a\nb"})
    with pytest.raises(NotFound):
        editing.describe_group(BASE, "pord", {"owner": "x"})


REFUSED: dict[str, tuple[Callable[[], Governance], type[Exception], str]] = {
    "a group twice": (lambda: editing.new_group(BASE, group("prod")), UsageError, "already"),
    "a name that is none": (lambda: editing.new_group(BASE, group("Prod!")), UsageError, "a-z"),
    "preventative accounts": (
        lambda: editing.new_group(BASE, group("a", kinds=frozenset({"account"}))),
        UsageError,
        "stacks only",
    ),
    "deleting a default": (lambda: editing.remove_group(BASE, DEFAULT_AUDIT), UsageError, "always there"),
    "renaming a default": (
        lambda: editing.rename_group(BASE, DEFAULT_AUDIT, "x"),
        UsageError,
        "always there",
    ),
    "renaming to a default": (
        lambda: editing.rename_group(BASE, "prod", DEFAULT_AUDIT),
        UsageError,
        "already",
    ),
    "members of a default": (
        lambda: editing.edit_members(BASE, DEFAULT_PREVENTATIVE, Listed(stacks=("a/b",)), Listed()),
        UsageError,
        "cannot be edited",
    ),
    "accounts of stacks": (
        lambda: editing.edit_members(BASE, "trial", Listed(accounts=("aws",)), Listed()),
        UsageError,
        "takes stacks only",
    ),
    "no such group": (lambda: editing.enable(BASE, "prods", entry("guard")), NotFound, "prods"),
    "no such member": (
        lambda: editing.edit_members(BASE, "prod", Listed(), Listed(stacks=("a/b",))),
        NotFound,
        "does not list",
    ),
    "no such pack": (lambda: editing.disable(BASE, "prod", "guards"), NotFound, "guards"),
    "promoting from preventative": (
        lambda: editing.promote(BASE, "prod", "prod"),
        UsageError,
        "preventative",
    ),
    "promoting to audit": (lambda: editing.promote(BASE, "trial", DEFAULT_AUDIT), UsageError, "audit"),
    "promoting nothing": (lambda: editing.promote(BASE, DEFAULT_AUDIT, "prod"), UsageError, "no packs"),
    "a waiver that the pack forbids": (lambda: editing.waive(BASE, WAIVER, {"p"}), UsageError, "no-waivers"),
    "a waiver that the settings forbid": (
        lambda: editing.waive(editing.set_rules(BASE, Rules(unwaivable=("gu*:*",))), WAIVER),
        UsageError,
        "unwaivable",
    ),
    "a waiver without a reason": (
        lambda: editing.waive(BASE, replace(WAIVER, reason="")),
        UsageError,
        "reason",
    ),
    "no such waiver": (lambda: editing.unwaive(BASE, "w9"), NotFound, "w9"),
    "settings that are none": (
        lambda: editing.set_rules(BASE, Rules(unwaivable=("x",))),
        UsageError,
        "pack:policy",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_must_not_be_is_refused(case: str) -> None:
    """Each edit that would break a rule of groups or waivers is refused with the rule."""
    edit, kind, says = REFUSED[case]
    with pytest.raises(kind, match=says):
        edit()
