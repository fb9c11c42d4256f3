"""Lists of resources, judged through packreg, against `opa eval` and `conftest test` one by one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from packreg.opa import inputs
from packreg.opa.judge import Judge, OpaVerdict, PolicySetting, go_value
from tests.e2e.user import FIXTURES
from tests.opa.expressions import EXPRESSIONS, INPUT
from tests.opa.packs import PACKS, files_of, judge_of, judging
from tests.opa.resources import DEMO, KUBERNETES, bucket

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


def as_messages(value: Any) -> list[str]:
    """What a rule's value in OPA is as messages."""
    if not isinstance(value, list):
        return []
    return [
        item
        if isinstance(item, str)
        else item["msg"]
        if isinstance(item, dict) and isinstance(item.get("msg"), str)
        else go_value(item)
        for item in value
    ]


def said(verdict: OpaVerdict) -> dict[str, list[str]]:
    """The messages by policy."""
    found: dict[str, list[str]] = {}
    for violation in verdict.violations:
        found.setdefault(violation.rule.name, []).append(violation.message)
    return found


def judged(judge: Judge, resources: list[dict[str, Any]]) -> list[dict[str, list[str]]]:
    """The messages by policy for each resource, asked for together."""
    outcomes: list[Any] = []
    while len(outcomes) < len(resources):
        outcomes += judge.resources(resources[len(outcomes) :])
    return [said(outcome) for outcome in outcomes]


def theirs_of(values: Mapping[str, Any], *, stack: bool) -> dict[str, list[str]]:
    """OPA's values of a package as messages by policy, those without any left out."""
    policies = {name: value for name, value in values.items() if name.startswith("stack_") is stack}
    kinds = ("deny", "violation", "warn")
    found = {
        name: as_messages(value)
        for name, value in policies.items()
        if name.removeprefix("stack_").startswith(kinds)
    }
    return {name: messages for name, messages in found.items() if messages}


def whole_input(rego: Programs, resource: dict[str, Any], where: Path, *, stack: bool = False) -> Any:
    """The default input of a resource, made by OPA of its parts."""
    (where / "input.rego").write_text(f"package t\n\nimport rego.v1\n\n{inputs.WHOLE_INPUT}\n")
    parts = whole_numbers(inputs.parts_of_input(resource, stack=stack))
    return ask_opa(rego, where / "input.rego", f"data.t._whole({json.dumps(parts)})", {}, {}, where)


def with_whole_numbers(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The resources as they are read from a request."""
    return [whole_numbers(item) for item in resources]


@pytest.mark.parametrize("name", ["kinds", "opa-guard"])
def test_lists_give_what_opa_gives_one_by_one(name: str, rego: Programs, tmp_path: Path) -> None:
    """Every policy says the same for each resource, in a pack of every kind of rule and in one of Rego v1."""
    root = PACKS / name if name == "kinds" else FIXTURES / name
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.rego")}
    modules = tmp_path / "modules"
    for path, data in files.items():
        (modules / path).parent.mkdir(parents=True, exist_ok=True)
        (modules / path).write_bytes(data)
    package = "kinds" if name == "kinds" else "opa_guard"
    every = {"every": [whole_input(rego, item, tmp_path) for item in DEMO]}
    query = f"[value | item := input.every[_]; value := data.{package} with input as item]"
    values = ask_opa(rego, modules, query, every, {"config": LIMIT}, tmp_path)
    with judging(files) as judge:
        judge.configure({name: PolicySetting("MANDATORY", props) for name, props in LIMIT.items()})
        found = judged(judge, with_whole_numbers(DEMO))
    assert found == [theirs_of(value, stack=False) for value in values]
    assert any(found)


def test_stack_rules_give_what_opa_gives(rego: Programs, tmp_path: Path) -> None:
    """The stack's policies say the same over all resources."""
    resources = [whole_input(rego, item, tmp_path, stack=True) for item in DEMO]
    values = ask_opa(rego, rego_only("kinds", tmp_path), "data.kinds", {"resources": resources}, {}, tmp_path)
    with judging(files_of("kinds")) as judge:
        found = said(judge.stack(with_whole_numbers(DEMO)))
    assert found == theirs_of(values, stack=True)
    assert found["stack_deny"] == ["several resources are called parts"]


@pytest.mark.parametrize("index", [1, 2, 3])
def test_admission_reviews_give_what_opa_gives(index: int, rego: Programs, tmp_path: Path) -> None:
    """Gatekeeper's inputs with parameters are judged as OPA judges them."""
    input = inputs.kubernetes_input(KUBERNETES[index], REPOSITORIES)
    query = "data.kubernetes.admission"
    values = ask_opa(rego, rego_only("admission", tmp_path), query, input, {}, tmp_path)
    with judging(files_of("admission"), input_format=inputs.KUBERNETES) as judge:
        settings = {
            name: PolicySetting("MANDATORY", REPOSITORIES) for name in ("violation", "deny_privileged")
        }
        judge.configure(settings)
        [found] = judged(judge, with_whole_numbers([KUBERNETES[index]]))
    assert found and found == theirs_of(values, stack=False)


@pytest.fixture(scope="module")
def conftest_on_demo(rego: Programs, tmp_path_factory: pytest.TempPathFactory) -> list[set[tuple[str, str]]]:
    """What `conftest test` says of each of the demo resources: ("failures" or "warnings", message)."""
    where = tmp_path_factory.mktemp("conftest")
    (where / "data").mkdir()
    (where / "data/config.json").write_text(json.dumps({"config": LIMIT}))
    files = []
    for index, item in enumerate(DEMO):
        files.append(where / f"{index}.json")
        files[-1].write_text(json.dumps(whole_numbers(whole_input(rego, item, where))))
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


def test_violations_are_those_of_conftest(conftest_on_demo: list[set[tuple[str, str]]]) -> None:
    """`conftest test` finds the same failures and warnings, message for message."""
    with judging(files_of("kinds")) as judge:
        judge.configure({name: PolicySetting("MANDATORY", props) for name, props in LIMIT.items()})
        found = judged(judge, with_whole_numbers(DEMO))
    for messages, theirs in zip(found, conftest_on_demo, strict=True):
        # conftest takes no numbers for messages, Pulumi's analyzer does.
        comparable = {name: texts for name, texts in messages.items() if name != "warn_numbers"}
        kinds = {name: "warnings" if name.startswith("warn") else "failures" for name in comparable}
        assert {(kinds[name], text) for name, texts in comparable.items() for text in texts} == theirs


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
    source = expression_module(EXPRESSIONS)
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules/a.rego").write_text(source)
    values = ask_opa(rego, tmp_path / "modules", "data.expressions", INPUT, {}, tmp_path)
    resource = {**bucket("b"), "properties": INPUT}
    with judge_of(source.replace("package expressions\n", "")) as judge:
        [found] = judged(judge, [resource])
    theirs = theirs_of(values, stack=False)
    wrong = {
        name: (EXPRESSIONS[int(name[6:])], found.get(name), theirs.get(name))
        for name in found.keys() | theirs.keys()
        if found.get(name) != theirs.get(name)
    }
    assert not wrong
