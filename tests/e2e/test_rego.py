"""The same Rego and inputs, judged by our engine, by `opa eval` and by `conftest test`, one by one."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from packreg.analysis.opa import inputs
from packreg.analysis.opa.dispatch import Dispatch
from packreg.analysis.opa.load import load_directory
from packreg.pack.problems import Problems
from tests.analysis.opa.expressions import DIFFERENT, INPUT, REFUSED_BY_OPA, SAME
from tests.analysis.opa.packs import PACKS, judge_of, loaded, messages, rules_of
from tests.analysis.opa.resources import DEMO, KUBERNETES
from tests.e2e.user import FIXTURES

Programs = Mapping[str, Path]
LIMIT = {"deny": {"limit": 10}}
REPOSITORIES = {"repositories": ["good/", "better/"]}


def ask_opa(rego: Programs, modules: Path, query: str, input: object, data: object, where: Path) -> Any:
    """The value that `opa eval` gives, or None when it is undefined."""
    (where / "input.json").write_text(json.dumps(whole_numbers(input)))
    (where / "data.json").write_text(json.dumps(data))
    command = [
        rego["opa"],
        "eval",
        "--v0-compatible",
        "--format",
        "json",
        "--input",
        where / "input.json",
    ]
    done = subprocess.run(
        [*command, "--data", modules, "--data", where / "data.json", query], capture_output=True, text=True
    )
    answer = json.loads(done.stdout)
    assert "errors" not in answer, answer
    return answer["result"][0]["expressions"][0]["value"] if "result" in answer else None


def whole_numbers(value: Any) -> Any:
    """80 for 80.0, as Go writes the doubles that all numbers of a request are."""
    if isinstance(value, dict):
        return {name: whole_numbers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def rego_only(name: str, where: Path) -> Path:
    """A copy of a pack's modules without its other files, which opa would take for data."""
    target = where / "modules"
    for path in PACKS.joinpath(name).rglob("*.rego"):
        copy = target / path.relative_to(PACKS / name)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    return target


def ours(dispatch: Dispatch, rule: str, input: Mapping[str, Any]) -> Any:
    """The value that our engine gives, as the server would ask it; an empty list where it need not ask."""
    engine, can = dispatch.choose(input)
    if can is not None and rule not in can:
        return []
    engine.set_input(json.dumps(input))
    value = json.loads(engine.evaluate(rule))
    return None if value == "<undefined>" else value


