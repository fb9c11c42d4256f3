"""The inventory of a Kubernetes cluster, over its API's own protocol."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from packreg.errors import StoreRefused, StoreUnavailable, UsageError
from packreg.states.inventory.kubernetes import KubernetesInventory
from packreg.states.resources import read_resources
from tests.states.inventory.api import Api, Reply, serving
from tests.states.inventory.cluster import kubeconfig, play, status

PODS = "/api/v1/pods"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A cluster that answers, and a machine that is no pod of another."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with serving() as api:
        play(api)
        yield api


@pytest.fixture
def config(api: Api, tmp_path: Path) -> str:
    """The operator's kubeconfig for it."""
    return str(kubeconfig(tmp_path / "kubeconfig", api.url))


def listed(config: str, *types: str) -> tuple[list[dict[str, Any]], KubernetesInventory]:
    """What the cluster has, and the inventory that said so."""
    inventory = KubernetesInventory(kubeconfig=config, types=types)
    return list(inventory.resources()), inventory


def test_every_kind_is_listed_once_in_the_version_its_group_prefers(api: Api, config: str) -> None:
    """Namespaced and cluster kinds, custom ones and those that only an older version has; no object twice."""
    found, inventory = listed(config)
    assert [(each["type"], each["id"]) for each in found] == [
        ("kubernetes:core/v1:Event", "web/started"),
        ("kubernetes:core/v1:Namespace", "web"),
        *[("kubernetes:core/v1:Pod", f"web/pod-{n}") for n in range(5)],
        ("kubernetes:core/v1:Secret", "web/token"),
        ("kubernetes:apps/v1:Deployment", "web/front"),
        ("kubernetes:apps/v1beta2:Relic", "web/old"),
        ("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", "view"),
        ("kubernetes:shop.example.com/v1:Cart", "web/cart"),
    ]
    assert inventory.unread == [] and inventory.unlistable == ["bindings"]
    assert "/apis/apps/v1beta2/deployments" not in api.paths()


def test_objects_are_as_the_provider_reads_them_and_packs_can_judge_them(config: str) -> None:
    """The lists leave out version and kind of each object, and who manages which field is of no interest."""
    found, _ = listed(config, "deployments.apps", "carts.*")
    assert found[0]["properties"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "front", "namespace": "web", "uid": "uid-web-front"},
        "spec": {"replicas": 2},
    }
    assert found[0]["urn"] == "urn:pulumi:shop::kubernetes::kubernetes:apps/v1:Deployment::web/front"
    lines = "".join(json.dumps(each) + "\n" for each in found)
    snapshot = read_resources(lines.encode(), "cluster.jsonl")
    assert snapshot.size == 2 and not snapshot.notes


def test_the_data_of_secrets_never_leave_the_cluster(api: Api, config: str) -> None:
    """Their metadata are asked for, and what kubectl applied is taken out of them."""
    [secret], _ = listed(config, "secrets")
    assert "aHVudGVyMg" not in json.dumps(secret)
    assert secret["properties"]["kind"] == "Secret"
    assert secret["properties"]["metadata"]["annotations"] == {"team": "shop"}
    [asked] = [request for request in api.asked if request.path == "/api/v1/secrets"]
    assert "PartialObjectMetadataList" in asked.headers["Accept"]


def test_a_server_that_sends_the_data_of_secrets_all_the_same(api: Api, config: str) -> None:
    """One that does not know metadata alone changes nothing: the data are dropped here."""
    secret = {"metadata": {"name": "token"}, "data": {"key": "aHVudGVyMg=="}, "stringData": {"a": "hunter2"}}
    api.once["/api/v1/secrets"] = [Reply({"items": [secret]})]
    [found], _ = listed(config, "secrets")
    assert found["properties"].keys() == {"apiVersion", "kind", "metadata"}


def test_a_kind_that_may_not_be_read_is_a_gap_that_is_named(api: Api, config: str) -> None:
    """Missing permissions for one kind leave the others, and are said with the kind and no escape codes."""
    api.once["/api/v1/secrets"] = [status(403, "Forbidden", "secrets is forbidden: no\x1b[31m list")]
    found, inventory = listed(config)
    assert len(found) == 11
    [problem] = inventory.unread
    assert problem.message.startswith(
        "secrets could not be read: 403 Failure: Forbidden: secrets is forbidden"
    )
    assert "\x1b" not in problem.message and problem.where == "shop"
    assert "ClusterRole" in problem.hint


def test_a_group_that_does_not_answer_is_a_gap(api: Api, config: str) -> None:
    """An aggregated API that is down hides its kinds, which is said, and no others."""
    api.once["/apis/shop.example.com/v1"] = [status(500, "InternalError", "no endpoints")]
    found, inventory = listed(config)
    assert not [each for each in found if "shop.example.com" in each["type"]]
    assert "which kinds shop.example.com/v1 has could not be read" in inventory.unread[0].message


