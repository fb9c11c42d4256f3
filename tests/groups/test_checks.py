"""What governance may be, read or written: each limit is reached, and then passed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from packreg.groups.checks import (
    MAX_ENVIRONMENTS,
    MAX_MEMBERS,
    MAX_NAME,
    MAX_PACKS,
    MAX_TEXT,
    entry_problem,
    group_problem,
    version_problem,
    waiver_problem,
)
from packreg.groups.model import DEFAULT_AUDIT, DEFAULT_PREVENTATIVE, Governance, Group
from tests.groups.governance import entry, governances, group
from tests.reports.findings import waiver

BOTH = frozenset({"stack", "account"})


@given(governances())
def test_what_tests_write_has_no_problems(governance: Governance) -> None:
    """Any good group, entry and waiver passes."""
    assert [group_problem(each) for each in governance.groups.values()] == [""] * len(governance.groups)
    assert not any(map(waiver_problem, governance.waivers.values()))


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (group("No"), "group's name"),
        (group("x", kinds=frozenset()), "neither stacks nor accounts"),
        (group("x", kinds=BOTH), "takes stacks only; accounts are for audit groups"),
        (group(DEFAULT_PREVENTATIVE, mode="audit"), "keeps its mode"),
        (group(DEFAULT_AUDIT, mode="audit"), "keeps its mode and its kinds"),
        (group(DEFAULT_PREVENTATIVE, stacks=("a/b",)), "everyone is a member"),
        (group("x", mode="audit", kinds=frozenset({"account"}), stacks=("a/b",)), "takes accounts only"),
        (group("x", accounts=("a",)), "takes stacks only"),
        (group("x", stacks=("a/b",) * (MAX_MEMBERS + 1)), f"{MAX_MEMBERS} are allowed"),
        (group("x", stacks=("a/b", "nothing")), "the stack 'nothing'"),
        (group("x", tags=("no",)), "the tag rule 'no'"),
        (group("x", *(entry(f"p{n}") for n in range(MAX_PACKS + 1))), f"{MAX_PACKS} are allowed"),
        (replace(group("x"), packs={"a": entry("b")}), "a: it is the entry of 'b'"),
    ],
)
def test_what_is_no_group_is_said(bad: Group, said: str) -> None:
    """The first reason against it."""
    assert said in group_problem(bad)


def test_limits_may_be_reached() -> None:
    """So many packs, members, environments and characters are allowed."""
    packs = [entry(f"p{n}") for n in range(MAX_PACKS)]
    assert group_problem(group("x", *packs, stacks=("a/b",) * MAX_MEMBERS)) == ""
    assert entry_problem(entry("p", environments=("x" * MAX_NAME,) * MAX_ENVIRONMENTS), "p") == ""
    assert waiver_problem(waiver("x" * MAX_NAME, id="w", reason="x" * MAX_TEXT)) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": "sha256:" + "0" * 64}, "names versions, not digests"),
        ({"version": "newest"}, "write 1.2.0, ^1.2 or latest"),
        ({"modified": "2026-08-01T12:00:00Z"}, "not a time in UTC with microseconds"),
        ({"config": {"environments": ["a"]}}, "environments belong beside its configuration"),
        ({"config": {"p": "fatal"}}, "its configuration: "),
        ({"environments": ("a",) * (MAX_ENVIRONMENTS + 1)}, f"{MAX_ENVIRONMENTS} are allowed"),
        ({"environments": ("a", "")}, "the environment has 0 characters"),
        ({"environments": ("a\u202e",)}, "a character that cannot be seen"),
    ],
)
def test_what_is_no_entry_is_said(change: dict[str, Any], said: str) -> None:
    """The first reason against it."""
    assert said in entry_problem(replace(entry("p"), **change), "p")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "W"}, "its id"),
        ({"id": "a" * 101}, "its id"),
        ({"pack": "No!"}, "name"),
        ({"entity": " "}, "the entity ' '"),
        ({"expires": "2026-08-01"}, "when it expires, in UTC and whole seconds"),
        ({"owner": " ada"}, "the owner ' ada' has a character that cannot be seen, or space around it"),
        ({"reason": "x" * (MAX_TEXT + 1)}, f"1 to {MAX_TEXT} are allowed"),
        ({"policy": ""}, "the policy has 0 characters"),
    ],
)
def test_what_is_no_waiver_is_said(change: dict[str, str], said: str) -> None:
    """The first reason against it: nobody answers for a waiver without an owner, a reason and an end."""
    assert said in waiver_problem(replace(waiver(id="w"), **change))


def test_each_kind_of_version_is_one() -> None:
    """An exact one, a range, and latest."""
    assert [version_problem(text) for text in ("1.0.0", "^1.2", ">=1 <3", "latest")] == [""] * 4
