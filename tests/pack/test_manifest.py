"""PulumiPolicy.yaml: every class of bad manifest, what a good one says, and the one edit that is made."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import InvalidPack
from packreg.pack.files import MANIFEST
from packreg.pack.manifest import Manifest, missing_version, parse_manifest, with_virtualenv
from packreg.pack.problems import Problems
from tests.pack.case_files import expected, files_of, names_on_disk, outcomes


def _parse(data: bytes) -> Manifest:
    problems = Problems()
    manifest = parse_manifest(data, problems)
    assert manifest is not None, problems.errors
    return manifest


@pytest.mark.parametrize(("name", "said"), expected("manifests"))
def test_each_case_is_told_as_expected(name: str, said: str) -> None:
    """Every case file is accepted, warned about or refused with the code and the place in expected.txt."""
    problems = Problems()
    manifest = parse_manifest(files_of("manifests", name)[name].data, problems)
    assert outcomes(problems, MANIFEST) == said
    assert (manifest is None) == ("refuse" in said)


def test_each_case_file_is_expected() -> None:
    """No case file lies there without an expectation."""
    assert names_on_disk("manifests") == {name for name, _ in expected("manifests")}


@pytest.mark.parametrize("name", [name for name, said in expected("manifests") if "refuse" in said])
def test_each_refusal_says_what_where_and_names_the_file(name: str) -> None:
    """Every problem has a sentence that can be printed anywhere, and a place in the manifest."""
    problems = Problems()
    parse_manifest(files_of("manifests", name)[name].data, problems)
    for problem in problems.errors:
        assert problem.message.isprintable()
        assert len(problem.message) < 300
        assert problem.where.startswith(MANIFEST)


def test_every_field_is_read() -> None:
    """All fields of the project file arrive, paths normalised and texts as written."""
    text = """
runtime:
  name: python
  options: {virtualenv: ./.venv/, toolchain: uv, typechecker: mypy}
