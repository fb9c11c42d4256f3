"""package.json: every class of a bad one, and what a good one says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.pack.package_json import FILE_NAME, PackageJson, parse_package_json
from packreg.pack.problems import Problems
from tests.pack.case_files import expected, files_of, names_on_disk, outcomes


@pytest.mark.parametrize(("name", "said"), expected("package_json"))
def test_each_case_is_told_as_expected(name: str, said: str) -> None:
    """Every case file is accepted, warned about or refused with the code and the place in expected.txt."""
    problems = Problems()
    package = parse_package_json(files_of("package_json", name)[name].data, problems)
    assert outcomes(problems, FILE_NAME) == said
    assert (package is None) == ("refuse" in said)


def test_each_case_file_is_expected() -> None:
    """No case file lies there without an expectation."""
    assert names_on_disk("package_json") == {name for name, _ in expected("package_json")}


def test_every_field_is_read() -> None:
    """Name, version, main, files and all groups of dependencies arrive."""
    value = {
        "name": "@acme/guard",
        "version": "1.2.3-rc.1",
        "main": "./bin/index.js",
        "files": ["bin/"],
        "dependencies": {"@pulumi/policy": "^1.20.0"},
        "devDependencies": {"typescript": "5.x"},
    }
    assert parse_package_json(json.dumps(value).encode(), Problems()) == PackageJson(
        name="@acme/guard",
        version="1.2.3-rc.1",
        main="bin/index.js",
        files=("bin/",),
        dependencies={
            "dependencies": {"@pulumi/policy": "^1.20.0"},
            "devDependencies": {"typescript": "5.x"},
            "optionalDependencies": {},
            "peerDependencies": {},
        },
    )


@pytest.mark.parametrize(
    "script", ["preinstall", "install", "postinstall", "prepare", "prepack", "prepublishOnly"]
)
def test_lifecycle_scripts_never_run_and_the_author_is_told(script: str) -> None:
    """Each script that npm runs by itself is warned about; those that a person runs are not."""
    problems = Problems()
    value = {"name": "a", "version": "1.0.0", "scripts": {"test": "jest", script: "x"}}
    assert parse_package_json(json.dumps(value).encode(), problems) is not None
    (warning,) = problems.warnings
    assert (warning.code, script in warning.message, "test" in warning.message) == (
        "lifecycle-script",
        True,
        False,
    )


_ranges = st.from_regex(
    r"(\^|~|>=|<=|<|>|=)? ?v?[0-9]{1,3}(\.([0-9]{1,3}|x|\*)){0,2}(-[a-z]+\.[0-9])?", fullmatch=True
)


@given(st.lists(_ranges, min_size=1, max_size=3), st.sampled_from([" ", " || ", "||", "  "]))
def test_every_range_of_npm_is_accepted(ranges: list[str], separator: str) -> None:
    """Comparators of any form, side by side or as alternatives, come from a registry."""
    problems = Problems()
    value = {"name": "a", "version": "1.0.0", "dependencies": {"x": separator.join(ranges)}}
    assert parse_package_json(json.dumps(value).encode(), problems) is not None, problems.errors


@given(st.text(st.sampled_from("abx1.*^~<>=| -/\\:@#+&$;\n\0é%"), max_size=15))
def test_nothing_with_a_path_or_a_scheme_comes_from_a_registry(spec: str) -> None:
    """Whatever is accepted as a version holds no sign that a path, a URL or a repository needs."""
    value = {"name": "a", "version": "1.0.0", "dependencies": {"x": spec}}
    package = parse_package_json(json.dumps(value).encode(), Problems())
    if package is not None and not spec.startswith("npm:"):
        assert not set(spec) & set("/\\:@#&$;%\0é")
        assert not spec.strip().startswith(".")


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | _texts
    | st.sampled_from(["1.0.0", "file:../x", "*", "npm:x@1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=8,
)
_keys = st.sampled_from(
    [
        *(
            "name",
            "version",
            "main",
            "files",
            "dependencies",
            "devDependencies",
            "peerDependencies",
            "overrides",
        ),
        *("resolutions", "scripts", "workspaces", "type", "os", "bin", "bundledDependencies"),
    ]
)


@given(st.dictionaries(_keys, _values, max_size=6), st.booleans())
def test_any_value_gives_a_package_or_a_problem(value: dict[str, object], named: bool) -> None:
    """No type in any field makes the reader fail otherwise than by a problem with a place."""
    problems = Problems()
    head: dict[str, object] = {"name": "a", "version": "1.0.0"} if named else {}
    package = parse_package_json(json.dumps({**head, **value}).encode(), problems)
    assert (package is None) == bool(problems.errors)
    for problem in problems.errors + problems.warnings:
        assert problem.where.startswith(f"{FILE_NAME}:") or problem.code == "version-missing"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("https://x.example/lib.tgz", "is an archive at a URL"),
        ("HTTP://x.example/lib-1.0.tar.gz", "is an archive at a URL"),
        ("https://user@x.example:8443/lib", "comes from a URL"),
        ("https://x.example/lib.git#v1", "comes from a git repository"),
        ("acme/lib#v1", "comes from a git repository"),
        ("file:./lib-1.0.0.tgz", "is a local path"),
        ("lib-1.0.0.tgz", "is a local path"),
        ("../lib", "is a local path"),
    ],
)
def test_a_dependency_is_called_what_it_is(spec: str, said: str) -> None:
    """What comes from no registry is refused, and its author reads where it comes from."""
    problems = Problems()
    value = {"name": "a", "version": "1.0.0", "dependencies": {"lib": spec}}
    parse_package_json(json.dumps(value).encode(), problems)
    [problem] = [problem for problem in problems.errors if problem.code == "dependency"]
    assert problem.message.startswith(f"lib {said}: ")
