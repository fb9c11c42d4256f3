"""How a running pack is configured: what it says of itself, in the words of `packreg.groups`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from packreg.configuration.file import Layer
from packreg.configuration.reconcile import ConfigurablePack, reconcile

if TYPE_CHECKING:
    from packreg.analyzer.session import Configure, Settings
    from packreg.errors import Problem
    from packreg.pack.metadata import PackInfo


def configured(layers: Sequence[Layer] = (), warnings: list[Problem] | None = None) -> Configure:
    """Configures a pack by its own defaults and these layers, the weakest first.

    `warnings` gets what should be said of them, each time. What this gives raises InvalidConfiguration.
    """

    def configure(info: PackInfo) -> Settings | None:
        found = reconcile(ConfigurablePack.of(info), layers)
        if warnings is not None:
            warnings.extend(found.warnings)
        return found.request()

    return configure
