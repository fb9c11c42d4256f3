"""What was seen, written into a case file: only there, and so that it is read as exactly that."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from packreg.analyzer.findings import PackResult, PropertyChange, Remediation, Violation
from packreg.cases.reading import schema_text
from packreg.cases.report import CaseResult
from packreg.cases.rewriting import rewritten
from packreg.errors import UsageError
from tests.cases.cases import PATH, read, remediation, result, violation
from tests.laws import LONG_LAW

SCHEMA = Draft202012Validator(json.loads(schema_text()))
PUBLIC = violation("private", message="logs is public", description="Private.")


def update(text: str, **seen: PackResult) -> str:
    """The file with what was seen in the cases of these names; the schema and the reader accept it."""
    cases = {case.name: case for case in read(text)}
    results = [CaseResult(cases[name], found) for name, found in seen.items()]
    written = rewritten(text.encode(), PATH, results)
    after = {case.name: case for case in read(written)}
    assert all(CaseResult(after[name], found).outcome == "passed" for name, found in seen.items())
    SCHEMA.validate(yaml.safe_load(written))
    return written.decode()


RESOURCE = "resource: {type: t, name: logs}"


def test_everything_but_the_expectation_stays() -> None:
    """Comments, blank lines, quotes and other cases are as they were, byte for byte."""
    text = f"""\
# The cases.

- name: "first"   # with a comment
  # about the resource
  {RESOURCE}
  expect:   # what is to come
    violations:
      # in here
      - {{policy: old}}

# Between them.
- name: second
  {RESOURCE}
  expect: {{}}
"""
    assert (
        update(text, first=result(PUBLIC))
        == f"""\
# The cases.

- name: "first"   # with a comment
  # about the resource
  {RESOURCE}
  expect:   # what is to come
    violations:
      - policy: private
        level: mandatory
        resource: logs
        message: "logs is public"

# Between them.
- name: second
  {RESOURCE}
  expect: {{}}
"""
    )


OLD = "{violations: [{policy: x}]}"
NEW = "{violations: []}"
BLOCK = "expect:\n  violations: []\n"
DEEP = "expect:\n  violations:\n  - policy: x\n    message: |\n      two\n      lines\n"
LITERAL = "name: a\nresource:\n  type: t\n  name: |\n    logs\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"name: a\n{RESOURCE}", f"name: a\n{RESOURCE}\n{BLOCK}".rstrip()),
        (f"name: a\n{RESOURCE}  # end\n", f"name: a\n{RESOURCE}  # end\n{BLOCK}"),
        (f"name: a\nexpect: {OLD}\n{RESOURCE}\n", f"name: a\n{BLOCK}{RESOURCE}\n"),
        (f"{{name: a, {RESOURCE}}}\n", f"{{name: a, {RESOURCE}, expect: {NEW}}}\n"),
        (f"{{name: a, {RESOURCE},}}\n", f"{{name: a, {RESOURCE}, expect: {NEW},}}\n"),
        (f"[{{name: a, expect: {OLD}, {RESOURCE}}}]", f"[{{name: a, expect: {NEW}, {RESOURCE}}}]"),
        (
            f"-   name: a\n    {RESOURCE}\n\n\n# end",
            f"-   name: a\n    {RESOURCE}\n    expect:\n      violations: []\n\n\n# end",
        ),
        (f"name: a\n{RESOURCE}\n{DEEP}\n# end\n", f"name: a\n{RESOURCE}\n{BLOCK}\n# end\n"),
        (f"{LITERAL}\n\n", f"{LITERAL}{BLOCK}\n\n"),
        (
            f"\ufeffname: a\r\n{RESOURCE}\r\n",
            f"\ufeffname: a\r\n{RESOURCE}\r\nexpect:\r\n  violations: []\r\n",
        ),
    ],
)
def test_where_the_expectation_goes(before: str, after: str) -> None:
    """In place of the one that is there, else at the end of the case; in its style, with its line ends."""
    [case] = read(before)
    assert rewritten(before.encode(), PATH, [CaseResult(case, result())]).decode() == after


def test_what_was_met_keeps_its_words() -> None:
    """Patterns that an author wrote stay when something else in the same case is new."""
    text = f"name: a\n{RESOURCE}\nexpect:\n  violations:\n    - {{policy: private, message: /pub.ic/}}\n"
    written = update(text, a=result(violation("owned", "advisory", "logs has no owner"), PUBLIC))
    assert yaml.safe_load(written)["expect"] == {
        "violations": [
            {"policy": "owned", "level": "advisory", "resource": "logs", "message": "logs has no owner"},
            {"policy": "private", "message": "/pub.ic/"},
        ]
    }


def test_remediations_are_written_with_their_changes() -> None:
    """Each change has its path, what was there and what becomes of it."""
    changes = (
        PropertyChange(("acl",), "update", "no", "private"),
        PropertyChange(("tags", "a b"), "add", after={"x": [1.0, True, None]}),
        PropertyChange(("rules", 0), "delete", before=1e30),
    )
    written = update(f"name: a\n{RESOURCE}\n", a=result(remediation("mend", *changes)))
    assert (
        written
        == f"""\
