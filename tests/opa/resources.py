"""Resources for the packs of these tests, as an analyzer is asked about them."""

from __future__ import annotations

from typing import Any

URN = "urn:pulumi:dev::shop::{type}::{name}"


def resource(type: str, name: str, properties: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A resource by the field names of the protocol."""
    return {
        "type": type,
        "urn": URN.format(type=type, name=name),
        "name": name,
        "properties": properties or {},
        "options": {"customTimeouts": {}},
        **more,
    }


def bucket(name: str, **properties: Any) -> dict[str, Any]:
    """A bucket with these properties."""
    return resource("demo:index:Bucket", name, properties)


ROOT = resource("pulumi:pulumi:Stack", "shop-dev")
PROVIDER = {
    "type": "pulumi:providers:demo",
    "urn": "urn:provider",
    "name": "demo",
    "properties": {"region": "x"},
}

DEMO = [
    ROOT,
    bucket("plain"),
    bucket("public", acl="public-read", size=3, tags={"owner": "a", "cost": "a"}),
    bucket("large", size=80.0, tags={"owner": "a", "cost": "b"}),
    bucket("wrong-types", size="many", tags=["owner"], rules={"a": 1}),
    bucket("a-rather-long-name", acl="private", tags={"owner": "me"}, size=0, parts=0),
    bucket("parts", size="30", parts=5),
    bucket("parts", size="30", parts=6),
    bucket("überlang-näme", size=2.5, tags={}),
    resource("demo:index:Server", "web", {"rules": [{"port": 22}, {"port": 80}, {"port": 22}]}),
    resource("demo:index:Server", "db", {"monitoring": True, "nested": [{"deep": "secret"}], "x": "secret"}),
    resource(
        "demo:index:Server",
        "options",
        {"monitoring": False, "name": "a property named so", "type": "demo:index:Bucket"},
        options={
            "protect": True,
            "aliases": ["urn:old"],
            "customTimeouts": {"create": 60.0},
            "parent": "urn:p",
        },
        provider=PROVIDER,
        dependencies=["urn:a"],
        propertyDependencies={"rules": {"urns": ["urn:a"]}},
    ),
]

KUBERNETES = [
    ROOT,
    resource(
        "kubernetes:core/v1:Pod",
        "pod",
        {
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"containers": [{"image": "evil/x"}, {"image": "good/y"}]},
        },
    ),
    resource("kubernetes:core/v1:Pod", "bare", {"spec": {"containers": [{"image": "evil/z"}]}}),
    resource(
        "kubernetes:apps/v1:Deployment",
        "deployment",
        {
            "spec": {
                "template": {
                    "spec": {
                        "containers": [{"name": "c", "securityContext": {"privileged": True}}, {"name": "d"}]
                    }
                }
            }
        },
    ),
    resource("kubernetes:yaml:ConfigFile", "component"),
    bucket("not-kubernetes"),
]
