"""A Kubernetes cluster as its API server shows it: discovery, lists with `continue`, refusals as `Status`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.states.inventory.api import Api, Reply, Request

LIST = ["create", "delete", "get", "list", "watch"]


def kind(name: str, kind: str, *, namespaced: bool = True, verbs: list[str] = LIST) -> dict[str, Any]:
    """An entry of an APIResourceList."""
    return {"name": name, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": verbs}


def thing(name: str, namespace: str = "", **more: Any) -> dict[str, Any]:
    """An object; its uid is made of its name."""
    metadata = {"name": name, "uid": f"uid-{namespace}-{name}", "managedFields": [{"manager": "kubectl"}]}
    return {"metadata": {**metadata, **({"namespace": namespace} if namespace else {})}, **more}


#: Discovery of a small cluster, in the form of v1.APIResourceList; `apps` prefers its second version.
KINDS = {
    "/api/v1": [
        kind("pods", "Pod"),
        kind("pods/log", "Pod", verbs=["get"]),
        kind("bindings", "Binding", verbs=["create"]),
        kind("events", "Event"),
        kind("namespaces", "Namespace", namespaced=False),
        kind("secrets", "Secret"),
    ],
    "/apis/apps/v1beta2": [kind("deployments", "Deployment"), kind("relics", "Relic")],
    "/apis/apps/v1": [kind("deployments", "Deployment"), kind("deployments/scale", "Scale")],
    "/apis/events.k8s.io/v1": [kind("events", "Event")],
    "/apis/rbac.authorization.k8s.io/v1": [kind("clusterroles", "ClusterRole", namespaced=False)],
    "/apis/shop.example.com/v1": [kind("carts", "Cart")],
}
APPLIED = {"kubectl.kubernetes.io/last-applied-configuration": '{"data": {"key": "aHVudGVyMg=="}}'}


def objects() -> dict[str, list[dict[str, Any]]]:
    """By path, what the cluster has."""
    secret = thing("token", "web", data={"key": "aHVudGVyMg=="}, type="Opaque")
    secret["metadata"]["annotations"] = {**APPLIED, "team": "shop"}
    return {
        "/api/v1/pods": [thing(f"pod-{n}", "web", spec={"hostNetwork": n == 2}) for n in range(5)],
        "/api/v1/events": [thing("started", "web")],
        "/api/v1/namespaces": [thing("web")],
        "/api/v1/secrets": [secret],
        "/apis/apps/v1/deployments": [thing("front", "web", spec={"replicas": 2})],
        "/apis/apps/v1beta2/relics": [thing("old", "web")],
        "/apis/events.k8s.io/v1/events": [thing("started", "web")],
        "/apis/rbac.authorization.k8s.io/v1/clusterroles": [thing("view", rules=[])],
        "/apis/shop.example.com/v1/carts": [thing("cart", "web", spec={"size": 3})],
    }


def status(code: int, reason: str, message: str) -> Reply:
    """A refusal as the API server words it."""
    return Reply({"kind": "Status", "status": "Failure", "reason": reason, "message": message}, code)


def play(api: Api, page: int = 2) -> dict[str, list[dict[str, Any]]]:
    """Have the API answer as the cluster, in pages of `page` objects; what it has may be changed."""
    held = objects()

    def answer(request: Request) -> Reply:
        path = request.path
        if request.headers.get("Authorization") != "Bearer of-the-operator":
            return status(401, "Unauthorized", "Unauthorized")
        if path == "/api":
            return Reply({"kind": "APIVersions", "versions": ["v1"]})
        if path == "/apis":
            return Reply({"kind": "APIGroupList", "groups": groups()})
        if path in KINDS:
            return Reply({"kind": "APIResourceList", "resources": KINDS[path]})
        if path not in held:
            return status(404, "NotFound", "the server could not find the requested resource")
        start = int(request.query.get("continue", "0"))
        items, more = held[path][start : start + page], start + page < len(held[path])
        if "PartialObjectMetadataList" in request.headers.get("Accept", ""):
            items = [{"kind": "PartialObjectMetadata", "metadata": item["metadata"]} for item in items]
        return Reply({"metadata": {"continue": str(start + page)} if more else {}, "items": items})

    api.answer = answer
    return held


def groups() -> list[dict[str, Any]]:
    """The groups of the discovery above, as an APIGroupList has them."""
    found: dict[str, list[str]] = {}
    for path in KINDS:
        if path.startswith("/apis/"):
            group, version = path.removeprefix("/apis/").split("/")
            found.setdefault(group, []).append(version)
    return [
        {
            "name": group,
            "versions": [{"groupVersion": f"{group}/{version}", "version": version} for version in versions],
            "preferredVersion": {"groupVersion": f"{group}/{versions[-1]}", "version": versions[-1]},
        }
        for group, versions in found.items()
    ]


def kubeconfig(path: Path, url: str, token: str = "of-the-operator") -> Path:
    """A kubeconfig with the contexts `shop` (current) and `elsewhere`, where nobody listens."""
    contexts = {"shop": url, "elsewhere": "http://127.0.0.1:9"}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "shop",
        "clusters": [{"name": name, "cluster": {"server": at}} for name, at in contexts.items()],
        "users": [{"name": "operator", "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "operator"}} for name in contexts],
    }
    path.write_text(json.dumps(document))
    return path
