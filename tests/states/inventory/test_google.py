"""The inventory of Google Cloud, over Asset Inventory's own protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from packreg.errors import StoreRefused, StoreUnavailable, UsageError
from packreg.states.inventory.google import GoogleInventory, asset_token
from packreg.states.resources import read_resources
from tests.states.inventory.api import Api, Reply, Request, serving

SHOP = "/v1/projects/shop/assets"


def asset(kind: str, name: str, version: str = "v1", **data: Any) -> dict[str, Any]:
    """An asset as ListAssets answers it."""
    return {
        "name": f"//{kind.partition('/')[0]}/{name}",
        "assetType": kind,
        "updateTime": "2026-11-01T00:00:00Z",
        "ancestors": ["projects/12"],
        "resource": {"version": version, "discoveryName": kind.rpartition("/")[2], "data": data},
    }


ASSETS = [
    asset("storage.googleapis.com/Bucket", "logs", location="EU", iamConfiguration={"a": 1}),
    asset("compute.googleapis.com/Instance", "projects/shop/zones/z/instances/b", canIpForward=True),
    asset("compute.googleapis.com/Instance", "projects/shop/zones/z/instances/a", canIpForward=False),
]


def refused(status: int, code: str, message: str) -> Reply:
    """An error as Google's APIs word it."""
    return Reply({"error": {"code": status, "status": code, "message": message}}, status)


@pytest.fixture
def api() -> Iterator[Api]:
    """Asset Inventory with one project, two assets on a page."""

    def answer(request: Request) -> Reply:
        if request.headers.get("Authorization") != "Bearer of-the-operator":
            return refused(401, "UNAUTHENTICATED", "no")
        if request.path != SHOP:
            return refused(403, "PERMISSION_DENIED", "cloudasset.assets.listResource denied\x1b[31m")
        start = int(request.query.get("pageToken", "0"))
        more = {"nextPageToken": "2"} if not start else {}
        return Reply({"readTime": "2026-11-01T00:00:00Z", "assets": ASSETS[start : start + 2], **more})

    with serving() as api:
        api.answer = answer
        yield api


def listed(
    api: Api, *parents: str, types: tuple[str, ...] = ()
) -> tuple[list[dict[str, Any]], GoogleInventory]:
    """What there is, and the inventory that said so."""
    inventory = GoogleInventory(
        parents=parents or ("projects/shop",),
        types=types,
        environ={"GOOGLE_OAUTH_ACCESS_TOKEN": "of-the-operator"},
        endpoint_url=api.url,
        instance_role=False,
    )
    return list(inventory.resources()), inventory


@pytest.mark.parametrize(
    ("kind", "version", "token"),
    [
        ("compute.googleapis.com/Instance", "v1", "google-native:compute/v1:Instance"),
        ("storage.googleapis.com/Bucket", "v1", "google-native:storage/v1:Bucket"),
        ("sqladmin.googleapis.com/Instance", "v1beta4", "google-native:sqladmin/v1beta4:Instance"),
        ("iam.googleapis.com/ServiceAccountKey", "v1", "google-native:iam/v1:Key"),
        ("logging.googleapis.com/LogSink", "v2", "google-native:logging/v2:Sink"),
        ("cloudfunctions.googleapis.com/CloudFunction", "v1", "google-native:cloudfunctions/v1:Function"),
        ("compute.googleapis.com/Instance", "None", ""),
        ("k8s.io/Pod", "v1", ""),
        ("compute.googleapis.com/Instance::x", "v1", ""),
    ],
)
def test_a_type_has_the_token_of_the_native_provider(kind: str, version: str, token: str) -> None:
    """Service, version and name as in google-native 0.32; what cannot be named has no token."""
    assert asset_token(kind, version) == token


