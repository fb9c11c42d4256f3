"""Azure's names as azure-native has them."""

from __future__ import annotations

import pytest

from packreg.states.inventory.azure_names import _OTHERS, ANY_RESOURCE, azure_type, flattened


@pytest.mark.parametrize(
    ("arm", "token"),
    [
        ("Microsoft.Storage/storageAccounts", "storage:StorageAccount"),
        ("microsoft.compute/virtualmachinescalesets", "compute:VirtualMachineScaleSet"),
        ("Microsoft.Compute/virtualMachines/extensions", "compute:VirtualMachineExtension"),
        ("Microsoft.Compute/galleries/images", "compute:GalleryImage"),
        ("Microsoft.Network/publicIPAddresses", "network:PublicIPAddress"),
        ("Microsoft.Network/virtualNetworks/subnets", "network:Subnet"),
        ("Microsoft.Network/firewallPolicies", "network:FirewallPolicy"),
        ("Microsoft.Network/trafficManagerProfiles", "trafficmanager:Profile"),
        ("Microsoft.Sql/servers/databases", "sql:Database"),
        ("Microsoft.Sql/managedInstances/databases", "sql:ManagedDatabase"),
        ("Microsoft.DocumentDB/databaseAccounts", "cosmosdb:DatabaseAccount"),
        ("Microsoft.Cache/Redis", "redis:Redis"),
        ("Microsoft.Insights/actionGroups", "monitor:ActionGroup"),
        ("Microsoft.Insights/components", "applicationinsights:Component"),
        ("Microsoft.Web/sites", "web:WebApp"),
        ("Microsoft.Web/serverFarms", "web:AppServicePlan"),
        ("Microsoft.ContainerRegistry/registries", "containerregistry:Registry"),
        ("Microsoft.Automation/automationAccounts/runbooks", "automation:Runbook"),
        ("Microsoft.Resources/subscriptions/resourceGroups", "resources:ResourceGroup"),
    ],
)
def test_a_type_has_the_token_of_the_native_provider(arm: str, token: str) -> None:
    """By the rule or by the table, in the capitals of azure-native 3.29.0."""
    assert azure_type(arm).token == f"azure-native:{token}"


@pytest.mark.parametrize(
    "arm",
    [
        "Microsoft.Sql/databases",
        "Microsoft.Sql/elsewhere/databases",
        "Microsoft.Storage/accounts",
        "Microsoft.Network/loadBalancers/probes",
        "Contoso.Widgets/widgets",
        "",
        "/",
        "Microsoft.Web/sites::x",
    ],
)
def test_no_name_is_guessed(arm: str) -> None:
    """What the provider does not have, or has inside another parent, is any resource."""
    assert azure_type(arm).token == ANY_RESOURCE and not azure_type(arm).flat


def test_the_table_names_types_that_there_are() -> None:
    """Each exception leads to a type of the list."""
    wrong = {arm for arm in _OTHERS if azure_type(f"Microsoft.{arm}").token == ANY_RESOURCE}
    assert wrong == set()


def test_properties_are_flattened_where_the_provider_does() -> None:
    """The resource's own members win, and what is no object stays as it is."""
    assert azure_type("Microsoft.Storage/storageAccounts").flat
    assert not azure_type("Microsoft.KeyVault/vaults").flat
    given = {"name": "own", "properties": {"name": "inner", "rules": [{"properties": {"access": "Deny"}}, 1]}}
    assert flattened(given) == {"name": "own", "rules": [{"access": "Deny"}, 1]}
    assert flattened({"properties": ["kept"]}) == {"properties": ["kept"]}
