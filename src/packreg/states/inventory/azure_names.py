"""Azure's names of types, and the shape of resources, as Pulumi's `azure-native` provider has them.

`azure_types.txt` has the types of azure-native 3.29.0 as its SDK for Python lists them: a module, then its
types, each with `*` where the provider leaves `properties` as they are, and `<` before each parent that it is
created with (`azure_types.py` beside the tests makes it). Resource Graph answers types in small letters, so
the list also gives the capitals.

The rule: the module is the provider's namespace without `Microsoft.`, in small letters; the name is the
singular of the type's last segment, with those of its parents before it where such a type exists. A name
counts only if the list has it, and for a type inside another only with the parents that it has there.

Of 119 types that accounts often hold, the rule names 98 and the table the other 21, as the SDK does. Of the
61 that the SDK's documentation spells out, 45 are named; of the others, azure-native has only one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

#: The type of azure-native for any resource, whose `properties` stay as Azure has them.
ANY_RESOURCE = "azure-native:resources:Resource"
#: Namespaces whose types azure-native has in more than one module, or in another one.
_MODULES = {
    "cache": ("redis", "redisenterprise"),
    "devices": ("iothub", "deviceprovisioningservices"),
    "documentdb": ("cosmosdb", "mongocluster"),
    "insights": ("monitor", "applicationinsights"),
    "network": ("network", "dns", "dnsresolver", "frontdoor", "privatedns", "trafficmanager"),
}
#: Types that are called something else.
_OTHERS = {
    "analysisservices/servers": "analysisservices:ServerDetails",
    "apimanagement/service": "apimanagement:ApiManagementService",
    "authorization/roleassignments": "authorization:RoleAssignment",
    "botservice/botservices": "botservice:Bot",
    "compute/hostgroups": "compute:DedicatedHostGroup",
    "dbformysql/flexibleservers": "dbformysql:Server",
    "dbforpostgresql/flexibleservers": "dbforpostgresql:Server",
    "devices/iothubs": "iothub:IotHubResource",
    "devices/provisioningservices": "deviceprovisioningservices:IotDpsResource",
    "documentdb/databaseaccounts/mongodbdatabases": "cosmosdb:MongoDBResourceMongoDBDatabase",
    "documentdb/databaseaccounts/sqldatabases": "cosmosdb:SqlResourceSqlDatabase",
    "fabric/capacities": "fabric:FabricCapacity",
    "monitor/accounts": "monitor:AzureMonitorWorkspace",
    "netapp/netappaccounts": "netapp:Account",
    "network/connections": "network:VirtualNetworkGatewayConnection",
    "network/dnszones": "dns:Zone",
    "network/frontdoorwebapplicationfirewallpolicies": "frontdoor:Policy",
    "network/privatednszones": "privatedns:PrivateZone",
    "network/privatednszones/virtualnetworklinks": "privatedns:VirtualNetworkLink",
    "network/trafficmanagerprofiles": "trafficmanager:Profile",
    "network/applicationgatewaywebapplicationfirewallpolicies": "network:WebApplicationFirewallPolicy",
    "powerbidedicated/capacities": "powerbidedicated:CapacityDetails",
    "resources/subscriptions/resourcegroups": "resources:ResourceGroup",
    "search/searchservices": "search:Service",
    "sql/managedinstances/databases": "sql:ManagedDatabase",
    "storage/storageaccounts/blobservices/containers": "storage:BlobContainer",
    "storage/storageaccounts/fileservices/shares": "storage:FileShare",
    "web/serverfarms": "web:AppServicePlan",
    "web/hostingenvironments": "web:AppServiceEnvironment",
    "web/sites": "web:WebApp",
    "web/sites/slots": "web:WebAppSlot",
}


class AzureType(NamedTuple):
    """A type of azure-native. `flat`: the members of `properties` are the resource's own."""

    token: str
    flat: bool
    parents: tuple[str, ...] = ()


def azure_type(arm_type: str) -> AzureType:
    """The type of `Microsoft.Storage/storageAccounts`, in any capitals; `ANY_RESOURCE` if none is known."""
    namespace, _, path = arm_type.lower().partition("/")
    namespace = namespace.removeprefix("microsoft.").replace(".", "")
    known = _types()
    other = _OTHERS.get(f"{namespace}/{path}")
    if other:
        return known.get(other.lower(), AzureType(ANY_RESOURCE, False))
    segments = path.split("/")
    for module in _MODULES.get(namespace, (namespace,)):
        for start in range(len(segments)):
            for name in _singulars("".join(map(_singular, segments[start:-1])), segments[-1]):
                found = known.get(f"{module}:{name}")
                if found and _fits(found, segments, start):
                    return found
    return AzureType(ANY_RESOURCE, False)


def _fits(found: AzureType, segments: list[str], start: int) -> bool:
    """Whether a type has the parents that its name leaves out, and as many as the segments say."""
    if len(found.parents) != len(segments) - 1:
        return False
    left_out = [_singular(each) for each in segments[:start]]
    return all(any(parent.endswith(of) for of in found.parents) for parent in left_out)


def flattened(value: Any) -> Any:
    """An object with the members of its `properties` beside the others, at every depth."""
    if isinstance(value, list):
        return [flattened(each) for each in value]
    if not isinstance(value, dict):
        return value
    inner = value.get("properties")
    if isinstance(inner, dict):
        value = {**inner, **{name: each for name, each in value.items() if name != "properties"}}
    return {name: flattened(each) for name, each in value.items()}


def _singular(word: str) -> str:
    return next(_singulars("", word))


def _singulars(before: str, word: str) -> Iterator[str]:
    """What a plural may be the plural of, the likeliest first, with `before` in front of it."""
    if word.endswith("ies"):
        yield f"{before}{word[:-3]}y"
    if word.endswith("s") and not word.endswith("ss"):
        yield before + word[:-1]
    if word.endswith("es"):
        yield before + word[:-2]
    yield before + word


@cache
def _types() -> dict[str, AzureType]:
    """The list, by module and name in small letters."""
    known = {}
    text = files("packreg.states.inventory").joinpath("azure_types.txt").read_text("ascii")
    for line in text.splitlines():
        module, *words = line.split()
        for word in words:
            name, *parents = word.split("<")
            flat = not name.endswith("*")
            name = name.removesuffix("*")
            token = f"azure-native:{module}:{name}"
            known[f"{module}:{name}".lower()] = AzureType(token, flat, tuple(parents))
    return known
