"""How each policy of a pack came to its level and its properties, layer by layer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packreg.configuration.file import Layer
from packreg.configuration.reconcile import DEFAULTS, INITIAL, ConfigurablePack, applied, own_settings


@dataclass(frozen=True, slots=True)
class Step:
    """What one layer says of a policy: a level ("" leaves it), and properties. `where` is the layer's name.

    `of_all` says that the level is the one the layer gives to every policy.
    """

    where: str
    level: str
    properties: Mapping[str, object]
    of_all: bool = False


@dataclass(frozen=True, slots=True)
class Explained:
    """A policy: where it ends up, and the steps that say anything of it, the weakest first.

    The last step with a level set the level, and the last step with a property set that property.
    """

    policy: str
    level: str
    properties: Mapping[str, object]
    steps: tuple[Step, ...]


def explain(pack: ConfigurablePack, layers: Sequence[Layer]) -> tuple[Explained, ...]:
    """Every policy of the pack, in its order, then what layers say of policies that it does not have.

    Nothing is checked here: `configuration.reconcile` says whether the pack takes it.
    """
    settings = own_settings(pack)
    everything = (Layer(DEFAULTS, dict(settings)), Layer(INITIAL, pack.initial), *layers)
    for layer in everything[1:]:
        settings = applied(settings, layer.settings)
    return tuple(
        Explained(name, setting.level, setting.properties, tuple(_steps(name, everything)))
        for name, setting in settings.items()
        if name != "all"
    )


def _steps(policy: str, layers: Sequence[Layer]) -> list[Step]:
    steps = []
    for layer in layers:
        every = layer.settings["all"].level if "all" in layer.settings else ""
        own = layer.settings.get(policy)
        if own is not None:
            steps.append(
                Step(layer.where, own.level or every, own.properties, of_all=bool(every and not own.level))
            )
        elif every:
            steps.append(Step(layer.where, every, {}, of_all=True))
    return steps
