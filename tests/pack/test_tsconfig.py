"""tsconfig.json: what it extends, in JSON with comments."""

from __future__ import annotations

import pytest

from packreg.pack.files import File
from packreg.pack.manifest import Manifest
from packreg.pack.problems import Problems
from packreg.pack.tsconfig import check_tsconfig, maps_modules


def _said(texts: dict[str, str], **options: str | bool) -> list[str]:
    problems = Problems()
    files = {path: File(text.encode()) for path, text in texts.items()}
    check_tsconfig(files, Manifest("nodejs", options), lambda path: "", problems)
    return [f"{problem.where}: {problem.code}" for problem in problems.errors]


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ("{}", False),
        ('{"extends": "@tsconfig/node20/tsconfig.json"}', False),
        ('{"extends": "./base"} // x', False),
        ('{"extends": "./tsconfig.json"}', False),
        ('{ /* "extends": "../x" */ }', False),
        ('{"extends": "../base.json",}', True),
        ('{"extends": "./missing.json"}', True),
        ('{"extends": "/etc/base.json"}', True),
        ('\ufeff{"files": ["a//b",], "extends": ["./base.json", "../x"]}', True),
        ("not JSON", False),
    ],
)
def test_what_is_extended_must_be_in_the_pack(text: str, outside: bool) -> None:
    """A file in the pack or a package may be; comments and final commas are no fault."""
    said = _said({"tsconfig.json": text, "base.json": "{}"})
    assert said == ["tsconfig.json: tsconfig-outside"] * outside


def test_the_file_of_the_option_is_read() -> None:
    """`tsconfig` names another file, and what it extends is followed."""
    texts = {"config/ts.json": '{"extends": "./base"}', "config/base.json": '{"extends": "../../x"}'}
    assert _said(texts, tsconfig="./config/ts.json") == ["config/base.json: tsconfig-outside"]
    assert _said(texts) == []


def test_modules_that_are_mapped_are_known() -> None:
    """Names of modules say nothing where a tsconfig has paths."""
    assert maps_modules({"tsconfig.json": File(b'{"compilerOptions": {"paths": {"a": ["b"]}}}')})
    assert not maps_modules({"tsconfig.json": File(b'{"compilerOptions": {"strict": true}}')})
