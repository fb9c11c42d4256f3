"""The inputs that rules judge."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.analysis.opa import inputs
from packreg.analysis.values import SECRET, SIGNATURE, UNKNOWN
from tests.analysis.opa.resources import DEMO, KUBERNETES, PROVIDER, ROOT

OPTIONS = DEMO[-1]


def test_default_input_has_all_members() -> None:
    """Facts below the properties, the properties, and the facts again with two underscores."""
    made = inputs.resource_input(OPTIONS)
    assert made["type"] == "demo:index:Bucket" and made["__type"] == "demo:index:Server"
    assert made["name"] == "a property named so" and made["__name"] == "options"
    assert made["urn"] == made["__urn"] == OPTIONS["urn"]
    for name in ("properties", "props", "__properties", "__props"):
        assert made[name] == OPTIONS["properties"]
    assert made["monitoring"] is False
    provider = {**PROVIDER, "props": {"region": "x"}}
    assert made["provider"] == made["__provider"] == provider
    assert made["options"] == made["__options"] == {
        "protect": True,
        "ignoreChanges": [],
        "additionalSecretOutputs": [],
        "aliasURNs": ["urn:old"],
        "aliases": [],
        "customTimeouts": {"create": 60.0, "update": 0, "delete": 0},
        "parent": "urn:p",
    }  # fmt: skip


def test_without_provider_and_options() -> None:
    """No provider is an empty object; deleteBeforeReplace is there only when it was set."""
    made = inputs.resource_input(ROOT)
    assert made["provider"] == {} and "deleteBeforeReplace" not in made["options"]
    told = {**ROOT, "options": {"deleteBeforeReplaceDefined": True}}
    assert inputs.resource_input(told)["options"]["deleteBeforeReplace"] is False


def test_stack_resources_have_their_dependencies() -> None:
    """Lists, and lists by property."""
    made = inputs.stack_resource_input(OPTIONS)
    assert made["dependencies"] == ["urn:a"] and made["propertyDependencies"] == {"rules": ["urn:a"]}


@given(st.sets(st.sampled_from([*inputs.resource_input(OPTIONS), "no such member"])))
def test_chosen_members_are_those_of_the_whole(keys: set[str]) -> None:
    """For any choice of members: exactly those, with the very same values."""
    for resource in DEMO:
        whole = inputs.resource_input(resource)
        assert inputs.resource_input(resource, keys) == {key: whole[key] for key in keys if key in whole}


def test_admission_review() -> None:
    """Group, version and kind come from the type, names from the metadata, else from the resource."""
    made = inputs.kubernetes_input(KUBERNETES[1], {"a": 1})
    assert made["review"]["object"]["apiVersion"] == "v1" and made["review"]["object"]["kind"] == "Pod"
    assert made["review"]["kind"] == {"group": "", "version": "v1", "kind": "Pod"}
    assert (made["review"]["name"], made["review"]["namespace"]) == ("web", "shop")
    assert made["review"]["operation"] == "CREATE" and made["parameters"] == {"a": 1}
    assert set(made["_pulumi"]) == {"type", "urn", "name", "options", "provider"}
    deployment = inputs.kubernetes_input(KUBERNETES[3])
    assert deployment["review"]["object"]["apiVersion"] == "apps/v1"
    assert (deployment["review"]["name"], deployment["review"]["namespace"]) == ("deployment", "")
    assert "parameters" not in deployment


@pytest.mark.parametrize(
    ("type", "is_one"),
    [
        ("kubernetes:core/v1:Pod", True),
        ("kubernetes:networking.k8s.io/v1:Ingress", True),
        ("kubernetes:yaml:ConfigFile", False),
        ("pulumi:providers:kubernetes", False),
        ("kubernetesx:core/v1:Pod", False),
    ],
)
def test_what_is_kubernetes(type: str, is_one: bool) -> None:
    """Only types with a group, a version and a kind."""
    assert inputs.is_kubernetes({"type": type}) is is_one


def test_secrets_and_unknowns() -> None:
    """Secrets are their values, unknown ones a text or absent, and NaN, which JSON lacks, is a text."""
    given = {
        "a": {SIGNATURE: SECRET, "value": {"b": {SIGNATURE: SECRET, "value": 1}}},
        "c": UNKNOWN,
        "d": [1, UNKNOWN, {"e": UNKNOWN}],
        "f": float("nan"),
        "g": [float("inf"), float("-inf")],
        "h": {SIGNATURE: SECRET, "value": UNKNOWN},
        "i": {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "x"},
    }
    known = {"a": {"b": 1}, "f": "NaN", "g": ["Infinity", "-Infinity"], "i": given["i"]}
    assert inputs.plain(given, unknown=False) == {**known, "d": [1, {}]}
    assert inputs.plain(given, unknown=True) == {
        **known,
        "c": UNKNOWN,
        "d": [1, UNKNOWN, {"e": UNKNOWN}],
        "h": UNKNOWN,
    }
    json.dumps(inputs.plain(given, unknown=True), allow_nan=False)
