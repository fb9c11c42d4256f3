"""Reading case files: what is refused and where, what is made of the rest, and what the schema says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from packreg.cases.model import Expected, ExpectedChange, ExpectedRemediation, ExpectedViolation
from packreg.cases.reading import MAX_FILE, read_cases, schema_text
from packreg.configuration.file import Setting
from packreg.pack.problems import Problems
from packreg.states.resources import read_resources
from tests.cases.cases import FILES, PATH, read
from tests.laws import LONG_LAW

EXPECTED = dict(line.split(": ", 1) for line in (FILES / "expected.txt").read_text("utf-8").splitlines())
FIXTURES = Path(__file__).parents[2] / "fixtures"
SCHEMA = Draft202012Validator(json.loads(schema_text()))
#: What the schema says; everything else is what only the reader can see.
OF_THE_SCHEMA = {"unknown-key", "missing-key", "bad-value", "no-cases"}


def said(data: bytes) -> list[tuple[str, str]]:
    """Code and place of every problem."""
    problems = Problems()
    cases = read_cases(data, PATH, problems)
    assert bool(cases) != bool(problems.errors)
    return [(problem.code, problem.where.removeprefix(PATH).lstrip(":")) for problem in problems.errors]


def test_every_case_file_has_an_expectation() -> None:
    """The files and the lines of expected.txt are the same ones."""
    assert {path.name for path in FILES.glob("*.yaml")} == EXPECTED.keys()


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_case_files(name: str) -> None:
    """Each file is accepted, or refused with every problem at its place."""
    found = said((FILES / name).read_bytes())
    words = "; ".join(f"refuse {code} {place}".strip() for code, place in found) or "accept"
    assert words == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_schema_says_the_same(name: str) -> None:
    """The published schema refuses what the reader refuses for its shape, and accepts everything else."""
    codes = {code for code, _ in said((FILES / name).read_bytes())}
    if codes & {"second-document", "too-deep"}:
        return  # there is no one value to ask about
    value = yaml.safe_load((FILES / name).read_text("utf-8-sig"))
    if "ambiguous" not in codes:
        assert SCHEMA.is_valid(value) == (not codes & OF_THE_SCHEMA)


def test_the_schema_is_a_schema() -> None:
    """It is valid in its own dialect, which is what editors ask first."""
    Draft202012Validator.check_schema(json.loads(schema_text()))


def everything() -> Any:
    """A case file with every key, as a value."""
    return yaml.safe_load((FILES / "everything.yaml").read_text("utf-8"))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values inside a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


ODD = st.sampled_from(
    [None, True, 0, 1.5, "", "x", "mandatory", [], [1], ["x"], {}, {"x": 1}, {"policy": "x"}]
)


@LONG_LAW
@given(st.sampled_from(places(everything())), ODD, st.sampled_from(["replace", "delete", "add"]))
def test_the_schema_and_the_reader_agree_on_any_change(place: tuple[Any, ...], odd: Any, how: str) -> None:
    """However one value of a case file is replaced, removed or added to, both refuse it, or neither does."""
    value = everything()
    parent, key = None, None
    inner = value
    for step in place:
        parent, key, inner = inner, step, inner[step]
    if how == "add":
        if isinstance(inner, dict):
            inner["added"] = odd
        elif isinstance(inner, list):
            inner.append(odd)
    elif parent is None:
        value = odd
    elif how == "replace":
        parent[key] = odd
    else:
        del parent[key]
    codes = {code for code, _ in said(json.dumps(value).encode())}
    assert codes <= OF_THE_SCHEMA
    assert SCHEMA.is_valid(value) == (not codes)


def test_all_that_a_case_says_is_read() -> None:
    """Resources, the stack, the configuration and the expectation arrive as they stand in the file."""
    case, without, preview = read((FILES / "everything.yaml").read_bytes())
    snapshot = read_resources(case.resources, case.file)
    [first, other] = list(snapshot)
    assert (first.name, first.inputs["days"], first.outputs, first.protect) == ("logs", 30, {}, True)
    assert (other.urn, other.inputs) == ("urn:pulumi:resources::account::demo:index:Bucket::other", {})
    assert (case.line, case.lines) == (2, (4, 20))
    stack = case.stack
    assert (stack.name, stack.project, stack.organization, stack.dry_run) == ("dev", "shop", "acme", True)
    assert (stack.tags, stack.config) == ({"stage": "test"}, {"aws:region": "eu-west-1"})
    assert case.layer is not None
    assert case.layer.where == f"{PATH}:31:5"
    assert case.layer.settings["private"] == Setting("mandatory", {"allowed": ["private"]})
    assert case.expect == Expected(
        (
            ExpectedViolation("private", "mandatory", "logs", "is public"),
            ExpectedViolation("days", message="/^[0-9]+ days/"),
        ),
        (
            ExpectedRemediation("tagged"),
            ExpectedRemediation(
                "encrypted",
                "logs",
                (
                    ExpectedChange("encrypted", {"to": True}),
                    ExpectedChange("rules[0]", {"from": {"port": 80}}),
                ),
            ),
        ),
    )
    assert (without.kind, without.source, without.expect) == ("state", "tests/data/state.json", None)
    assert (preview.kind, preview.source, preview.expect) == ("preview", "preview.json", Expected())


def test_messages_name_the_thing_and_the_way_out() -> None:
    """A problem says what must be there, and an unknown key what was probably meant."""
    problems = Problems()
    read_cases(
        b"name: x\nresource: {tipe: a, name: b}\nexpect: {violations: [{policy: 1}]}\n", PATH, problems
    )
    assert [(str(problem), problem.hint) for problem in problems.errors] == [
        (f"{PATH}:2:11: resource must have a type [missing-key]", ""),
        (f'{PATH}:2:12: "tipe" is not a key here [unknown-key]', "did you mean type?"),
        (f"{PATH}:3:32: expect.violations[0].policy must be a string, not 1 [bad-value]", ""),
    ]


def test_two_cases_on_one_line_need_two_names() -> None:
    """A name is given once, also where nothing but the column tells the cases apart."""
    text = b"[{name: a, resource: {type: t, name: n}}, {name: a, resource: {type: t, name: n}}]"
    assert said(text) == [("duplicate-name", "1:50")]


@pytest.mark.parametrize(
    "data",
    [b"\xff", b"\0", b"a: [", b"\t", b"- " * 50, b"x" * (MAX_FILE + 1), b"[" + b"1," * 120_000 + b"1]"],
)
def test_what_is_no_case_file_is_refused_in_bounds(data: bytes) -> None:
    """Damaged and endless files are problems like others."""
    assert said(data)


@pytest.mark.parametrize(
    "path", sorted(FIXTURES.glob("*/tests/*.yaml")), ids=lambda path: f"{path.parts[-3]}-{path.stem}"
)
def test_the_cases_of_the_fixtures_are_good(path: Path) -> None:
    """The reader and the schema accept the case files of the repository's packs."""
    assert read(path.read_bytes())
    assert SCHEMA.is_valid(yaml.safe_load(path.read_text("utf-8")))
