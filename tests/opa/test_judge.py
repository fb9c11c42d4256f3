"""Policies over resources: levels, configuration, messages, unknown values, failures."""

from __future__ import annotations

import pytest

from packreg.opa.inputs import KUBERNETES as ADMISSION
from packreg.opa.judge import (
    OpaVerdict,
    PolicyFailure,
    PolicySetting,
    go_value,
    may_be_signed,
)
from packreg.states.values import SECRET, SIGNATURE, UNKNOWN
from tests.opa.packs import files_of, judge_of, judging, messages
from tests.opa.resources import DEMO, KUBERNETES, bucket

BOTH = 'deny["d"] { true }\nwarn["w"] { true }\nstack_deny["s"] { true }\n'


def test_levels() -> None:
    """The policy's own setting, else that of `all`, else what the name says; disabled ones do not run."""
    cases: list[tuple[dict[str, str], dict[str, str]]] = [
        ({}, {"deny": "MANDATORY", "warn": "ADVISORY"}),
        ({"all": "ADVISORY"}, {"deny": "ADVISORY", "warn": "ADVISORY"}),
        ({"all": "ADVISORY", "warn": "MANDATORY"}, {"deny": "ADVISORY", "warn": "MANDATORY"}),
        ({"all": "DISABLED", "deny": "ADVISORY"}, {"deny": "ADVISORY"}),
        ({"all": "DISABLED"}, {}),
        ({"deny": "DISABLED"}, {"warn": "ADVISORY"}),
        ({"no such policy": "MANDATORY"}, {"deny": "MANDATORY", "warn": "ADVISORY"}),
    ]
    with judge_of(BOTH) as judge:
        for settings, levels in cases:
            judge.configure({name: PolicySetting(level, {}) for name, level in settings.items()})
            assert {name: level for name, level, _ in messages(judge, DEMO[0])} == levels


def test_configuring_again_replaces_everything() -> None:
    """Levels and properties of an earlier configuration leave nothing behind."""
    with judge_of("deny[m] { m := data.config.deny.text }", deny=("ADVISORY", {"text": "one"})) as judge:
        assert messages(judge, DEMO[0]) == [("deny", "ADVISORY", "one")]
        judge.configure({"deny": PolicySetting("MANDATORY", {"text": "two"})})
        assert messages(judge, DEMO[0]) == [("deny", "MANDATORY", "two")]
        judge.configure({})
        assert messages(judge, DEMO[0]) == []


def test_remediate_is_refused() -> None:
    """OPA policies change nothing; the configuration that was there stays."""
    with judge_of(BOTH, deny=("ADVISORY", {})) as judge:
        with pytest.raises(ValueError, match="'warn' cannot be set to remediate"):
            judge.configure({"warn": PolicySetting("REMEDIATE", {})})
        assert messages(judge, DEMO[0])[0] == ("deny", "ADVISORY", "d")


def test_stack_policies_are_not_asked_about_resources() -> None:
    """And the other way round."""
    with judge_of(BOTH) as judge:
        assert [v.message for v in judge.stack(DEMO).violations] == ["s"]
        assert {message for _, _, message in messages(judge, DEMO[0])} == {"d", "w"}


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ('deny["text"]', ["text"]),
        ('deny[{"msg": "in msg", "code": 1}]', ["in msg"]),
        ('deny[{"code": 1, "a": [true, null, 1.5]}]', ["map[a:[true <nil> 1.5] code:1]"]),
        ("deny[3]", ["3"]),
        ('deny = ["b", "a"]', ["b", "a"]),
        ('deny = {"b", "a"}', ["a", "b"]),
        ('deny[{"msg": 4}]', ["map[msg:4]"]),
        ("deny = []", []),
        ("deny[m] { m := input.nothing }", []),
        ("deny = x { x := input.nothing }", []),
        ("deny = false", []),
    ],
)
def test_messages(rules: str, found: list[str]) -> None:
    """Texts, `msg` of objects, and everything else as Go prints it."""
    with judge_of(rules) as judge:
        assert [text for _, _, text in messages(judge, DEMO[0])] == found