version: 1.10.0
main: ./
description: "1.10"
author: 007
website: https://example.com
license: Apache-2.0
"""
    assert _parse(text.encode()) == Manifest(
        runtime="python",
        options={"virtualenv": "./.venv/", "toolchain": "uv", "typechecker": "mypy"},
        virtualenv=".venv",
        toolchain="uv",
        version="1.10.0",
        main=".",
        description="1.10",
        author="007",
        website="https://example.com",
        license="Apache-2.0",
    )


def test_node_options_have_their_types() -> None:
    """Booleans of Node.js options are booleans, texts are texts."""
    text = "runtime: {name: nodejs, options: {typescript: false, nodeargs: --trace-warnings}}\n"
    assert _parse(text.encode()).options == {"typescript": False, "nodeargs": "--trace-warnings"}


def test_as_dict_is_the_shape_of_the_file() -> None:
    """What is set goes out under the keys of the file, what is unset does not."""
    assert _parse(b"runtime: opa\ninputFormat: kubernetes-admission\n").as_dict() == {
        "runtime": "opa",
        "inputFormat": "kubernetes-admission",
    }
    options = b"runtime: {name: python, options: {virtualenv: venv}}\nversion: 1.0.0\n"
    assert _parse(options).as_dict() == {
        "runtime": {"name": "python", "options": {"virtualenv": "venv"}},
        "version": "1.0.0",
    }


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        *((text, "did you mean python?") for text in ("Python", "pyhton", "py", "python3")),
        *((text, "did you mean nodejs?") for text in ("NodeJS", "node", "typescript")),
        *((text, "did you mean opa?") for text in ("OPA", "rego")),
        ("pyth\u043en", "did you mean python? The name holds U+043E CYRILLIC SMALL LETTER O"),
    ],
)  # fmt: skip
def test_a_wrong_runtime_comes_with_the_right_one(text: str, hint: str) -> None:
    """The hint names the runtime that was meant, and the character that cannot be seen."""
    problems = Problems()
    parse_manifest(f"runtime: {text}\n".encode(), problems)
    (problem,) = problems.errors
    assert problem.hint == hint
    assert "supported are python, nodejs, opa" in problem.message


def test_hints_name_the_key_that_was_meant() -> None:
    """An unknown key close to a known one gets it as a hint, and `name` gets an explanation of its own."""
    problems = Problems()
    parse_manifest(b"runtime: python\ndesciption: x\nname: y\nzzz: 1\n", problems)
    hints = [problem.hint for problem in problems.warnings]
    assert hints[0] == "did you mean description?"
    assert "first argument of PolicyPack()" in hints[1]
    assert hints[2].startswith("known are runtime, version")


def test_a_missing_version_names_what_pulumi_would_do() -> None:
    """The problem of a missing version says what happens without it, for each runtime."""
    assert "0.0.1" in missing_version("python").message
    assert "number of its own" in missing_version("opa").message
    assert missing_version("nodejs").where == "package.json"


EDITS = [
    ("runtime: python", "runtime: {name: python, options: {virtualenv: envs/x}}"),
    (
        "# a\r\nruntime: 'python'  # b\r\nzzz: [1,  2]\r\n",
        "# a\r\nruntime: {name: 'python', options: {virtualenv: envs/x}}  # b\r\nzzz: [1,  2]\r\n",
    ),
    ('\ufeff{"runtime":"python"}', '\ufeff{"runtime":{name: "python", options: {virtualenv: envs/x}}}'),
    ("runtime: |-\n  python\n# c\n", "runtime: {name: python, options: {virtualenv: envs/x}}\n# c\n"),
    ("runtime:\r  name: python\r", "runtime:\r  options: {virtualenv: envs/x}\r  name: python\r"),
    ("runtime: {name: python}\n", "runtime: {options: {virtualenv: envs/x}, name: python}\n"),
    ("runtime:\n  name: python\n  options:", "runtime:\n  name: python\n  options: {virtualenv: envs/x}"),
    (
        "runtime:\n  name: python\n  options: # c\n",
        "runtime:\n  name: python\n  options: {virtualenv: envs/x} # c\n",
    ),
    ("runtime: {name: python, options}\n", "runtime: {name: python, options: {virtualenv: envs/x}}\n"),
    ("runtime: {name: python, options: null}\n", "runtime: {name: python, options: {virtualenv: envs/x}}\n"),
    ("runtime: {name: python, options: {}}\n", "runtime: {name: python, options: {virtualenv: envs/x}}\n"),
    (
        "runtime:\n  name: python # x\n  options:\n    # y\n    toolchain: uv\n",
        "runtime:\n  name: python # x\n  options:\n    # y\n    virtualenv: envs/x\n    toolchain: uv\n",
    ),
    (
        "runtime: {name: python, options: {toolchain: uv}}\n",
        "runtime: {name: python, options: {virtualenv: envs/x, toolchain: uv}}\n",
    ),
    (
        'runtime:\n  options:\n    virtualenv: "old" # c\n  name: python\n',
        'runtime:\n  options:\n    virtualenv: "envs/x" # c\n  name: python\n',
    ),
    (
        "runtime:\n  options:\n    virtualenv: |-\n        old\n    # c\n    toolchain: uv\n  name: python\n",
        "runtime:\n  options:\n    virtualenv: envs/x\n    # c\n    toolchain: uv\n  name: python\n",
    ),
]


@pytest.mark.parametrize(("before", "after"), EDITS)
def test_the_virtualenv_option_is_written_into_the_text(before: str, after: str) -> None:
    """The option is set in every form of runtime, and every other byte stays."""
    assert with_virtualenv(before.encode(), "envs/x").decode() == after


@pytest.mark.parametrize(
    ("data", "path"),
    [(b"runtime: [", "venv"), (b"runtime: nodejs\n", "venv"), (b"runtime: python\n", "../venv")],
)
def test_nothing_is_written_into_what_cannot_have_it(data: bytes, path: str) -> None:
    """A broken manifest, another runtime and a path outside are refused."""
    with pytest.raises(InvalidPack):
        with_virtualenv(data, path)


_comments = st.sampled_from(["", " # c", "\t# {x: [y}", "   "])
_breaks = st.sampled_from(["\n", "\r\n", "\r"])
_paths = st.sampled_from(["venv", ".venv", "envs/x", "a.b/c-d", "1", "true", "null", ".5", "0x1", "+x", "_"])


@st.composite
def _manifests(draw: st.DrawFn) -> bytes:
    """Valid python manifests in every form of runtime, with comments, quotes and unknown keys between."""
    name = draw(st.sampled_from(["python", "'python'", '"python"', '"pyth\\u006fn"']))
    old = draw(st.sampled_from(["venv", "'old'", '"old"', "./x/"]))
    entries = draw(st.permutations([f"virtualenv: {old}", "toolchain: uv", "zzz: {a: [b, 'c']}"]))
    options = list(entries)[: draw(st.integers(0, 3))]
    form = draw(
        st.sampled_from(["text", "flow", "block", "block-flow", "null", "no-options", "multi-line-flow"])
    )
    note = draw(_comments)
    flow = "{" + ", ".join(options) + "}"
    runtime = {
        "text": [f"runtime: {name}{note}"],
        "flow": [f"runtime: {{options: {flow}, name: {name}}}{note}"],
        "multi-line-flow": [f"runtime: {{ name: {name},{note}", f"  options: {flow} }}"],
        "block-flow": ["runtime:", f"  name: {name}{note}", f"  options: {flow}"],
        "null": [
            "runtime:",
            f"    options: {draw(st.sampled_from(['', '~', 'null']))}{note}",
            f"    name: {name}",
        ],
        "no-options": [f"runtime:{note}", f"     name: {name}", "     other: x"],
        "block": ["runtime:", f"  name: {name}", f"  options:{note}", *(f"      {line}" for line in options)],
    }[form]
    if form == "block" and options and note.strip() and draw(st.booleans()):
        runtime.append("      # last")
    others = ["version: '1.0.0'", "description: |", "  two", "  lines", "# comment", "unknown: [1, {b: c}]"]
    lines = [*others, *runtime] if draw(st.booleans()) else [*runtime, *others]
    line_break = draw(_breaks)
    text = line_break.join(lines) + draw(st.sampled_from(["", line_break]))
    return (draw(st.sampled_from(["", "\ufeff"])) + text).encode()


@given(_manifests(), _paths)
def test_the_edit_changes_the_option_and_nothing_else(data: bytes, path: str) -> None:
    """The edited manifest is the same but for virtualenv and keeps its lines; a second changes nothing."""
    before, edited = _parse(data), with_virtualenv(data, path)
    options = {**before.options, "virtualenv": path}
    assert _parse(edited) == dataclasses.replace(before, virtualenv=path, options=options)
    assert with_virtualenv(edited, path) == edited
    assert edited.startswith(b"\xef\xbb\xbf") == data.startswith(b"\xef\xbb\xbf")
    assert edited.endswith((b"\n", b"\r")) == data.endswith((b"\n", b"\r"))
    for text in (b"# comment", b"unknown: [1, {b: c}]", b"description: |", b"version: '1.0.0'"):
        assert text in edited


_pieces = st.sampled_from(
    [
        *("runtime", "python", "nodejs", "name", "options", "virtualenv", "version", "1.0.0", "main", ".."),
        *("inputFormat", ": ", ":", "\n", "\n  ", "\n    ", "{", "}", "[", "]", ",", "'", '"', "#", "\t"),
        *("&a", "*a", "!x", "|", "~"),
    ]
)


@given(st.lists(_pieces, max_size=30).map("".join))
def test_any_text_gives_a_manifest_or_a_problem(text: str) -> None:
    """No text makes the reader fail otherwise than by a problem, and a manifest is never half right."""
    problems = Problems()
    manifest = parse_manifest(text.encode(), problems)
    assert (manifest is None) == bool(problems.errors)
    if manifest is not None and manifest.runtime == "python":
        assert _parse(with_virtualenv(text.encode(), "venv")).virtualenv == "venv"


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        (
            "runtime:\n  name: python\n  options:\n  virtualenv: venv\nversion: 1.0.0\n",
            "virtualenv",
            "below `options:`",
        ),
        ("runtime:\n  name: python\nvirtualenv: venv\nversion: 1.0.0\n", "virtualenv", "below `options:`"),
        ("runtime: nodejs\noptions:\n  typescript: false\nversion: 1.0.0\n", "options", "below `runtime:`"),
        ("runtime:\n  name: python\n  description: d\nversion: 1.0.0\n", "description", "without spaces"),
        ("runtime: python\npolicies: []\nversion: 1.0.0\n", "policies", "known are runtime, version"),
    ],
)
def test_a_key_that_stands_in_the_wrong_place_is_told_where_it_belongs(
    text: str, key: str, hint: str
) -> None:
    """An option indented too little is ignored by Pulumi: no other key was meant."""
    problems = Problems()
    assert parse_manifest(text.encode(), problems) is not None
    [warning] = [problem for problem in problems.warnings if problem.code == "unknown-key"]
    assert f"{key}" in warning.message
    assert hint in warning.hint


def test_what_is_wrong_beside_a_wrong_runtime_is_told_too() -> None:
    """The options are read as those of the runtime that was meant."""
    problems = Problems()
    text = "runtime:\n  name: pyton\n  options:\n    virtualenv: ../venv\nversion: one\nmain: /x\n"
    assert parse_manifest(text.encode(), problems) is None
    assert [problem.code for problem in problems.errors] == ["runtime", "virtualenv", "version", "main"]
