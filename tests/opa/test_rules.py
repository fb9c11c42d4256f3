"""Which rules are policies, and what is said about them."""

from __future__ import annotations

import pytest

from packreg.opa.rules import ConfigSchema
from tests.opa.packs import examined, loaded, rules_of


def test_every_kind_of_rule_is_found() -> None:
    """Names decide about level and subject; files and order do not matter."""
    rules = {rule.name: (rule.mandatory, rule.stack) for rule in loaded("kinds").rules.rules}
    assert rules == {
        "deny": (True, False),
        "deny_half": (True, False),
        "deny_listed": (True, False),
        "violation": (True, False),
        "violation_2": (True, False),
        "warn_name": (False, False),
        "warn_nested": (False, False),
        "warn_numbers": (False, False),
        "stack_deny": (True, True),
        "stack_violation": (True, True),
        "stack_warn_lonely": (False, True),
    }


def test_metadata_describes_policies_and_the_pack() -> None:
    """Title, description and custom.message come from METADATA; without a title, the file's path is."""
    pack = loaded("kinds")
    rules = {rule.name: rule for rule in pack.rules.rules}
    assert (pack.rules.name, pack.rules.display_name, pack.version) == (
        "kinds",
        "Every kind of rule",
        "1.2.3",
    )
    deny = rules["deny"]
    assert deny.display_name == "Buckets are private"
    assert deny.description == "Nobody but us reads them"
    assert deny.message == "Make the bucket private"
    assert deny.where == "buckets.rego:10"
    assert rules["stack_deny"].display_name == "more/stack"
    assert deny.schema == ConfigSchema({"limit": {"type": "integer", "minimum": 1}}, ("limit",))
    assert rules["warn_name"].schema is None


@pytest.mark.parametrize(
    "name", ["denyx", "deny_", "deny_a-b", "Deny", "stackdeny", "warnings", "violation__x"]
)
def test_names_that_are_nearly_policies_are_warned_of(name: str) -> None:
    """A rule that looks like a policy and is none is said, for it never decides."""
    if "-" in name:
        name = name.replace("-", ".")
    pack, problems = examined({"a.rego": f'package p\n{name}["x"] {{ true }}\ndeny["y"] {{ true }}\n'})
    assert pack is not None and not problems.errors
    assert [rule.name for rule in pack.rules] == ["deny"]
    assert [(problem.code, problem.where) for problem in problems.warnings] == [
        ("opa/unrecognized-rule", "a.rego:2")
    ]


def test_pack_without_policies_is_warned_of() -> None:
    """Nothing would ever be found."""
    _, problems = examined({"a.rego": "package p\nallow { true }\n"})
    assert [problem.code for problem in problems.warnings] == ["opa/zero-rules"]


def test_one_name_in_two_files_is_one_policy() -> None:
    """Bodies of both files count, and it is said once per further file."""
    pack, problems = examined({f"{x}.rego": f'package p\ndeny["{x}"]\ndeny["{x}{x}"]\n' for x in "ab"})
    assert pack is not None and len(pack.rules) == 1
    assert [(problem.code, problem.where) for problem in problems.warnings] == [
        ("opa/duplicate-rule", "b.rego:2")
    ]


def test_functions_are_no_policies() -> None:
    """A function is never evaluated, and that is said."""
    pack, problems = examined({"a.rego": 'package p\ndeny(x) = x\nwarn["m"]\n'})
    assert pack is not None and [rule.name for rule in pack.rules] == ["warn"]
    assert [problem.code for problem in problems.warnings] == ["opa/unrecognized-rule"]


@pytest.mark.parametrize(
    "rule",
    [
        'deny = msg { input.x; msg := sprintf("%s", ["a"]) }',
        'deny = "text" { input.x }',
        "deny { input.x }",
        "deny = 3",
        'deny[k] = "m" { k := "a" }',
        'deny = {"a": 1}',
        "default deny = false\ndeny { input.x }",
        'deny = "a" { input.x } else = "b" { input.y }',
    ],
)
def test_policies_that_never_fire_are_warned_of(rule: str) -> None:
    """A value that can be neither a set nor a list is no violation, whatever is judged."""
    _, problems = examined({"a.rego": f"package p\n{rule}\n"})
    assert [(problem.code, problem.where) for problem in problems.warnings] == [
        ("rule-not-a-set", "a.rego:2")
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "deny = input.x",
        "deny = x { x := input.found }",
        'deny = set() { true } else = "text" { input.x }',
        'deny = ["m"] { input.x } else = 3',
        'deny = {"m"} { input.x } else = {"a": 1}',
    ],
)
def test_policies_that_may_be_no_set_are_warned_of(rule: str) -> None:
    """What only a resource can tell, or only some bodies give, is no violation where it is something else."""
    _, problems = examined({"a.rego": f"package p\n{rule}\n"})
    assert [(problem.code, problem.where) for problem in problems.warnings] == [
        ("rule-any-value", "a.rego:2")
    ]


