"""The inputs that rules judge."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.opa import inputs
from packreg.states.values import SECRET, SIGNATURE, UNKNOWN
from tests.opa.resources import DEMO, KUBERNETES, PROVIDER, ROOT

OPTIONS = DEMO[-1]


def whole(opa: str, resource: dict[str, Any], *, stack: bool = False) -> dict[str, Any]:
    """The default input, made by `opa` of its parts as the judge's module does."""
    parts = inputs.parts_of_input(resource, stack=stack)
    query = f"x := data.t._whole({json.dumps(parts)})"
    text = f"package t\n\nimport rego.v1\n\n{inputs.WHOLE_INPUT}\n"
    done = subprocess.run(
        [opa, "eval", "--format", "json", "--data", "/dev/stdin", query],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    made: dict[str, Any] = json.loads(done.stdout)["result"][0]["bindings"]["x"]
    return made


def test_default_input_has_all_members(opa: str) -> None:
    """Facts below the properties, the properties, and the facts again with two underscores."""
    made = whole(opa, OPTIONS)
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


def test_properties_replace_facts_whole(opa: str) -> None:
    """A property called `properties` or `provider` is what a rule sees, and nothing is merged into it."""
    own = {"properties": {"a": 1}, "provider": {"x": {}}, "__type": "mine", "options": None}
    made = whole(opa, {**ROOT, "properties": own})
    assert made["properties"] == {"a": 1} and made["provider"] == {"x": {}} and made["options"] is None
    assert made["__properties"] == own and made["props"] == own and made["__type"] == ROOT["type"]


def test_without_provider_and_options(opa: str) -> None:
    """No provider is an empty object; deleteBeforeReplace is there only when it was set."""
    made = whole(opa, ROOT)
    assert made["provider"] == {} and "deleteBeforeReplace" not in made["options"]
    told = {**ROOT, "options": {"deleteBeforeReplaceDefined": True}}
    assert whole(opa, told)["options"]["deleteBeforeReplace"] is False


def test_stack_resources_have_their_dependencies(opa: str) -> None:
    """Lists, and lists by property."""
    made = whole(opa, OPTIONS, stack=True)
    assert made["dependencies"] == ["urn:a"] and made["propertyDependencies"] == {"rules": ["urn:a"]}


def test_chosen_members_are_those_of_the_whole(opa: str) -> None:
    """For any choice of members: exactly those, with the very same values."""
    every = [(resource, whole(opa, resource)) for resource in DEMO]
    names = sorted({name for _, made in every for name in made} - inputs.WHOLE)

    @given(st.sets(st.sampled_from([*names, "no such member"])))
    def chosen(keys: set[str]) -> None:
        for resource, made in every:
            assert inputs.resource_input(resource, keys) == {key: made[key] for key in keys if key in made}

    chosen()


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
    """Secrets are their values, unknown ones a text or absent."""
    given = {
        "a": {SIGNATURE: SECRET, "value": {"b": {SIGNATURE: SECRET, "value": 1}}},
        "c": UNKNOWN,
        "d": [1, UNKNOWN, {"e": UNKNOWN}],
        "h": {SIGNATURE: SECRET, "value": UNKNOWN},
        "i": {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "x"},
    }
    known = {"a": {"b": 1}, "i": given["i"]}
    assert inputs.plain(given, unknown=False) == {**known, "d": [1, {}]}
    assert inputs.plain(given, unknown=True) == {
        **known,
        "c": UNKNOWN,
        "d": [1, UNKNOWN, {"e": UNKNOWN}],
        "h": UNKNOWN,
    }
