"""What a pack says of itself: which of it can be used, and the levels that follow from it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from packreg.pack.metadata import (
    MAX_NAME,
    MAX_NAMES,
    MAX_POLICIES,
    MAX_TEXT,
    Framework,
    InitialSetting,
    PackInfo,
    PolicyInfo,
    Schema,
    faults,
)

POLICY = PolicyInfo("tags", "mandatory")
INFO = PackInfo("Guard", "0.0.1", (POLICY,))


def test_what_is_within_every_limit_has_no_faults() -> None:
    """Each limit may be reached."""
    policy = replace(
        POLICY,
        name="x" * MAX_NAME,
        type="stack",
        severity="critical",
        description="x" * MAX_TEXT,
        tags=("x" * MAX_NAME,) * MAX_NAMES,
        framework=Framework(name="x" * MAX_TEXT),
        schema=Schema({"a": {"minimum": 1.5}}, ("a",)),
    )
    initial = {"all": InitialSetting("disabled", {"a": [1, None]})}
    assert faults(replace(INFO, policies=(policy, POLICY), initial=initial)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "the pack has no name"),
        ({"name": "x" * (MAX_NAME + 1)}, "the name of the pack has 1001 characters; 1000 are allowed"),
        ({"readme": "x" * (MAX_TEXT + 1)}, "its readme has 262145 characters; 262144 are allowed"),
        ({"tags": ("x",) * (MAX_NAMES + 1)}, "its tags: there are 1001; 1000 are allowed"),
        ({"policies": (POLICY, POLICY)}, "2 policies are called 'tags'"),
        (
            {"initial": {"tags": InitialSetting("fatal")}},
            "the level of initialConfig for 'tags' is fatal, which this version of packreg does not know",
        ),
        (
            {"initial": {"tags": InitialSetting("advisory", {"a": float("nan")})}},
            "the properties of initialConfig for 'tags' has a number that JSON cannot hold",
        ),
    ],
)
def test_each_fault_of_a_pack_is_said(change: dict[str, Any], said: str) -> None:
    """One fault gives one phrase, which says what is allowed."""
    assert faults(replace(INFO, **change)) == [said]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "a policy has no name"),
        ({"name": "all"}, "a policy is called 'all', which configurations use for every policy"),
        ({"level": "warn"}, "the level of 'tags' is warn, which this version of packreg does not know"),
        ({"type": ""}, "the type of 'tags' is , which this version of packreg does not know"),
        ({"severity": "dire"}, "the severity of 'tags' is dire, which this version of packreg does not know"),
        ({"url": "x" * (MAX_TEXT + 1)}, "the URL of 'tags' has 262145 characters; 262144 are allowed"),
        (
            {"schema": Schema({"a": {"maximum": float("inf")}})},
            "the configuration schema of 'tags' has a number that JSON cannot hold",
        ),
        (
            {"schema": Schema({}, ("x",) * (MAX_NAMES + 1))},
            "the required names of 'tags': there are 1001; 1000 are allowed",
        ),
    ],
)
def test_each_fault_of_a_policy_is_said(change: dict[str, Any], said: str) -> None:
    """One fault gives one phrase, which names the policy."""
    assert faults(replace(INFO, policies=(replace(POLICY, **change),))) == [said]


def test_faults_are_all_said_once_and_sorted() -> None:
    """The same metadata gives the same text, whatever the order of its policies."""
    broken = tuple(replace(POLICY, name=name, level="warn") for name in ("b", "a"))
    found = faults(replace(INFO, policies=broken))
    assert found == faults(replace(INFO, policies=broken[::-1])) == sorted(found)
    assert len(found) == 2
    many = tuple(replace(POLICY, name=str(n)) for n in range(MAX_POLICIES + 1))
    assert faults(replace(INFO, policies=many)) == ["it has 10001 policies; 10000 are allowed"]


@pytest.mark.parametrize(
    ("initial", "supports", "level"),
    [
        ({}, True, "mandatory"),
        ({"all": InitialSetting("disabled")}, True, "disabled"),
        ({"all": InitialSetting("disabled"), "tags": InitialSetting("advisory")}, True, "advisory"),
        ({"tags": InitialSetting("advisory")}, False, "mandatory"),
    ],
)
def test_the_level_without_configuration(
    initial: dict[str, InitialSetting], supports: bool, level: str
) -> None:
    """A policy's own entry of initialConfig goes before `all`, and none counts where none is supported."""
    info = replace(INFO, initial=initial, supports_config=supports)
    assert info.level_of("tags") == level


def test_a_policy_of_unknown_type_may_judge_either() -> None:
    """Old SDKs do not say the type; a policy that says it judges that alone."""
    kinds = {kind: replace(POLICY, type=kind) for kind in ("unknown", "resource", "stack")}
    judges = {kind: (each.judges_resources, each.judges_stacks) for kind, each in kinds.items()}
    assert judges == {"unknown": (True, True), "resource": (True, False), "stack": (False, True)}


def test_as_json_says_everything() -> None:
    """Every member is there, with its default too; the shown name is in small letters."""
    assert json.loads(json.dumps(INFO.as_json()))["policies"][0]["remediation_steps"] == ""
    assert INFO.shown_name == "guard"
