"""Layering and checking a pack's configuration, against what the Pulumi CLI was recorded to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.configuration.file import LEVELS, Layer, Setting, read_layer
from packreg.configuration.reconcile import ConfigurablePack, Policy, reconcile
from packreg.configuration.schema import PolicySchema
from packreg.errors import InvalidConfiguration, Problem
from packreg.pack.metadata import PackInfo, PolicyInfo, Schema

CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))


def pack_of(analyzer: dict[str, Any]) -> ConfigurablePack:
    """The pack that a case describes; a setting without a level arrives as advisory, protobuf's zero."""
    policies = []
    for policy in analyzer["policies"]:
        schema = policy.get("schema")
        policies.append(
            Policy(
                policy["name"],
                policy["level"],
                None
                if schema is None
                else PolicySchema(schema.get("properties", {}), tuple(schema.get("required", ()))),
            )
        )
    initial = {
        name: Setting(setting.get("level", "advisory"), setting.get("properties", {}))
        for name, setting in analyzer.get("initialConfig", {}).items()
    }
    return ConfigurablePack("cfg", tuple(policies), initial, analyzer.get("supportsConfig", True))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_configuration_ends_as_the_cli_ends_it(path: Path) -> None:
    """The pack gets the values that the CLI sends, or the configuration is refused where the CLI refuses."""
    case = json.loads(path.read_text())

    def configure() -> object:
        text = case["config_file"]
        layers = [] if text is None else [read_layer(text.encode(), "policies.json")]
        return reconcile(pack_of(case["analyzer"]), layers).request()

    if "refused" in case:
        with pytest.raises(InvalidConfiguration) as refused:
            configure()
        assert refused.value.problems
        assert refused.value.exit_code == 4
    else:
        assert configure() == case["configure"]


def refusal(config: str, *, path: str = "none.json") -> tuple[Problem, ...]:
    """The problems of a configuration file for the pack of a case."""
    analyzer = json.loads((CASES[0].parent / path).read_text())["analyzer"]
    with pytest.raises(InvalidConfiguration) as refused:
        reconcile(pack_of(analyzer), [read_layer(config.encode(), "policies.json")])
    return refused.value.problems


def test_every_problem_is_reported_at_once_in_order() -> None:
    """Nobody has to mend a file one error at a time; the order does not depend on the file's."""
    problems = refusal('{"tags": {"required": ["a", 1]}, "size": {"unit": "MB", "max": "20"}}')
    assert [problem.message for problem in problems] == [
        'size.max: must be a number, not "20"',
        'size.unit: must be one of "GB", "TB", not "MB"',
        "tags.required[1]: must be a string, not 1",
    ]
    assert {problem.where for problem in problems} == {"policies.json"}


def test_a_missing_property_is_named_with_its_kind() -> None:
    """What is required says where to put it and what it is."""
    assert [str(problem) for problem in refusal("{}")] == [
        "policies.json: tags.required: is required (a list) and has no value [config-value]"
    ]


def test_a_problem_names_the_layer_that_the_value_came_from() -> None:
    """With several layers the one to mend is named, not the last one."""
    schema = PolicySchema({"max": {"type": "number"}, "min": {"type": "number", "default": "?"}})
    pack = ConfigurablePack("p", (Policy("size", "mandatory", schema),))
    layers = [read_layer(b'{"size": {"max": "1"}}', "env"), read_layer(b'{"size": "advisory"}', "file")]
    with pytest.raises(InvalidConfiguration) as refused:
        reconcile(pack, layers)
    assert [(problem.where, problem.message) for problem in refused.value.problems] == [
        ("env", 'size.max: must be a number, not "1"'),
        ("the pack's own defaults", 'size.min: must be a number, not "?"'),
    ]


def test_a_policy_that_the_pack_does_not_have_is_warned_of() -> None:
    """The CLI takes it in silence; a misspelt policy would then never be enforced and nobody would know."""
    pack = ConfigurablePack("p", (Policy("no-public-buckets", "advisory"),))
    done = reconcile(pack, [read_layer(b'{"no-public-bucket": "mandatory"}', "policies.json")])
    assert [(w.code, w.where, w.hint) for w in done.warnings] == [
        ("config-unknown-policy", "policies.json", "did you mean no-public-buckets?")
    ]


def test_a_property_that_the_schema_does_not_name_is_warned_of() -> None:
    """It may be misspelt, or stand one level too deep; a schema that names none takes all."""
    schema = PolicySchema({"keys": {"type": "array"}, "max": {"type": "number"}})
    policies = (
        Policy("tags", "advisory", schema),
        Policy("any", "advisory", PolicySchema()),
        Policy("no", "advisory"),
    )
    tags = b'{"key": ["A"], "Max": 4, "zone": 1, "properties": {"max": 1}}'
    text = b'{"tags": ' + tags + b', "any": {"x": 1}, "no": {"x": 1}}'
    done = reconcile(ConfigurablePack("p", policies), [read_layer(text, "policies.json")])
    assert [(w.code, w.where, w.message.split(":")[0], w.hint) for w in done.warnings] == [
        ("config-unknown-property", "policies.json", "tags.Max", "did you mean max?"),
        ("config-unknown-property", "policies.json", "tags.key", "did you mean keys?"),
        (
            "config-unknown-property",
            "policies.json",
            "tags.properties",
            "write the properties themselves, beside enforcementLevel",
        ),
        ("config-unknown-property", "policies.json", "tags.zone", "its properties: keys, max"),
    ]


