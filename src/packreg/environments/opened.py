"""What an opened environment gives a policy pack: configuration, variables and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from packreg.configuration.file import Layer, Setting, as_layer, refused
from packreg.errors import InvalidConfiguration, Problem


@dataclass(frozen=True, slots=True)
class Opened:
    """The values of one or several environments, evaluated; secrets in the clear.

    `origin` names it in messages (`environment prod@3`); `revisions` are all that were read, imports too, as
    `name@number`, sorted. `values` are all values as JSON, `shown` the same with "[secret]" in place of
    secrets, for people; `policy_config` is the `policyConfig` of `values`. `variables` are texts; `files` the
    contents of files whose paths a process finds in the variables of these names. `secrets` are the texts to
    keep out of everything that is said.
    """

    origin: str
    revisions: tuple[str, ...] = ()
    policy_config: Mapping[str, object] = field(default_factory=dict, repr=False)
    shown: Mapping[str, object] = field(default_factory=dict)
    values: Mapping[str, object] = field(default_factory=dict, repr=False)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    warnings: tuple[Problem, ...] = ()


def layer_of(opened: Opened, pack: str) -> Layer:
    """The layer of configuration that this is for a pack: keys are `policy`, or `pack:policy` for one pack.

    Where both are there, the second goes over the first, property by property. Raises InvalidConfiguration,
    without secret values, when an entry is not a level or an object, as in a configuration file.
    """
    shown = opened.shown.get("policyConfig", {})
    _read(cast("Mapping[str, object]", shown), opened.origin, pack)  # says what is wrong, and no secret
    try:
        plain, own = _read(opened.policy_config, opened.origin, pack)
    except InvalidConfiguration:
        problem = Problem("config-level", "policyConfig: a secret cannot be an enforcement level or a policy")
        raise refused(f"{opened.origin} has no usable policyConfig", [problem]) from None
    settings = dict(plain.settings)
    for policy, setting in own.settings.items():
        below = settings.get(policy, Setting())
        settings[policy] = Setting(setting.level or below.level, {**below.properties, **setting.properties})
    return Layer(opened.origin, settings, warnings=opened.warnings, secrets=opened.secrets)


def _read(config: Mapping[str, object], where: str, pack: str) -> tuple[Layer, Layer]:
    """The settings for every pack, and those for this pack alone."""
    every = {key: value for key, value in config.items() if ":" not in key}
    own = {key.removeprefix(f"{pack}:"): v for key, v in config.items() if key.startswith(f"{pack}:")}
    if "environments" in {*every, *own}:
        problem = Problem("config-shape", "policyConfig: environments is not a policy", where)
        raise refused(f"{where} has no usable policyConfig", [problem])
    return as_layer(every, where), as_layer(own, where)