def test_throttling_is_waited_for(api: Api, config: str) -> None:
    """429 and 503 are answered by asking again when the server says."""
    busy = Reply({"message": "too many requests"}, 429, {"Retry-After": "0"})
    api.once[PODS] = [busy, Reply({}, 503, {"Retry-After": "0"})]
    found, inventory = listed(config, "pods")
    assert len(found) == 5 and not inventory.unread
    assert api.paths().count(PODS) == 5


def test_an_answer_cut_short_is_asked_for_again(api: Api, config: str) -> None:
    """Half a page is no page; what stays broken is a gap, never a shorter list."""
    cut = Reply({"items": [{"metadata": {"name": "half"}}]}, cut=20)
    api.once[PODS] = [cut, cut]
    found, inventory = listed(config, "pods")
    assert len(found) == 5 and not inventory.unread
    api.once[PODS] = [cut] * 3
    found, inventory = listed(config, "pods")
    assert found == [] and "pods could not be read" in inventory.unread[0].message


@pytest.mark.parametrize(
    "page",
    [
        {"items": "none"},
        {"items": ["none"]},
        [],
        b"<html>",
        b"[" * 100_000,
        {"items": [], "metadata": {"continue": 7}},
    ],
)
def test_an_answer_of_another_form_is_a_gap(api: Api, config: str, page: object) -> None:
    """Whatever a proxy or a broken extension answers, it is not an empty list."""
    api.once[PODS] = [Reply(page)] * 3
    found, inventory = listed(config, "pods")
    assert found == [] and len(inventory.unread) == 1


def test_pages_that_lead_in_a_circle_end(api: Api, config: str) -> None:
    """A server that gives the same token again is a gap, not a command that never ends."""
    api.once[PODS] = [Reply({"items": [], "metadata": {"continue": "again"}})] * 3
    _, inventory = listed(config, "pods")
    assert "lead back" in inventory.unread[0].message


def test_a_list_that_expired_while_it_was_read_is_begun_once_more(api: Api, config: str) -> None:
    """410 means that the rest of the list is gone; the second time it is a gap."""
    first = Reply({"items": [{"metadata": {"name": "gone"}}], "metadata": {"continue": "2"}})
    expired = status(410, "Expired", "the provided continue parameter is too old")
    api.once[PODS] = [first, expired]
    found, inventory = listed(config, "pods")
    assert len(found) == 5 and not inventory.unread
    api.once[PODS] = [first, expired, first, expired]
    _, inventory = listed(config, "pods")
    assert "too old" in inventory.unread[0].message


def test_what_cannot_be_listed_or_was_deleted_is_no_gap(api: Api, config: str) -> None:
    """405 is a kind without lists, 404 one that was deleted since discovery named it."""
    api.once[PODS] = [status(405, "MethodNotAllowed", "no list")]
    api.once["/api/v1/events"] = [status(404, "NotFound", "gone")]
    _, inventory = listed(config, "pods", "events")
    assert inventory.unread == [] and inventory.unlistable == ["pods"]


def test_a_type_that_nobody_has_is_refused(config: str) -> None:
    """A misspelt type is a mistake on the command line, not an empty list."""
    with pytest.raises(UsageError, match="podz"):
        listed(config, "podz")


def test_credentials_are_those_of_the_context(api: Api, config: str, tmp_path: Path) -> None:
    """The token of the kubeconfig is sent; one that the cluster refuses is said with who to ask."""
    listed(config, "namespaces")
    assert {request.headers["Authorization"] for request in api.asked} == {"Bearer of-the-operator"}
    wrong = str(kubeconfig(tmp_path / "wrong", api.url, "of-nobody"))
    with pytest.raises(StoreRefused, match=r"the cluster of shop .* 401 .*Unauthorized") as refused:
        listed(wrong)
    assert "kubectl auth whoami" in refused.value.hint


def test_a_redirect_takes_no_token_elsewhere(api: Api, config: str) -> None:
    """An API that sends its clients elsewhere is a refusal."""
    api.once["/api"] = [Reply({}, 302, {"Location": f"{api.url}/elsewhere"})]
    with pytest.raises(StoreUnavailable, match="302"):
        listed(config)
    assert api.paths() == ["/api"]


def test_no_cluster_is_said(config: str, tmp_path: Path) -> None:
    """No kubeconfig, no such context, a damaged file, nobody there: each is an error of its own."""
    with pytest.raises(UsageError, match="no Kubernetes cluster can be used"):
        listed(str(tmp_path / "none"))
    with pytest.raises(UsageError, match="nowhere"):
        list(KubernetesInventory(kubeconfig=config, context="nowhere").resources())
    (tmp_path / "bad").write_text("{contexts: [")
    with pytest.raises(UsageError, match="no Kubernetes cluster can be used"):
        listed(str(tmp_path / "bad"))
    with pytest.raises(StoreUnavailable, match="the cluster of elsewhere cannot be asked"):
        list(KubernetesInventory(kubeconfig=config, context="elsewhere").resources())


def test_a_client_that_is_not_installed_is_said(config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the error says what to install."""
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    with pytest.raises(UsageError, match="Kubernetes' Python client") as missing:
        listed(config)
    assert missing.value.hint == "pip install 'kubernetes>=37'"
