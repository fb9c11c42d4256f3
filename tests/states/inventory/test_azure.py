"""The inventory of Azure subscriptions, over Resource Graph's own protocol."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from packreg.errors import StoreRefused, StoreUnavailable, UsageError
from packreg.states.inventory.azure import AzureInventory
from packreg.states.resources import read_resources
from tests.states.inventory.api import Api, Reply, serving
from tests.states.inventory.subscription import DARK, GRAPH, GROUP, SHOP, denied, identity, play

PERMISSIONS = f"/subscriptions/{SHOP}/providers/Microsoft.Authorization/permissions"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Api]:
    """Azure with one subscription, for a machine that has an identity there and no other way to log in."""
    with serving() as api:
        play(api)
        for name, value in (identity(api) | {"HOME": str(tmp_path), "PATH": str(tmp_path)}).items():
            monkeypatch.setenv(name, value)
        yield api


def listed(
    api: Api, *subscriptions: str, types: tuple[str, ...] = (), instance_role: bool = True
) -> tuple[list[dict[str, Any]], AzureInventory]:
    """What there is, and the inventory that said so."""
    inventory = AzureInventory(
        subscriptions=subscriptions or (SHOP,), types=types, endpoint_url=api.url, instance_role=instance_role
    )
    return list(inventory.resources()), inventory


def test_every_table_and_page_is_read_and_packs_can_judge_it(api: Api) -> None:
    """Types are named as in azure-native, an unknown one as its type for any, in a stable order."""
    found, inventory = listed(api)
    assert [each["type"] for each in found] == [
        "azure-native:keyvault:Vault",
        "azure-native:network:NetworkSecurityGroup",
        "azure-native:resources:Resource",
        "azure-native:resources:ResourceGroup",
        "azure-native:storage:StorageAccount",
    ]
    assert inventory.unnamed == ["microsoft.unheard/ofs"]
    assert inventory.unread == [] and inventory.unlistable == []
    snapshot = read_resources("".join(json.dumps(each) + "\n" for each in found).encode(), "a.jsonl")
    assert snapshot.size == 5 and not snapshot.notes


def test_properties_lie_where_the_provider_has_them(api: Api) -> None:
    """Flattened at every depth where the provider does that, and whole where it does not."""
    found, _ = listed(api)
    vault, group, other, _, account = (each["properties"] for each in found)
    assert account == {
        "id": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/logs",
        "name": "logs",
        "type": "microsoft.storage/storageaccounts",
        "location": "westeurope",
        "kind": "StorageV2",
        "supportsHttpsTrafficOnly": True,
        "networkAcls": {"bypass": "None"},
        "resourceGroupName": "Web-RG",
    }
    assert group["securityRules"][0]["access"] == "Allow"
    assert vault["properties"] == {"enableSoftDelete": True} and other["properties"] == {"a": 1}


def test_types_are_chosen_in_any_capitals(api: Api) -> None:
    """Azure's own names, with globs."""
    found, inventory = listed(api, types=("Microsoft.Storage/*",))
    assert [each["type"] for each in found] == ["azure-native:storage:StorageAccount"]
    assert inventory.unnamed == []


@pytest.mark.parametrize(
    "permissions",
    [
        [],
        [{"actions": ["Microsoft.Storage/*/read"], "notActions": []}],
        [{"actions": ["*"], "notActions": ["Microsoft.KeyVault/*"]}],
        [{"actions": ["*"], "notActions": ["Microsoft.Sql/servers/read"]}],
        [{"actions": "*"}],
        [{"actions": ["*"], "notActions": 7}],
    ],
)
def test_what_resource_graph_leaves_out_is_a_gap(api: Api, permissions: list[dict[str, Any]]) -> None:
    """Who may read parts of a subscription sees a shorter list, and is told that it is one."""
    play(api, permissions)
    found, inventory = listed(api)
    assert len(found) == 5
    [problem] = inventory.unread
    assert problem.message.startswith(f"all of subscription {SHOP} could not be read")
    assert "Reader" in problem.hint


def test_contributors_and_owners_read_everything(api: Api) -> None:
    """What a role takes away from writing is no gap; one role that reads all is enough."""
    contributor = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}
    play(api, [{"actions": []}, contributor])
    assert listed(api)[1].unread == []


def test_a_subscription_that_does_not_say_is_a_gap(api: Api) -> None:
    """Where the permissions may not be asked, nobody knows that the list is whole."""
    api.once[PERMISSIONS] = [denied(403, "AuthorizationFailed", "no permissions/read")]
    found, inventory = listed(api)
    assert len(found) == 5 and "AuthorizationFailed" in inventory.unread[0].message


def test_what_may_not_be_read_is_never_absent(api: Api) -> None:
    """The only subscription is an error; one of several is a gap, and the others are listed."""
    with pytest.raises(StoreRefused, match=f"subscription {DARK} cannot be listed: 404") as refused:
        listed(api, DARK)
    assert "\x1b" not in str(refused.value) and "Reader" in refused.value.hint
    found, inventory = listed(api, SHOP, DARK)
    assert len(found) == 5 and inventory.unread[0].message.startswith(
        f"subscription {DARK} could not be read"
    )


def test_throttling_and_lost_answers_are_waited_for(api: Api) -> None:
    """429 with `Retry-After`, and a page cut short, end in the whole list."""
    busy = Reply(denied(429, "RateLimiting", "later").body, 429, {"Retry-After": "0"})
    api.once[GRAPH] = [busy, Reply({"data": []}, cut=4), busy]
    found, inventory = listed(api)
    assert len(found) == 5 and not inventory.unread


def test_a_list_that_breaks_off_is_a_gap(api: Api) -> None:
    """An error, or a list that Resource Graph cut off itself: what was read stays, the rest is missing."""
    first = Reply({"data": [{"id": "/x", "type": "a.b/c"}, {"id": "/y"}], "$skipToken": "2"})
    for last in (denied(500, "InternalError", "no"), Reply({"data": [], "resultTruncated": "true"})):
        api.once[GRAPH] = [first, last]
        found, inventory = listed(api)
        assert len(found) == 1
        messages = [problem.message for problem in inventory.unread]
        assert messages[0].startswith("a resource could not be read: it has no type")
        assert messages[1].startswith(f"the rest of subscription {SHOP} could not be read")


def test_nobody_there_is_said(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """No subscription, a wrong one, no credentials, no connection, no client: each is an error of its own."""
    for subscriptions, words in (
        ((), "no Azure subscription"),
        (("../x",), "is not the id of a subscription"),
    ):
        with pytest.raises(UsageError, match=words):
            list(AzureInventory(subscriptions=subscriptions).resources())
    with pytest.raises(UsageError, match="over http"):
        list(AzureInventory(subscriptions=[SHOP], endpoint_url="http://example.org").resources())
    with pytest.raises(StoreRefused, match="no credentials for Azure"):
        listed(api, instance_role=False)
    elsewhere = Api(url="http://127.0.0.1:9")
    with pytest.raises(StoreUnavailable, match=f"subscription {SHOP} cannot be listed: "):
        listed(elsewhere)
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(UsageError, match="needs azure-identity") as missing:
        listed(api)
    assert missing.value.hint == "pip install 'azure-identity>=1.19'"
