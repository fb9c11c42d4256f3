"""The language of environments, case by case, and its laws."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packreg.environments import evaluation
from packreg.errors import InvalidConfiguration, NotFound
from tests.environments.definitions import (
    CASES,
    opened,
    opened_together,
    outcome,
    problems,
    values,
)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_cases_come_out_as_they_say(path: Path) -> None:
    """Each definition has the values, the warnings or the problems that its case file names."""
    wanted, found = outcome(path)
    assert found == wanted


def test_a_circle_is_told_with_its_way() -> None:
    """Who made a circle, of values or of imports, reads all the steps of it."""
    with pytest.raises(InvalidConfiguration, match=r"a\.p -> b\.q -> b\.q\[0\] -> c -> a\.p"):
        opened("values: {a: {p: 'x ${b.q}'}, b: {q: ['${c}']}, c: '${a.p}'}")
    with pytest.raises(InvalidConfiguration, match=r"a@1 -> b@1 -> a@1"):
        opened("imports: [a]", a="imports: [b]", b="imports: [a]")


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_order_in_a_document_does_not_matter(seed: int) -> None:
    """References, containers and functions in any order have the same values."""
    entries = [
        "a: ${b}-${c.d}",
        "b: {fn::join: ['', ['${e[0]}', x]]}",
        "c: {d: '${f.g}', h: '${a}'}",
        "e: ['${f.g}', '${c.d}']",
        "f: {g: root}",
    ]
    whole = values("values:\n  " + "\n  ".join(entries))
    random.Random(seed).shuffle(entries)
    assert values("values:\n  " + "\n  ".join(entries)) == whole


@pytest.mark.parametrize("forwards", [True, False])
def test_the_limit_on_references_does_not_depend_on_the_order(forwards: bool) -> None:
    """A chain of references is accepted or refused by its length, wherever it is begun."""

    def chain(length: int) -> str:
        lines = [f"  v{n}: ${{v{n + 1}}}" for n in range(length)] + [f"  v{length}: end"]
        return "values:\n" + "\n".join(lines if forwards else reversed(lines))

    assert problems(chain(evaluation.MAX_HEIGHT - 2)) == []
    assert {each.split()[0] for each in problems(chain(evaluation.MAX_HEIGHT + 1))} == {"too-deep"}


def ladder(first: str, step: Callable[[str], str], rungs: int) -> str:
    """A definition whose every value is made of the one before it."""
    lines = [f"  v0: {first}", *(f"  v{n + 1}: {step('${v' + str(n) + '}')}" for n in range(rungs))]
    return "values:\n" + "\n".join(lines)


@pytest.mark.parametrize(
    "bomb",
    [
        ladder("0123456789", lambda below: below * 10, 12),
        ladder("[x]", lambda below: f"['{below}', '{below}', '{below}']", 30),
        ladder("{}", lambda below: f"{{a: '{below}'}}", 60),
        ladder("[x]", lambda below: f"{{fn::concat: ['{below}', '{below}']}}", 40),
        ladder("[x]", lambda below: f"{{fn::toJSON: ['{below}', '{below}']}}", 40),
        f"values:\n  l: {'x' * 9000}\n  m: [{'y, ' * 1200}]\n  j: {{fn::join: ['${{l}}', '${{m}}']}}",
        f"values:\n  j: {{fn::fromJSON: '{'[' * 5000}'}}",
        f"values:\n  long: {'x' * 9000}\n" + "".join(f"  t{n}: a${{long}}\n" for n in range(1500)),
    ],
    ids=["text", "list", "depth", "concat", "json", "join", "nesting", "many"],
)
def test_a_document_that_multiplies_is_refused(bomb: str) -> None:
    """Interpolation bombs of every kind end in a problem before anything of their size is made."""
    assert {each.split()[0] for each in problems(bomb)} & {"too-much", "too-deep"}


def test_what_may_be_imported_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chains of imports end at a depth, and a document cannot make many be read."""
    deep = {f"e{n}": f"imports: [e{n + 1}]" for n in range(30)}
    assert problems("imports: [e0]", **deep) == ["imports e19@1:1:11"]
    many = "imports: [" + ", ".join(f"e{n}" for n in range(51)) + "]"
    assert problems(many) == ["imports env:1:10"]
    monkeypatch.setattr(evaluation, "MAX_ENVIRONMENTS", 3)
    wide = {f"e{n}": "values: {}" for n in range(9)}
    assert problems("imports: [e0, e1, e2, e3]", **wide) == ["imports env:1:23"]
    monkeypatch.setattr(evaluation, "MAX_TEXT", 15)
    assert problems("imports: [e0, e1]", **wide) == ["imports env:1:15"]