@pytest.fixture(scope="module")
def opa_on_demo(rego: Programs, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """`data.kinds` in OPA for each of the demo resources."""
    where = tmp_path_factory.mktemp("opa")
    every = {"every": [inputs.resource_input(item) for item in DEMO]}
    query = "[value | item := input.every[_]; value := data.kinds with input as item]"
    found: list[dict[str, Any]] = ask_opa(
        rego, rego_only("kinds", where), query, every, {"config": LIMIT}, where
    )
    assert len(found) == len(DEMO)
    return found


@pytest.mark.parametrize("index", range(len(DEMO)), ids=[item["name"] for item in DEMO])
def test_every_rule_gives_what_opa_gives(index: int, opa_on_demo: list[dict[str, Any]]) -> None:
    """Each policy of a pack with every kind of rule has OPA's very value for each resource."""
    pack = loaded("kinds").rules
    dispatch = Dispatch(pack)
    dispatch.configure(LIMIT)
    input = inputs.resource_input(DEMO[index])
    found = {rule.name: ours(dispatch, rule.name, input) for rule in pack.rules if not rule.stack}
    assert found == {name: opa_on_demo[index].get(name) for name in found}


def test_rego_v1_gives_what_opa_gives(rego: Programs, tmp_path: Path) -> None:
    """A pack that imports Rego v1 has OPA's very values for each resource, too."""
    problems = Problems()
    pack = load_directory(FIXTURES / "opa-guard", problems)
    assert pack is not None, problems.errors
    dispatch = Dispatch(pack.rules)
    (tmp_path / "modules").mkdir()
    shutil.copy(FIXTURES / "opa-guard" / "bucket.rego", tmp_path / "modules")
    every = {"every": [inputs.resource_input(item) for item in DEMO]}
    query = "[value | item := input.every[_]; value := data.opa_guard with input as item]"
    theirs = ask_opa(rego, tmp_path / "modules", query, every, {}, tmp_path)
    names = [rule.name for rule in pack.rules.rules]
    found = [{name: ours(dispatch, name, item) for name in names} for item in every["every"]]
    assert found == [{name: values.get(name) for name in names} for values in theirs]
    assert {name for name in names for values in found if values[name]} == set(names)


def test_stack_rules_give_what_opa_gives(rego: Programs, tmp_path: Path) -> None:
    """The stack's policies have OPA's very values over all resources."""
    pack = loaded("kinds").rules
    dispatch = Dispatch(pack)
    input = {"resources": [inputs.stack_resource_input(item) for item in DEMO]}
    theirs = ask_opa(rego, rego_only("kinds", tmp_path), "data.kinds", input, {}, tmp_path)
    found = {rule.name: ours(dispatch, rule.name, input) for rule in pack.rules if rule.stack}
    assert found and found == {name: theirs.get(name) for name in found}
    assert found["stack_deny"] == ["several resources are called parts"]


@pytest.mark.parametrize("index", [1, 2, 3])
def test_admission_reviews_give_what_opa_gives(index: int, rego: Programs, tmp_path: Path) -> None:
    """Gatekeeper's inputs with parameters are judged as OPA judges them."""
    pack = loaded("admission").rules
    dispatch = Dispatch(pack)
    input = inputs.kubernetes_input(KUBERNETES[index], REPOSITORIES)
    query = "data.kubernetes.admission"
    theirs = ask_opa(rego, rego_only("admission", tmp_path), query, input, {}, tmp_path)
    found = {rule.name: ours(dispatch, rule.name, input) for rule in pack.rules if not rule.stack}
    assert found == {name: theirs.get(name) for name in found}
    assert any(found.values())


@pytest.fixture(scope="module")
def conftest_on_demo(rego: Programs, tmp_path_factory: pytest.TempPathFactory) -> list[set[tuple[str, str]]]:
    """What `conftest test` says of each of the demo resources: ("failures" or "warnings", message)."""
    where = tmp_path_factory.mktemp("conftest")
    (where / "data").mkdir()
    (where / "data/config.json").write_text(json.dumps({"config": LIMIT}))
    files = []
    for index, item in enumerate(DEMO):
        files.append(where / f"{index}.json")
        files[-1].write_text(json.dumps(whole_numbers(inputs.resource_input(item))))
    command = [
        rego["conftest"],
        "test",
        "--rego-version",
        "v0",
        "--output",
        "json",
        "--namespace",
        "kinds",
    ]
    done = subprocess.run(
        [*command, "--policy", rego_only("kinds", where), "--data", where / "data", *files],
        capture_output=True,
        text=True,
    )
    answers = {entry["filename"]: entry for entry in json.loads(done.stdout)}
    kinds = ("failures", "warnings")
    return [
        {(kind, said["msg"]) for kind in kinds for said in answers[str(file)].get(kind, [])} for file in files
    ]


@pytest.mark.parametrize("index", range(len(DEMO)), ids=[item["name"] for item in DEMO])
def test_violations_are_those_of_conftest(index: int, conftest_on_demo: list[set[tuple[str, str]]]) -> None:
    """`conftest test` finds the same failures and warnings, message for message."""
    judge = judge_of(loaded("kinds").rules, deny=("MANDATORY", LIMIT["deny"]))
    found = messages(judge, DEMO[index])
    # conftest takes no numbers for messages, Pulumi's analyzer does.
    comparable = [entry for entry in found if entry[0] != "warn_numbers"]
    levels = {"MANDATORY": "failures", "ADVISORY": "warnings"}
    assert {(levels[level], message) for _, level, message in comparable} == conftest_on_demo[index]


def expression_module(expressions: list[str]) -> str:
    """A module in which each expression stands as a value, under `not`, in a comprehension, in a function."""
    rules = []
    for index, text in enumerate(expressions):
        rules.append(f'deny_v{index}[m] {{ m := {text} }}\ndeny_v{index}["other"] {{ true }}')
        rules.append(f'deny_n{index}["undefined"] {{ not defined{index} }}')
        rules.append(f"defined{index} {{ x := {text}; x == x }}")
        rules.append(f'deny_c{index}[m] {{ m := [x | y := ["q", 1][_]; x := [y, {text}]] }}')
        rules.append(f'f{index}(_) = x {{ x := {text} }} else = "other" {{ true }}')
        rules.append(f'deny_f{index}[m] {{ m := {{"f": f{index}(1)}} }}')
    return "package expressions\n\n" + "\n".join(rules) + "\n"


def test_expressions_give_what_opa_gives(rego: Programs, tmp_path: Path) -> None:
    """Built-in functions, failing ones too, and messages of every format come out as in OPA."""
    source = expression_module(SAME)
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules/a.rego").write_text(source)
    theirs = ask_opa(rego, tmp_path / "modules", "data.expressions", INPUT, {}, tmp_path)
    pack = rules_of(a=source)
    dispatch = Dispatch(pack)
    wrong = []
    for rule in pack.rules:
        found = ours(dispatch, rule.name, INPUT)
        if json.dumps(found) != json.dumps(theirs.get(rule.name)):
            wrong.append((SAME[int(rule.name[6:])], rule.name[5], found, theirs.get(rule.name)))
    assert not wrong


@pytest.fixture(scope="module")
def opa_on_differences(rego: Programs, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """OPA's values of the expressions that are known to differ, as rules `deny_<index>`."""
    where = tmp_path_factory.mktemp("differences")
    (where / "modules").mkdir()
    rules = [f"deny_{index}[m] {{ m := {text} }}" for index, (text, _, _) in enumerate(DIFFERENT)]
    (where / "modules/a.rego").write_text("package p\n\n" + "\n".join(rules))
    found: dict[str, Any] = ask_opa(rego, where / "modules", "data.p", INPUT, {}, where)
    return found


@pytest.mark.parametrize("index", range(len(DIFFERENT)), ids=[text for text, _, _ in DIFFERENT])
def test_known_differences_are_still_there(index: int, opa_on_differences: dict[str, Any]) -> None:
    """Where the engine is known to differ, it does so in the way that is documented, and OPA is as it was."""
    text, value, theirs = DIFFERENT[index]
    assert json.dumps(opa_on_differences[f"deny_{index}"]) == json.dumps(theirs)
    pack = rules_of(a=f"package p\n\ndeny[m] {{ m := {text} }}\n")
    assert json.dumps(ours(Dispatch(pack), "deny", INPUT)) == json.dumps(value)


def test_what_opa_refuses_for_its_types_is_undefined(rego: Programs, tmp_path: Path) -> None:
    """Calls that OPA's type checker refuses load here, and never give a value."""
    rules = [f"deny_{index}[m] {{ m := {text} }}" for index, text in enumerate(REFUSED_BY_OPA)]
    (tmp_path / "a.rego").write_text("package p\n\n" + "\n".join(rules))
    command = [rego["opa"], "check", "--v0-compatible", "--max-errors", "0", tmp_path / "a.rego"]
    said = subprocess.run(command, capture_output=True, text=True).stderr
    assert said.count("rego_type_error") == len(REFUSED_BY_OPA)
    for text in REFUSED_BY_OPA:
        pack = rules_of(a=f"package p\n\ndeny[m] {{ m := {text} }}\n")
        assert ours(Dispatch(pack), "deny", INPUT) == []


def test_two_bodies_of_a_set_are_refused_and_said(rego: Programs, tmp_path: Path) -> None:
    """What only Rego v0 has and the engine does not read stops the pack, where OPA reads it."""
    source = 'package p\n\ndeny["a"] { input.a } { input.b }\n'
    (tmp_path / "a.rego").write_text(source)
    subprocess.run([rego["opa"], "check", "--v0-compatible", tmp_path / "a.rego"], check=True)
    with pytest.raises(AssertionError, match="rego-syntax"):
        rules_of(a=source)
