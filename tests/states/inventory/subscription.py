"""Azure as its Resource Manager shows it: Resource Graph, permissions, and the identity of a machine."""

from __future__ import annotations

from typing import Any

from tests.states.inventory.api import Api, Reply, Request

SHOP = "11111111-2222-3333-4444-555555555555"
DARK = "99999999-2222-3333-4444-555555555555"
GRAPH = "/providers/Microsoft.ResourceGraph/resources"
GROUP = f"/subscriptions/{SHOP}/resourceGroups/Web-RG"


def row(arm_type: str, path: str, **more: Any) -> dict[str, Any]:
    """A row of Resource Graph: the type in small letters, and empty columns."""
    found = {
        "id": f"{GROUP}{path}",
        "name": path.rpartition("/")[2],
        "type": arm_type,
        "location": "westeurope",
    }
    columns = {"tenantId": "t", "subscriptionId": SHOP, "resourceGroup": "web-rg", "sku": None, "plan": ""}
    return {**found, **columns, **more}


RULE = {"name": "ssh", "id": "x/ssh", "properties": {"access": "Allow", "sourceAddressPrefix": "*"}}
ROWS = {
    "resources ": [
        row(
            "microsoft.storage/storageaccounts",
            "/providers/Microsoft.Storage/storageAccounts/logs",
            kind="StorageV2",
            properties={"supportsHttpsTrafficOnly": True, "networkAcls": {"bypass": "None"}},
        ),
        row(
            "microsoft.network/networksecuritygroups",
            "/providers/Microsoft.Network/networkSecurityGroups/open",
            properties={"securityRules": [RULE]},
        ),
        row(
            "microsoft.keyvault/vaults",
            "/providers/Microsoft.KeyVault/vaults/keys",
            properties={"enableSoftDelete": True},
        ),
        row("microsoft.unheard/ofs", "/providers/Microsoft.Unheard/ofs/x", properties={"a": 1}),
    ],
    "resourcecontainers": [row("microsoft.resources/subscriptions/resourcegroups", "")],
    "authorizationresources": [],
}
READER = {"actions": ["*/read"], "notActions": []}


def denied(status: int, code: str, message: str) -> Reply:
    """An error as Azure words it."""
    return Reply({"error": {"code": code, "message": message}}, status)


def play(api: Api, permissions: list[dict[str, Any]] | None = None) -> None:
    """Have the API answer as Azure, two rows on a page, for one subscription."""

    def answer(request: Request) -> Reply:
        if request.path == "/identity":
            known = request.headers.get("X-Identity-Header") == "of-the-machine"
            token = {"access_token": "of-the-operator", "expires_on": "4102444800", "resource": "r"}
            return Reply({**token, "token_type": "Bearer"}) if known else Reply({}, 400)
        if request.headers.get("Authorization") != "Bearer of-the-operator":
            return denied(401, "AuthenticationFailed", "no")
        if request.path == f"/subscriptions/{SHOP}/providers/Microsoft.Authorization/permissions":
            return Reply({"value": [READER] if permissions is None else permissions})
        if request.path != GRAPH or request.body["subscriptions"] != [SHOP]:
            return denied(404, "SubscriptionNotFound", "The subscription could not be found.\x1b[31m")
        rows = next(rows for table, rows in ROWS.items() if request.body["query"].startswith(table))
        start = int(request.body["options"].get("$skipToken", "0"))
        more = {"$skipToken": str(start + 2)} if start + 2 < len(rows) else {}
        data = rows[start : start + 2]
        return Reply(
            {"totalRecords": len(rows), "count": len(data), "resultTruncated": "false", "data": data, **more}
        )

    api.answer = answer


def identity(api: Api) -> dict[str, str]:
    """The variables by which a machine of Azure finds its identity; nothing else gives a token."""
    return {"IDENTITY_ENDPOINT": f"{api.url}/identity", "IDENTITY_HEADER": "of-the-machine"}
