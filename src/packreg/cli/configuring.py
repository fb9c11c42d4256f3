"""How a running pack is configured: what it says of itself, in the words of `packreg.groups`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from packreg.groups.config_file import Layer, Setting
from packreg.groups.config_schema import PolicySchema
from packreg.groups.configuration import ConfigurablePack, Policy, reconcile

if TYPE_CHECKING:
    from packreg.analysis.packinfo import PackInfo
    from packreg.analysis.session import Configure, Settings


def configurable(info: PackInfo) -> ConfigurablePack:
    """What configuration needs to know of a pack, from its answer to GetAnalyzerInfo."""
    policies = tuple(
        Policy(
            policy.name,
            policy.level,
            PolicySchema(policy.schema.properties, policy.schema.required) if policy.schema else None,
        )
        for policy in info.policies
    )
    initial = {name: Setting(entry.level, entry.properties) for name, entry in info.initial.items()}
    return ConfigurablePack(info.name, policies, initial, info.supports_config)


def configured(layers: Sequence[Layer] = ()) -> Configure:
    """Configures a pack by its own defaults and these layers, the weakest first.

    What it gives raises InvalidConfiguration.
    """

    def configure(info: PackInfo) -> Settings | None:
        return reconcile(configurable(info), layers).request()

    return configure