def test_warnings_of_a_file_reach_the_result() -> None:
    """A key given twice in a file is still said when the configuration is accepted."""
    pack = ConfigurablePack("p", (Policy("a", "advisory"),))
    layer = read_layer(b'{"a": "advisory", "a": "mandatory"}', "policies.json")
    done = reconcile(pack, [layer])
    assert done.settings is not None
    assert done.settings["a"].level == "mandatory"
    assert [warning.code for warning in done.warnings] == ["config-duplicate-key"]


def test_all_of_a_later_layer_beats_a_single_policy_of_an_earlier_one() -> None:
    """Within a layer `all` comes first, and layers come one after another."""
    pack = ConfigurablePack("p", (Policy("a", "advisory"), Policy("b", "advisory")))
    environment = read_layer(b'{"a": "disabled", "all": "remediate"}', "env")
    assert reconcile(pack, [environment]).request() == {
        "a": {"enforcementLevel": "DISABLED", "properties": {}},
        "all": {"enforcementLevel": "REMEDIATE", "properties": {}},
        "b": {"enforcementLevel": "REMEDIATE", "properties": {}},
    }
    settings = reconcile(pack, [environment, read_layer(b'{"all": "mandatory"}', "file")]).settings
    assert settings is not None
    assert {setting.level for setting in settings.values()} == {"mandatory"}


def test_all_without_a_level_is_refused_with_the_levels() -> None:
    """`all` holds a level; properties alone would do nothing."""
    (problem,) = refusal('{"tags": {"required": ["a"]}, "all": {"x": 1}}')
    assert problem.message.startswith("all: ")
    assert '"mandatory"' in problem.message


@pytest.mark.parametrize(
    ("layers", "refused"),
    [
        (({"a": "remediate"},), ["1"]),
        (({"a": {"enforcementLevel": "remediate"}}, {"a": {"days": 1}}), ["1"]),
        (({"all": "remediate"}, {"a": "advisory"}), ["1"]),
        (({"a": "remediate"}, {"all": "remediate"}), ["2", "1"]),
        (({"unknown": "remediate"},), ["1"]),
        (({"a": "remediate"}, {"a": "advisory"}), []),
        (({"a": "remediate"}, {"all": "advisory"}), []),
    ],
)
def test_an_opa_pack_is_not_set_to_remediate(layers: tuple[object, ...], refused: list[str]) -> None:
    """What its analyzer would refuse is refused beforehand, with the layer that says it."""
    info = PackInfo("p", "1.0.0", (PolicyInfo("a", "mandatory", schema=Schema({})),), supports_config=True)
    given = [read_layer(json.dumps(layer).encode(), str(n)) for n, layer in enumerate(layers, 1)]
    if not refused:
        reconcile(ConfigurablePack.of(info, "opa"), given)
        return
    with pytest.raises(InvalidConfiguration, match="only report") as caught:
        reconcile(ConfigurablePack.of(info, "opa"), given)
    assert sorted(problem.where for problem in caught.value.problems) == sorted(refused)
    reconcile(ConfigurablePack.of(info, "python"), given)


def test_a_pack_without_configuration_is_not_called() -> None:
    """None means that Configure is not sent; an empty configuration would replace the pack's own."""
    assert reconcile(ConfigurablePack("p", (), supports_config=False)).request() is None


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"n": {"$ref": "http://127.0.0.1:1/x.json"}}, "only references inside"),
        ({"n": {"pattern": "(?=x)"}}, "is not a regular expression"),
        ({"n": {"type": "nonsense"}}, '"nonsense" is not a type'),
        ({"n": {"$ref": "#/properties/n"}}, "refers to itself without end"),
        ({"n": {"$ref": "#/definitions/none"}}, "which it does not have"),
    ],
)
def test_a_schema_that_cannot_be_used_is_the_packs_fault_and_said(properties: Any, said: str) -> None:
    """A hostile or broken schema refuses the configuration of its policy; it is never skipped."""
    pack = ConfigurablePack("p", (Policy("a", "advisory", PolicySchema(properties)),))
    with pytest.raises(InvalidConfiguration) as refused:
        reconcile(pack, [read_layer(b'{"a": {"n": "1"}}', "policies.json")])
    (problem,) = refused.value.problems
    assert problem.code == "config-schema"
    assert said in problem.message


names = st.sampled_from(["a", "b", "c"])
settings_of = st.builds(
    Setting,
    level=st.sampled_from(["", *LEVELS]),
    properties=st.dictionaries(st.sampled_from(["x", "y"]), st.integers(0, 3), max_size=2),
)
layers_of = st.builds(Layer, where=st.just("l"), settings=st.dictionaries(names, settings_of, max_size=3))


@given(st.lists(layers_of, max_size=4))
def test_the_last_word_on_each_key_counts(layers: list[Layer]) -> None:
    """Without `all`, the level and each property are those of the last layer that says them."""
    pack = ConfigurablePack("p", tuple(Policy(name, "advisory") for name in "abc"))
    settings = reconcile(pack, layers).settings
    assert settings is not None
    for name in "abc":
        said = [layer.settings[name] for layer in layers if name in layer.settings]
        assert settings[name].level == next((s.level for s in reversed(said) if s.level), "advisory")
        for key in ("x", "y"):
            values = [s.properties[key] for s in said if key in s.properties]
            assert settings[name].properties.get(key) == (values[-1] if values else None)
