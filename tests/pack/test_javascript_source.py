"""One JavaScript or TypeScript file read without running it: imports and packs that are sure."""

from __future__ import annotations

import pytest

from packreg.pack.javascript_source import MAX_JAVASCRIPT, ModuleImport, read_javascript


@pytest.mark.parametrize(
    "source",
    [
        'import "m";',
        'import a from "m"',
        'import * as a from "m";',
        'import a, { b as c, d } from "m";',
        'export { a } from "m";',
        'export * from "m";',
        'export * as a from "m";',
        'const a = require("m");',
        'require("m")',
        'const { a } = require("m").b;',
        'const a = __importStar(require("m"));',
        'import a = require("m");',
        '"use strict";\nObject.assign({}, require("m"));',
        'import { type A } from "m";',
    ],
)
def test_sure_imports(source: str) -> None:
    """Statements of modules, and require() where it runs whenever the file does."""
    assert [found.module for found in read_javascript(source.encode()).imports] == ["m"]


@pytest.mark.parametrize(
    "source",
    [
        'function f() { return require("m"); }',
        'try { require("m"); } catch {}',
        'const f = () => require("m");',
        'const a = b && require("m");',
        'const a = b ? require("m") : 1;',
        'if (b) require("m");',
        'import("m");',
        'a.require("m");',
        "require(name);",
        'export const from = "m";',
        '// require("m")',
        'const text = `require("m")`;',
        'export default { from: "m" };',
    ],
)
def test_what_is_no_sure_import(source: str) -> None:
    """Functions, conditions, dynamic imports, comments and texts say nothing."""
    assert read_javascript(source.encode()).imports == ()


def test_lines_and_types() -> None:
    """Lines are counted from 1 over all line ends; an import of types alone is marked."""
    source = 'import type { A } from "a";\r\n\n/* x\n*/ import type from "b";'
    assert read_javascript(source.encode()).imports == (
        ModuleImport("a", 1, type_only=True),
        ModuleImport("b", 4),
    )


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('new PolicyPack("a", {})', ["a"]),
        ('const p: PolicyPack = new policy.PolicyPack("a", {})', ["a"]),
        ('import { PolicyPack as P } from "x"; export default new P("a")', ["a"]),
        ("const packs = [new PolicyPack('a'), new PolicyPack(name)]", ["a", ""]),
        ('if (b) new PolicyPack("a")', []),
        ('const p = b ? { x: 1 } : new PolicyPack("a")', []),
        ('function f() { new PolicyPack("a") }', []),
        ("new Other('a')", []),
    ],
)
def test_sure_packs(source: str, names: list[str]) -> None:
    """Those that are made whenever the file runs, with their literal names."""
    assert [call.name for call in read_javascript(source.encode()).packs] == names


def test_long_and_broken_files_say_nothing() -> None:
    """A bundle of a compiler is passed over; what ends in the middle is read up to there."""
    assert read_javascript(b'require("m");' + b" " * MAX_JAVASCRIPT).imports == ()
    for broken in (
        b"import",
        b"import {",
        b"import { a } from",
        b"require(",
        b"new",
        b"export * from",
        b"}}}",
    ):
        assert read_javascript(broken).imports == ()
