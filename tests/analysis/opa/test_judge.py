"""Policies over resources: levels, configuration, messages, unknown values, failures."""

from __future__ import annotations

import pytest

from packreg.analysis.opa.judge import Judge, PolicyFailure, Setting, go_value, may_be_signed
from packreg.analysis.values import SECRET, SIGNATURE, UNKNOWN
from tests.analysis.opa.packs import judge_of, loaded, messages, rules_of
from tests.analysis.opa.resources import DEMO, KUBERNETES, bucket

BOTH = 'package p\ndeny["d"] { true }\nwarn["w"] { true }\nstack_deny["s"] { true }\n'


@pytest.mark.parametrize(
    ("settings", "levels"),
    [
        ({}, {"deny": "MANDATORY", "warn": "ADVISORY"}),
        ({"all": "ADVISORY"}, {"deny": "ADVISORY", "warn": "ADVISORY"}),
        ({"all": "ADVISORY", "warn": "MANDATORY"}, {"deny": "ADVISORY", "warn": "MANDATORY"}),
        ({"all": "DISABLED", "deny": "ADVISORY"}, {"deny": "ADVISORY"}),
        ({"deny": "DISABLED"}, {"warn": "ADVISORY"}),
        ({"no such policy": "MANDATORY"}, {"deny": "MANDATORY", "warn": "ADVISORY"}),
    ],
)
def test_levels(settings: dict[str, str], levels: dict[str, str]) -> None:
    """The policy's own setting, else that of `all`, else what the name says; disabled ones do not run."""
    judge = judge_of(rules_of(a=BOTH), **{name: (level, {}) for name, level in settings.items()})
    assert {name: level for name, level, _ in messages(judge, DEMO[0])} == levels


def test_configuring_again_replaces_everything() -> None:
    """Levels and properties of an earlier configuration leave nothing behind."""
    pack = rules_of(a="package p\ndeny[m] { m := data.config.deny.text }\n")
    judge = judge_of(pack, deny=("ADVISORY", {"text": "one"}))
    assert messages(judge, DEMO[0]) == [("deny", "ADVISORY", "one")]
    judge.configure({"deny": Setting("MANDATORY", {"text": "two"})})
    assert messages(judge, DEMO[0]) == [("deny", "MANDATORY", "two")]
    judge.configure({})
    assert messages(judge, DEMO[0]) == []


def test_remediate_is_refused() -> None:
    """OPA policies change nothing; the configuration that was there stays."""
    judge = judge_of(rules_of(a=BOTH), deny=("ADVISORY", {}))
    with pytest.raises(ValueError, match="'warn' cannot be set to remediate"):
        judge.configure({"warn": Setting("REMEDIATE", {})})
    assert messages(judge, DEMO[0])[0] == ("deny", "ADVISORY", "d")


def test_stack_policies_are_not_asked_about_resources() -> None:
    """And the other way round."""
    judge = judge_of(rules_of(a=BOTH))
    assert [v.message for v in judge.stack(DEMO, signed=False).violations] == ["s"]
    assert {v.message for v in judge.resource(DEMO[0], signed=False).violations} == {"d", "w"}


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
    assert [text for _, _, text in messages(judge_of(rules_of(a=f"package p\n{rules}\n")), DEMO[0])] == found


@pytest.mark.parametrize(
    "rules", ['deny = "text"', "deny { true }", 'deny = {"a": 1}', 'deny[x] = 1 { x := "a" }']
)
def test_values_that_are_no_sets_are_warned_of_once(rules: str) -> None:
    """As in Pulumi's analyzer they are no violation; unlike there it is said."""
    said: list[str] = []
    judge = Judge(rules_of(a=f"package p\n{rules}\n"), "", said.append)
    for _ in range(3):
        assert messages(judge, DEMO[0]) == []
    assert len(said) == 1 and said[0].startswith("warning[opa/not-a-set] a.rego:2: the policy deny")


def test_a_policy_that_cannot_be_evaluated_is_named() -> None:
    """Two values for one rule: an error with the policy and the place, never a pass."""
    judge = judge_of(rules_of(a='package p\nx = 1 { true }\nx = 2 { true }\ndeny["m"] { x == 1 }\n'))
    with pytest.raises(PolicyFailure, match=r"the policy 'deny' cannot be evaluated: a.rego:3:\d+: "):
        judge.resource(DEMO[0], signed=False)
    judge.configure({"deny": Setting("DISABLED", {})})
    assert messages(judge, DEMO[0]) == []


def test_secrets_are_seen_plain() -> None:
    """A rule compares a secret's value as any other."""
    judge = judge_of(rules_of(a='package p\ndeny["open"] { input.acl == "public" }\n'))
    secret = bucket("b", acl={SIGNATURE: SECRET, "value": "public"})
    assert messages(judge, secret, signed=True) == [("deny", "MANDATORY", "open")]


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
    ],
)
def test_unknown_values(rules: str, found: list[str]) -> None:
    """What holds whatever the value will be is reported; what depends on it is one advisory finding."""
    judge = judge_of(rules_of(a=f"package p\n{rules}\n"))
    resource = bucket("b", acl=UNKNOWN, size=UNKNOWN, owner="me", tags=["a", UNKNOWN])
    unsure = "can't run policy 'deny' during preview: its result depends on values that are not known yet"
    expected = [("deny", "ADVISORY", unsure) if m == "?" else ("deny", "MANDATORY", m) for m in found]
    assert messages(judge, resource, signed=True) == expected


def test_admission_reviews_skip_other_resources() -> None:
    """They are not applicable, which is no pass; parameters are the policy's own."""
    pack = loaded("admission")
    judge = judge_of(pack.rules, pack.input_format, violation=("MANDATORY", {"repositories": ["good/"]}))
    assert [len(messages(judge, item)) for item in KUBERNETES] == [0, 1, 1, 1, 0, 0]
    skipped = judge.resource(KUBERNETES[-1], signed=False).skipped
    assert [entry.rule.name for entry in skipped] == ["violation", "deny_privileged"]
    stack = judge.stack(KUBERNETES, signed=False).violations
    assert [violation.message for violation in stack] == ["3 objects, first Pod"]


def test_what_may_be_signed() -> None:
    """Bytes with a signature or a placeholder are looked at closely, others never."""
    assert may_be_signed(b"x" + SIGNATURE.encode()) and may_be_signed(UNKNOWN.encode())
    assert not may_be_signed(b"plain")


def test_go_values() -> None:
    """Keys are sorted, nesting is kept, texts are bare."""
    assert go_value({"b": [1, {"c": "x"}], "a": False}) == "map[a:false b:[1 map[c:x]]]"
