"""How a running pack is configured: what it says of itself, in the words of `packreg.groups`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from packreg.groups.config_file import Layer
from packreg.groups.configuration import ConfigurablePack, reconcile

if TYPE_CHECKING:
    from packreg.analysis.session import Configure, Settings
    from packreg.pack.metadata import PackInfo


def configured(layers: Sequence[Layer] = ()) -> Configure:
    """Configures a pack by its own defaults and these layers, the weakest first.

    What it gives raises InvalidConfiguration.
    """

    def configure(info: PackInfo) -> Settings | None:
        return reconcile(ConfigurablePack.of(info), layers).request()

    return configure
