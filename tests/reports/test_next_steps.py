"""What whoever was stopped is told to do, policy by policy."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from packreg.analyzer.findings import PackResult, PolicyResult
from packreg.pack.metadata import Framework, PackInfo, PolicyInfo
from packreg.reports.next_steps import command, next_steps
from tests.reports.findings import HOSTILE, OWNED, STACK, URN, governed, hostile, report, violation, waiver

POLICY = PolicyInfo(
    "private",
    "mandatory",
    remediation_steps="Set acl to private.\n\nThen update.",
    url="https://example.org/private",
    framework=Framework("CIS", "1.4", "2.1.5"),
)


def result(*urns: str, policy: PolicyInfo = POLICY, repository: str = "") -> PackResult:
    """A pack with a policy that denies these."""
    info = PackInfo("guard", "", (policy,), repository=repository)
    violations = tuple(violation(policy.name, "mandatory", "It is public.", urn) for urn in urns)
    counted = PolicyResult(policy.name, "mandatory", failed=len(urns))
    return PackResult("guard", "1.0.0", info, 5, (counted,), violations)


def test_all_that_can_be_done_is_said_once_a_policy() -> None:
    """How to fix it, the author's page, the waiver, then why the pack runs and whose that is."""
    found = governed(result(URN, f"{URN}-2", URN), memberships=(OWNED,))
    assert list(next_steps(found)) == [
        "  guard@1.0.0 private: demo:index:Bucket: open and 1 more",
        "    how to fix it: Set acl to private.",
        "      Then update.",
        "    see https://example.org/private, CIS 1.4 2.1.5",
        "    or ask for a waiver:",
        f"      packreg waiver request --stack {STACK} --policy guard:private --urn {URN} --urn {URN}-2 "
        "--reason WHY",
        "  guard is required by prod (rule: */dev), owned by platform team: #platform",
        "    why it runs:",
        f"      packreg why {STACK} --pack guard",
    ]


def test_forty_resources_are_one_command() -> None:
    """Where a policy found more than a few resources, the waiver is for the stack and names none."""
    found = governed(result(*(f"{URN}-{number}" for number in range(40)), repository="git.example.org/guard"))
    lines = list(next_steps(found))
    assert f"      packreg waiver request --stack {STACK} --policy guard:private --reason WHY" in lines
    assert lines[0].endswith(" and 39 more")
    assert len(lines) == 8


def test_only_what_denies_is_there() -> None:
    """What is waived or advisory needs nothing; remediations that are applied do not either."""
    assert [line.split()[1] for line in next_steps(governed()) if line.startswith("  guard@")] == [
        "private:",
        "tagged:",
    ]
    applied = governed(waivers=[waiver("private")], applied=True)
    assert list(next_steps(applied)) == []


def test_what_is_never_waived_is_not_offered() -> None:
    """A policy with the tag that forbids waivers has no command for one, and that is said."""
    lines = list(next_steps(governed(result(URN, policy=replace(POLICY, tags=("no-waivers",))))))
    assert "    it cannot be waived" in lines
    assert not any("waiver request" in line for line in lines)


def test_packs_that_the_caller_named_have_no_owner() -> None:
    """`analyze` says how to fix what the author wrote something about, and nothing of waivers."""
    lines = list(next_steps(report(result(URN), notes=())))
    assert lines[0] == "  guard@1.0.0 private: demo:index:Bucket: open"
    assert lines[-1] == "    see https://example.org/private, CIS 1.4 2.1.5"
    silent = PolicyInfo("private", "mandatory")
    assert list(next_steps(report(result(URN, policy=silent), notes=()))) == []


def test_many_policies_are_cut_and_counted() -> None:
    """After eight policies only their number is said, and long steps end."""
    many = [replace(POLICY, name=f"p{number}", remediation_steps="a\n" * 30) for number in range(11)]
    info = PackInfo("guard", "", tuple(many))
    found = tuple(violation(each.name, "mandatory", "x") for each in many)
    lines = list(next_steps(governed(PackResult("guard", "1.0.0", info, 5, (), found))))
    assert lines[-1] == "  and 3 more policies"
    assert sum(line.startswith("  guard@") for line in lines) == 8
    assert sum(line == "      a" for line in lines) == 8 * 5


@pytest.mark.parametrize("urn", [f"{URN}'$(x) [*]", f"{URN} `x`;", "urn:pulumi:dev::shop::a:b:C$d:e:F::x"])
def test_a_command_means_in_a_shell_what_it_says(urn: str) -> None:
    """Whatever a resource is called, the shell gives packreg exactly its URN."""
    [line] = [line for line in next_steps(governed(result(urn))) if "waiver request" in line]
    words = shlex.split(line)
    assert words[words.index("--urn") + 1] == urn


def test_hostile_names_and_texts_do_no_harm() -> None:
    """No line can be taken for another, and what cannot be shown is in no command."""
    info = PackInfo(HOSTILE, "", (replace(POLICY, name=HOSTILE, remediation_steps=HOSTILE, url=HOSTILE),))
    bad = hostile().evaluation.packs[0]
    for found in (governed(replace(bad, info=info)), governed(result(f"urn:{HOSTILE}"))):
        lines = list(next_steps(found))
        assert lines and all(line.startswith("  ") and line.isprintable() for line in lines)
    assert command("packreg", "a\nb") == ""
    assert command("packreg", "x" * 3000) == ""


def test_secrets_in_what_a_pack_says_are_replaced() -> None:
    """The steps and the URL go through the function that replaces secrets."""
    lines = list(next_steps(governed(result(URN)), lambda text: text.replace("private", "[secret]")))
    assert "    how to fix it: Set acl to [secret]." in lines
    assert "    see https://example.org/[secret], CIS 1.4 2.1.5" in lines
