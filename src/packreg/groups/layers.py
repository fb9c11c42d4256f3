"""The layers of configuration that an entry of a group means: its environments', then its own. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from packreg.configuration.file import Layer, as_layer
from packreg.environments.opened import layer_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packreg.environments.opened import Opened
    from packreg.groups.decision import GroupRequest


def layers_of(asked: GroupRequest, opened: Opened | None) -> list[Layer]:
    """The layers, the weakest first; those that set nothing are left out, as a pack may take none.

    `opened` are the entry's environments, None where it has none. Raises InvalidConfiguration.
    """
    layers = [layer_of(opened, asked.entry.pack)] if opened is not None else []
    layers.append(as_layer(asked.entry.config, f"group {asked.group}"))
    return [layer for layer in layers if layer.settings]


def shown_layers_of(asked: GroupRequest, opened: Opened | None) -> list[Layer]:
    """The same for people: what is secret in an environment is "[secret]". Not to be given to a pack."""
    if opened is not None:
        shown = cast("Mapping[str, object]", opened.shown.get("policyConfig", {}))
        opened = replace(opened, policy_config=shown, secrets=frozenset())
    return layers_of(asked, opened)