def test_absent_members_are_what_they_are_in_opa() -> None:
    """The operand of `not` is evaluated before the `not`: with an absent member the whole body fails."""
    with judge_of('deny["open"] { not startswith(input.acl, "private") }') as judge:
        assert messages(judge, bucket("b", acl="public")) == [("deny", "MANDATORY", "open")]
        assert messages(judge, {**bucket("b"), "properties": {}}) == []


def test_a_policy_that_cannot_be_evaluated_is_named() -> None:
    """Two values for one rule: an error with the policy and the place; the others are judged."""
    rules = 'x = 1 { input.bad }\nx = 2 { input.bad }\ndeny["m"] { x == 1 }\nwarn["w"] { true }'
    with judge_of(rules) as judge:
        resources = [bucket(f"b{number}", bad=number == 5) for number in range(9)]
        outcomes = judge.resources(resources)
        failed = [place for place, outcome in enumerate(outcomes) if isinstance(outcome, PolicyFailure)]
        assert failed == [5]
        assert str(outcomes[5]).startswith("the policy 'deny' cannot be evaluated: a.rego:3: ")
        good = [outcome for outcome in outcomes if isinstance(outcome, OpaVerdict)]
        assert [[v.message for v in outcome.violations] for outcome in good] == [["w"]] * 8
        judge.configure({"deny": PolicySetting("DISABLED", {})})
        assert messages(judge, resources[5]) == [("warn", "ADVISORY", "w")]


def test_secrets_are_seen_plain() -> None:
    """A rule compares a secret's value as any other."""
    with judge_of('deny["open"] { input.acl == "public" }') as judge:
        secret = bucket("b", acl={SIGNATURE: SECRET, "value": "public"})
        assert messages(judge, secret) == [("deny", "MANDATORY", "open")]


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ('deny["a"] { input.acl == "x" }', []),
        ('deny["a"] { not input.acl }', ["?"]),
        ('deny["a"] { input.size > 3 }', ["?"]),
        ('deny["a"] { input.owner == "me" }', ["a"]),
        ('deny["a"] { input.owner == "me" }\ndeny["b"] { not input.size }', ["a", "?"]),
        ("deny[m] { m := input.acl }", ["?"]),
        ('deny["a"] { count(input.tags) > 1 }', ["?"]),
        ('deny["a"] { count([k | input[k]]) > 3; not input.size }', ["?"]),
    ],
)
def test_unknown_values(rules: str, found: list[str]) -> None:
    """What holds whatever the value will be is reported; what depends on it is one advisory finding."""
    resource = bucket("b", acl=UNKNOWN, size=UNKNOWN, owner="me", tags=["a", UNKNOWN])
    unsure = "can't run policy 'deny' during preview: its result depends on values that are not known yet"
    expected = [("deny", "ADVISORY", unsure) if m == "?" else ("deny", "MANDATORY", m) for m in found]
    with judge_of(rules) as judge:
        assert messages(judge, resource) == expected


def test_admission_reviews_skip_other_resources() -> None:
    """They are not applicable, which is no pass; parameters are the policy's own, in a stack too."""
    with judging(files_of("admission"), input_format=ADMISSION) as judge:
        judge.configure({"violation": PolicySetting("MANDATORY", {"repositories": ["good/"]})})
        assert [len(messages(judge, item)) for item in KUBERNETES] == [0, 1, 1, 1, 0, 0]
        [outcome] = judge.resources([KUBERNETES[-1]])
        assert isinstance(outcome, OpaVerdict)
        assert [entry.rule.name for entry in outcome.skipped] == ["violation", "deny_privileged"]
        stack = judge.stack(KUBERNETES).violations
        assert [violation.message for violation in stack] == ["3 objects, first Pod"]


def test_what_may_be_signed() -> None:
    """Bytes with a signature or a placeholder are looked at closely, others never."""
    assert may_be_signed(b"x" + SIGNATURE.encode()) and may_be_signed(UNKNOWN.encode())
    assert not may_be_signed(b"plain")


def test_go_values() -> None:
    """Keys are sorted, nesting is kept, texts are bare."""
    assert go_value({"b": [1, {"c": "x"}], "a": False}) == "map[a:false b:[1 map[c:x]]]"
