"""Who belongs to a group."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.groups.document import default_groups
from packreg.groups.members import (
    Memberships,
    account_problem,
    belongs,
    groups_by_tags,
    groups_of,
    matches,
    stack_problem,
    tag_problem,
)
from packreg.groups.model import DEFAULT_AUDIT, DEFAULT_PREVENTATIVE, Entity
from tests.groups.governance import entry, governed, group

STACK = Entity("stack", "acme/web/prod", {"env": "prod"})
ACCOUNT = Entity("account", "aws/eu-west-1")


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("web/prod", True),
        ("acme/web/prod", True),
        ("other/web/prod", False),
        ("acme/web", False),
        ("*/prod", True),
        ("web/*", True),
        ("*/*", True),
        ("acme/*/*", True),
        ("*/*/prod", True),
        ("w?b/pro[dc]", True),
        ("w?b/pro[!d]", False),
        ("Web/prod", False),
        ("eb/prod", False),
        ("web/pro", False),
        ("acme*prod", False),
        ("web[/]prod", False),
        ("[+-9]eb/prod", False),
        ("*e*/*r*o*", True),
    ],
)
def test_stacks_are_matched_part_by_part(pattern: str, fits: bool) -> None:
    """A pattern means whole parts, two of any organization or three, and no glob reaches over a slash."""
    assert matches(pattern, STACK) is fits
    assert belongs(group("g", stacks=(pattern,)), STACK) is fits


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"stacks": ("*/*", "acme/*/prod", "web/prod")}, "web/prod"),
        ({"stacks": ("web/dev", "acme/*/prod", "*/prod")}, "acme/*/prod"),
        ({"stacks": ("web/dev",), "tags": ("env=dev", "env=pr*")}, "tag env=pr*"),
        ({"stacks": ("east:web/prod",)}, "east:web/prod"),
        ({"stacks": ("web/dev",)}, ""),
    ],
)
def test_the_rule_that_makes_a_member_is_known(members: dict[str, tuple[str, ...]], rule: str) -> None:
    """It is a name, else the first glob, else a tag; whoever has none is no member."""
    stack = replace(STACK, backend="east")
    governance = governed(group("g", **members))
    assert Memberships(governance).rule("g", stack) == rule
    assert ("g" in groups_of(governance, stack, "preventative")) is bool(rule)


def test_everyone_is_a_member_of_a_default_group() -> None:
    """There the rule is that there is none; an account is no member of the preventative one."""
    memberships = Memberships(governed())
    assert [memberships.rule(name, ACCOUNT) for name in (DEFAULT_AUDIT, DEFAULT_PREVENTATIVE)] == [
        "everyone",
        "",
    ]


@pytest.mark.parametrize(("pattern", "fits"), [("aws/eu-west-1", True), ("aws*", True), ("gcp*", False)])
def test_accounts_are_matched_as_one_text(pattern: str, fits: bool) -> None:
    """In an account's name a slash is a character like any other."""
    audit = group("g", mode="audit", kinds=frozenset({"account"}), accounts=(pattern,))
    assert belongs(audit, ACCOUNT) is fits


def test_a_tag_rule_makes_a_member() -> None:
    """One rule that fits is enough; a tag that an entity does not have fits nothing."""
    assert belongs(group("g", tags=("env=pr*",)), STACK)
    assert belongs(group("g", tags=("team=x", "env=prod")), STACK)
    assert not belongs(group("g", tags=("env=dev", "team=*")), STACK)


def test_groups_that_need_tags_are_known() -> None:
    """Those of stacks and of the mode that have tag rules and packs: without tags they miss members."""
    pack, tags = entry("guard"), ("env=prod",)
    governance = governed(
        group("by-tag", pack, tags=tags),
        group("empty", tags=tags),
        group("by-name", pack, stacks=("*/prod",)),
        group("watched", pack, tags=tags, mode="audit"),
        group("accounts", pack, tags=tags, mode="audit", kinds=frozenset({"account"})),
    )
    assert groups_by_tags(governance, "preventative") == ("by-tag",)
    assert groups_by_tags(governance, "audit") == ("watched",)


def test_kinds_come_before_members() -> None:
    """A group of stacks has no accounts, whatever its rules say."""
    account = Entity("account", "web/prod", {"env": "prod"})
    assert not belongs(group("g", stacks=("web/prod",), tags=("env=prod",)), account)


def test_everyone_is_in_the_defaults() -> None:
    """Every stack and account is a member of its default groups without being listed; others list."""
    governance = governed(group("a", stacks=("*/prod",)), group("b", stacks=("*/dev",)))
    new = Entity("stack", "organization/brand/new")
    assert groups_of(governance, STACK, "preventative") == ("a", DEFAULT_PREVENTATIVE)
    assert groups_of(governance, new, "preventative") == (DEFAULT_PREVENTATIVE,)
    assert groups_of(governance, new, "audit") == (DEFAULT_AUDIT,)
    assert groups_of(governance, ACCOUNT, "audit") == (DEFAULT_AUDIT,)
    assert groups_of(governance, ACCOUNT, "preventative") == ()
    assert default_groups().keys() == {DEFAULT_AUDIT, DEFAULT_PREVENTATIVE}


@pytest.mark.parametrize(
    "pattern", ["", "prod", "a/b/c/d", "a//b", "/b", "a/", "**/prod", " a/b", "a/b\n", "a/\x1b"]
)
def test_what_cannot_be_a_stack_is_refused(pattern: str) -> None:
    """A pattern that could never mean a stack, or hides something, is refused with the reason."""
    assert stack_problem(pattern)


def test_what_cannot_be_another_member_is_refused() -> None:
    """Accounts are visible text, tag rules have a name and a value."""
    assert account_problem("")
    assert account_problem("a\u202eb")
    assert not account_problem("My account / eu")
    assert [bool(tag_problem(rule)) for rule in ("env", "=x", "env=", "env=x", "env=a=b")] == [
        True,
        True,
        True,
        False,
        False,
    ]


@given(
    st.text(st.sampled_from("ab*?[]!-/."), min_size=3, max_size=12),
    st.text(st.sampled_from("ab-."), max_size=6),
)
def test_any_pattern_that_is_accepted_can_be_asked(pattern: str, name: str) -> None:
    """No accepted pattern is an error when it is used, and the plain text of a name means that name."""
    if not stack_problem(pattern):
        matches(pattern, Entity("stack", f"org/{name}/{name}"))
    plain = re.sub(r"[*?\[\]]", "x", pattern)
    if not stack_problem(plain):
        whole = plain if plain.count("/") == 2 else f"org/{plain}"
        assert matches(plain, Entity("stack", whole))


def test_no_pattern_takes_long_to_fail() -> None:
    """The worst pattern on a long name is answered, where backtracking would never end."""
    pattern = "*a" * 150 + "b/*"
    assert not stack_problem(pattern)
    assert not matches(pattern, Entity("stack", f"o/{'a' * 5000}/x"))