name: a
{RESOURCE}
expect:
  remediations:
    - policy: mend
      resource: logs
      changes:
        - path: acl
          from: "no"
          to: private
        - path: "tags.a b"
          to: {{x: [1, true, null]}}
        - path: "rules[0]"
          from: 1.0e+30
"""
    )


def test_the_stack_and_resources_of_one_name_are_told_apart() -> None:
    """A finding about the stack names its type; two resources of one name are named by their URNs."""
    other = violation("p", message="b", at="logs")
    twin = Violation(
        "guard", "1", "p", "mandatory", "b", other.urn.replace("Bucket", "Server"), "demo:index:Server"
    )
    written = update(f"name: a\n{RESOURCE}\n", a=result(other, twin, violation("p", at="")))
    found = [each["resource"] for each in yaml.safe_load(written)["expect"]["violations"]]
    assert found == [other.urn, twin.urn, "pulumi:pulumi:Stack"]


TEXT = st.text(max_size=30) | st.sampled_from(
    ["/a.b/", "//", "/", "no", "- x", "a: b # c", "\u2028\x7f\x85", "é😀"]
)
VALUE = st.recursive(
    st.none() | st.booleans() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def findings(draw: st.DrawFn) -> PackResult:
    """Whatever a pack may find."""
    found: list[Violation | Remediation] = []
    for _ in range(draw(st.integers(0, 3))):
        level = draw(st.sampled_from(["advisory", "mandatory"]))
        policy = draw(TEXT.filter(bool))
        found.append(violation(policy, level, draw(TEXT), at=draw(st.sampled_from(["logs", ""]))))
    for _ in range(draw(st.integers(0, 2))):
        paths = draw(st.lists(TEXT.filter(bool), max_size=3, unique=True))
        changes = [
            PropertyChange(
                (path,),
                kind,
                None if kind == "add" else draw(VALUE),
                None if kind == "delete" else draw(VALUE),
            )
            for path in paths
            for kind in [draw(st.sampled_from(["add", "delete", "update"]))]
        ]
        found.append(remediation(draw(TEXT.filter(bool)), *changes))
    return result(*found)


LAYOUTS = (
    f"# x\n- name: a\n  {RESOURCE}\n  expect: {{}}  # y\n- name: b\n  {RESOURCE}\n",
    f"[{{name: a, {RESOURCE}}}, {{name: b, {RESOURCE}}}]",
    f"-  {RESOURCE}\n   name: a\n   expect:\n     violations:\n     - {{policy: z}}\n"
    f"-\n  name: b\n  {RESOURCE}\n",
)


@LONG_LAW
@given(st.sampled_from(LAYOUTS), findings())
def test_whatever_was_found_is_expected_then(text: str, found: PackResult) -> None:
    """Any findings, in any layout: the case passes then, the other is unchanged, and again is the same."""
    written = update(text, a=found)
    assert read(written)[1].expect == read(text)[1].expect
    assert update(written, a=found) == written


def test_what_cannot_be_written_is_refused() -> None:
    """Half a character, or values that nest too deep, leave the file to its author."""
    deep: object = 1
    for _ in range(30):
        deep = [deep]
    for found in (
        violation("p", message="\ud800"),
        remediation("p", PropertyChange(("a",), "add", after=deep)),
    ):
        with pytest.raises(UsageError, match="cannot be written into"):
            rewritten(
                f"name: a\n{RESOURCE}\n".encode(),
                PATH,
                [CaseResult(read(f"name: a\n{RESOURCE}\n")[0], result(found))],
            )
