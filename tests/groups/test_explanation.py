"""How a policy came to its level and its properties."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from packreg.configuration.file import LEVELS, Layer, Setting
from packreg.configuration.reconcile import DEFAULTS, INITIAL, ConfigurablePack, Policy, reconcile
from packreg.configuration.schema import PolicySchema
from packreg.groups.explanation import explain

SCHEMA = PolicySchema({"days": {"type": "number", "default": 7.0}, "who": {"type": "string"}}, ())
PACK = ConfigurablePack(
    "guard",
    (Policy("kept", "advisory", SCHEMA), Policy("private", "mandatory")),
    {"private": Setting("advisory")},
)


def test_each_step_says_where_it_comes_from() -> None:
    """Defaults, the pack's initialConfig, an environment and the group's entry stand in this order."""
    layers = [
        Layer("environment prod@3", {"kept": Setting("", {"days": 30.0})}),
        Layer("group prod", {"all": Setting("mandatory"), "kept": Setting("", {"who": "ada"})}),
    ]
    kept, private = explain(PACK, layers)
    assert (kept.policy, kept.level, kept.properties) == ("kept", "mandatory", {"days": 30.0, "who": "ada"})
    assert [(step.where, step.level, step.properties, step.of_all) for step in kept.steps] == [
        (DEFAULTS, "advisory", {"days": 7.0}, False),
        ("environment prod@3", "", {"days": 30.0}, False),
        ("group prod", "mandatory", {"who": "ada"}, True),
    ]
    assert [(step.where, step.level, step.of_all) for step in private.steps] == [
        (DEFAULTS, "mandatory", False),
        (INITIAL, "advisory", False),
        ("group prod", "mandatory", True),
    ]


def test_a_policy_that_the_pack_does_not_have_is_shown() -> None:
    """What a layer says of it does nothing, and is not hidden."""
    *_, other = explain(PACK, [Layer("group prod", {"other": Setting("mandatory")})])
    assert (other.policy, [step.where for step in other.steps]) == ("other", ["group prod"])


_SETTINGS = st.builds(
    Setting,
    st.sampled_from([*LEVELS, ""]),
    st.fixed_dictionaries({}, optional={"days": st.floats(0, 9), "who": st.text(max_size=2)}),
)
_LAYERS = st.lists(
    st.builds(
        Layer,
        st.sampled_from(["one", "two"]),
        st.dictionaries(st.sampled_from(["kept", "private"]), _SETTINGS, max_size=2)
        | st.builds(lambda level: {"all": Setting(level)}, st.sampled_from(LEVELS)),
    ),
    max_size=4,
)


@given(_LAYERS)
def test_the_explanation_ends_where_the_configuration_does(layers: list[Layer]) -> None:
    """What is explained is what the pack gets, and its steps lead there."""
    settings = reconcile(PACK, layers).settings
    assert settings is not None
    for explained in explain(PACK, layers):
        assert Setting(explained.level, explained.properties) == settings[explained.policy]
        assert [step.level for step in explained.steps if step.level][-1] == explained.level
        merged = {name: value for step in explained.steps for name, value in step.properties.items()}
        assert merged == explained.properties
