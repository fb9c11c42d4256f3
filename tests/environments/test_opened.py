"""What a policy pack gets of an environment."""

from __future__ import annotations

import pytest

from packreg.configuration.file import Setting
from packreg.configuration.reconcile import ConfigurablePack, Policy, reconcile
from packreg.configuration.schema import PolicySchema
from packreg.environments.open import check_config
from packreg.environments.opened import layer_of
from packreg.errors import InvalidConfiguration
from tests.environments.definitions import opened, opened_together

CONFIG = """
values:
  policyConfig:
    all: advisory
    size: {max: 5, enforcementLevel: mandatory}
    guard:size: {max: 7, unit: GB}
    guard:token: {value: {fn::secret: hunter2hunter2}}
    other:size: disabled
"""


def test_policy_config_is_a_layer_for_each_pack() -> None:
    """Keys without a pack are for all, those with one go over them for that pack alone."""
    guard = layer_of(opened(CONFIG), "guard")
    assert guard.where == "environment env"
    assert guard.settings == {
        "all": Setting("advisory"),
        "size": Setting("mandatory", {"max": 7, "unit": "GB"}),
        "token": Setting("", {"value": "hunter2hunter2"}),
    }
    assert layer_of(opened(CONFIG), "other").settings["size"] == Setting("disabled", {"max": 5})
    assert layer_of(opened(CONFIG), "third").settings.keys() == {"all", "size"}
    assert layer_of(opened("values: {}"), "guard").settings == {}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("{p: 5}", "must be a level"),
        ("{p: high}", "the enforcement level must be one of"),
        ("{guard:p: {enforcementLevel: 1}}", "the enforcement level must be one of"),
        ("{p: {fn::secret: mandatory}}", "the enforcement level must be one of"),
        ("{environments: [x]}", "environments is not a policy"),
        ("{guard:environments: [x]}", "environments is not a policy"),
        ("{p: {fn::fromJSON: {fn::secret: '{\"a\": 1}'}}}", "the enforcement level must be one of"),
    ],
)
def test_what_is_no_configuration_is_refused(config: str, said: str) -> None:
    """As in a configuration file, and before anything is kept."""
    with pytest.raises(InvalidConfiguration, match=said):
        check_config(opened(f"values: {{policyConfig: {config}}}"))


def test_a_schema_that_refuses_a_secret_does_not_show_it() -> None:
    """The message names the policy and hides the value, however short it is; others are told as ever."""
    schema = PolicySchema({"value": {"type": "number"}, "max": {"maximum": 3}})
    pack = ConfigurablePack(
        "guard", (Policy("token", "advisory", schema), Policy("size", "advisory", schema))
    )
    for secret in ("hunter2hunter2", "ab"):
        layer = layer_of(opened(CONFIG.replace("hunter2hunter2", secret)), "guard")
        with pytest.raises(InvalidConfiguration) as raised:
            reconcile(pack, [layer])
        said = [str(problem) for problem in raised.value.problems]
        assert "size.max: must be at most 3, not 7" in said[0]
        assert "token: a secret value does not match the schema" in said[1]
        assert f'"{secret}"' not in str(raised.value)


def test_the_environment_stands_between_the_pack_and_the_entry() -> None:
    """Its settings count over initialConfig, and under those of the group's own configuration."""
    policies = (Policy("size", "advisory"), Policy("token", "advisory"))
    pack = ConfigurablePack("guard", policies, {"size": Setting("disabled", {"max": 1})})
    entry = opened_together("e", e="values: {policyConfig: {size: remediate}}")
    layers = [layer_of(opened(CONFIG), "guard"), layer_of(entry, "guard")]
    settings = reconcile(pack, layers).settings
    assert settings is not None
    assert settings["size"] == Setting("remediate", {"max": 7, "unit": "GB"})