def test_every_page_is_read_and_packs_can_judge_it(api: Api) -> None:
    """The data are Google's own, the order is stable, and the reader of resource lists takes all of it."""
    found, inventory = listed(api)
    assert [(each["type"], each["id"]) for each in found] == [
        ("google-native:compute/v1:Instance", "projects/shop/zones/z/instances/a"),
        ("google-native:compute/v1:Instance", "projects/shop/zones/z/instances/b"),
        ("google-native:storage/v1:Bucket", "logs"),
    ]
    assert found[2]["properties"] == {"location": "EU", "iamConfiguration": {"a": 1}}
    assert not (inventory.unread or inventory.unlistable or inventory.unnamed)
    snapshot = read_resources("".join(json.dumps(each) + "\n" for each in found).encode(), "a.jsonl")
    assert snapshot.size == 3 and not snapshot.notes


def test_types_are_chosen_by_name_or_glob(api: Api) -> None:
    """Plain names are asked of Google; with a glob all is read, and what fits is kept."""
    found, _ = listed(api, types=("compute.*",))
    assert len(found) == 2 and "assetTypes" not in api.asked[0].query
    listed(api, types=("storage.googleapis.com/Bucket",))
    assert api.asked[-1].query["assetTypes"] == "storage.googleapis.com/Bucket"


def test_what_may_not_be_read_is_never_absent(api: Api) -> None:
    """The only project is an error with what it needs; one of several is a gap, and the others are listed."""
    with pytest.raises(StoreRefused, match="projects/dark cannot be listed: 403 PERMISSION_DENIED") as denied:
        listed(api, "projects/dark")
    assert "roles/cloudasset.viewer" in denied.value.hint and "\x1b" not in str(denied.value)
    found, inventory = listed(api, "projects/shop", "folders/12")
    assert len(found) == 3
    assert inventory.unread[0].message.startswith("folders/12 could not be read: 403")


def test_throttling_and_lost_answers_are_waited_for(api: Api) -> None:
    """429 with `Retry-After`, and a page cut short, end in the whole list."""
    busy = Reply(refused(429, "RESOURCE_EXHAUSTED", "quota").body, 429, {"Retry-After": "0"})
    api.once[SHOP] = [busy, Reply({"assets": ASSETS}, cut=30), busy]
    found, inventory = listed(api)
    assert len(found) == 3 and not inventory.unread


def test_a_list_that_breaks_off_is_a_gap(api: Api) -> None:
    """What was read before stays, and the rest is said to be missing."""
    api.once[SHOP] = [Reply({"assets": ASSETS[:1], "nextPageToken": "x"}), refused(500, "INTERNAL", "no")]
    found, inventory = listed(api)
    assert len(found) == 1
    assert inventory.unread[0].message.startswith("the rest of projects/shop could not be read: 500")


def test_an_asset_without_data_or_name_is_said(api: Api) -> None:
    """No data is a gap; no version is a resource under a type for anything."""
    odd = [{"name": "//x.googleapis.com/a", "assetType": "x.googleapis.com/A"}, asset("odd/Thing", "b", q=1)]
    api.once[SHOP] = [Reply({"assets": odd})]
    found, inventory = listed(api)
    assert [each["type"] for each in found] == ["google-native:odd:Resource"]
    assert inventory.unnamed == ["odd/Thing"]
    assert "x.googleapis.com/A //x.googleapis.com/a could not be read" in inventory.unread[0].message


def test_nobody_there_is_said(api: Api) -> None:
    """No parent, a wrong one, no credentials, no connection, no https: each is an error of its own."""
    for parents, words in (((), "say what to list"), (("projects/../x",), "is not a project")):
        with pytest.raises(UsageError, match=words):
            list(GoogleInventory(parents=parents).resources())
    with pytest.raises(StoreRefused, match="no credentials for Google Cloud"):
        list(GoogleInventory(parents=["projects/shop"], instance_role=False).resources())
    with pytest.raises(UsageError, match="over http"):
        list(GoogleInventory(parents=["projects/shop"], endpoint_url="http://example.org").resources())
    api.url = "http://127.0.0.1:9"
    with pytest.raises(StoreUnavailable, match="projects/shop cannot be listed: "):
        listed(api)
