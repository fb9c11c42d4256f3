"""What a pack's program says when it fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.analyzer.program_errors import RAISED, in_the_pack, program_error, raised

PACK = Path("/tmp/packreg-run-1/pack")

PYTHON = """\
\x1b[31merror:\x1b[0m Program failed with an unhandled exception:
Traceback (most recent call last):
  File "/h/envs/ab/env/lib/python3.11/site-packages/pulumi/policy/__main__.py", line 61, in main
    runpy.run_path(program, run_name="__main__")
  File "<frozen runpy>", line 88, in _run_code
  File "/tmp/packreg-run-1/pack/__main__.py", line 4, in <module>
    from rules import tags
  File "/tmp/packreg-run-1/pack/rules/tags.py", line 2, in <module>
    import pkg_resources
"""
MISSING = f"{PYTHON}ModuleNotFoundError: No module named 'pkg_resources'\n"
PROTOBUF = """\
Traceback (most recent call last):
  File "/h/env/lib/python3.11/site-packages/google/protobuf/descriptor.py", line 679, in __new__
    _message.Message._CheckCalledFromGeneratedFile()
TypeError: Descriptors cannot be created directly.
If this call came from a _pb2.py file, your generated code is out of date.

More information: https://developers.google.com/protocol-buffers
"""
SYNTAX = """\
Traceback (most recent call last):
  File "<frozen importlib._bootstrap>", line 241, in _call_with_frames_removed
  File "/tmp/packreg-run-1/pack/__main__.py", line 3
    PolicyPack("syn", policies=[])
    ^^^^^^^^^^
IndentationError: expected an indented block after 'if' statement on line 2
"""
PACKAGE = """\
Traceback (most recent call last):
  File "/h/env/lib/python3.11/site-packages/pulumi/run/plugin/__main__.py", line 61, in main
  File "/h/env/lib/python3.11/site-packages/my_pack/__init__.py", line 7, in <module>
    raise RuntimeError
RuntimeError
"""
NODE = """\
Running program '/tmp/packreg-run-1/pack/dist' failed with an unhandled exception:
Error: Cannot find module './rules'
Require stack:
- /tmp/packreg-run-1/pack/dist/index.js
\x1b[90m    at Module.load (node:internal/modules/cjs/loader:1266:32)\x1b[39m
    at Object.<anonymous> (/tmp/packreg-run-1/pack/dist/index.js:2:15)
    at Object.run (/h/node/ab/node_modules/@pulumi/pulumi/cmd/run.js:4:5)
"""
OUTSIDE = """\
Error: Cannot find module '/tmp/scripts/inv.cjs' imported from /tmp/packreg-run-1/pack/index.js
    at moduleResolve (node:internal/modules/esm/resolve:952:10) {
"""
NODE_SYNTAX = """\
/tmp/packreg-run-1/pack/index.js:3
  const = 1;
        ^
SyntaxError: Unexpected token '='
    at wrapSafe (node:internal/modules/cjs/loader:1378:20)
"""
TYPESCRIPT = """\
TSError: ⨯ Unable to compile TypeScript:
index.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.
    at createTSError (/h/node_modules/ts-node/src/index.ts:859:12)
"""


@pytest.mark.parametrize(
    ("output", "said", "hint"),
    [
        (MISSING, "rules/tags.py:2: ModuleNotFoundError: No module named 'pkg_resources'", "`setuptools<82`"),
        (PROTOBUF, "TypeError: Descriptors cannot be created directly.", "`protobuf<7`"),
        (
            SYNTAX,
            "__main__.py:3: IndentationError: expected an indented block after 'if' statement on line 2",
            "",
        ),
        (PACKAGE, "my_pack/__init__.py:7: RuntimeError", ""),
        (f"{PYTHON}ModuleNotFoundError: No module named 'yaml'", "No module named 'yaml'", "brings yaml"),
        (NODE, "dist/index.js:2: Error: Cannot find module './rules'", ".npmignore"),
        (OUTSIDE, "Cannot find module '../../scripts/inv.cjs' imported from index.js", "runs alone"),
        (NODE_SYNTAX, "index.js:3: SyntaxError: Unexpected token '='", ""),
        (TYPESCRIPT, "Unable to compile TypeScript: index.ts(3,7): error TS2322: Type 'string'", ""),
        ("Error: Cannot find module 'lodash'\n", "Cannot find module 'lodash'", "add lodash to"),
        ("first\nthe end\n\n", "the end", ""),
        (" \n", "", ""),
        (f"{RAISED}'a'\n{SYNTAX}going down\n", "going down", ""),
    ],
)
def test_the_reason_is_the_error_and_its_place_in_the_pack(output: str, said: str, hint: str) -> None:
    """Of what a program wrote: the line that names the error, the pack's own file and line, what to do."""
    found = program_error(output, PACK)
    assert said in str(found)
    assert hint in found.hint
    assert bool(hint) == bool(found.hint)
    assert "/tmp/packreg" not in str(found)
    assert "\x1b" not in str(found)


def test_what_a_python_policy_raised_has_its_type_text_file_and_line() -> None:
    """gRPC answers with the text alone; the log of the process has the rest."""
    log = (
        f"{RAISED}two\nlines\nTraceback (most recent call last):\n"
        '  File "/h/env/lib/python3.11/site-packages/grpc/_server.py", line 609, in _call_behavior\n'
        '  File "/tmp/packreg-run-1/pack/rules.py", line 5, in check\n'
        '  File "/usr/lib/python3.11/json/decoder.py", line 355, in raw_decode\n'
        "json.decoder.JSONDecodeError: two\nlines\n"
    )
    assert str(raised(f"{RAISED}two\nlines", log, PACK)) == (
        "rules.py:5: json.decoder.JSONDecodeError: two\nlines"
    )
    assert str(raised(f"{RAISED}'tags'", "", PACK)) == "'tags'"
    memory = 'Traceback (most recent call last):\n  File "/tmp/packreg-run-1/pack/a.py", line 1, in b\n'
    assert str(raised(RAISED, f"{RAISED}\n{memory}MemoryError\n", PACK)) == "a.py:1: MemoryError"


def test_what_a_node_policy_raised_has_its_type_text_file_and_line() -> None:
    """The SDK answers with the whole stack, behind the names that a finding has of its own."""
    said = (
        "Error validating resource with policy 'tagged' from policy pack 'guard@v1.0.0':\n"
        "TypeError: no 'Name'\nsecond\n"
        "    at check (/h/node_modules/lib/index.js:1:1)\n"
        "    at validateResource (file:///tmp/packreg-run-1/pack/dist/index.js:6:110)\n"
        "    at /h/node_modules/@pulumi/policy/server.js:21:71\n"
    )
    assert str(raised(said, "", PACK)) == "dist/index.js:6: TypeError: no 'Name'\nsecond"
    assert str(raised("it failed", "", PACK)) == "it failed"


def test_files_are_named_as_the_author_knows_them() -> None:
    """No colours, no temporary directory, no path of where packages are kept."""
    said = "open '/tmp/packreg-run-1/x.json' (file:///tmp/packreg-run-1/pack/a.js:1) "
    said += "\x1b[90m/h/node_modules/b/c.js"
    assert in_the_pack(said, PACK) == "open '../x.json' (a.js:1) node_modules/b/c.js"
    assert in_the_pack("/" * 100_000, PACK) == "/" * 100_000


def test_what_a_hostile_program_writes_is_read_in_linear_time() -> None:
    """Neither slashes, brackets nor a path that cannot be one is more than a text."""
    for piece in ("/", "(", "(/:1", "Error", "Cannot find module '/\0", ' File "/', "    at ("):
        output = f"{piece * 8000}\n" * 2
        assert len(program_error(output, PACK).text) <= 400
        raised(output, output, PACK)
        in_the_pack(output, PACK)