def test_all_policies_of_many_are_looked_at() -> None:
    """Each is told apart, however many errors OPA has to say for it."""
    rules = [f'deny_{number} = "a"\nwarn_{number}["m"]' for number in range(60)]
    _, problems = examined({"a.rego": "package p\n" + "\n".join(rules)})
    assert [problem.where for problem in problems.warnings] == [f"a.rego:{2 * n + 2}" for n in range(60)]


@pytest.mark.parametrize(
    "rule",
    [
        'deny = ["m"] { input.x }',
        "deny = {m | m := input.a[_]}",
        "f(x) = {x}\ndeny = f(input.a)",
        "default deny = false\ndeny = m { m := [input.a] }",
        'deny["m"]',
    ],
)
def test_policies_that_may_fire_are_not_warned_of(rule: str) -> None:
    """Sets and lists; `false` beside them is a usual way to say that there is nothing."""
    assert examined({"a.rego": f"package p\n{rule}\n"})[1].warnings == []


@pytest.mark.parametrize(
    ("imported", "body", "warned"),
    [
        ("import future.keywords", "not input.a", True),
        ("import future.keywords", "input.a", False),
        ("import future.keywords.if", "not input.a", False),
        ("import rego.v1", "not input.a", False),
    ],
)
def test_a_not_that_depends_on_the_version_is_warned_of(imported: str, body: str, warned: bool) -> None:
    """The same pack would find other things where another OPA runs."""
    contains = "" if imported.endswith("if") else ' contains "m" if'
    rule = f"deny{contains} {{ {body} }}" if contains else f'deny["m"] {{ {body} }}'
    _, problems = examined({"a.rego": f"package p\n{imported}\n{rule}\n"})
    assert [problem.code for problem in problems.warnings] == (["rego-not"] if warned else [])


def test_what_conftest_reads_and_policy_packs_do_not_is_said() -> None:
    """Data files and exception rules have no effect here; nobody finds that out by a deployment."""
    files = {
        "a.rego": 'package p\ndeny["m"]\nexception[rules] { rules := ["m"] }\n',
        "data.json": "{}",
        "more/data.yaml": "a: 1",
    }
    _, problems = examined(files)
    assert {(problem.code, problem.where) for problem in problems.warnings} == {
        ("rego-data", "data.json"),
        ("rego-data", "more/data.yaml"),
        ("rego-exception", "a.rego:3"),
    }


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "null",
        '{"deny": 3}',
        '{"deny": {"properties": []}}',
        '{"deny": {"required": "x"}}',
        '{"deny": {"properties": {"a": {"type": "strin"}}}}',
        '{"deny": {}, "deny": {}}',
        "",
        '{"deny": {"properties": ' + '{"a":' * 600 + "1" + "}" * 600 + "}}",
    ],
)
def test_malformed_schemas_are_said(text: str) -> None:
    """Pulumi's analyzer ignores such a file without a word; here the pack is refused."""
    _, problems = examined({"a.rego": 'package p\ndeny["x"]\n', "config-schema.json": text})
    assert problems.errors and all(p.where.startswith("config-schema.json") for p in problems.errors)


def test_schema_of_no_policy_is_warned_of() -> None:
    """Its policy is misspelt, most likely."""
    _, problems = examined({"a.rego": 'package p\ndeny["x"]\n', "config-schema.json": '{"denny": {}}'})
    assert [problem.code for problem in problems.warnings] == ["schema-without-rule"]


def test_metadata_belongs_to_what_follows() -> None:
    """A package's block is not a rule's; a comment between does not part a block from its rule."""
    pack = rules_of(
        a="# METADATA\n# scope: package\n# title: P\npackage p\n\n# METADATA\n# title: One\n\n# a comment\n"
        'deny["x"] { true }\n\n# a METADATA word\nwarn["y"] { true }\n'
    )
    assert pack.display_name == "P"
    assert [(rule.name, rule.display_name) for rule in pack.rules] == [("deny", "One"), ("warn", "a")]
