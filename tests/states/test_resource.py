"""One resource as a file describes it: what is read, what is refused, and where."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.states.resource import (
    is_provider_type,
    is_urn,
    provider_urn,
    resource_from_state,
    urn_parts,
)
from packreg.states.values import WrongValue

URN = "urn:pulumi:dev::shop::demo:index:Bucket::a"
PROVIDER = "urn:pulumi:dev::shop::demo:index:Component$pulumi:providers:demo::main"
WHOLE: dict[str, Any] = {"urn": URN, "type": "demo:index:Bucket", "custom": True, "id": "1"}


@given(st.lists(st.text(), min_size=4, max_size=4))
def test_a_urn_is_taken_apart_at_its_first_three_separators(parts: list[str]) -> None:
    """A name may hold further ones; what is lacking is empty."""
    stack, project, kind, name = (part.replace(":", "") for part in parts)
    urn = f"urn:pulumi:{stack}::{project}::{kind}::{name}::more"
    assert is_urn(urn) and urn_parts(urn) == (stack, project, kind, f"{name}::more")
    assert urn_parts("urn:pulumi:dev") == ("dev", "", "", "")


@pytest.mark.parametrize(
    ("reference", "urn"),
    [
        (f"{PROVIDER}::id", PROVIDER),
        (f"{PROVIDER}::", PROVIDER),
        (PROVIDER, ""),
        (f"{URN}::id", ""),
        ("::id", ""),
        ("", ""),
    ],
)
def test_a_reference_names_a_provider(reference: str, urn: str) -> None:
    """Its type is the last of the qualified type; everything else is no reference to one."""
    assert provider_urn(reference) == urn


def test_the_type_of_a_provider_has_a_package_and_nothing_more() -> None:
    """Neither none, nor a module."""
    kinds = ("pulumi:providers:aws", "pulumi:providers:", "pulumi:providers:a:b", "aws:providers:x")
    assert [is_provider_type(kind) for kind in kinds] == [True, False, False, False]


def test_what_is_missing_or_null_is_the_empty_value() -> None:
    """As for the engine, which is written in Go."""
    bare = resource_from_state({**WHOLE, "inputs": None, "protect": None, "dependencies": None})
    assert bare == resource_from_state(WHOLE)
    assert (bare.inputs, bare.protect, bare.dependencies, bare.delete_before_replace) == ({}, False, [], None)


@pytest.mark.parametrize(
    ("change", "said", "path"),
    [
        ({"urn": ""}, "has no urn", []),
        ({"urn": "urn:pulumi:dev"}, "invalid URN", []),
        ({"type": ""}, "has no type", []),
        ({"custom": False}, "has an id although it is not a custom resource", []),
        ({"protect": 1.0}, "must be true or false", ["protect"]),
        ({"inputs": []}, "must be an object", ["inputs"]),
        ({"aliases": ["a", 1.0]}, "must be a list of texts", ["aliases"]),
        ({"propertyDependencies": {"a": "b"}}, "must be a list of texts", ["a", "propertyDependencies"]),
        ({"customTimeouts": {"create": "1s"}}, "must be a number", ["create", "customTimeouts"]),
        ({"parent": "\ud800"}, "half of a surrogate pair", []),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_stands(
    change: dict[str, Any], said: str, path: list[str]
) -> None:
    """The path leads from the wrong value outwards, for whoever adds where the resource is."""
    with pytest.raises(WrongValue, match=said) as caught:
        resource_from_state({**WHOLE, **change})
    assert caught.value.path == path


def test_older_states_know_fewer_members() -> None:
    """Before 3 every property depends on all dependencies, and before 2 there are no providers."""
    raw = {
        **WHOLE,
        "inputs": {"a": 1.0, "b": 2.0},
        "dependencies": [URN],
        "provider": f"{PROVIDER}::id",
        "aliases": ["x"],
        "propertyDependencies": {"a": []},
    }
    third, second, first = (resource_from_state(raw, version) for version in (3, 2, 1))
    assert (third.property_dependencies, third.aliases) == ({"a": []}, ["x"])
    assert (second.property_dependencies, second.aliases) == ({"a": [URN], "b": [URN]}, [])
    assert second.provider and not first.provider
