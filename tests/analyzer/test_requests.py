"""What an analyzer is asked about a snapshot; that it is what the Pulumi CLI asks is in `tests/states`."""

from __future__ import annotations

from packreg.analyzer.requests import resource_requests, stack_resources
from tests.states.test_snapshot import PROVIDER, resource, snapshot_of


def test_live_resources_are_asked_about_in_the_order_of_the_file() -> None:
    """Those that are marked for deletion are not."""
    snapshot = snapshot_of(resource("b"), resource("gone", delete=True), resource("a"))
    urns = [each.urn for each in resource_requests(snapshot)]
    assert [urn.rpartition("::")[2] for urn in urns] == ["b", "a"]
    assert [each["urn"] for each in stack_resources(snapshot)] == urns


def test_only_a_remediation_sees_the_engines_own_properties() -> None:
    """Inputs for the resource's questions, outputs for the stack's."""
    snapshot = snapshot_of(resource("a", inputs={"x": 1, "__y": 2}, outputs={"z": 3, "__w": 4}))
    [questions] = resource_requests(snapshot)
    assert questions.remediate["properties"] == {"x": 1, "__y": 2}
    assert questions.analyze["properties"] == {"x": 1}
    assert [each["properties"] for each in stack_resources(snapshot)] == [{"z": 3}]


def test_what_has_its_zero_value_is_left_out() -> None:
    """As on the wire; what a resource says is there."""
    [bare] = stack_resources(snapshot_of(resource("a")))
    assert bare.keys() == {"urn", "type", "name", "options", "properties"}
    assert bare["options"] == {"customTimeouts": {}}
    provider = {"urn": PROVIDER, "type": "pulumi:providers:demo"}
    full = resource(
        "a",
        provider=f"{PROVIDER}::id",
        parent=PROVIDER,
        dependencies=[PROVIDER],
        propertyDependencies={"x": [PROVIDER], "y": []},
        protect=True,
        customTimeouts={"create": 60.0, "odd": 1.0},
    )
    found = list(stack_resources(snapshot_of(provider, full)))[1]
    assert (found["parent"], found["dependencies"]) == (PROVIDER, [PROVIDER])
    assert found["propertyDependencies"] == {"x": {"urns": [PROVIDER]}}
    assert found["options"] == {"protect": True, "parent": PROVIDER, "customTimeouts": {"create": 60.0}}
    assert found["provider"]["name"] == "main"