def test_an_import_is_read_and_evaluated_once() -> None:
    """A diamond of imports costs each of its environments once."""
    result = opened("imports: [a, b]", a="imports: [c]", b="imports: [c]", c="values: {x: 1}")
    assert result.revisions == ("a@1", "b@1", "c@1")
    assert result.values == {"x": 1}


def test_a_pinned_revision_of_itself_is_no_circle() -> None:
    """The next revision of an environment may be made from an earlier one."""
    assert values("imports: [env@1]\nvalues: {b: 2}", env="values: {a: 1}") == {"a": 1, "b": 2}


def test_environments_together_are_laid_in_their_order() -> None:
    """A pack's environments count like imports: later ones over earlier ones, objects member by member."""
    low, high = "values: {o: {a: 1, b: 1}, x: low}", "values: {o: {b: 2}, x: high}"
    assert opened_together("low", "high", low=low, high=high).values == {"o": {"a": 1, "b": 2}, "x": "high"}
    assert opened_together("high", "low", low=low, high=high).values == {"o": {"a": 1, "b": 1}, "x": "low"}
    assert opened_together("low", "high", low=low, high=high).origin == "environments low@1, high@1"


def test_a_pack_environment_that_is_not_there_is_not_found() -> None:
    """The reference itself is at fault, so its own error comes through."""
    with pytest.raises(NotFound, match="there is no environment nowhere"):
        opened_together("nowhere")


@pytest.mark.parametrize(
    "definition",
    [
        "values: {s: {fn::secret: hunter2hunter2}, bad: '${s.x}'}",
        "values: {s: {fn::secret: hunter2hunter2}, bad: {fn::fromJSON: '${s}'}}",
        "values: {s: {fn::fromJSON: {fn::secret: '{\"hunter2hunter2\": 1}'}}, bad: '${s.hunter2hunter}'}",
        "values: {s: {fn::secret: hunter2hunter2}, bad: {fn::fromBase64: '${s}!'}}",
        "values: {s: {fn::secret: hunter2hunter2}, bad: {fn::concat: ['${s}']}}",
        "values: {s: {fn::secret: hunter2hunter2}, bad: {fn::join: ['', '${s}']}}",
        "values: {s: {fn::secret: hunter2hunter2}, b: {fn::validate: {schema: {enum: []}, value: '${s}'}}}",
        "values: {s: {fn::secret: hunter2hunter2}, bad: {fn::validate: {schema: {type: '${s}'}, value: 1}}}",
        "values: {s: {fn::secret: hunter2hunter2}, environmentVariables: {A: ['${s}']}}",
        "values: {s: {fn::secret: hunter2hunter2}, policyConfig: '${s}'}",
        "values: {fn::secret: hunter2hunter2}",
        "values: {s: {fn::secret: [hunter2hunter2]}}",
        "values: {s: {fn::secret: hunter2hunter2, twice: 1}}",
        "values:\n  s: {fn::secret: hunter2hunter2}\n  s: {fn::secret: hunter2hunter2}\n",
        "values:\n  s: {fn::secret: &hunter2 hunter2hunter2\n",
    ],
)
def test_no_problem_shows_a_secret(definition: str) -> None:
    """Whatever is wrong with a definition, what is said of it names places and kinds, not secrets."""
    with pytest.raises(InvalidConfiguration) as raised:
        opened(definition)
    said = repr(raised.value) + str(raised.value) + raised.value.hint + repr(raised.value.problems)
    assert "hunter2hunter2" not in said


def test_an_opened_environment_does_not_show_its_secrets() -> None:
    """A representation, as it gets into tracebacks and logs, has no plain secret."""
    text = (
        "values:\n  policyConfig: {p: {token: {fn::secret: hunter2hunter2}}}\n"
        "  environmentVariables: {TOKEN: {fn::secret: hunter2hunter2}}\n"
        "  files: {F: {fn::secret: hunter2hunter2}}\n"
    )
    assert "hunter2" not in repr(opened(text))
