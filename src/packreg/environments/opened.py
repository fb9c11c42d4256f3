"""What an opened environment gives a policy pack: configuration, variables and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from packreg.configuration.file import Layer, Setting, as_layer, refused
from packreg.errors import InvalidConfiguration, Problem


@dataclass(frozen=True, slots=True)
class Opened:
    """The evaluated values of one or several environments, with secrets in the clear.

    `origin` names the environments in messages (`environment prod@3`). `revisions` are all revisions that
    were read, with those of imports, as `name@number`, sorted. `values` are all values as JSON; `shown` is
    the same for people, with "[secret]" in place of secrets; `policy_config` is the `policyConfig` of
    `values`. `variables` has environment variables by name. `files` has file contents by variable: the
    process that gets them finds the path of each file in that variable. `secrets` are the texts that must not
    appear in any output.
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
    """The configuration that an environment has for a pack, as a layer.

    The keys of `policyConfig` are `policy`, for every pack, or `pack:policy`. If both are given, the second
    overrides the first, property by property. Raises InvalidConfiguration, which shows no secret value, when
    an entry is not a level or an object, as in a configuration file.
    """
    shown = opened.shown.get("policyConfig", {})
    _read(cast("Mapping[str, object]", shown), opened.origin, pack)  # reports what is wrong without secrets
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
